"""The stores: what they keep (`base`, `slack`), and one module for each kind of database.

The modules that need SQLAlchemy are imported when a store is used, not when it is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kernbot.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from kernbot.db import sql_runs, sql_shared, sql_slack
    from kernbot.db.postgres import PostgresDb
    from kernbot.db.sqlite import SqliteDb

__all__ = ["missing_package", "open_store", "sql_runs", "sql_shared", "sql_slack"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        raise missing_package(error) from error


def open_store(where: str) -> SqliteDb | PostgresDb:
    """Return the store at a file, or at a URL: `sqlite:///kernbot.db`, `postgresql://user:password@host/name`.

    Nothing is opened before it is used. Raises UsageError when `where` is the address of another kind of database.
    """
    from kernbot.db.postgres import PostgresDb  # noqa: PLC0415 - imports this package
    from kernbot.db.sqlite import SqliteDb  # noqa: PLC0415 - imports this package

    if "://" not in where:
        return SqliteDb(where)
    kind = where.partition("://")[0].partition("+")[0]
    if kind == "sqlite":
        return SqliteDb(db_url=where)
    if kind in {"postgresql", "postgres"}:
        return PostgresDb(where)
    raise UsageError("a database is a file, or like sqlite:///kernbot.db or postgresql://user:password@host/name")


def missing_package(error: ImportError) -> ConfigurationError:
    """Return the error for a driver, or another package, that is not installed."""
    name = error.name or "psycopg"  # psycopg names nothing when it lacks the library behind it
    wanted = "'kernbot[postgres]'" if name == "psycopg" else name
    return ConfigurationError(f"the database needs the package {name}: run `pip install {wanted}`")
