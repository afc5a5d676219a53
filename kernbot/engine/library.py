"""Runs of the library alone: what the methods of a Workflow do, in all their forms."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

from kernbot.db.base import RunFilter, Store
from kernbot.engine import fronts
from kernbot.engine.large import load
from kernbot.engine.ledger import expire_due
from kernbot.engine.resume import (
    BY,
    DOOR,
    answer_from,
    check_definition_is_unchanged,
    check_may_continue,
    retry_if_failed,
)
from kernbot.engine.runner import Definition, Engine, Events, StartRequest
from kernbot.engine.sessions import MOST_RUNS, load_output
from kernbot.errors import ConflictError
from kernbot.run.agent import RunEvent
from kernbot.run.events import ALWAYS_STREAMED, StepOutputEvent, WorkflowRunOutputEvent
from kernbot.run.requirement import RunRequirement
from kernbot.run.status import RunStatus
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow.requirement import Requirement

_log = logging.getLogger(__name__)

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Work:
    """Something to do with one run; each method does it, and hands it out in another form."""

    store: Store
    run_id: str
    events: Callable[[Engine], Events]

    def collected_sync(self) -> WorkflowRunOutput:
        """Do it from plain code, and return the run."""
        return fronts.call_sync(lambda: self._collect(inline=True))

    def streamed_sync(self, *, everything: bool) -> Iterator[WorkflowRunOutputEvent]:
        """Do it from plain code while the events are iterated."""
        return fronts.iterate_sync(lambda: self._stream(inline=True, everything=everything))

    async def collected(self) -> WorkflowRunOutput:
        """Do it from async code, and return the run."""
        return await self._collect(inline=False)

    def streamed(self, *, everything: bool) -> fronts.Stream[WorkflowRunOutputEvent]:
        """Do it from async code while the events are iterated."""
        return fronts.Stream(self._stream(inline=False, everything=everything))

    async def _collect(self, *, inline: bool) -> WorkflowRunOutput:
        await exhaust(self.events(Engine(store=self.store, inline=inline)))
        return await load_output(self.store, self.run_id)

    async def _stream(self, *, inline: bool, everything: bool) -> Events:
        async with aclosing(self.events(Engine(store=self.store, inline=inline, live=True))) as events:
            async for event in events:
                if everything or _is_always_streamed(event):
                    yield event


def _is_always_streamed(event: WorkflowRunOutputEvent) -> bool:
    is_inside = isinstance(event, StepOutputEvent) and event.nested_depth > 0
    return isinstance(event, (*ALWAYS_STREAMED, RunEvent)) and not is_inside


def begin(store: Store, definition: Definition, request: StartRequest, run_id: str) -> Work:
    """Return the work of starting a run and carrying it as far as it goes."""

    async def events(engine: Engine) -> Events:
        await engine.start(definition, request)
        async with aclosing(engine.execute(definition, run_id)) as done:
            async for event in done:
                yield event

    return Work(store=store, run_id=run_id, events=events)


def resume(
    store: Store,
    definition: Definition,
    run_id: str,
    requirements: Sequence[Requirement | RunRequirement],
    *,
    session_id: str | None = None,
    user_id: str | None = None,
) -> Work:
    """Return the work of storing the decisions on a run's requirements and carrying it on."""

    async def events(engine: Engine) -> Events:
        snapshot = await load(store, run_id)
        check_may_continue(snapshot.run, definition.workflow_id, session_id, user_id)
        await retry_if_failed(store, snapshot.run, time.time())
        await answer_from(store, snapshot, requirements, time.time(), definition.steps)
        async with aclosing(engine.execute(definition, run_id)) as done:
            async for event in done:
                yield event
        check_definition_is_unchanged(await load(store, run_id))

    return Work(store=store, run_id=run_id, events=events)


async def cancel(store: Store, run_id: str) -> bool:
    """Cancel a run; False if it has ended, or if there is none."""
    was = await store.cancel_run(run_id, BY, DOOR, time.time())
    return was is not None and not was.has_ended


async def expire(store: Store, definition: Definition, now: float, *, inline: bool) -> list[WorkflowRunOutput]:
    """Answer the workflow's questions whose deadline is not after `now`, carry these runs on, and return them.

    Runs that were answered so before and then left lying are carried on too. One that somebody else executes, or that a
    bot serves, is left to them. What goes wrong in one run is logged, and holds up no other.
    """
    expired = await expire_due(store, now, definition.workflow_id)
    run_ids = dict.fromkeys([*(pause.run_id for pause in expired), *await _left_lying(store, definition)])
    engine = Engine(store=store, inline=inline)
    for run_id in run_ids:
        await _tried(run_id, _carry_on(engine, definition, run_id))
    outputs = [await _tried(run_id, load_output(store, run_id)) for run_id in run_ids]
    return [output for output in outputs if output is not None]


async def _left_lying(store: Store, definition: Definition) -> list[str]:
    """Return the ids of runs that nobody has carried on since a deadline answered them: their process died, say."""
    pending = RunFilter(
        workflow_ids=[definition.workflow_id], origin="library", statuses=[RunStatus.PENDING], limit=MOST_RUNS
    )
    run_ids = [run.run_id for run in await store.list_runs(pending)]
    return [run_id for run_id in run_ids if await _tried(run_id, _waits_since_its_deadline(store, run_id))]


async def _waits_since_its_deadline(store: Store, run_id: str) -> bool:
    snapshot = await load(store, run_id)
    last = max((entry.created_at for entry in snapshot.journal), default=0.0)
    answers = [pause.answered for pause in snapshot.pauses if pause.answered]
    return any(answer.by == "timeout" and answer.at >= last for answer in answers)


async def _carry_on(engine: Engine, definition: Definition, run_id: str) -> None:
    run = await engine.store.get_run(run_id)
    if run is not None and run.origin == "library":
        await exhaust(engine.execute(definition, run_id))


async def _tried(run_id: str, work: Coroutine[Any, Any, _T]) -> _T | None:
    """Do something about one run of many; None where it goes wrong, which is logged unless somebody was faster."""
    try:
        return await work
    except ConflictError:
        return None
    except Exception as error:  # noqa: BLE001 - whatever an author's step raises
        _log.warning("a run was not carried on after its deadline: %s", error, extra={"run_id": run_id})
        return None


async def exhaust(events: Events) -> None:
    """Have events happen, whatever they are."""
    async with aclosing(events) as all_of_them:
        async for _ in all_of_them:
            pass
