"""Which store is at a file, and which at a URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernbot.db import open_store
from kernbot.db.postgres import PostgresDb
from kernbot.db.sqlite import SqliteDb
from kernbot.errors import UsageError


@pytest.mark.parametrize(
    ("where", "file"),
    [
        ("a.db", "a.db"),
        ("postgres.db", "postgres.db"),
        ("a b?%20.db", "a b?%20.db"),
        ("sqlite:///a.db", "a.db"),
        ("sqlite+aiosqlite:////tmp/a.db", "/tmp/a.db"),  # noqa: S108 - nothing is written
    ],
)
def test_a_file_is_a_sqlite_database(where: str, file: str) -> None:
    """A SqliteDb is returned for a file, whatever its name, and for an address of SQLite."""
    store = open_store(where)
    assert isinstance(store, SqliteDb)
    assert store.file == Path(file).absolute()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_postgresql_address_is_a_postgresql_database(scheme: str) -> None:
    """A PostgresDb is returned, with its address for psycopg 3."""
    store = open_store(f"{scheme}://ana:secret@host/kernbot")
    assert isinstance(store, PostgresDb)
    assert store.address == "postgresql+psycopg://ana:secret@host/kernbot"


@pytest.mark.parametrize("where", ["mysql://ana:secret@host/kernbot", "://"])
def test_another_kind_of_database_is_refused(where: str) -> None:
    """UsageError shows what an address looks like, and repeats nothing that may be a secret."""
    with pytest.raises(UsageError, match=r"^a database is a file, or like sqlite:///kernbot\.db or postgresql://user:"):
        open_store(where)
