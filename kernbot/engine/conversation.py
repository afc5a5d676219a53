"""An agent at work: the turns of its model and the calls of its tools, each journaled as it happens.

Walked again, what is journaled is not done again: the model is asked once for each turn, a tool is called once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from kernbot.db.base import PauseRecord
from kernbot.engine.calling import Asker, Call, as_text, ask_about, execution_of, plan
from kernbot.engine.execution import Execution, Part, Suspended, Visit
from kernbot.engine.journal import Journal
from kernbot.engine.tool_calls import keep_result, make_call
from kernbot.run import team
from kernbot.run.agent import (
    RunCompletedEvent,
    RunContentEvent,
    RunContinuedEvent,
    RunEvent,
    RunPausedEvent,
    RunStartedEvent,
    ToolCallCompletedEvent,
    ToolCallStartedEvent,
)
from kernbot.run.events import StepExecutorContinuedEvent, WorkflowRunOutputEvent
from kernbot.run.executor import DELEGATE, AgentSetup
from kernbot.run.messages import Message, ModelReply, ModelRequest, ToolCall, ToolSpec, Usage
from kernbot.workflow.node import Node

Events = AsyncGenerator[WorkflowRunOutputEvent, None]

MOST_TURNS = 100
"""An agent that asks for tools so often about one message is going in circles."""

_TEAM_EVENTS: dict[type[RunEvent], type[RunEvent]] = {
    RunStartedEvent: team.RunStartedEvent,
    RunCompletedEvent: team.RunCompletedEvent,
    RunContentEvent: team.RunContentEvent,
    RunContinuedEvent: team.RunContinuedEvent,
    RunPausedEvent: team.RunPausedEvent,
    ToolCallStartedEvent: team.ToolCallStartedEvent,
    ToolCallCompletedEvent: team.ToolCallCompletedEvent,
}


@dataclass(kw_only=True)
class Conversation:
    """What an agent does about one message, under one path of a run."""

    run: Execution
    node: Node
    """The step that it works in, whose review settings hold for the questions about its tools."""
    visit: Visit
    setup: AgentSetup
    message: str
    step_path: str
    of: AgentSetup | None = None
    """The team that it is a member of."""
    history: Sequence[Message] = ()
    content: Any = None
    """Its last words, once it has said them."""
    is_over: bool = False
    _messages: list[Message] = field(default_factory=list)
    _asked_for: Counter[str] = field(default_factory=Counter)
    """How often each tool was asked for, by name."""

    async def carry_on(self) -> Events:
        """Go on until the last word is said. Stops the walk where people must decide about calls of tools."""
        opening = [Message(role="system", content=self.setup.system_message)] if self.setup.system_message else []
        self._messages = [*opening, *self.history, Message(role="user", content=self.message)]
        for turn in range(1, MOST_TURNS + 1):
            async with aclosing(self._take_turn(f"{self.visit.path}/model~{turn}")) as events:
                async for event in events:
                    yield event
            if self.is_over:
                return
        raise RuntimeError(f"{self.setup.name!r} asked for tools {MOST_TURNS} times about one message; it was stopped.")

    async def _take_turn(self, path: str) -> Events:
        if self.run.journal.get(path, "output") is None:
            async with aclosing(self._ask_model(path)) as events:
                async for event in events:
                    yield event
        reply = reply_at(self.run.journal, path)
        assert reply is not None  # noqa: S101 - it has just been journaled
        self._messages.append(Message(role="assistant", content=reply.content, tool_calls=reply.tool_calls))
        if not reply.tool_calls:
            self._end(_in_form(self.setup, reply.content))
            return
        async with aclosing(self._use_tools(path, reply.tool_calls)) as events:
            async for event in events:
                yield event

    async def _ask_model(self, path: str) -> Events:
        self.run.check_may_go_on()
        specs = [tool.spec() for tool in self.setup.tools]
        if self.setup.members:
            specs.append(_delegation(self.setup))
        request = ModelRequest(messages=self._messages, tools=specs, output_schema=self.setup.output_schema)
        reply = None
        async with aclosing(self.setup.model.reply(request, stream=True)) as pieces:
            async for piece in pieces:
                if isinstance(piece, ModelReply):
                    reply = piece
                else:
                    yield self.event(RunContentEvent, content=piece)
        if reply is None:
            raise RuntimeError(f"The model of {self.setup.name!r} ended without a reply.")
        await self.run.append(
            Part(f"Model:{self.setup.name}"), path, "output", {"skipped": True, "reply": asdict(reply)}
        )

    async def _use_tools(self, turn: str, asked: Sequence[ToolCall]) -> Events:
        """Make the calls of one turn: first those that ask nobody, then, once all are decided, those of people."""
        calls = [self._plan(turn, item) for item in asked]
        waiting: list[PauseRecord] = []
        for call in (call for call in calls if not call.asks):
            async with aclosing(self._make(call, None, waiting)) as events:
                async for event in events:
                    yield event
        answers, undecided = self._answers(calls)
        if undecided:
            yield self.event(RunPausedEvent, tools=[execution_of(call) for call in calls if call.asks])
        if waiting or undecided:
            raise Suspended([*waiting, *undecided])
        for event in self._going_on(answers):
            yield event
        for call in (call for call in calls if call.asks):
            async with aclosing(self._make(call, answers[call.path], waiting)) as events:
                async for event in events:
                    yield event
        if waiting:
            raise Suspended(waiting)
        for call in calls:
            await self._note_result(call)

    def _plan(self, turn: str, asked: ToolCall) -> Call:
        self._asked_for[asked.name] += 1
        path = f"{self.visit.path}/call:{asked.name.replace('/', '_')}~{self._asked_for[asked.name]}"
        return plan(asked, path, turn, self.setup)

    def _answers(self, calls: Sequence[Call]) -> tuple[dict[str, PauseRecord], list[PauseRecord]]:
        """Return the answered questions about calls by path, and those that are not answered."""
        answers, undecided = {}, []
        for call in (call for call in calls if call.asks):
            asking = replace(self.visit, path=call.path).asking(self.run)
            pause = self.run.journal.pause(call.path, "tool") or ask_about(call, self.node, asking, self._asker)
            if pause.state == "answered":
                answers[call.path] = pause
            else:
                undecided.append(pause)
        return answers, undecided

    @property
    def _asker(self) -> Asker:
        return Asker(self.step_path, self.of or self.setup, self.setup if self.of else None)

    def _going_on(self, answers: dict[str, PauseRecord]) -> list[WorkflowRunOutputEvent]:
        """Return the events that people have decided, once: nothing has happened since."""
        times = [pause.answered.at for pause in answers.values() if pause.answered]
        if not times or self.run.journal.has_gone_on(self.visit.path, max(times)):
            return []
        executor = {"executor_id": self.setup.executor_id, "executor_name": self.setup.name}
        place = self.visit.names(self.node)
        told = self.run.event(StepExecutorContinuedEvent, **place, **executor, executor_type=self.setup.kind)
        return [told, self.event(RunContinuedEvent)]

    async def _make(self, call: Call, pause: PauseRecord | None, waiting: list[PauseRecord]) -> Events:
        """Make a call, unless it is known what came of it; note in `waiting` what people must be asked first."""
        if call.problem or self.run.journal.is_over(call.path):
            return
        self.run.check_may_go_on()
        yield self.event(ToolCallStartedEvent, tool=execution_of(call))
        try:
            if call.member is None:
                await make_call(self.run, self.node, self.visit, setup=self.setup, call=call, pause=pause)
            else:
                async with aclosing(self._delegate(call, call.member)) as events:
                    async for event in events:
                        yield event
        except Suspended as suspended:
            waiting.extend(suspended.pauses)
            return
        done = self.run.journal.output(call.path)
        text, failed = (done.content, not done.success) if done else (None, True)
        yield self.event(ToolCallCompletedEvent, tool=execution_of(call, text, failed=failed), content=text)

    async def _delegate(self, call: Call, member: AgentSetup) -> Events:
        """Have a member of the team do the task, as a conversation of its own."""
        inner = Conversation(
            run=self.run,
            node=self.node,
            visit=replace(self.visit, path=call.path),
            setup=member,
            message=str(call.arguments["task"]),
            step_path=self.step_path,
            of=self.of or self.setup,
        )
        async with aclosing(inner.carry_on()) as events:
            async for event in events:
                yield event
        await keep_result(self.run, call, as_text(inner.content))

    async def _note_result(self, call: Call) -> None:
        """Tell the model what came of a call; of a tool that says so, it is the last word."""
        text = call.problem
        if text is None and (output := self.run.journal.output(call.path)):
            whole = await self.run.whole(output)
            text = str(whole.content)
            if call.tool and call.tool.stop_after_tool_call and output.success:
                self._end(text)
        self._messages.append(Message(role="tool", content=text or "", tool_call_id=call.asked.id))

    def _end(self, content: Any) -> None:
        self.content, self.is_over = content, True

    @property
    def has_begun(self) -> bool:
        """Whether the model has been asked."""
        return self.run.journal.get(f"{self.visit.path}/model~1", "output") is not None

    def event(self, kind: type[RunEvent], **fields: Any) -> RunEvent:
        """Return an event of this agent, or team."""
        named = {"agent_id": self.setup.executor_id, "agent_name": self.setup.name, "step_name": self.node.name}
        return self.run.event(_TEAM_EVENTS[kind] if self.setup.kind == "team" else kind, **named, **fields)


def reply_at(run_journal: Journal, path: str) -> ModelReply | None:
    """Return what a model said in a turn, as journaled."""
    entry = run_journal.get(path, "output")
    if entry is None:
        return None
    reply = entry.payload["reply"]
    calls = tuple(ToolCall(**call) for call in reply["tool_calls"])
    return ModelReply(content=reply["content"], tool_calls=calls, usage=Usage(**reply["usage"]))


def _in_form(setup: AgentSetup, content: str | None) -> Any:
    """Return the last words in the form that was asked for."""
    if setup.output_schema is None:
        return content or ""
    try:
        return setup.output_schema.model_validate_json(content or "")
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'it'}: {item['msg']}" for item in error.errors())
        name = setup.output_schema.__name__
        raise RuntimeError(f"The model of {setup.name!r} did not answer in the form {name}: {problems}.") from None


def _delegation(setup: AgentSetup) -> ToolSpec:
    members = [f"{member.executor_id}: {member.role or member.name}" for member in setup.members]
    ids = [member.executor_id for member in setup.members]
    return ToolSpec(
        name=DELEGATE,
        description="Give a task to a member of the team, and get its answer. Members: " + "; ".join(members),
        parameters={
            "type": "object",
            "properties": {"member_id": {"type": "string", "enum": ids}, "task": {"type": "string"}},
            "required": ["member_id", "task"],
            "additionalProperties": False,
        },
    )
