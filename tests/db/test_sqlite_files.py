"""Where a SqliteDb keeps its file, and what it takes to make one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from kernbot.db.sqlite import AsyncSqliteDb, SqliteDb
from kernbot.errors import UsageError


def names(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(file.name for file in folder.iterdir() if file.is_file())


def pragma(connection: Connection, name: str) -> Any:
    """Return a setting of the connection."""
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


async def put(db: SqliteDb) -> None:
    """Store something, and close the store."""
    await db.put_inbox("here", 1.0)
    await db.close()


async def test_the_file_is_kernbot_db_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file `kernbot.db` in the current folder is used when none is named, and it stays the same one."""
    monkeypatch.chdir(tmp_path)
    db = SqliteDb()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    await put(db)
    assert names(tmp_path) == ["kernbot.db"]


async def test_the_folder_is_made(tmp_path: Path) -> None:
    """The folders above the file are made when it is first needed, not before."""
    file = tmp_path / "a" / "b c" / "ä%20?.db"
    db = SqliteDb(str(file))
    assert not (tmp_path / "a").exists()
    await put(db)
    assert file.exists()


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
async def test_a_file_is_named_by_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """Three slashes precede a relative file, four an absolute one."""
    monkeypatch.chdir(tmp_path)
    await put(SqliteDb(db_url=f"{scheme}:///one.db"))
    await put(SqliteDb(db_url=f"{scheme}:///{tmp_path}/two.db"))
    assert names(tmp_path) == ["one.db", "two.db"]


async def test_what_was_stored_outlives_the_object(tmp_path: Path) -> None:
    """Another object on the same file finds everything, with and without a close in between."""
    first, second = SqliteDb(tmp_path / "kernbot.db"), SqliteDb(tmp_path / "kernbot.db")
    await first.put_inbox("one", 1.0)
    await second.put_inbox("two", 2.0)
    await first.close()
    await second.close()
    third = SqliteDb(tmp_path / "kernbot.db")
    assert [item.payload for item in await third.list_inbox(9)] == ["one", "two"]
    await third.close()


async def test_what_is_committed_is_on_the_disk(tmp_path: Path) -> None:
    """The connection writes a log ahead, syncs at each commit and checks foreign keys."""
    db = SqliteDb(tmp_path / "kernbot.db")
    assert await db._read(pragma, "journal_mode") == "wal"
    assert await db._read(pragma, "synchronous") == 2
    assert await db._read(pragma, "foreign_keys") == 1
    assert await db._read(pragma, "busy_timeout") == 10_000
    await db.close()


def test_both_names_are_one_class() -> None:
    """AsyncSqliteDb is SqliteDb: a store is used from synchronous and asynchronous code alike."""
    assert AsyncSqliteDb is SqliteDb


def test_names_of_tables_have_no_effect() -> None:
    """Names of tables are accepted, and the id is kept."""
    assert SqliteDb("a.db", session_table="s", runs_table="r", memory_table=None, id="main").id == "main"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"db_file": "a.db", "db_url": "sqlite:///b.db"}, "either db_file or db_url, not both"),
        ({"db_url": "postgresql://localhost/kernbot"}, "not a postgresql address"),
        ({"db_file": ":memory:"}, "use InMemoryDb"),
        ({"db_url": "sqlite://"}, "use InMemoryDb"),
    ],
)
def test_what_names_no_file_is_refused(arguments: dict[str, Any], message: str) -> None:
    """UsageError says what to give instead."""
    with pytest.raises(UsageError, match=message):
        SqliteDb(**arguments)


def test_unknown_keywords_are_refused() -> None:
    """TypeError names a keyword that is not one."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'db_fiel'"):
        SqliteDb(db_fiel="a.db")
