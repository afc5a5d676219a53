"""Runs of the library alone: what the methods of a Workflow do, in all their forms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from kernbot.db.base import RunFilter, SessionRecord, Store
from kernbot.engine import fronts
from kernbot.engine.resume import BY, DOOR, answer_from, check_definition_is_unchanged, check_may_continue
from kernbot.engine.runner import Definition, Engine, Events, StartRequest, load
from kernbot.engine.values import decode_state
from kernbot.engine.views import run_output
from kernbot.errors import NotFoundError
from kernbot.run.events import ALWAYS_STREAMED, WorkflowRunEvent
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow.requirements import Requirement

MOST_RUNS = 10_000
"""How many runs of a session are listed: the newest ones."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """Something to do with one run; each method does it, and hands it out in another form."""

    store: Store
    run_id: str
    events: Callable[[Engine], Events]

    def collected_sync(self) -> WorkflowRunOutput:
        """Do it from plain code, and return the run."""
        return fronts.call_sync(lambda: self._collect(inline=True))

    def streamed_sync(self, *, everything: bool) -> Iterator[WorkflowRunEvent]:
        """Do it from plain code while the events are iterated."""
        return fronts.iterate_sync(lambda: self._stream(inline=True, everything=everything))

    async def collected(self) -> WorkflowRunOutput:
        """Do it from async code, and return the run."""
        return await self._collect(inline=False)

    def streamed(self, *, everything: bool) -> fronts.Stream[WorkflowRunEvent]:
        """Do it from async code while the events are iterated."""
        return fronts.Stream(self._stream(inline=False, everything=everything))

    async def _collect(self, *, inline: bool) -> WorkflowRunOutput:
        async with aclosing(self.events(Engine(store=self.store, inline=inline))) as events:
            async for _ in events:
                pass
        return run_output(await load(self.store, self.run_id))

    async def _stream(self, *, inline: bool, everything: bool) -> Events:
        async with aclosing(self.events(Engine(store=self.store, inline=inline))) as events:
            async for event in events:
                if everything or isinstance(event, ALWAYS_STREAMED):
                    yield event


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
    requirements: Sequence[Requirement],
    *,
    session_id: str | None = None,
    user_id: str | None = None,
) -> Work:
    """Return the work of storing the decisions on a run's requirements and carrying it on."""

    async def events(engine: Engine) -> Events:
        snapshot = await load(store, run_id)
        check_may_continue(snapshot.run, definition.workflow_id, session_id, user_id)
        await answer_from(store, snapshot, requirements, time.time())
        async with aclosing(engine.execute(definition, run_id)) as done:
            async for event in done:
                yield event
        check_definition_is_unchanged(await load(store, run_id))

    return Work(store=store, run_id=run_id, events=events)


async def load_session(store: Store, session_id: str) -> tuple[SessionRecord, list[str]] | None:
    """Return a session, its state decoded, and the ids of its runs, oldest first."""
    record = await store.get_session(session_id)
    if record is None:
        return None
    runs = await store.list_runs(RunFilter(session_id=session_id, limit=MOST_RUNS))
    return replace(record, state=decode_state(record.state)), [run.run_id for run in reversed(runs)]


async def cancel(store: Store, run_id: str) -> bool:
    """Cancel a run; False if it has ended. NotFoundError if there is none."""
    was = await store.cancel_run(run_id, BY, DOOR, time.time())
    if was is None:
        raise NotFoundError(f"There is no run {run_id}.")
    return not was.has_ended
