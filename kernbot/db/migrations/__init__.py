"""Brings the schema of a database to the newest revision: `kernbot db upgrade`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, NullPool
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from kernbot.db import missing_package, open_store
from kernbot.db.postgres import DEFAULT_SCHEMA
from kernbot.db.schema import enter_schema
from kernbot.db.sqlite import SqliteDb
from kernbot.errors import StorageError


def upgrade(where: str, db_schema: str = DEFAULT_SCHEMA) -> None:
    """Bring a database to the newest revision, in one transaction; in an empty one the schema is made.

    `where` is a file or a URL, as `open_store` takes it; in PostgreSQL, the tables are in the schema `db_schema`. It
    runs an event loop of its own, so call it where none is running. Raises UsageError for another kind of database,
    StorageError when the database could not be upgraded, ConfigurationError when its driver is missing.
    """
    try:
        address = _address(where)
        asyncio.run(_upgrade(address, db_schema))
    except ImportError as error:
        raise missing_package(error) from error
    except (SQLAlchemyError, CommandError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StorageError(f"the database {address} could not be upgraded and is as it was: {cause}") from error


def _address(where: str) -> URL:
    store = open_store(where)
    if isinstance(store, SqliteDb):
        return URL.create("sqlite+aiosqlite", database=str(store.file))
    from kernbot.db.postgres_connection import parse_address  # noqa: PLC0415 - the driver is an extra

    return parse_address(store.address)


async def _upgrade(address: URL, db_schema: str) -> None:
    arguments = {"isolation_level": None} if address.get_backend_name() == "sqlite" else {}
    engine = create_async_engine(address, poolclass=NullPool, connect_args=arguments)
    async with engine.begin() as connection:
        await connection.run_sync(_migrate, db_schema)


def _migrate(connection: Connection, db_schema: str) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        enter_schema(connection, db_schema, create=True)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    command.upgrade(config, "head")
