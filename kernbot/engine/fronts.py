"""The ways to consume what the engine yields: collected or streamed, from plain or from async code."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from typing import Any, Generic, TypeVar
from weakref import WeakSet, finalize

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


_iterated: WeakSet[Generator[Any, None, None]] = WeakSet()
"""What plain code iterates."""


def iterate_sync(make: Callable[[], AsyncGenerator[_T, None]]) -> Iterator[_T]:
    """Iterate an async generator from plain code; nothing happens until it is iterated."""
    iterated = _iterate(make)
    _iterated.add(iterated)
    return iterated


def _close_iterated() -> None:
    """Abandon what is still iterated when the process ends, as what an uncaught error's traceback holds on to.

    Left to the interpreter's own end it would wait forever for the database's thread, which does not run then.
    """
    for iterated in list(_iterated):
        with suppress(Exception):  # what can't be abandoned now is as after a crash
            iterated.close()


finalize(Stream, int)  # the first finalizer orders them all: databases are closed after what is registered next
atexit.register(_close_iterated)


def _iterate(make: Callable[[], AsyncGenerator[_T, None]]) -> Generator[_T, None, None]:
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
            yield functools.partial(_run_in, thread, runner, context)
        finally:
            thread.submit(runner.close).result()


def _is_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run_in(
    thread: ThreadPoolExecutor, runner: asyncio.Runner, context: contextvars.Context, work: Coroutine[Any, Any, _T]
) -> _T:
    with closing(work):  # where the thread takes nothing any more
        return thread.submit(_run, runner, context, work).result()


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
