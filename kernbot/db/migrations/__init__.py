"""Brings the schema of a database to the newest revision: `kernbot db upgrade`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, NullPool, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from kernbot.db import missing_package
from kernbot.errors import StorageError, UsageError

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}


def upgrade(url: str) -> None:
    """Bring the database at `url` to the newest revision, in one transaction; in an empty one the schema is made.

    It runs an event loop of its own, so call it where none is running. Raises UsageError when `url` is none of SQLite
    or PostgreSQL, StorageError when the database could not be upgraded, ConfigurationError when its driver is missing.
    """
    address = _address(url)
    try:
        asyncio.run(_upgrade(address))
    except ModuleNotFoundError as error:
        raise missing_package(error) from error
    except (SQLAlchemyError, CommandError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StorageError(f"the database {address} could not be upgraded and is as it was: {cause}") from error


async def _upgrade(address: URL) -> None:
    arguments = {"isolation_level": None} if address.get_backend_name() == "sqlite" else {}
    url = address.set(drivername=_DRIVERS[address.get_backend_name()])
    engine = create_async_engine(url, poolclass=NullPool, connect_args=arguments)
    async with engine.begin() as connection:
        await connection.run_sync(_migrate)


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    command.upgrade(config, "head")


def _address(url: str) -> URL:
    with suppress(ArgumentError):
        address = make_url(url)
        if address.get_backend_name() in _DRIVERS:
            return address
    raise UsageError("the address of a database is like sqlite:///kernbot.db or postgresql://user:password@host/name")
