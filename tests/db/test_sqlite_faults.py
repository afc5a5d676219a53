"""What goes wrong with a file: one clear sentence, and nothing half-written."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from kernbot.db.sqlite import SqliteDb
from kernbot.errors import StorageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the file of the database."""
    return tmp_path / "kernbot.db"


@pytest.fixture
async def db(file: Path) -> AsyncIterator[SqliteDb]:
    """Yield a store that does not wait long for locks, with one payload in it."""
    db = SqliteDb(file, timeout=0.05)
    await db.put_inbox("first", 1.0)
    yield db
    await db.close()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Keep a database locked by another connection."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


async def payloads(db: SqliteDb) -> list[str]:
    """Return what is in the inbox."""
    return [item.payload for item in await db.list_inbox(9)]


async def pragma(db: SqliteDb, name: str) -> None:
    """Set something on the store's own connection."""
    await db._read(lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").close())


async def test_a_locked_database(db: SqliteDb, file: Path) -> None:
    """StorageError says who is in the way, after the timeout; the store works again when the lock is gone."""
    with locked(file), pytest.raises(StorageError, match=r"kernbot.db could not be used: .*locked; another connection"):
        await db.put_inbox("second", 2.0)
    await db.put_inbox("third", 3.0)
    assert await payloads(db) == ["first", "third"]


async def test_a_database_that_is_locked_at_the_start(file: Path) -> None:
    """StorageError is raised when the file cannot even be opened; the next use tries again."""
    db = SqliteDb(file, timeout=0.05)
    with locked(file), pytest.raises(StorageError, match="locked"):
        await db.list_inbox(9)
    assert await payloads(db) == []
    await db.close()


async def test_a_full_disk(db: SqliteDb) -> None:
    """StorageError says so, and nothing of the transaction is there."""
    await pragma(db, "max_page_count=1")
    with pytest.raises(StorageError, match="free some space on the disk"):
        await db.put_inbox("x" * 1_000_000, 2.0)
    await pragma(db, "max_page_count=1000000")
    await db.put_inbox("third", 3.0)
    assert await payloads(db) == ["first", "third"]


async def test_a_file_that_may_not_be_written(db: SqliteDb) -> None:
    """StorageError says what to make writable, and what is there can be read."""
    await pragma(db, "query_only=ON")
    with pytest.raises(StorageError, match="make the file and its folder writable"):
        await db.put_inbox("second", 2.0)
    assert await payloads(db) == ["first"]


async def test_bytes_that_are_no_text(db: SqliteDb) -> None:
    """A payload whose bytes are no text is left out of the list, and the others are in it."""
    await db.put_inbox("second", 2.0)

    def damage(connection: Connection) -> None:
        connection.exec_driver_sql("UPDATE slack_inbox SET payload = CAST(x'22c322' AS TEXT) WHERE item_id = 1")

    await db._write(damage)
    assert await payloads(db) == ["second"]


def test_a_file_that_is_no_database(file: Path) -> None:
    """StorageError says that the file holds something else, and leaves it as it is."""
    file.write_text("Dear diary, " * 100)
    with pytest.raises(StorageError, match="not a database; the file holds something else"):
        asyncio.run(SqliteDb(file).list_inbox(9))
    assert file.read_text() == "Dear diary, " * 100


async def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    """StorageError says what to check when the file cannot be opened."""
    with pytest.raises(StorageError, match="unable to open database file; check that"):
        await SqliteDb(tmp_path).list_inbox(9)


def test_a_file_instead_of_a_folder(file: Path) -> None:
    """StorageError names the file whose folder cannot be made."""
    file.touch()
    with pytest.raises(StorageError, match=r"the folder of the database .*deep\.db could not be made"):
        asyncio.run(SqliteDb(file / "folder" / "deep.db").list_inbox(9))


async def test_a_name_that_cannot_be_written(db: SqliteDb) -> None:
    """StorageError is raised for half a surrogate pair in a name, which no database takes."""
    with pytest.raises(StorageError, match="surrogates not allowed; nothing was written"):
        await db.get_key("half \ud83d")


def test_a_caller_that_gave_up(file: Path) -> None:
    """The store serves others when a caller, and its event loop, were gone before their result was there."""
    db = SqliteDb(file, timeout=5.0)
    asyncio.run(db.put_inbox("first", 1.0))

    async def give_up() -> None:
        async with asyncio.timeout(0.05):
            await db.put_inbox("second", 2.0)

    with locked(file), pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert asyncio.run(payloads(db))[0] == "first"
    asyncio.run(db.close())


def test_a_caller_that_gave_up_before_its_turn(file: Path) -> None:
    """A transaction whose caller is gone before it has begun never happens."""
    db = SqliteDb(file, timeout=5.0)
    asyncio.run(db.put_inbox("first", 1.0))

    async def give_up() -> None:
        async with asyncio.timeout(0.05):
            await asyncio.gather(db.delete_inbox(99), db.put_inbox("second", 2.0))

    with locked(file), pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert asyncio.run(payloads(db)) == ["first"]
    asyncio.run(db.close())
