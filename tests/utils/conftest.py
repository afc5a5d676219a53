"""A recorder of calls."""

from __future__ import annotations

import pytest

from tests.engine.bench import Calls


@pytest.fixture
def calls() -> Calls:
    """Nothing has run yet."""
    return Calls()
