"""Agents that a function of a step calls: each works as a part of the run, at its place in the function.

The function runs again when people have answered. Then the agents that it had called, in this order, go on where they
were; what is known of them is not done again.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from kernbot.engine.agent_history import told_to
from kernbot.engine.agent_runs import AgentWork, Telling, Yielded
from kernbot.engine.agent_views import Place, output_at, turns_at
from kernbot.engine.callers import Caller
from kernbot.engine.calling import as_text
from kernbot.engine.conversation import Conversation
from kernbot.engine.execution import Cancelled, Part, Suspended
from kernbot.engine.journal import output_payload, state_changes
from kernbot.errors import DefinitionError
from kernbot.run.agent import RunCompletedEvent, RunContentEvent, RunEvent, RunOutput, RunStartedEvent
from kernbot.run.events import WorkflowRunOutputEvent
from kernbot.run.executor import AgentSetup
from kernbot.run.status import RunStatus
from kernbot.workflow.types import StepOutput


@dataclass(frozen=True, kw_only=True)
class NestedWork(AgentWork):
    """What an agent does that a function called."""

    caller: Caller
    path: str
    setup: AgentSetup
    input: Any

    async def _collect(self, *, inline: bool) -> RunOutput:  # noqa: ARG002 - tools are called as the run calls functions
        self.caller.check_is_called(self.setup.name)
        return await self.caller.shielded(self._work())

    async def _stream(self, telling: Telling, *, inline: bool) -> Yielded:  # noqa: ARG002 - as above
        self.caller.check_is_called(self.setup.name)
        async with aclosing(self._events(live=True)) as events:
            async for event in events:
                if telling.yields(event, self.setup):
                    yield event
        if telling.output:
            yield await self._output()

    async def _work(self) -> RunOutput:
        async with aclosing(self._events(live=self.caller.run.live)) as events:
            async for _ in events:
                pass
        return await self._output()

    async def _events(self, *, live: bool) -> AsyncGenerator[RunEvent, None]:
        """Have the agent go on to its last word, unless it has said it; what it said before is told again.

        Told to the function, that is: whoever reads the events of the run is told what happens now.
        """
        self._check_is_the_same()
        talk = await self._talk(live=live)
        has_begun, is_over = talk.has_begun, self.caller.run.journal.is_over(self.path)
        yield self._also_told(talk.event(RunStartedEvent), if_=not has_begun)
        for reply in [reply for _, reply in turns_at(self._place) if reply.content]:
            yield talk.event(RunContentEvent, content=reply.content)
        if not is_over:
            async with aclosing(self._go_on(talk)) as events:
                async for event in events:
                    yield event
        ended = talk.event(RunCompletedEvent, content=(await self._output()).content)
        yield self._also_told(ended, if_=not is_over)

    async def _go_on(self, talk: Conversation) -> AsyncGenerator[RunEvent, None]:
        caller = self.caller
        before = caller.run.session_state
        try:
            async with aclosing(talk.carry_on()) as events:
                async for event in events:
                    self._tell(event)
                    if isinstance(event, RunEvent) and not event.is_paused:  # the function is stopped instead
                        yield event
        except Suspended as suspended:
            caller.waiting += suspended.pauses
            raise
        except Cancelled as cancelled:
            caller.cancelled = cancelled
            raise
        kind = self.setup.kind.capitalize()
        output = StepOutput(step_name=self.setup.name, step_type=kind, content=talk.content)
        await caller.run.append(Part(f"{kind}:{self.setup.name}"), self.path, "output", output_payload(output))
        caller.learn(state_changes(before, caller.run.session_state))

    def _also_told(self, event: RunEvent, *, if_: bool) -> RunEvent:
        if if_:
            self._tell(event)
        return event

    def _tell(self, event: WorkflowRunOutputEvent) -> None:
        if self.caller.tell is not None:
            self.caller.tell(event)

    async def _talk(self, *, live: bool) -> Conversation:
        run, node = self.caller.run, self.caller.node
        assert node is not None  # noqa: S101 - only the function of a node has a place for agents
        visit = replace(self.caller.visit, path=self.path, round=1)
        told = await told_to(run, self.path, self.setup, as_text(self.input))
        return Conversation(
            run=run, node=node, visit=visit, setup=self.setup, told=told, step_path=self.path, live=live
        )

    @property
    def _place(self) -> Place:
        return Place(self.caller.run.record, self.caller.run.journal, self.path, self.setup)

    def _check_is_the_same(self) -> None:
        """Raise DefinitionError where another agent was called the last time that the function ran."""
        begun = self.caller.run.journal.get(f"{self.path}/model~1", "output")
        was = begun.node.partition(":")[2] if begun else self.setup.name
        if was != self.setup.name:
            raise DefinitionError(
                f"At {self.path} this run has called {was!r}, and now {self.setup.name!r} is called there: "
                "a function must call the same agents in the same order when it runs again."
            )

    async def _output(self) -> RunOutput:
        run = self.caller.run
        await run.read_large()
        output = run.journal.output(self.path)
        return output_at(self._place, status=RunStatus.COMPLETED, input=self.input, content=output and output.content)


def nested(caller: Caller, setup: AgentSetup, given: Any) -> AgentWork:
    """Return the work of an agent that a function calls now."""
    return NestedWork(caller=caller, path=caller.next_path(), setup=setup, input=given)
