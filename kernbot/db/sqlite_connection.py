"""One connection to a SQLite file, and the thread that it lives on."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

import aiosqlite
from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from kernbot.db.schema import ensure_schema
from kernbot.errors import StorageError

T = TypeVar("T")
P = ParamSpec("P")

_ADVICE = {
    "SQLITE_BUSY": "another connection keeps it locked: wait until that is done, or end it",
    "SQLITE_CANTOPEN": "check that its folder exists and that you may write to it",
    "SQLITE_CORRUPT": "restore it from a backup",
    "SQLITE_FULL": "free some space on the disk",
    "SQLITE_NOTADB": "the file holds something else: name another one",
    "SQLITE_READONLY": "make the file and its folder writable",
}


class SqliteConnection:
    """Runs whole transactions on aiosqlite's thread, one after the other; usable from any thread and event loop.

    Opening it blocks, and so does `close`: not for the thread of an event loop. `timeout` is how many seconds to wait
    while somebody else keeps the database locked. Raises StorageError when the database cannot be used.
    """

    def __init__(self, file: Path, timeout: float) -> None:
        self._file = file
        with self._storage_errors():
            self._driver = asyncio.run(_connect(file, timeout))
        self._thread = self._submit(threading.current_thread).result()
        try:
            self._engine = self._submit(self._configure, timeout).result()
            self.submit(ensure_schema, writes=True).result()
        except StorageError:
            self.close()
            raise

    def submit(self, work: Callable[[Connection], T], *, writes: bool) -> Future[T]:
        """Run a function in a transaction, and commit; an error rolls it back. Those of the driver are StorageErrors.

        A transaction that writes waits for other writers when it begins, so that it never has to give up later.
        """

        def run() -> T:
            with self._storage_errors(), self._engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
                return work(connection)

        return self._submit(run)

    def close(self) -> None:
        """Finish what was submitted, close the file and end the thread; submit nothing afterwards."""
        self._submit(self._driver.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a function on aiosqlite's thread.

        aiosqlite 0.22 offers no public way to do that, so its queue is used as SQLAlchemy uses it. Its own futures
        would not do: a loop that is closed before the result is there takes the thread down.
        """
        future: Future[T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function(*args, **kwargs))
                except BaseException as error:  # noqa: BLE001 - belongs to whoever waits for the result
                    future.set_exception(error)

        self._driver._tx.put_nowait((None, run))  # noqa: SLF001
        return future

    def _configure(self, timeout: float) -> Engine:
        """Put SQLAlchemy on the connection, on its thread."""
        driver = self._driver._conn  # noqa: SLF001 - the sqlite3 connection, for which there is no public name
        driver.text_factory = _text
        url = URL.create("sqlite", database=str(self._file))
        engine = create_engine(url, creator=lambda: driver, poolclass=StaticPool)
        with self._storage_errors(), engine.connect() as connection:
            _use_wal(connection, timeout)
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        return engine

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, aiosqlite.Error, UnicodeEncodeError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise StorageError(f"the database {self._file} could not be used: {cause}; {_advice(cause)}") from error


async def _connect(file: Path, lock_timeout: float) -> aiosqlite.Connection:
    """Connect on a thread that the interpreter does not wait for at its exit."""
    connection = aiosqlite.connect(file, isolation_level=None, timeout=lock_timeout)
    connection._thread.daemon = True  # noqa: SLF001 - what SQLAlchemy does too; there is no public way
    try:
        return await connection
    except BaseException:
        # The thread reports its end to this loop, which must not be closed before.
        await asyncio.to_thread(connection._thread.join)  # noqa: SLF001 - as above
        raise


def _text(stored: bytes) -> str:
    """Return a stored text; one that is damaged must not keep its row, and those beside it, from being read."""
    return stored.decode(errors="replace")


def _use_wal(connection: Connection, timeout: float) -> None:
    """Turn the write-ahead log on, for which SQLite itself does not wait while another process does the same."""
    give_up = time.monotonic() + timeout
    while not _switched_to_wal(connection, last_try=time.monotonic() >= give_up):
        time.sleep(0.01)


def _switched_to_wal(connection: Connection, *, last_try: bool) -> bool:
    try:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    except OperationalError as error:
        if last_try or not _name(error.orig).startswith("SQLITE_BUSY"):
            raise
        return False
    return True


def _advice(cause: BaseException | None) -> str:
    return next((advice for code, advice in _ADVICE.items() if _name(cause).startswith(code)), "nothing was written")


def _name(cause: BaseException | None) -> str:
    return getattr(cause, "sqlite_errorname", "")
