"""A recorder of calls, and the stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernbot.db.base import Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.db.sqlite import SqliteDb
from tests.engine.agent_bench import Desk
from tests.engine.bench import Calls, Look, must_load
from tests.engine.writing import Writer


@pytest.fixture
def calls() -> Calls:
    """Nothing has run yet."""
    return Calls()


@pytest.fixture
def desk() -> Desk:
    """No tool has been called yet."""
    return Desk()


@pytest.fixture
def writer() -> Writer:
    """Nothing has been written yet."""
    return Writer()


@pytest.fixture(params=["memory", "sqlite"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Each store in turn, empty."""
    store: Store = InMemoryDb() if request.param == "memory" else SqliteDb(tmp_path / "kernbot.db")
    yield store
    await store.close()


@pytest.fixture(params=["live", "reloaded"])
def look(request: pytest.FixtureRequest) -> Look:
    """Both ways to go on with a run: with the object that the last call returned, or with the run loaded anew."""
    if request.param == "live":
        return lambda _, run: run
    return lambda workflow, run: must_load(workflow, run.run_id)
