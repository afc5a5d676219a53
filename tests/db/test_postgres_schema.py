"""The schema in PostgreSQL: made in an empty database, by migration too, and never changed behind anybody's back."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from kernbot.db.migrations import upgrade
from kernbot.db.postgres import PostgresDb
from kernbot.db.tables import REVISION
from kernbot.errors import StorageError

COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name, character_maximum_length
FROM information_schema.columns WHERE table_schema = 'ai' ORDER BY table_name, ordinal_position
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'ai' ORDER BY 1"
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = to_regnamespace('ai') ORDER BY 1, 2
"""


def query(url: str, statement: str) -> list[Any]:
    """Run one statement, and return what it returned."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def schema(url: str) -> list[list[Any]]:
    """Return columns, indices and constraints of our tables."""
    return [query(url, statement) for statement in (COLUMNS, INDEXES, CONSTRAINTS)]


def tables(url: str, name: str = "ai") -> list[str]:
    """Return the names of the tables in a schema."""
    return [table for (table,) in query(url, f"SELECT tablename FROM pg_tables WHERE schemaname = '{name}'")]  # noqa: S608


def use(url: str) -> None:
    """Make a store open a database."""
    db = PostgresDb(url)
    asyncio.run(db.list_inbox(1))
    asyncio.run(db.close())


def test_migrations_make_the_schema_of_today(postgres_url: str) -> None:
    """The same columns, indices and constraints are made by the migrations and by a first use."""
    upgrade(postgres_url)
    migrated = schema(postgres_url)
    query(postgres_url, "DROP SCHEMA ai CASCADE")
    use(postgres_url)
    assert schema(postgres_url) == migrated
    assert query(postgres_url, "SELECT version_num FROM ai.alembic_version") == [(REVISION,)]


def test_upgrading_again_changes_nothing(postgres_url: str) -> None:
    """A database that is at the newest revision already, and in use, stays as it is."""
    db = PostgresDb(postgres_url)
    asyncio.run(db.put_inbox("kept", 1.0))
    before = schema(postgres_url)
    upgrade(postgres_url)
    assert schema(postgres_url) == before
    assert [item.payload for item in asyncio.run(db.list_inbox(9))] == ["kept"]
    asyncio.run(db.close())


def test_another_schema_is_upgraded_by_name(postgres_url: str) -> None:
    """The tables are made in the schema that is named, and nowhere else."""
    upgrade(postgres_url, db_schema="mine")
    assert "runs" in tables(postgres_url, "mine")
    assert tables(postgres_url) == tables(postgres_url, "public") == []


def test_tables_of_somebody_else_are_left_alone(postgres_url: str) -> None:
    """StorageError says what to run, and nothing is changed, when there are tables without a revision."""
    query(postgres_url, "CREATE SCHEMA ai CREATE TABLE customers (name text)")
    with pytest.raises(StorageError, match=rf"without a schema revision.*needs {REVISION}.*upgrade --db postgresql"):
        use(postgres_url)
    assert tables(postgres_url) == ["customers"]


@pytest.mark.parametrize("revision", ["0000", "9999"])
def test_another_revision_is_left_alone(postgres_url: str, revision: str) -> None:
    """StorageError names both revisions, and nothing is changed, for an older and for a newer schema."""
    use(postgres_url)
    query(postgres_url, f"UPDATE ai.alembic_version SET version_num = '{revision}'")  # noqa: S608
    with pytest.raises(StorageError, match=f"at schema revision {revision}, .* needs {REVISION}"):
        use(postgres_url)
    assert query(postgres_url, "SELECT version_num FROM ai.alembic_version") == [(revision,)]


def test_an_upgrade_that_fails_changes_nothing(postgres_url: str) -> None:
    """StorageError is raised, and no table is left, when a table is in the way of a migration."""
    query(postgres_url, "CREATE SCHEMA ai CREATE TABLE pauses (name text)")
    with pytest.raises(StorageError, match=r'could not be upgraded and is as it was: .*"pauses" already exists'):
        upgrade(postgres_url)
    assert tables(postgres_url) == ["pauses"]
