"""A SqliteDb among processes: starting, sharing one file, and ending."""

from __future__ import annotations

import asyncio
import gc
import signal
import subprocess
import sys
import threading
from pathlib import Path

from kernbot.db.sqlite import SqliteDb

PUT = """
import asyncio, sys
from kernbot.db.sqlite import SqliteDb
db = SqliteDb(sys.argv[1])
for number in range(10):
    asyncio.run(db.put_inbox(f"{sys.argv[2]}.{number}", 1.0))
"""

PUT_AND_DIE = (
    PUT
    + """
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""
)

LOADED = """
import sys
from kernbot.db import open_store
open_store("never.db")
open_store("postgresql://localhost/never")
print({"sqlalchemy", "aiosqlite", "sqlite3", "psycopg", "alembic"} & set(sys.modules))
"""

MISSING = """
import asyncio, sys
from kernbot.db import open_store
sys.modules[sys.argv[1]] = None
try:
    asyncio.run(open_store(sys.argv[2]).list_inbox(1))
except Exception as error:
    print(type(error).__name__, error)
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start Python with warnings as errors."""
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def output(process: subprocess.Popen[str]) -> str:
    """Return what a process printed, once it has ended well."""
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 0, printed
    return printed


def test_a_program_ends_without_closing(tmp_path: Path) -> None:
    """A script that never closes its store ends by itself, silently, and leaves the file alone, without a log."""
    assert output(start(PUT, str(tmp_path / "kernbot.db"), "one")) == ""
    assert [file.name for file in tmp_path.iterdir()] == ["kernbot.db"]


async def test_processes_create_a_file_at_once(tmp_path: Path) -> None:
    """Every write of six processes that start on a file that is not there yet lands."""
    file = tmp_path / "kernbot.db"
    for process in [start(PUT, str(file), f"p{number}") for number in range(6)]:
        assert output(process) == ""
    db = SqliteDb(file)
    found = {item.payload for item in await db.list_inbox(99)}
    assert found == {f"p{process}.{number}" for process in range(6) for number in range(10)}
    await db.close()


async def test_what_was_returned_survives_a_kill(tmp_path: Path) -> None:
    """Everything that a process has stored is there after it was killed."""
    process = start(PUT_AND_DIE, str(tmp_path / "kernbot.db"), "p")
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    db = SqliteDb(tmp_path / "kernbot.db")
    assert [item.payload for item in await db.list_inbox(99)] == [f"p.{number}" for number in range(10)]
    await db.close()


def test_nothing_is_loaded_before_it_is_used() -> None:
    """Neither SQLAlchemy nor a driver is loaded by an import, or by making a store."""
    assert output(start(LOADED)).strip() == "set()"


def test_a_missing_package_is_named() -> None:
    """ConfigurationError says what to install when a package is not there at first use."""
    for package in ("sqlalchemy", "aiosqlite"):
        expected = f"ConfigurationError the database needs the package {package}: run `pip install {package}`"
        assert output(start(MISSING, package, "never.db")).strip() == expected


def test_a_missing_extra_is_named() -> None:
    """ConfigurationError says what to install when the driver of PostgreSQL is not there at first use."""
    expected = "ConfigurationError the database needs the package psycopg: run `pip install 'kernbot[postgres]'`"
    assert output(start(MISSING, "psycopg", "postgresql://localhost/never")).strip() == expected


def test_a_store_that_is_dropped_closes_itself(tmp_path: Path) -> None:
    """The thread ends and the log is gone when nobody holds the object any more."""
    before = threading.active_count()
    db = SqliteDb(tmp_path / "kernbot.db")
    asyncio.run(db.put_inbox("one", 1.0))
    assert threading.active_count() == before + 1
    del db
    gc.collect()
    assert threading.active_count() == before
    assert [file.name for file in tmp_path.iterdir()] == ["kernbot.db"]
