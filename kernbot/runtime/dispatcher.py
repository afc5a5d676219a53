"""Who executes what has something to do: here, tasks of this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 50


class Dispatcher(Protocol):
    """Carries the word that a run has something to do. Words may get lost or come twice: the run's row is the truth."""

    def poke(self, run_id: str) -> None:
        """Say that a run has something to do."""

    async def close(self) -> None:
        """Stop; what is under way is given up, and found again by recovery."""


class InProcessDispatcher:
    """Calls `execute` in tasks of this process: for each run once at a time, at most `limit` at once."""

    def __init__(
        self, execute: Callable[[str], Awaitable[None]], *, what: str = "run", limit: int = MOST_AT_ONCE
    ) -> None:
        self._execute = execute
        self._what = what
        self._slots = asyncio.Semaphore(limit)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._is_closed = False

    def poke(self, run_id: str) -> None:
        """Say that a run has something to do; while it is being executed, it is looked at once more afterwards."""
        if self._is_closed:
            return
        if run_id in self._tasks:
            self._again.add(run_id)
            return
        task = asyncio.create_task(self._run(run_id), name=f"run {run_id}")
        self._tasks[run_id] = task
        task.add_done_callback(lambda _: self._forget(run_id))

    async def close(self, *, patience: float = 0.0) -> None:
        """Begin nothing more, and cancel what is still under way after `patience` seconds."""
        self._is_closed = True
        tasks = list(self._tasks.values())
        if tasks and patience:
            await asyncio.wait(tasks, timeout=patience)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, run_id: str) -> None:
        del self._tasks[run_id]
        if run_id in self._again:
            self._again.discard(run_id)
            self.poke(run_id)

    async def _run(self, run_id: str) -> None:
        async with self._slots:
            try:
                await self._execute(run_id)
            except Exception:  # noqa: BLE001 - one run must not stop the others
                _log.exception("%s: could not be carried on, will be tried again", self._what, extra={"run_id": run_id})
