"""What agents do that an author's function calls, told while the function is still running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Generic, TypeVar

from kernbot.run.events import WorkflowRunOutputEvent

_T = TypeVar("_T")

Tell = Callable[[WorkflowRunOutputEvent], None]
"""Takes an event, from any thread."""


@dataclass(frozen=True)
class Made(Generic[_T]):
    """What came of it: the last thing that is yielded."""

    value: _T


Making = AsyncGenerator[WorkflowRunOutputEvent | Made[_T], None]


async def at_once(made: Awaitable[_T]) -> Making[_T]:
    """Make something without telling of it on the way."""
    yield Made(await made)


async def told_live(
    make: Callable[[Tell | None], Awaitable[_T]], *, live: bool, context: Context | None = None
) -> Making[_T]:
    """Make something, and yield the events that it tells on the way if they are read `live`.

    What it sets in context variables stays in `context`, if one is given. Closed early, it is cancelled, and has ended
    when this returns.
    """
    if not live:
        yield Made(await make(None))
        return
    queue: asyncio.Queue[WorkflowRunOutputEvent | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell(event: WorkflowRunOutputEvent) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, event)

    async def work() -> _T:
        return await make(tell)

    task = asyncio.create_task(work(), context=context)
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (event := await queue.get()) is not None:
            yield event
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    yield Made(task.result())


async def told_afterwards(make: Callable[[Tell | None], Awaitable[_T]], *, live: bool) -> Making[_T]:
    """Make something, and yield what it told once it has been made, or has stopped, if that is read `live`.

    Nothing lies between a function's return and what is yielded last: a walk that is left there would run it again.
    """
    told: list[WorkflowRunOutputEvent] = []
    try:
        made = Made(await make(told.append if live else None))
    except asyncio.CancelledError:
        raise
    except BaseException:
        for event in told:
            yield event
        raise
    for event in told:
        yield event
    yield made
