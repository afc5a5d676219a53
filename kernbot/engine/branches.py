"""Several walks at the same time, as one stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from kernbot.db.base import PauseRecord
from kernbot.engine.execution import Cancelled, StepFailed, Suspended
from kernbot.run.events import WorkflowRunOutputEvent

Events = AsyncGenerator[WorkflowRunOutputEvent, None]


async def merged(walks: Sequence[Events]) -> Events:
    """Yield the events of all walks as they come, until each has ended or waits for people.

    Then raises what stopped them: what must end this worker's part first, then a cancel, then what failed, together,
    then all the pauses that are open, together. Closed early, it stops them all.
    """
    queue: asyncio.Queue[WorkflowRunOutputEvent | None] = asyncio.Queue()
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


async def _put_all(walk: Events, queue: asyncio.Queue[WorkflowRunOutputEvent | None]) -> None:
    try:
        async with aclosing(walk) as events:
            async for event in events:
                queue.put_nowait(event)
    finally:
        queue.put_nowait(None)


def _what_stopped(ended: Sequence[BaseException | None]) -> BaseException | None:
    """Return the one reason to go on with; several branches that failed, or that wait for people, do so together."""
    first = min((reason for reason in ended if reason is not None), key=_rank, default=None)
    waiting = [pause for reason in ended if isinstance(reason, Suspended) for pause in reason.pauses]
    if isinstance(first, Suspended):
        return Suspended(waiting)
    if isinstance(first, StepFailed):
        return _together([reason for reason in ended if isinstance(reason, StepFailed)], waiting)
    return first


def _together(failed: Sequence[StepFailed], waiting: Sequence[PauseRecord]) -> StepFailed:
    attempts = {path: attempt for one in failed for path, attempt in one.attempts.items()}
    asked = [*waiting, *(pause for one in failed for pause in one.waiting)]
    return StepFailed(failed[0].step_name, failed[0].failure, attempts, asked)


def _rank(reason: BaseException) -> int:
    kinds = (Cancelled, StepFailed, Suspended)
    return next((rank for rank, kind in enumerate(kinds, start=1) if isinstance(reason, kind)), 0)
