"""The ways to consume what the engine yields: collected or streamed, from plain or from async code."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class Stream(Generic[_T]):
    """A stream of events that may be iterated as it is, or awaited first."""

    def __init__(self, events: AsyncIterator[_T]) -> None:
        self._events = events

    def __aiter__(self) -> AsyncIterator[_T]:
        return self._events

    def __await__(self) -> Generator[Any, None, AsyncIterator[_T]]:
        return self._itself().__await__()

    async def _itself(self) -> AsyncIterator[_T]:
        return self._events


def call_sync(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Run a coroutine to its end from plain code, in this thread if it has no running loop, else in one of its own."""
    with _runner() as run:
        result: _T = run(work())
        return result


def iterate_sync(make: Callable[[], AsyncIterator[_T]]) -> Iterator[_T]:
    """Iterate an async iterator from plain code; nothing happens until it is iterated."""
    with _runner() as run:
        events = make()
        try:
            while True:
                try:
                    yield run(_next(events))
                except StopAsyncIteration:
                    return
        finally:
            run(_close(events))


async def _next(events: AsyncIterator[_T]) -> _T:
    return await anext(events)


async def _close(events: AsyncIterator[Any]) -> None:
    close = getattr(events, "aclose", None)
    if close is not None:
        await close()


@contextmanager
def _runner() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Give a function that runs coroutines, one after the other, on one private loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner() as runner:
            yield runner.run
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="kernbot-run") as thread:
        context = contextvars.copy_context()
        runner = thread.submit(asyncio.Runner).result()
        try:
            yield lambda work: thread.submit(context.run, runner.run, work).result()
        finally:
            thread.submit(runner.close).result()
