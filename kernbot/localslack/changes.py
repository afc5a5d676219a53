"""Waiting for the next change of the workspace."""

from __future__ import annotations

import asyncio


class Changes:
    """A counter of changes that can be waited for, in the event loop that serves the local Slack."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def announce(self) -> None:
        """Count one change and wake everyone who waits."""
        self.count += 1
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def after(self, count: int) -> int:
        """Wait until there are more changes than `count`; return how many there are."""
        while self.count <= count:
            await self._next()
        return self.count

    async def _next(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)
