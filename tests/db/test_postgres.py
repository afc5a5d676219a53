"""What a PostgresDb is made of, and how it shares a database with others."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from kernbot.db import sql_runs, sql_shared
from kernbot.db.base import JournalEntry, RunRecord
from kernbot.db.postgres import AsyncPostgresDb, PostgresDb
from kernbot.db.schema import enter_schema
from kernbot.errors import ConflictError, UsageError
from kernbot.run.status import RunStatus

RUN = RunRecord(
    run_id="r1",
    session_id="s1",
    workflow_id="weekly",
    workflow_name="Weekly report",
    user_id=None,
    origin="bot",
    status=RunStatus.PENDING,
    request={},
    created_at=1000.0,
    updated_at=1000.0,
)
ENTRY = JournalEntry(path="root/fetch", kind="output", node="Step:fetch", payload={}, created_at=1000.0)

PUT = """
import asyncio, sys
from kernbot.db.postgres import PostgresDb
db = PostgresDb(sys.argv[1])
asyncio.run(db.put_inbox("one", 1.0))
"""


@pytest.fixture
async def db(postgres_url: str) -> AsyncIterator[PostgresDb]:
    """Yield a store in an empty database."""
    db = PostgresDb(postgres_url)
    yield db
    await db.close()


def setting(connection: Connection, name: str) -> Any:
    """Return a setting of the connection."""
    return connection.exec_driver_sql(f"SHOW {name}").scalar()


def schemas(url: str) -> list[str]:
    """Return the schemas of a database that hold tables of ours."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'runs' ORDER BY 1").fetchall()
    return [schema for (schema,) in found]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg_async"])
async def test_an_address_may_name_a_driver_or_none(postgres_url: str, scheme: str) -> None:
    """The database is used with psycopg 3 whatever driver its address names."""
    db = PostgresDb(postgres_url.replace("postgresql", scheme, 1))
    await db.put_inbox("here", 1.0)
    assert [item.payload for item in await db.list_inbox(9)] == ["here"]
    await db.close()


@pytest.mark.parametrize("make", [create_engine, create_async_engine])
async def test_an_engine_is_as_good_as_its_address(postgres_url: str, make: Any) -> None:
    """The database of an engine, synchronous or not, is used through connections of the store's own."""
    db = PostgresDb(db_engine=make(make_url(postgres_url).set(drivername="postgresql+psycopg")))
    await db.put_inbox("here", 1.0)
    await db.close()
    assert schemas(postgres_url) == ["ai"]


async def test_tables_are_in_a_schema_of_their_own(postgres_url: str) -> None:
    """Stores with different schemas, `ai` by default, share a database and see nothing of each other."""
    first, second = PostgresDb(postgres_url), PostgresDb(postgres_url, db_schema='My "own"')
    await first.put_inbox("first", 1.0)
    assert await second.list_inbox(9) == []
    assert schemas(postgres_url) == ['My "own"', "ai"]
    await first.close()
    await second.close()


async def test_what_reads_sees_one_state(db: PostgresDb) -> None:
    """A transaction that only reads has a snapshot of the database, and cannot write; one that writes can."""
    assert await db._read(setting, "transaction_isolation") == "repeatable read"
    assert await db._read(setting, "transaction_read_only") == "on"
    assert await db._write(setting, "transaction_isolation") == "read committed"
    assert await db._write(setting, "transaction_read_only") == "off"


async def test_leases_are_measured_by_the_server(db: PostgresDb) -> None:
    """A lease lasts from the server's time on, and is live as long as the server says so."""
    await db.create_run(RUN, {})
    snapshot = await db.claim_run("r1", "w1", 30.0)
    assert snapshot is not None
    assert snapshot.run.lease_until == pytest.approx(time.time() + 30.0, abs=5.0)
    assert await db.claim_run("r1", "w2", 30.0) is None
    assert await db.cancel_run("r1", "ana", "button", 9e9) is RunStatus.RUNNING
    assert await db.list_work(9) == []
    assert await db.renew_lease("r1", 1, 0.0) is True
    assert await db.list_work(9) == ["r1"]
    assert (await db.claim_run("r1", "w2", 30.0)) is not None


@contextmanager
def somebody_else(url: str) -> Iterator[Connection]:
    """Yield a connection to the store's tables in a transaction of its own, committed at the end."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        enter_schema(connection, "ai", create=False)
        yield connection
    engine.dispose()


async def test_a_run_joins_a_session_that_is_being_deleted(db: PostgresDb, postgres_url: str) -> None:
    """The run waits for the end of the deletion, and begins the session anew."""
    await db.create_run(replace(RUN, status=RunStatus.COMPLETED), {"count": 1})
    with somebody_else(postgres_url) as connection:
        connection.execute(sql_shared.select_session("s1").with_for_update())
        joining = asyncio.create_task(db.create_run(replace(RUN, run_id="r2"), {}))
        await asyncio.sleep(0.1)
        assert sql_shared.delete_session(connection, "s1") is True
        assert not joining.done()
    await joining
    snapshot = await db.load_run("r2")
    assert snapshot is not None
    assert snapshot.session.state == {}


async def test_a_session_is_deleted_that_a_run_is_joining(db: PostgresDb, postgres_url: str) -> None:
    """The deletion waits for the run to be there, and is refused on its account."""
    await db.create_run(replace(RUN, status=RunStatus.COMPLETED), {})
    with somebody_else(postgres_url) as connection:
        sql_runs.create_run(connection, replace(RUN, run_id="r2"), {}, replaces_state=False)
        deleting = asyncio.create_task(db.delete_session("s1"))
        await asyncio.sleep(0.1)
        assert not deleting.done()
    with pytest.raises(ConflictError, match="its run r2 has not ended"):
        await deleting
    assert await db.get_run("r1") is not None


async def test_large_values_are_stored_in_one_order(db: PostgresDb, postgres_url: str) -> None:
    """Two transactions that store the same large values wait for each other in turn, and never in a circle."""
    await db.create_run(RUN, {})
    await db.claim_run("r1", "w1", 30.0)
    with somebody_else(postgres_url) as connection:
        sql_shared.store_blobs(connection, {"d1": 1}, 1.0)
        appending = asyncio.create_task(db.append("r1", 1, ENTRY, {"d2": 2, "d1": 1}))
        await asyncio.sleep(0.1)
        sql_shared.store_blobs(connection, {"d2": 2}, 1.0)
        assert not appending.done()
    await appending
    assert await db.get_blobs(["d1", "d2"]) == {"d1": 1, "d2": 2}


async def test_stores_create_a_database_at_once(postgres_url: str) -> None:
    """Every first use of eight stores on an empty database succeeds."""
    stores = [PostgresDb(postgres_url) for _ in range(8)]
    await asyncio.gather(*(store.put_inbox(number, 1.0) for number, store in enumerate(stores)))
    assert {item.payload for item in await stores[0].list_inbox(9)} == set(range(8))
    await asyncio.gather(*(store.close() for store in stores))


def test_a_loop_is_not_held_up(postgres_url: str) -> None:
    """A synchronous program, in a thread beside a running loop, uses the store that the loop uses."""
    db = PostgresDb(postgres_url)

    async def main() -> int:
        await db.put_inbox("loop", 1.0)
        await asyncio.to_thread(lambda: asyncio.run(db.put_inbox("thread", 1.0)))
        found = len(await db.list_inbox(9))
        await db.close()
        return found

    assert asyncio.run(main()) == 2


def test_a_program_ends_without_closing(postgres_url: str) -> None:
    """A script that never closes its store ends by itself, silently."""
    command = [sys.executable, "-W", "error", "-c", PUT, postgres_url]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_store_that_is_dropped_closes_itself(postgres_url: str) -> None:
    """Neither thread nor connection is left when nobody holds the object any more."""
    before = threading.active_count()
    db = PostgresDb(postgres_url)
    asyncio.run(db.put_inbox("one", 1.0))
    assert threading.active_count() == before + 1
    del db
    gc.collect()
    assert threading.active_count() == before
    with psycopg.connect(postgres_url) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert connection.execute(query).fetchall() == [(0,)]


def test_both_names_are_one_class() -> None:
    """AsyncPostgresDb is PostgresDb: a store is used from synchronous and asynchronous code alike."""
    assert AsyncPostgresDb is PostgresDb


def test_names_of_tables_have_no_effect() -> None:
    """Names of tables are accepted, and the id is kept."""
    url = "postgresql://localhost/kernbot"
    assert PostgresDb(url, session_table="s", runs_table="r", memory_table=None, id="main").id == "main"


@pytest.mark.parametrize("arguments", [{}, {"db_url": "sqlite:///kernbot.db"}, {"db_url": "ana:secret@localhost"}])
def test_what_is_no_address_is_refused(arguments: dict[str, Any]) -> None:
    """UsageError shows what an address looks like, and repeats nothing that may be a secret."""
    with pytest.raises(UsageError, match=r"like postgresql://user:password@host/name$"):
        PostgresDb(**arguments)


def test_two_addresses_are_refused() -> None:
    """UsageError is raised when there is both an address and an engine."""
    with pytest.raises(UsageError, match="either db_url or db_engine"):
        PostgresDb("postgresql://a/b", create_engine("sqlite://"))


def test_unknown_keywords_are_refused() -> None:
    """TypeError names a keyword that is not one."""
    with pytest.raises(TypeError, match=r"PostgresDb\(\) got an unexpected keyword argument 'db_ulr'"):
        PostgresDb(db_ulr="postgresql://localhost/kernbot")
