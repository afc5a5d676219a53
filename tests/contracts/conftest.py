"""The stores that one suite of tests holds to their contract, and a bench to set up what a test needs."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest

from kernbot.db.base import AnswerRecord, JournalEntry, PauseRecord, RunRecord, Snapshot, Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.db.postgres import PostgresDb
from kernbot.db.slack import SlackMessage, SlackStore
from kernbot.db.sqlite import SqliteDb
from kernbot.run.status import RunStatus

LEASE = 30.0


class AnyStore(Store, SlackStore, Protocol):
    """What every database of kernbot is."""


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Return the time in unix seconds."""
        return self.now


@dataclass
class Bench:
    """One store, with its clock, and the records of a workflow that asks before it sends."""

    store: AnyStore
    clock: Clock = field(default_factory=Clock)

    def run(self, run_id: str = "r1", **changes: Any) -> RunRecord:
        """Return a new run of the bot, PENDING, in session s1."""
        values: dict[str, Any] = {
            "session_id": "s1",
            "workflow_id": "weekly",
            "workflow_name": "Weekly report",
            "user_id": "U02ANA",
            "origin": "bot",
            "status": RunStatus.PENDING,
            "request": {"input": "May"},
            "created_at": self.clock.now,
            "updated_at": self.clock.now,
        }
        return RunRecord(run_id=run_id, **values | changes)

    def entry(self, path: str = "root/fetch", **changes: Any) -> JournalEntry:
        """Return the output of a step."""
        values: dict[str, Any] = {
            "kind": "output",
            "node": "Step:fetch",
            "payload": {"content": "42"},
            "created_at": self.clock.now,
        }
        return JournalEntry(path=path, **values | changes)

    def pause(self, pause_id: str = "p1", run_id: str = "r1", **changes: Any) -> PauseRecord:
        """Return an open question without a deadline."""
        values: dict[str, Any] = {
            "path": "root/send",
            "kind": "confirmation",
            "number": 1,
            "step_name": "send",
            "question": {"message": "Send it?"},
            "digest": "d1",
            "silence": None,
            "opened_at": self.clock.now,
            "deadline": None,
        }
        return PauseRecord(pause_id=pause_id, run_id=run_id, **values | changes)

    def answer(self, **changes: Any) -> AnswerRecord:
        """Return Ana's click on Approve."""
        values: dict[str, Any] = {
            "answer": {"action": "confirm"},
            "at": self.clock.now,
            "by": "slack:T01:U02ANA",
            "door": "button",
        }
        return AnswerRecord(**values | changes)

    def message(self, message_id: str = "m1", **changes: Any) -> SlackMessage:
        """Return a run's first message, not posted yet."""
        values: dict[str, Any] = {"run_id": "r1", "role": "parent", "pause_id": None, "channel": "C01"}
        return SlackMessage(message_id=message_id, **values | changes)

    async def create(self, run_id: str = "r1", **changes: Any) -> RunRecord:
        """Store a new run."""
        run = self.run(run_id, **changes)
        await self.store.create_run(run, {})
        return run

    async def claim(self, run_id: str = "r1") -> Snapshot:
        """Claim a run for worker w1, until LEASE seconds from now."""
        snapshot = await self.store.claim_run(run_id, "w1", LEASE)
        assert snapshot is not None
        return snapshot

    async def start(self, run_id: str = "r1", **changes: Any) -> int:
        """Store and claim a run; return its epoch."""
        await self.create(run_id, **changes)
        return (await self.claim(run_id)).run.epoch

    async def ask(self, *pauses: PauseRecord, run_id: str = "r1") -> RunStatus:
        """Start a run, and suspend it at the pauses."""
        epoch = await self.start(run_id)
        return await self.store.suspend(run_id, epoch, pauses, self.clock.now)

    async def run_now(self, run_id: str = "r1") -> RunRecord:
        """Return the run as it is stored."""
        run = await self.store.get_run(run_id)
        assert run is not None
        return run

    async def pause_now(self, pause_id: str = "p1") -> PauseRecord:
        """Return the pause as it is stored."""
        pause = await self.store.get_pause(pause_id)
        assert pause is not None
        return pause

    async def state_now(self, session_id: str = "s1") -> dict[str, Any]:
        """Return the session's state as it is stored."""
        session = await self.store.get_session(session_id)
        assert session is not None
        return session.state


@pytest.fixture
def postgres(postgres_server: str, clock: Clock) -> Iterator[PostgresDb]:
    """Yield a store in a schema of its own, which is quicker made than a database."""
    schema = f"kernbot_{uuid.uuid4().hex}"
    yield PostgresDb(postgres_server, db_schema=schema, clock=clock)
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())


@pytest.fixture
def sqlite(tmp_path: Path, clock: Clock) -> SqliteDb:
    """Return a store in a file of its own."""
    return SqliteDb(tmp_path / "kernbot.db", clock=clock)


@pytest.fixture
def memory(clock: Clock) -> InMemoryDb:
    """Return a store in memory."""
    return InMemoryDb(clock=clock)


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the test."""
    return Clock()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def bench(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Bench]:
    """Each store in turn, empty."""
    store: AnyStore = request.getfixturevalue(request.param)
    yield Bench(store, clock)
    await store.close()
