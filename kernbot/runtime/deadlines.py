"""The alarm clock: one job for the next deadline, one at intervals as a safety net; both call the same function."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from kernbot.runtime.dispatcher import InProcessDispatcher

_NEXT = "next deadline"


class Alarm:
    """Calls `sweep` every `interval` seconds, and when the next deadline is due."""

    def __init__(
        self,
        sweep: Callable[[], Awaitable[None]],
        seconds_left: Callable[[], Awaitable[float | None]],
        *,
        interval: float,
    ) -> None:
        self._sweep = sweep
        self._seconds_left = seconds_left
        self._interval = interval
        self._looks = InProcessDispatcher(lambda _: self._set(), what="next deadline")
        # The default grace of one second would silently drop a job that is late.
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.add_job(self._run, "interval", seconds=self._interval, id="safety net")
        self._scheduler.start()
        self.look()

    def look(self) -> None:
        """Look again when the next deadline is."""
        self._looks.poke("")

    async def stop(self) -> None:
        """Call nothing any more."""
        self._scheduler.shutdown(wait=False)
        await self._looks.close()

    async def _run(self) -> None:
        """Sweep; being stopped in the middle of it is no failure, which the scheduler would report."""
        with suppress(asyncio.CancelledError):
            await self._sweep()

    async def _set(self) -> None:
        left = await self._seconds_left()
        if left is None:
            if self._scheduler.get_job(_NEXT):
                self._scheduler.remove_job(_NEXT)
            return
        when = datetime.now(UTC) + timedelta(seconds=max(0.0, left))
        self._scheduler.add_job(self._run, "date", run_date=when, id=_NEXT, replace_existing=True)
