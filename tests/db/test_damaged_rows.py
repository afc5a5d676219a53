"""One damaged row is reported by name, and hurts nothing else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from kernbot.db import open_store
from kernbot.db.base import AnswerRecord, JournalEntry, PauseRecord, RunFilter, RunRecord, StateChanges
from kernbot.db.postgres import PostgresDb
from kernbot.db.sqlite import SqliteDb
from kernbot.errors import StorageError
from kernbot.run.status import RunStatus

DAMAGES = [
    ("journal", "payload", "run_id = 'r1'", r"the journal of run r1 at root/fetch \(output\)"),
    ("journal", "state_changes", "run_id = 'r1'", r"the journal of run r1 at root/fetch \(output\)"),
    ("pauses", "question", "run_id = 'r1'", "pause p1 of run r1 at root/send"),
    ("pauses", "silence", "run_id = 'r1'", "pause p1 of run r1 at root/send"),
    ("pauses", "answer", "run_id = 'r1'", "pause p1 of run r1 at root/send"),
    ("runs", "request", "run_id = 'r1'", "run r1"),
    ("runs", "outcome", "run_id = 'r1'", "run r1"),
    ("runs", "status", "run_id = 'r1'", "run r1"),
    ("sessions", "state", "session_id = 'session of r1'", "session session of r1"),
]
"""Table, column and row of what is damaged, and how the row is named."""

ENTRY = JournalEntry(path="root/fetch", kind="output", node="Step:fetch", payload=42, created_at=1.0)
ANSWER = AnswerRecord(answer={}, at=1.0, by="ana", door="button")


async def ask(db: SqliteDb | PostgresDb, run_id: str) -> None:
    """Store a run in a session of its own that has one output, a large one, and waits at pause p1 or p2 until 5.0."""
    run = RunRecord(
        run_id=run_id,
        session_id=f"session of {run_id}",
        workflow_id="weekly",
        workflow_name="Weekly report",
        user_id=None,
        origin="bot",
        status=RunStatus.PENDING,
        request={},
        created_at=1.0,
        updated_at=1.0,
    )
    pause = PauseRecord(
        pause_id=run_id.replace("r", "p"),
        run_id=run_id,
        path="root/send",
        kind="confirmation",
        number=1,
        step_name="send",
        question={},
        digest="d1",
        silence={},
        opened_at=1.0,
        deadline=5.0,
    )
    await db.create_run(run, {"count": 1})
    await db.claim_run(run_id, "w1", 30.0)
    await db.append(run_id, 1, ENTRY, {f"output of {run_id}": "large"})
    await db.suspend(run_id, 1, [pause], 1.0)


@pytest.fixture(params=["sqlite", "postgres"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteDb | PostgresDb]:
    """Yield a database with the runs r1 and r2, which wait at the pauses p1 and p2."""
    is_file = request.param == "sqlite"
    db = open_store(str(tmp_path / "kernbot.db") if is_file else request.getfixturevalue("postgres_url"))
    await ask(db, "r1")
    await ask(db, "r2")
    yield db
    await db.close()


async def damage(db: SqliteDb | PostgresDb, table: str, column: str, where: str, value: str = '{"cut') -> None:
    """Cut a stored value short, or put another text in its place."""

    def cut(connection: Connection) -> None:
        connection.exec_driver_sql(f"UPDATE {table} SET {column} = '{value}' WHERE {where}")  # noqa: S608

    await db._write(cut)


@pytest.mark.parametrize(("table", "column", "where", "named"), DAMAGES)
async def test_a_damaged_row_is_named(
    db: SqliteDb | PostgresDb, table: str, column: str, where: str, named: str
) -> None:
    """StorageError names the row and the column when its run is loaded."""
    await damage(db, table, column, where)
    with pytest.raises(StorageError, match=rf"^{named} cannot be read: what is stored in column {column} is damaged"):
        await db.load_run("r1")


@pytest.mark.parametrize(("table", "column", "where"), [place for *place, _ in DAMAGES])
async def test_a_damaged_row_hurts_nothing_else(db: SqliteDb | PostgresDb, table: str, column: str, where: str) -> None:
    """Another run is listed, its pause expires, it is found as work, claimed and carried on to its end."""
    await damage(db, table, column, where)
    assert "r2" in [run.run_id for run in await db.list_runs(RunFilter(statuses=[RunStatus.PAUSED]))]
    assert await db.next_deadline() == 5.0
    assert "p2" in [pause.pause_id for pause in await db.expire_pauses(9.0, 9)]
    assert "r2" in await db.list_work(9)
    assert "r2" in await db.list_unsettled(9)
    snapshot = await db.claim_run("r2", "w2", 30.0)
    assert snapshot is not None
    changes = StateChanges(set={"count": 2}, was={"count": 1})
    await db.append("r2", 2, replace(ENTRY, path="root/send", state_changes=changes))
    await db.finish_run("r2", 2, RunStatus.COMPLETED, {}, 2.0)


async def test_a_damaged_large_value_is_named(db: SqliteDb | PostgresDb) -> None:
    """StorageError names it when it is asked for; others, and the runs that refer to it, can be loaded."""
    await damage(db, "blobs", "data", "digest = 'output of r1'")
    with pytest.raises(StorageError, match=r"^the large value output of r1 cannot be read: .* column data is damaged"):
        await db.get_blobs(["output of r2", "output of r1"])
    assert await db.get_blobs(["output of r2"]) == {"output of r2": "large"}
    assert await db.load_run("r1") is not None


async def test_a_damaged_run_is_left_out_of_lists(db: SqliteDb | PostgresDb, caplog: pytest.LogCaptureFixture) -> None:
    """The other runs are listed, and the log names the one that is not."""
    await damage(db, "runs", "request", "run_id = 'r1'")
    with caplog.at_level(logging.WARNING):
        assert [run.run_id for run in await db.list_runs(RunFilter())] == ["r2"]
    assert "run r1 cannot be read: what is stored in column request is damaged" in caplog.text


async def test_a_damaged_run_is_not_claimed(db: SqliteDb | PostgresDb) -> None:
    """StorageError is raised, and the run stays as it was, when what a worker would need cannot be read."""
    await db.close_pause("p1", ANSWER)
    await damage(db, "journal", "payload", "run_id = 'r1'")
    with pytest.raises(StorageError, match="the journal of run r1"):
        await db.claim_run("r1", "w2", 30.0)
    run = await db.get_run("r1")
    assert run is not None
    assert (run.status, run.epoch, run.owner) == (RunStatus.PENDING, 1, None)


async def test_a_damaged_pause_does_not_stop_the_clock(db: SqliteDb | PostgresDb) -> None:
    """The other pauses that are due expire, and their runs go on."""
    await damage(db, "pauses", "question", "pause_id = 'p1'")
    assert [pause.pause_id for pause in await db.expire_pauses(9.0, 9)] == ["p2"]
    assert await db.list_work(9) == ["r1", "r2"]


async def test_a_damaged_payload_does_not_stop_the_inbox(db: SqliteDb | PostgresDb) -> None:
    """The other payloads are listed."""
    damaged = await db.put_inbox("one", 1.0)
    await db.put_inbox("two", 2.0)
    await damage(db, "slack_inbox", "payload", f"item_id = {damaged}")
    assert [item.payload for item in await db.list_inbox(9)] == ["two"]


async def test_a_damaged_session_state_is_not_overwritten(db: SqliteDb | PostgresDb) -> None:
    """StorageError names the session, and nothing is written, when a run would merge into a state that is damaged."""
    run = await db.get_run("r2")
    assert run is not None
    await damage(db, "sessions", "state", "session_id = 'session of r2'")
    with pytest.raises(StorageError, match="session session of r2 cannot be read"):
        await db.create_run(replace(run, run_id="r3"), {"count": 2})
    assert await db.get_run("r3") is None
    with pytest.raises(StorageError, match="session session of r2 cannot be read"):
        await db.update_session("session of r2", 2.0, name="May", state=StateChanges(set={"count": 2}))


async def test_a_session_state_of_another_kind_is_damaged(db: SqliteDb | PostgresDb) -> None:
    """StorageError names the session when its state is JSON, but no object."""
    await damage(db, "sessions", "state", "session_id = 'session of r1'", "[1]")
    with pytest.raises(StorageError, match="session session of r1 cannot be read"):
        await db.get_session("session of r1")


async def test_a_damaged_session_state_is_replaced(db: SqliteDb | PostgresDb) -> None:
    """The session can be read again after a run has replaced its state."""
    run = await db.get_run("r1")
    assert run is not None
    await damage(db, "sessions", "state", "session_id = 'session of r1'")
    await db.create_run(replace(run, run_id="r3"), {"count": 2}, replaces_state=True)
    snapshot = await db.load_run("r1")
    assert snapshot is not None
    assert snapshot.session.state == {"count": 2}


async def test_a_damaged_session_is_deleted(db: SqliteDb | PostgresDb) -> None:
    """A session goes with all that is damaged in it, once its runs have ended."""
    await db.cancel_run("r1", "ana", "button", 2.0)
    for table, column, where, _ in DAMAGES:
        if column != "status":
            await damage(db, table, column, where)
    assert await db.delete_session("session of r1") is True
    assert await db.get_run("r1") is None
