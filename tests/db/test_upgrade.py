"""A database that an older version of kernbot has made and filled, and what is left of it after an upgrade."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from kernbot.db import migrations, open_store
from kernbot.db.base import AnswerRecord, JournalEntry
from kernbot.db.postgres import PostgresDb
from kernbot.db.schema import enter_schema
from kernbot.db.slack import SlackMessage
from kernbot.db.sqlite import SqliteDb
from kernbot.db.tables import REVISION
from kernbot.errors import StorageError
from kernbot.run.status import RunStatus

ROWS_OF_0001: list[tuple[str, dict[str, Any]]] = [
    (
        "sessions",
        {"session_id": "s1", "workflow_id": "weekly", "state": '{"a":1}', "created_at": 1.0, "updated_at": 2.0},
    ),
    (
        "runs",
        {
            "run_id": "r1",
            "session_id": "s1",
            "workflow_id": "weekly",
            "workflow_name": "Weekly report",
            "origin": "bot",
            "status": "PAUSED",
            "request": '{"input":"May"}',
            "epoch": 1,
            "created_at": 1.0,
            "updated_at": 2.0,
            "settled": False,
        },
    ),
    (
        "journal",
        {
            "run_id": "r1",
            "path": "root/fetch",
            "kind": "output",
            "attempt": 1,
            "node": "Step:fetch",
            "payload": "42",
            "state_changes": '{"set":{"a":1},"deleted":["b"]}',
            "created_at": 1.5,
        },
    ),
    (
        "pauses",
        {
            "pause_id": "p1",
            "run_id": "r1",
            "path": "root/send",
            "kind": "confirmation",
            "number": 1,
            "step_name": "send",
            "question": '{"message":"Send it?"}',
            "digest": "d1",
            "opened_at": 2.0,
            "state": "open",
        },
    ),
    (
        "slack_messages",
        {
            "message_id": "m1",
            "run_id": "r1",
            "role": "card",
            "pause_id": "p1",
            "channel": "C01",
            "ts": "1.2",
            "thread_ts": "1.1",
            "shown": "d1",
            "revision": 1,
        },
    ),
]
CARD = SlackMessage(
    message_id="m1",
    run_id="r1",
    role="card",
    pause_id="p1",
    channel="C01",
    ts="1.2",
    thread_ts="1.1",
    shown="d1",
    revision=1,
)
ENTRY = JournalEntry(path="root/send", kind="output", node="Step:send", payload={"large": "d1"}, created_at=4.0)


def fill(connection: Connection) -> None:
    """Make the tables of revision 0001, with a run that waits for an answer."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    command.upgrade(config, "0001")
    for table, row in ROWS_OF_0001:
        names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608


def upgrade(where: str) -> str:
    """Run `kernbot db upgrade`, and return what it printed."""
    line = [sys.executable, "-W", "error", "-m", "kernbot", "db", "upgrade", "--db", where]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


@pytest.fixture(params=["sqlite", "postgres"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database that is at revision 0001."""
    is_file = request.param == "sqlite"
    address: str = f"sqlite:///{tmp_path}/old.db" if is_file else request.getfixturevalue("postgres_url")
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        if not is_file:
            enter_schema(connection, "ai", create=True)
        fill(connection)
    engine.dispose()
    return address


async def go_on(db: SqliteDb | PostgresDb) -> None:
    """Check what was stored before the upgrade, and carry the run on with what is new since."""
    run = await db.get_run("r1")
    assert run is not None
    assert (run.status, run.request, run.owner) == (RunStatus.PAUSED, {"input": "May"}, None)
    assert await db.close_pause("p1", AnswerRecord(answer={}, at=3.0, by="ana", door="button")) is not None
    snapshot = await db.claim_run("r1", "w1", 30.0)
    assert snapshot is not None
    assert [entry.payload for entry in snapshot.journal] == [42]
    assert (snapshot.session.state, snapshot.session.name) == ({"a": 1}, None)
    await db.append("r1", snapshot.run.epoch, ENTRY, {"d1": "x" * 1000})
    assert await db.get_blobs(["d1"]) == {"d1": "x" * 1000}
    assert await db.update_session("s1", 5.0, name="May") is True
    copy = replace(CARD, message_id="m2", role="copy", person_id="slack:T01:U02ANA")
    await db.save_message(copy)
    assert await db.list_messages("r1") == [CARD, copy]


def test_an_old_database_is_upgraded(old: str) -> None:
    """Everything in it is there, and goes on, after `kernbot db upgrade`; before, it is refused and left alone."""
    db = open_store(old)
    with pytest.raises(StorageError, match=rf"at schema revision 0001, .* needs {REVISION}.* run `kernbot db upgrade"):
        asyncio.run(db.get_run("r1"))
    assert "is at the newest revision" in upgrade(old)
    asyncio.run(go_on(db))
    asyncio.run(db.close())
