"""A store whose transactions are counted, so that a test can step in at each of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from kernbot.db.base import Store

READS = {"load_run", "get_run", "get_pause", "get_session", "get_blobs", "list_runs", "list_work", "next_deadline"}

Hook = Callable[[int], Awaitable[None]]
"""Gets the number of a transaction, from 0."""


async def _nothing(_: int) -> None:
    pass


def watched(store: Store, *, before: Hook = _nothing, after: Hook = _nothing) -> Store:
    """Return a store that calls these before and after each of its transactions that writes."""
    return cast("Store", _Watched(store, before, after))


class _Watched:
    def __init__(self, store: Store, before: Hook, after: Hook) -> None:
        self._store = store
        self._before = before
        self._after = after
        self._count = 0

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method: Callable[..., Awaitable[Any]] = getattr(self._store, name)
        return method if name in READS else self._counted(method)

    def _counted(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            number = self._count
            self._count += 1
            await self._before(number)
            result = await method(*args, **kwargs)
            await self._after(number)
            return result

        return call
