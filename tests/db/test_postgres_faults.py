"""What goes wrong with a server: one clear sentence, and nothing half-written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from kernbot.db.postgres import PostgresDb
from kernbot.errors import StorageError, UsageError

CUT_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def db(postgres_url: str) -> AsyncIterator[PostgresDb]:
    """Yield a store that does not wait long for locks, with one payload in it."""
    db = PostgresDb(postgres_url, timeout=0.05)
    await db.put_inbox("first", 1.0)
    yield db
    await db.close()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Keep the inbox locked by another connection."""
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE ai.slack_inbox")
        yield


def neighbour(url: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def run_sql(url: str, statement: str) -> None:
    """Run one statement as somebody else."""
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(statement.encode())


async def payloads(db: PostgresDb) -> list[Any]:
    """Return what is in the inbox."""
    return [item.payload for item in await db.list_inbox(9)]


async def test_a_locked_table(db: PostgresDb, postgres_url: str) -> None:
    """StorageError says what is in the way, after the timeout; the store works again when the lock is gone."""
    with locked(postgres_url), pytest.raises(StorageError, match=r"lock timeout; another transaction keeps it locked"):
        await db.put_inbox("second", 2.0)
    await db.put_inbox("third", 3.0)
    assert await payloads(db) == ["first", "third"]


async def test_a_server_that_was_restarted(db: PostgresDb, postgres_url: str) -> None:
    """A connection that was cut while nobody used it is replaced, and nobody notices."""
    run_sql(postgres_url, CUT_OTHERS)
    assert await payloads(db) == ["first"]


async def test_a_connection_that_is_cut_in_a_transaction(db: PostgresDb) -> None:
    """StorageError is raised, nothing of the transaction is there, and the store works again."""
    with pytest.raises(StorageError, match="terminating connection"):
        await db._write(lambda connection: connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert await payloads(db) == ["first"]


async def test_an_error_rolls_back(db: PostgresDb) -> None:
    """Nothing of a transaction is there after one of its statements failed."""

    def put_and_fail(connection: Any) -> None:
        connection.exec_driver_sql("DELETE FROM slack_inbox")
        connection.exec_driver_sql("SELECT 1 / 0")

    with pytest.raises(StorageError, match="division by zero; nothing was written"):
        await db._write(put_and_fail)
    assert await payloads(db) == ["first"]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("25006", "the server takes no writes: name the primary one"),
        ("42501", "grant that to the user of the address"),
        ("53100", "free some space on the server's disk"),
        ("XX000", "nothing was written"),
    ],
)
async def test_what_the_server_refuses(db: PostgresDb, code: str, advice: str) -> None:
    """StorageError gives the server's reason in one line, and says what to do about it."""
    fail = f"DO $$ BEGIN RAISE 'no room' USING ERRCODE = '{code}'; END $$"
    with pytest.raises(StorageError, match=f"could not be used: no room; {advice}$"):
        await db._write(lambda connection: connection.exec_driver_sql(fail))


@pytest.mark.parametrize("name", ["half \ud83d", "nul \x00"])
async def test_a_name_that_cannot_be_written(db: PostgresDb, name: str) -> None:
    """StorageError is raised for what PostgreSQL takes in no text: half a surrogate pair, and the character 0."""
    with pytest.raises(StorageError, match="nothing was written"):
        await db.get_key(name)


async def test_a_server_that_does_not_run() -> None:
    """StorageError says what to check, and shows no password; the next use tries again."""
    db = PostgresDb("postgresql://ana:secret@127.0.0.1:1/kernbot")
    for _ in range(2):
        with pytest.raises(StorageError, match=r"ana:\*\*\*@127.* refused.*; check that the server runs"):
            await db.list_inbox(9)


async def test_a_database_that_does_not_exist(postgres_url: str) -> None:
    """StorageError names the database that is missing."""
    with pytest.raises(StorageError, match='database "kernbot_nowhere" does not exist'):
        await PostgresDb(neighbour(postgres_url, "kernbot_nowhere")).list_inbox(9)


async def test_a_schema_that_is_not_to_be_made(postgres_url: str) -> None:
    """StorageError says what to do when the schema is missing and may not be made; one that is there is used."""
    db = PostgresDb(postgres_url, create_schema=False)
    with pytest.raises(StorageError, match="create the schema, or leave `create_schema` at True"):
        await db.list_inbox(9)
    run_sql(postgres_url, "CREATE SCHEMA ai")
    assert await db.list_inbox(9) == []
    await db.close()


async def test_an_address_that_cannot_be_understood() -> None:
    """UsageError shows what an address looks like at first use, and repeats nothing that may be a secret."""
    with pytest.raises(UsageError, match=r"like postgresql://user:password@host:5432/name$"):
        await PostgresDb("postgresql://ana:secret@host:port/kernbot").list_inbox(9)


def test_a_caller_that_gave_up(postgres_url: str) -> None:
    """The store serves others when a caller, and its event loop, were gone before their result was there."""
    db = PostgresDb(postgres_url, timeout=5.0)
    asyncio.run(db.put_inbox("first", 1.0))

    async def give_up() -> None:
        async with asyncio.timeout(0.05):
            await db.put_inbox("second", 2.0)

    with locked(postgres_url), pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert asyncio.run(payloads(db))[0] == "first"
    asyncio.run(db.close())
