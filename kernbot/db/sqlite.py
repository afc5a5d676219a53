"""A store in one SQLite file, shared by any number of threads, event loops and processes of one machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kernbot.db import missing_package
from kernbot.db.sql_store import SqlStore, check_table_names
from kernbot.errors import StorageError, UsageError

if TYPE_CHECKING:
    from kernbot.db.sqlite_connection import SqliteConnection


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
        check_table_names("SqliteDb", table_names)
        self.id = id
        self.file = _file(db_file, db_url)
        self._timeout = timeout

    def _connect(self) -> SqliteConnection:
        """See `SqlStore._connect`."""
        try:
            from kernbot.db.sqlite_connection import SqliteConnection  # noqa: PLC0415 - only those who use it need it
        except ModuleNotFoundError as error:
            raise missing_package(error) from error
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"the folder of the database {self.file} could not be made: {error}") from error
        return SqliteConnection(self.file, self._timeout)


AsyncSqliteDb = SqliteDb
"""The same class: a store is used from synchronous and asynchronous code alike."""


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
