"""A database that is locked or full is an error to the caller, and what was claimed is not lost."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from kernbot.db.base import AnswerRecord, JournalEntry, PauseRecord, RunRecord
from kernbot.db.postgres import PostgresDb
from kernbot.db.sqlite import SqliteDb
from kernbot.errors import StorageError
from kernbot.run.status import RunStatus

LARGE = "x" * 1_000_000
"""More than fits into the pages that a file has already."""

RUN = RunRecord(
    run_id="r1",
    session_id="s1",
    workflow_id="weekly",
    workflow_name="Weekly report",
    user_id=None,
    origin="bot",
    status=RunStatus.PENDING,
    request={},
    created_at=1.0,
    updated_at=1.0,
)
ENTRY = JournalEntry(path="root/fetch", kind="output", node="Step:fetch", payload={"large": "d1"}, created_at=1.0)
PAUSE = PauseRecord(
    pause_id="p1",
    run_id="r1",
    path="root/send",
    kind="confirmation",
    number=1,
    step_name="send",
    question={},
    digest="d1",
    silence=LARGE,
    opened_at=1.0,
    deadline=5.0,
)
ANSWER = AnswerRecord(answer=LARGE, at=2.0, by="ana", door="button")

FILL = """
CREATE FUNCTION ai.fail() RETURNS trigger AS $$ BEGIN RAISE 'no space left' USING ERRCODE = '53100'; END $$
LANGUAGE plpgsql;
CREATE TRIGGER is_full BEFORE INSERT ON ai.blobs EXECUTE FUNCTION ai.fail();
CREATE TRIGGER is_full BEFORE UPDATE ON ai.pauses EXECUTE FUNCTION ai.fail();
"""
EMPTY = "DROP FUNCTION ai.fail() CASCADE"

Scene = tuple[SqliteDb | PostgresDb, AbstractAsyncContextManager[None]]
"""A store, and a trouble that its database can be in for a while."""


@asynccontextmanager
async def locked_file(db: SqliteDb) -> AsyncIterator[None]:
    """Keep the file of a store locked by another connection."""
    with closing(sqlite3.connect(db.file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


@asynccontextmanager
async def full_file(db: SqliteDb) -> AsyncIterator[None]:
    """Let the file of a store grow no more."""
    await db._read(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=1").close())
    yield
    await db._read(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=1000000").close())


@asynccontextmanager
async def locked_server(db: PostgresDb) -> AsyncIterator[None]:
    """Keep the runs of a store locked by another connection."""
    with psycopg.connect(db.address.replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE ai.runs")
        yield


@asynccontextmanager
async def full_server(db: PostgresDb) -> AsyncIterator[None]:
    """Let the server have no space left when a transaction has begun to write."""
    await db._write(lambda connection: connection.exec_driver_sql(FILL).close())
    yield
    await db._write(lambda connection: connection.exec_driver_sql(EMPTY).close())


@pytest.fixture(params=[locked_file, full_file, locked_server, full_server])
async def scene(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Scene]:
    """Yield each trouble in turn, with a store that does not wait long for locks, and run r1 claimed in it."""
    if request.param in {locked_file, full_file}:
        db: SqliteDb | PostgresDb = SqliteDb(tmp_path / "kernbot.db", timeout=0.05)
    else:
        db = PostgresDb(request.getfixturevalue("postgres_url"), timeout=0.05)
    await db.create_run(RUN, {})
    await db.claim_run("r1", "w1", 30.0)
    yield db, request.param(db)
    await db.close()


async def test_a_claim_is_kept(scene: Scene) -> None:
    """StorageError is raised, nothing of the entry is there, and the worker goes on under its claim afterwards."""
    db, trouble = scene
    async with trouble:
        with pytest.raises(StorageError, match=r"locked|disk"):
            await db.append("r1", 1, ENTRY, {"d1": LARGE})
    snapshot = await db.load_run("r1")
    assert snapshot is not None
    assert (snapshot.run.status, snapshot.journal) == (RunStatus.RUNNING, ())
    await db.append("r1", 1, ENTRY, {"d1": LARGE})
    assert await db.get_blobs(["d1"]) == {"d1": LARGE}


async def test_an_open_pause_stays_open(scene: Scene) -> None:
    """StorageError is raised to whoever answers, the pause stays open, and takes the same answer afterwards."""
    db, trouble = scene
    await db.suspend("r1", 1, [PAUSE], 1.0)
    async with trouble:
        with pytest.raises(StorageError, match=r"locked|disk"):
            await db.close_pause("p1", ANSWER)
    assert await db.get_pause("p1") == PAUSE
    assert await db.list_work(9) == []
    assert await db.close_pause("p1", ANSWER) == replace(PAUSE, state="answered", answered=ANSWER)


async def test_a_deadline_is_kept(scene: Scene) -> None:
    """StorageError is raised to the clock, and the pause expires at its deadline all the same afterwards."""
    db, trouble = scene
    await db.suspend("r1", 1, [PAUSE], 1.0)
    async with trouble:
        with pytest.raises(StorageError, match=r"locked|disk"):
            await db.expire_pauses(9.0, 9)
    assert await db.next_deadline() == 5.0
    (expired,) = await db.expire_pauses(9.0, 9)
    assert expired.answered == AnswerRecord(answer=LARGE, at=5.0, by="timeout", door="clock")
    assert await db.list_work(9) == ["r1"]
