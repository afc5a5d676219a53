"""The ways to consume what the engine yields: collected or streamed, from plain or from async code."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class Stream(Generic[_T]):
    """A stream of events that may be iterated as it is, or awaited first."""

    def __init__(self, events: AsyncGenerator[_T, None]) -> None:
        self._events = events

    def __aiter__(self) -> AsyncIterator[_T]:
        return self._events

    def __await__(self) -> Generator[Any, None, AsyncIterator[_T]]:
        return self._itself().__await__()

    async def aclose(self) -> None:
        """Abandon the stream; what it has not done yet is not done."""
        await self._events.aclose()

    async def _itself(self) -> AsyncIterator[_T]:
        return self._events


def call_sync(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Run a coroutine to its end from plain code, in this thread if it has no running loop, else in one of its own."""
    with _runner() as run:
        result: _T = run(work())
        return result


def iterate_sync(make: Callable[[], AsyncGenerator[_T, None]]) -> Iterator[_T]:
    """Iterate an async generator from plain code; nothing happens until it is iterated."""
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


async def _close(events: AsyncGenerator[Any, None]) -> None:
    await events.aclose()


@contextmanager
def _runner() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Give a function that runs coroutines, one after the other, on one private loop."""
    context = contextvars.copy_context()
    if not _is_in_a_loop():
        with asyncio.Runner() as runner:
            yield functools.partial(_run, runner, context)
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="kernbot-run") as thread:
        runner = asyncio.Runner()
        try:
            yield lambda work: thread.submit(_run, runner, context, work).result()
        finally:
            thread.submit(runner.close).result()


def _is_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run(runner: asyncio.Runner, context: contextvars.Context, work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end, or until Ctrl-C, which `Runner.run` would keep from a plain function.

    That, and `sys.exit()`, may come out of a task of its own: the coroutine is stopped then.
    """
    loop = runner.get_loop()
    task = loop.create_task(work, context=context)
    try:
        return loop.run_until_complete(task)
    except (KeyboardInterrupt, SystemExit):
        if task.cancel():
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        raise
