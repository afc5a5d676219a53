"""A bot in a process of its own, which can be killed, frozen and asked to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeVar

Truth = TypeVar("Truth")

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds until a test gives up waiting: much longer than anything takes, even on a busy machine."""


async def until(condition: Callable[[], Truth], what: str) -> Truth:
    """Return what the condition returns once that is true; TimeoutError names what did not happen."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not (truth := condition()):  # noqa: ASYNC110 - another process tells nothing
                await asyncio.sleep(0.01)
            return truth
    except TimeoutError:
        raise TimeoutError(f"{what}: has not happened in {PATIENCE:.0f} s") from None


class BotProcess:
    """`kernbot serve` in a folder that holds the bot's database, its traces and its log."""

    def __init__(self, folder: Path, settings: Mapping[str, str], serves: str = "tests.faults.bots:bot") -> None:
        self._database = folder / "kernbot.db"
        self._log = folder / "bot.log"
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kernbot", "serve", serves],
                cwd=folder,
                env={"PYTHONPATH": str(ROOT), **settings},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        """What the bots of this folder have printed."""
        return self._log.read_text()

    async def logged(self, text: str) -> None:
        """Wait until the bots of this folder have printed this."""
        await until(lambda: text in self.log, text)

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process without a warning, frozen or not."""
        self._process.kill()
        self._process.wait()

    async def stop(self) -> int:
        """Ask the process to end, and return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """Wait until the process has ended by itself, and return its exit code."""
        await until(lambda: not self.is_alive, "the end of a bot")
        return self._process.wait()

    async def freeze(self) -> None:
        """Stop the clock of the process, though not while it holds the lock of the database."""
        while True:
            self._process.send_signal(signal.SIGSTOP)
            await asyncio.to_thread(os.waitid, os.P_PID, self._process.pid, os.WSTOPPED)
            if not self._is_locked():
                return
            self.thaw()
            await asyncio.sleep(0.01)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._process.send_signal(signal.SIGCONT)

    def _is_locked(self) -> bool:
        with closing(sqlite3.connect(self._database, timeout=0, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            other.execute("ROLLBACK")
            return False
