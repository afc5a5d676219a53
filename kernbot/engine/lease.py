"""Leases: a claim on a run that is renewed by a timer thread, never by the loop that runs an author's code."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import threading
import time
from concurrent.futures import Future

from kernbot.db.base import Store
from kernbot.errors import StorageError

_log = logging.getLogger(__name__)

LEASE_SECONDS = 30.0
"""How long a run whose process died stays claimed."""


class Lease:
    """A claim on a run, from `start` until `stop`; `claimed_at`, by the monotonic clock, is from before the claim."""

    def __init__(self, store: Store, run_id: str, epoch: int, seconds: float, *, claimed_at: float) -> None:
        self._store = store
        self._run_id = run_id
        self._epoch = epoch
        self._seconds = seconds
        self._held_until = claimed_at + seconds
        self._renewal: Future[None] | None = None

    @property
    def is_held(self) -> bool:
        """Whether the lease still runs by the monotonic clock: a process that was frozen may have lost it."""
        return time.monotonic() < self._held_until

    def start(self) -> None:
        """Have the lease renewed every third of its length."""
        self._renewal = asyncio.run_coroutine_threadsafe(self._renew_for_ever(), _timer_loop())

    def stop(self) -> None:
        """Renew it no more."""
        if self._renewal is not None:
            self._renewal.cancel()

    async def _renew_for_ever(self) -> None:
        kept = True
        while kept:
            await asyncio.sleep(self._seconds / 3)
            kept = await self._renew_once()

    async def _renew_once(self) -> bool:
        begun = time.monotonic()
        try:
            kept = await self._store.renew_lease(self._run_id, self._epoch, self._seconds)
        except StorageError as error:
            _log.warning("lease not renewed, will be tried again: %s", error, extra={"run_id": self._run_id})
            return True
        self._held_until = begun + self._seconds if kept else begun
        return kept


@functools.cache
def _timer_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=_run_loop, args=(loop,), name="kernbot-leases", daemon=True).start()
    return loop


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):
        loop.run_forever()
