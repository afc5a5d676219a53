"""A store in one SQLite file, shared by any number of threads, event loops and processes of one machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar
from weakref import finalize

from kernbot.db import missing_package
from kernbot.db.sql_store import SqlStore
from kernbot.errors import StorageError, UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kernbot.db.sqlite_connection import SqliteConnection

T = TypeVar("T")


class SqliteDb(SqlStore):
    """Keeps everything in the file `db_file`, or in that of `db_url`: `sqlite:///relative.db`, `sqlite:////absolute.db`.

    The file and its folder are made when they are first needed; `kernbot.db` in the current folder when neither is
    given. `timeout` is how many seconds to wait while another process keeps the file locked; `clock` returns unix
    seconds, and leases are measured with it. Names of tables (`session_table`, `runs_table`, ...) are accepted and
    have no effect. Raises UsageError when both are given, and for a URL or a file that is none of SQLite's.
    """

    def __init__(
        self,
        db_file: str | Path | None = None,
        *,
        db_url: str | None = None,
        id: str | None = None,  # noqa: A002 - the name in the documents
        timeout: float = 10.0,
        clock: Callable[[], float] = time.time,
        **table_names: str | None,
    ) -> None:
        super().__init__(clock)
        _check_table_names(table_names)
        self.id = id
        self._file = _file(db_file, db_url)
        self._timeout = timeout
        self._opening = Lock()
        self._submitting = Lock()
        self._connection: SqliteConnection | None = None
        self._release: Callable[[], object] = _nothing_to_release

    async def close(self) -> None:
        """See `Store.close`; without it, this happens when the object is gone or the program ends."""
        with self._submitting:
            release = self._release
            self._connection, self._release = None, _nothing_to_release
        await asyncio.to_thread(release)

    async def _transact(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        future = self._submit(work, writes=writes)
        while future is None:
            await asyncio.to_thread(self._open)
            future = self._submit(work, writes=writes)
        return await asyncio.wrap_future(future)

    def _submit(self, work: Callable[[Connection], T], *, writes: bool) -> Future[T] | None:
        with self._submitting:
            return None if self._connection is None else self._connection.submit(work, writes=writes)

    def _open(self) -> None:
        with self._opening:
            if self._connection is None:
                connection = _connect(self._file, self._timeout)
                with self._submitting:
                    self._connection, self._release = connection, finalize(self, connection.close)


AsyncSqliteDb = SqliteDb
"""The same class: a store is used from synchronous and asynchronous code alike."""


def _connect(file: Path, timeout: float) -> SqliteConnection:
    """Load the driver, and open the file."""
    try:
        from kernbot.db.sqlite_connection import SqliteConnection  # noqa: PLC0415 - only those who use it need it
    except ModuleNotFoundError as error:
        raise missing_package(error) from error
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"the folder of the database {file} could not be made: {error}") from error
    return SqliteConnection(file, timeout)


def _file(db_file: str | Path | None, db_url: str | None) -> Path:
    if db_file is not None and db_url is not None:
        raise UsageError("give SqliteDb either db_file or db_url, not both")
    file = _file_of_url(db_url) if db_url is not None else str(db_file or "kernbot.db")
    if file in {"", ":memory:"}:
        raise UsageError("SqliteDb needs a file: for a database in memory use InMemoryDb()")
    return Path(file).absolute()


def _file_of_url(db_url: str) -> str:
    scheme, _, rest = db_url.partition("://")
    if scheme not in {"sqlite", "sqlite+aiosqlite"}:
        raise UsageError(f"db_url of SqliteDb must be like sqlite:///folder/kernbot.db, not a {scheme} address")
    return rest.removeprefix("/")


def _check_table_names(names: Iterable[str]) -> None:
    for name in names:
        if not name.endswith("_table"):
            raise TypeError(f"SqliteDb() got an unexpected keyword argument {name!r}")


def _nothing_to_release() -> None:
    """Stand for a connection that was never opened."""
