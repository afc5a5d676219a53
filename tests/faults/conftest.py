"""What the fault tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.scene import Scene, make_scene


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """Yield a local Slack and a folder for bots."""
    async with make_scene(tmp_path) as scene:
        yield scene
