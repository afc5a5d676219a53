"""A store in a PostgreSQL database, shared by any number of threads, event loops, processes and machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kernbot import db
from kernbot.db import missing_package
from kernbot.db.sql_store import SqlStore, check_table_names
from kernbot.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from kernbot.db.postgres_connection import PostgresConnection
    from kernbot.db.sql_runs import Instant

DEFAULT_SCHEMA = "ai"
"""The schema that the tables are in when none is named."""


class PostgresDb(SqlStore):
    """Keeps everything in the database at `db_url`: `postgresql://user:password@host:5432/name`.

    `postgres://` and URLs with the name of a driver, as `postgresql+psycopg://`, are taken too; the driver is always
    psycopg 3. Of `db_engine`, an engine of SQLAlchemy, only the address is used. The tables are in the schema
    `db_schema`, by default `ai`, which is made at first use unless `create_schema` is False. `timeout` is how many
    seconds to wait for the server and for the locks of others. Leases are measured with the server's clock, or with
    `clock`, which returns unix seconds. Names of tables (`session_table`, `runs_table`, ...) are accepted and have no
    effect. Raises UsageError unless there is one address, and it is one of PostgreSQL.
    """

    def __init__(
        self,
        db_url: str | None = None,
        db_engine: Engine | AsyncEngine | None = None,
        db_schema: str | None = None,
        *,
        create_schema: bool = True,
        id: str | None = None,  # noqa: A002 - the name in the documents
        timeout: float = 10.0,
        clock: Callable[[], float] | None = None,
        **table_names: str | None,
    ) -> None:
        super().__init__(clock or _server_clock)
        check_table_names("PostgresDb", table_names)
        self.id = id
        self.address = _address(db_url, db_engine)
        self._schema = db_schema or DEFAULT_SCHEMA
        self._create_schema = create_schema
        self._timeout = timeout

    def _connect(self) -> PostgresConnection:
        """See `SqlStore._connect`."""
        try:
            from kernbot.db.postgres_connection import PostgresConnection  # noqa: PLC0415 - the driver is an extra
        except ImportError as error:
            raise missing_package(error) from error
        return PostgresConnection(self.address, self._schema, create_schema=self._create_schema, timeout=self._timeout)


AsyncPostgresDb = PostgresDb
"""The same class: a store is used from synchronous and asynchronous code alike."""


def _server_clock() -> Instant:
    return db.sql_runs.DATABASE_CLOCK


def _address(db_url: str | None, db_engine: Engine | AsyncEngine | None) -> str:
    if db_url is not None and db_engine is not None:
        raise UsageError("give PostgresDb either db_url or db_engine, not both")
    if db_engine is not None:
        db_url = db_engine.url.render_as_string(hide_password=False)
    scheme, _, rest = (db_url or "").partition("://")
    if scheme.partition("+")[0] not in {"postgresql", "postgres"}:
        raise UsageError("PostgresDb needs a db_url like postgresql://user:password@host/name")
    return f"postgresql+psycopg://{rest}"
