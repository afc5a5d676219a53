"""What a pause and an answer cost: their own rows, whatever has happened before."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from kernbot.db.sqlite import SqliteDb
from kernbot.workflow import Step, Workflow
from tests.engine.bench import confirm

_T = TypeVar("_T")

TEXT = "x" * 2000
FEW_PAGES = 4 * 4120
"""Bytes of the write-ahead log: an index that had to grow writes a page more now and then."""


@pytest.fixture
async def file_db(tmp_path: Path) -> AsyncIterator[SqliteDb]:
    """Yield a database in a file, empty."""
    store = SqliteDb(tmp_path / "kernbot.db")
    yield store
    await store.close()


def _written(db: SqliteDb, work: Callable[[], _T]) -> tuple[int, _T]:
    """Do something, and return how many bytes that wrote: the length of a write-ahead log that was empty before."""
    with closing(sqlite3.connect(db.file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    result = work()
    return Path(f"{db.file}-wal").stat().st_size, result


def _text(name: str, *, confirmed: bool = False, reviewed: bool = False) -> Step:
    return Step(name, lambda _: TEXT, requires_confirmation=confirmed, requires_output_review=reviewed)


def test_a_pause_and_an_answer_cost_the_same_in_a_long_session(file_db: SqliteDb) -> None:
    """After 40 runs of the session they write what they wrote after one, and so does the start of a run."""
    steps = [_text("a"), _text("g", confirmed=True)]
    workflow = Workflow(db=file_db, steps=steps, session_id="s", session_state={"notes": TEXT})
    costs = []
    for _ in range(41):
        paused, run = _written(file_db, lambda: workflow.run(TEXT))
        answered, _ = _written(file_db, partial(confirm, workflow, run))
        costs.append((paused, answered))
    assert costs[40][0] - costs[1][0] < FEW_PAGES
    assert costs[40][1] - costs[1][1] < FEW_PAGES


def test_a_pause_and_an_answer_cost_the_same_late_in_a_run(file_db: SqliteDb) -> None:
    """After 12 reviewed outputs of 2 kB they write what they wrote after one (T43)."""
    workflow = Workflow(db=file_db, steps=[_text(f"step {number}", reviewed=True) for number in range(14)])
    run = workflow.run(TEXT)
    costs = []
    for _ in range(13):
        cost, run = _written(file_db, partial(confirm, workflow, run))
        costs.append(cost)
    assert run.is_paused
    assert costs[12] - costs[1] < FEW_PAGES
