"""Several walks at the same time, as one stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from kernbot.engine.execution import Cancelled, StepFailed, Suspended
from kernbot.run.events import WorkflowRunEvent

Events = AsyncGenerator[WorkflowRunEvent, None]


async def merged(walks: Sequence[Events]) -> Events:
    """Yield the events of all walks as they come, until each has ended or waits for people.

    Then raises what stopped them: what must end this worker's part first, then a failed step, then a cancel, then all
    the pauses that are open together. Closed early, it stops them all.
    """
    queue: asyncio.Queue[WorkflowRunEvent | None] = asyncio.Queue()
    tasks = [asyncio.create_task(_put_all(walk, queue)) for walk in walks]
    try:
        left = len(tasks)
        while left:
            if (event := await queue.get()) is None:
                left -= 1
            else:
                yield event
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    if (reason := _what_stopped(ended)) is not None:
        raise reason


async def _put_all(walk: Events, queue: asyncio.Queue[WorkflowRunEvent | None]) -> None:
    try:
        async with aclosing(walk) as events:
            async for event in events:
                queue.put_nowait(event)
    finally:
        queue.put_nowait(None)


def _what_stopped(ended: Sequence[BaseException | None]) -> BaseException | None:
    """Return the one reason to go on with; several branches that wait for people wait together."""
    stopped = sorted((reason for reason in ended if reason is not None), key=_rank)
    if not stopped or not isinstance(stopped[0], Suspended):
        return stopped[0] if stopped else None
    return Suspended([pause for reason in stopped if isinstance(reason, Suspended) for pause in reason.pauses])


def _rank(reason: BaseException) -> int:
    kinds = (StepFailed, Cancelled, Suspended)
    return next((rank for rank, kind in enumerate(kinds, start=1) if isinstance(reason, kind)), 0)
