"""Runs of agents and teams by themselves: each is a run of one step, shown in the agent's own words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from kernbot.db.base import Store
from kernbot.engine import fronts, library
from kernbot.engine.large import load
from kernbot.engine.own_runs import agent_run
from kernbot.engine.runner import Definition, Engine, Events, StartRequest
from kernbot.run import agent, team
from kernbot.run.agent import RunContentEvent, RunEvent, RunOutput
from kernbot.run.events import (
    WorkflowCancelledEvent,
    WorkflowCompletedEvent,
    WorkflowErrorEvent,
    WorkflowPausedEvent,
    WorkflowRunOutputEvent,
)
from kernbot.run.executor import AgentSetup, Executor
from kernbot.run.requirement import RunRequirement
from kernbot.run.tool_execution import ToolExecution
from kernbot.workflow.requirement import Requirement
from kernbot.workflow.review import HumanReview, OnError
from kernbot.workflow.step import Step

Yielded = AsyncGenerator[RunEvent | RunOutput, None]
"""What a stream yields: events, and at the end the run, if it is asked for."""

ALWAYS_TOLD = (RunContentEvent, agent.RunPausedEvent, agent.RunCancelledEvent, agent.RunErrorEvent)
"""What a stream yields without `stream_events`, of the agent's own events."""


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What a stream is to yield."""

    everything: bool = False
    """All events, those of members too."""
    output: bool = False
    """The run, at the end."""

    def yields(self, event: RunEvent, setup: AgentSetup) -> bool:
        """Whether an event is to be told."""
        return self.everything or (isinstance(event, ALWAYS_TOLD) and event.agent_id == setup.executor_id)


class AgentWork(ABC):
    """Something to do with one run of an agent; each method does it, and hands it out in another form."""

    def collected_sync(self) -> RunOutput:
        """Do it from plain code, and return the run."""
        return fronts.call_sync(lambda: self._collect(inline=True))

    def streamed_sync(self, telling: Telling) -> Iterator[RunEvent | RunOutput]:
        """Do it from plain code while the events are iterated."""
        return fronts.iterate_sync(lambda: self._stream(telling, inline=True))

    async def collected(self) -> RunOutput:
        """Do it from async code, and return the run."""
        return await self._collect(inline=False)

    def streamed(self, telling: Telling) -> fronts.Stream[RunEvent | RunOutput]:
        """Do it from async code while the events are iterated."""
        return fronts.Stream(self._stream(telling, inline=False))

    @abstractmethod
    async def _collect(self, *, inline: bool) -> RunOutput: ...

    @abstractmethod
    def _stream(self, telling: Telling, *, inline: bool) -> Yielded: ...


@dataclass(frozen=True, kw_only=True)
class _OwnWork(AgentWork):
    """Something to do with a run that an agent has for itself."""

    work: library.Work
    step: Step
    setup: AgentSetup

    async def _collect(self, *, inline: bool) -> RunOutput:
        await library.exhaust(self._events(inline=inline, live=False))
        return await self._output()

    async def _stream(self, telling: Telling, *, inline: bool) -> Yielded:
        async with aclosing(self._told(inline=inline)) as events:
            async for event in events:
                if telling.yields(event, self.setup):
                    yield event
        if telling.output:
            yield await self._output()

    async def _told(self, *, inline: bool) -> AsyncGenerator[RunEvent, None]:
        """Yield the events of the agent; that it pauses or ends once that is stored."""
        calls: list[ToolExecution] = []
        async with aclosing(self._events(inline=inline, live=True)) as events:
            async for event in events:
                if isinstance(event, agent.RunPausedEvent):
                    calls += event.tools
                if isinstance(event, WorkflowPausedEvent):
                    yield await self._paused(event, calls)
                elif (told := self._as_told(event)) is not None:
                    yield told

    async def _paused(self, event: WorkflowRunOutputEvent, calls: list[ToolExecution]) -> RunEvent:
        output = await self._output()
        asked = {"requirements": output.requirements, "error_requirements": output.error_requirements}
        return self._event(event, agent.RunPausedEvent, content=output.content, tools=calls, **asked)

    def _as_told(self, event: WorkflowRunOutputEvent) -> RunEvent | None:
        """Return an event in the agent's own words; None for what it has no words for."""
        match event:
            case WorkflowCompletedEvent():
                return self._event(event, agent.RunCompletedEvent, content=event.content)
            case WorkflowCancelledEvent():
                return self._event(event, agent.RunCancelledEvent, content=event.reason)
            case WorkflowErrorEvent():
                return self._event(event, agent.RunErrorEvent, error=event.error)
            case RunEvent() if not self._is_told_once_stored(event):
                return replace(event, workflow_id=None, workflow_name=None, step_name=None, executor_run_id=None)
        return None

    def _is_told_once_stored(self, event: RunEvent) -> bool:
        is_own = event.agent_id == self.setup.executor_id
        return is_own and isinstance(event, agent.RunPausedEvent | agent.RunCompletedEvent)

    def _event(self, of: WorkflowRunOutputEvent, kind: type[RunEvent], **fields: Any) -> RunEvent:
        """Return an event of the agent, or team, in the place of one of its run."""
        told: type[RunEvent] = getattr(team, kind.__name__) if self.setup.kind == "team" else kind
        fields |= {"agent_id": self.setup.executor_id, "agent_name": self.setup.name}
        return told(run_id=of.run_id, session_id=of.session_id, **fields)

    def _events(self, *, inline: bool, live: bool) -> Events:
        return self.work.events(Engine(store=self.work.store, inline=inline, live=live))

    async def _output(self) -> RunOutput:
        return agent_run(await load(self.work.store, self.work.run_id), self.step)


def workflow_id_of(setup: AgentSetup) -> str:
    """Return the id under which the runs of an agent, or team, are stored: not to be taken for that of a workflow."""
    return f"{setup.kind}:{setup.executor_id}"


def definition_of(executor: Executor, **settings: Any) -> Definition:
    """Return an agent, or team, as the engine runs it by itself."""
    setup = executor.setup()
    return Definition(
        workflow_id=workflow_id_of(setup),
        name=setup.name,
        steps=[step_of(executor)],
        session_state=setup.session_state,
        **settings,
    )


def begin(store: Store, executor: Executor, definition: Definition, request: StartRequest, run_id: str) -> AgentWork:
    """Return the work of starting a run of an agent and carrying it as far as it goes."""
    return _own(executor, library.begin(store, definition, request, run_id))


def resume(
    store: Store,
    executor: Executor,
    definition: Definition,
    run_id: str,
    requirements: Sequence[Requirement | RunRequirement],
    **named: str | None,
) -> AgentWork:
    """Return the work of storing the decisions on an agent's requirements and carrying its run on."""
    return _own(executor, library.resume(store, definition, run_id, requirements, **named))


def step_of(executor: Executor) -> Step:
    """Return the only step of an agent's run; what fails there ends the run."""
    setup = executor.setup()
    review = HumanReview(on_error=OnError.fail)
    return Step(name=setup.name, step_id=setup.executor_id, agent=executor, max_retries=0, human_review=review)


def _own(executor: Executor, work: library.Work) -> AgentWork:
    return _OwnWork(work=work, step=step_of(executor), setup=executor.setup())
