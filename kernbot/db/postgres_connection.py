"""Connections to a PostgreSQL database, and the threads that use them."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from kernbot.db.schema import ensure_schema, enter_schema
from kernbot.errors import StorageError, UsageError

T = TypeVar("T")

_MOST_AT_ONCE = 8
"""As many threads, and as many connections."""

_THREADS = "kernbot-postgres"

_UNREACHABLE = "check that the server runs, and that the address, with its user and password, is right"
_ADVICE = {
    "25006": "the server takes no writes: name the primary one",
    "3F000": "create the schema, or leave `create_schema` at True",
    "42501": "grant that to the user of the address",
    "53100": "free some space on the server's disk",
    "55P03": "another transaction keeps it locked: wait until that is done, or end it",
}


class PostgresConnection:
    """Runs whole transactions on a few threads with a connection each; usable from any thread and event loop.

    Threads and not an event loop, because then a transaction is one hop and one plain function, whoever calls it, and
    the driver waits for the server without holding anybody up. Opening it blocks, and so does `close`. `timeout` is how
    many seconds to wait for the server, and for a lock of somebody else. Raises StorageError when the database cannot
    be used, and UsageError when `address` cannot be understood.
    """

    def __init__(self, address: str, schema: str, *, create_schema: bool, timeout: float) -> None:
        self._url = parse_address(address)
        self._writing = _engine(self._url, schema, timeout)
        self._reading = self._writing.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix=_THREADS)

        def prepare(connection: Connection) -> None:
            enter_schema(connection, schema, create=create_schema)
            ensure_schema(connection)

        try:
            self.submit(prepare, writes=True).result()
        except StorageError:
            self.close()
            raise

    def submit(self, work: Callable[[Connection], T], *, writes: bool) -> Future[T]:
        """See `SqlConnection.submit`. What is submitted at once is done in any order."""

        def run() -> T:
            with self._storage_errors(), (self._writing if writes else self._reading).begin() as connection:
                return work(connection)

        return self._threads.submit(run)

    def close(self) -> None:
        """See `SqlConnection.close`."""
        if threading.current_thread().name.startswith(_THREADS):  # the garbage collector calls from anywhere
            threading.Thread(target=self._end).start()
        else:
            self._end()

    def _end(self) -> None:
        self._threads.shutdown()
        self._writing.dispose()

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, UnicodeEncodeError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise StorageError(f"the database {self._url} could not be used: {_explain(cause)}") from error


def parse_address(address: str) -> URL:
    """Return what an address says; raise UsageError when it is none."""
    try:
        return make_url(address)
    except (ArgumentError, ValueError):
        raise UsageError(
            "the db_url of PostgresDb is none; it is like postgresql://user:password@host:5432/name"
        ) from None


def _engine(url: URL, schema: str, timeout: float) -> Engine:
    """Return an engine whose connections are tested before they are used: the server may have been restarted."""
    arguments = {"connect_timeout": max(2, math.ceil(timeout))}
    engine = create_engine(url, pool_size=_MOST_AT_ONCE, max_overflow=0, pool_pre_ping=True, connect_args=arguments)

    def configure(connection: psycopg.Connection[object], _record: object) -> None:
        connection.execute(
            "SELECT set_config('search_path', quote_ident(%s), false), set_config('lock_timeout', %s, false)",
            (schema, f"{timeout * 1000:.0f}ms"),
        )
        connection.commit()

    event.listen(engine, "connect", configure, insert=True)
    return engine


def _explain(cause: BaseException | None) -> str:
    reason = next(iter(str(cause).splitlines()), "no reason was given")
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    if state is None and isinstance(cause, psycopg.OperationalError):
        return f"{reason}; {_UNREACHABLE}"
    return f"{reason}; {_ADVICE.get(state or '', 'nothing was written')}"
