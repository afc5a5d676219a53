"""The schema: made in an empty database, by migration too, and never changed behind anybody's back."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kernbot.db.migrations import upgrade
from kernbot.db.sqlite import SqliteDb
from kernbot.db.tables import REVISION
from kernbot.errors import ConfigurationError, StorageError, UsageError


def query(file: Path, statement: str) -> list[Any]:
    """Run one statement on a file, and return what it returned."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def schema(file: Path) -> dict[str, str | None]:
    """Return the statement behind each table and index of a file, but for its white space, which ALTER TABLE omits."""
    found = query(file, "SELECT name, sql FROM sqlite_master")
    return {name: sql and " ".join(sql.split()) for name, sql in found}


def use(file: Path) -> None:
    """Make a store open a file."""
    db = SqliteDb(file)
    asyncio.run(db.list_inbox(1))
    asyncio.run(db.close())


def test_migrations_make_the_schema_of_today(tmp_path: Path) -> None:
    """The same tables and indices, word by word, are made by the migrations and by a first use."""
    use(tmp_path / "used.db")
    upgrade(f"sqlite:///{tmp_path}/migrated.db")
    assert schema(tmp_path / "migrated.db") == schema(tmp_path / "used.db")
    assert query(tmp_path / "migrated.db", "SELECT * FROM alembic_version") == [(REVISION,)]
    assert query(tmp_path / "used.db", "SELECT * FROM alembic_version") == [(REVISION,)]


def test_upgrading_again_changes_nothing(tmp_path: Path) -> None:
    """A database that is at the newest revision already, and in use, stays as it is."""
    db = SqliteDb(tmp_path / "kernbot.db")
    asyncio.run(db.put_inbox("kept", 1.0))
    before = schema(tmp_path / "kernbot.db")
    upgrade(f"sqlite:///{tmp_path}/kernbot.db")
    assert schema(tmp_path / "kernbot.db") == before
    assert [item.payload for item in asyncio.run(db.list_inbox(9))] == ["kept"]


def test_tables_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    """StorageError says what to run, and nothing is changed, when there are tables without a revision."""
    file = tmp_path / "other.db"
    query(file, "CREATE TABLE customers (name)")
    with pytest.raises(StorageError, match=rf"without a schema revision.*needs {REVISION}.*upgrade --db sqlite:///"):
        use(file)
    assert list(schema(file)) == ["customers"]


@pytest.mark.parametrize("revision", ["0000", "9999"])
def test_another_revision_is_left_alone(tmp_path: Path, revision: str) -> None:
    """StorageError names both revisions, and nothing is changed, for an older and for a newer schema."""
    file = tmp_path / "kernbot.db"
    use(file)
    query(file, f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608
    with pytest.raises(StorageError, match=f"at schema revision {revision}, .* needs {REVISION}"):
        use(file)
    assert query(file, "SELECT * FROM alembic_version") == [(revision,)]


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path) -> None:
    """StorageError is raised, and no table is left, when a table is in the way of a migration."""
    file = tmp_path / "other.db"
    query(file, "CREATE TABLE pauses (name)")
    with pytest.raises(StorageError, match=r"could not be upgraded and is as it was: .*pauses already exists$"):
        upgrade(f"sqlite:///{file}")
    assert list(schema(file)) == ["pauses"]


def test_a_revision_of_the_future_is_not_upgraded(tmp_path: Path) -> None:
    """StorageError names a revision that this version of kernbot does not know."""
    file = tmp_path / "kernbot.db"
    use(file)
    query(file, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="9999"):
        upgrade(f"sqlite:///{file}")


@pytest.mark.parametrize("url", ["mysql://localhost/kernbot", "://"])
def test_an_address_of_no_database_is_refused(url: str) -> None:
    """UsageError shows what an address looks like."""
    with pytest.raises(UsageError, match=r"sqlite:///kernbot\.db"):
        upgrade(url)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """ConfigurationError says what to install when the driver of the address is not there."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match="needs the package psycopg"):
        upgrade("postgresql://ana:secret@localhost/kernbot")
