"""An agent at work: the turns of its model and the calls of its tools, each journaled as it happens.

Walked again, what is journaled is not done again: the model is asked once for each turn, a tool is called once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any

from pydantic import ValidationError

from kernbot.db.base import PauseRecord
from kernbot.engine.calling import (
    Asker,
    Call,
    as_text,
    ask_about,
    execution_of,
    is_about,
    named,
    next_path,
    plan,
    problem_with_answer,
    shown_result,
)
from kernbot.engine.execution import Cancelled, Execution, Part, Suspended, Visit
from kernbot.engine.gates import Decision, Verdict, decide
from kernbot.engine.questions import FIRST, Asked, ask_about_change
from kernbot.engine.told import Told, reply_at
from kernbot.engine.tool_calls import keep_result, make_call
from kernbot.engine.waiting import answers, is_asked_anew
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
from kernbot.run.messages import Message, ModelReply, ModelRequest, ToolCall, ToolSpec
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
    told: Told
    step_path: str
    live: bool
    """Whether somebody reads the events as they come: then the model is asked for its words one by one."""
    of: Conversation | None = None
    """That of the leader of the team, of which it is a member."""
    content: Any = None
    """Its last words, once it has said them."""
    is_over: bool = False
    _messages: list[Message] = field(default_factory=list)
    _asked_for: Counter[str] = field(default_factory=Counter)
    """How often each tool was asked for, by name."""

    async def carry_on(self) -> Events:
        """Go on until the last word is said. Stops the walk where people must decide about calls of tools."""
        opening = [Message(role="system", content=self.setup.system_message)] if self.setup.system_message else []
        self._messages = [*opening, *self.told.history, Message(role="user", content=self.told.message)]
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
        async with aclosing(self.setup.model.reply(request, stream=self.live)) as pieces:
            async for piece in pieces:
                if isinstance(piece, ModelReply):
                    reply = piece
                else:
                    yield self.event(RunContentEvent, content=piece)
        if reply is None:
            raise RuntimeError(f"The model of {self.setup.name!r} ended without a reply.")
        if not reply.tool_calls:
            _in_form(self.setup, reply.content)  # what is wrong is not journaled: a retry asks the model again
        payload = {
            "skipped": True,
            "reply": asdict(reply),
            "told": self.told.payload,
            "executor": named(self.setup),
        }
        await self.run.append(Part(f"Model:{self.setup.name}"), path, "output", payload)

    async def _use_tools(self, turn: str, asked: Sequence[ToolCall]) -> Events:
        """Make the calls of one turn, and note their results; stops the walk where people must decide first."""
        calls = [self._plan(turn, item) for item in asked]
        waiting: list[PauseRecord] = []
        async with aclosing(self._make_all(calls, waiting)) as events:
            async for event in events:
                yield event
        if waiting:
            paths = {pause.path for pause in waiting if not self.run.journal.knows(pause)}
            if paths:
                yield self.event(RunPausedEvent, tools=[execution_of(call) for call in calls if call.path in paths])
            raise Suspended(waiting)
        for call in calls:
            await self._note_result(call)

    async def _make_all(self, calls: Sequence[Call], waiting: list[PauseRecord]) -> Events:
        """Make those that ask nobody, then, once all are decided, those of people; note in `waiting` what is open."""
        left = [call for call in calls if not self.run.journal.is_over(call.path)]
        for call in left:
            self._check_is_unchanged(call)
        for call in (call for call in left if not call.asks):
            async with aclosing(self._make(call, None, waiting)) as events:
                async for event in events:
                    yield event
        questions = [(call, self._question(call)) for call in left if call.asks]
        answered = [pause for _, pause in questions if pause.state == "answered"]
        for pause in answered:
            _check_goes_on(pause.path, decide(pause))
        waiting += [pause for _, pause in questions if pause not in answered]
        if waiting:
            return
        for event in self._going_on(answered):
            yield event
        for call, pause in questions:
            async with aclosing(self._make(call, pause, waiting)) as events:
                async for event in events:
                    yield event

    def _plan(self, turn: str, asked: ToolCall) -> Call:
        return plan(asked, next_path(self.visit.path, asked.name, self._asked_for), turn, self.setup)

    def _check_is_unchanged(self, call: Call) -> None:
        """Stop the walk where a tool is another one than people were asked about, or than had begun when it stopped."""
        asked = self.run.journal.pause(call.path, "tool")
        is_same = is_about(asked, call) if asked else not (call.problem and self.run.journal.has_begun(call.path))
        if is_same:
            return
        what = call.problem or "People would not be asked about it as they were."
        problem = f"The tool {call.asked.name!r} of {self.setup.name!r} is no longer what it was. {what}"
        asking = replace(self.visit, path=call.turn).asking(self.run, self.node)

        def ask(asked: Asked) -> PauseRecord:
            return ask_about_change(self.setup.name, problem, asking, asked.number)

        for answered in answers(self.run, ask, FIRST):
            _check_goes_on(call.path, answered.decision)

    def _question(self, call: Call) -> PauseRecord:
        """Return what people are asked about a call.

        It is asked again if the function does not take what they gave, or is another one than they were asked about.
        """
        asking = replace(self.visit, path=call.path).asking(self.run, self.node)
        ask = partial(ask_about, call, self.node, asking, self._asker)
        problem, replaced = None, None
        for number in count(1):
            question = ask(number=number, problem=problem, instead_of=replaced)
            pause = self.run.journal.pause(call.path, "tool", number) or question
            problem = problem_with_answer(call, pause)
            replaced = pause if is_asked_anew(self.run, pause, question) else None
            if problem is None and replaced is None:
                break
        return pause

    @property
    def line(self) -> list[Conversation]:
        """That of the agent, or team, which the step has, and so on down to this one."""
        return [*(self.of.line if self.of else ()), self]

    @property
    def _asker(self) -> Asker:
        return Asker(self.step_path, self.line[0].setup, self.setup if self.of else None)

    def _going_on(self, answered: Sequence[PauseRecord]) -> list[WorkflowRunOutputEvent]:
        """Return the events that people have decided about calls, each once: nothing has happened since."""
        last = max((pause.answered.at for pause in answered if pause.answered), default=None)
        if last is None:
            return []
        waited = [talk for talk in self.line if not self.run.journal.has_gone_on(talk.visit.path, last)]
        told = [self._step_event() for talk in waited if talk.of is None]
        return [*told, *(talk.event(RunContinuedEvent) for talk in waited)]

    def _step_event(self) -> StepExecutorContinuedEvent:
        place = replace(self.visit, path=self.step_path)
        setup = self.line[0].setup
        return self.run.event(
            StepExecutorContinuedEvent,
            **place.names(self.node),
            executor_id=setup.executor_id,
            executor_name=setup.name,
            executor_type=setup.kind,
            executor_run_id=f"{self.run.run_id}:{self.line[0].visit.path}",
        )

    async def _make(self, call: Call, pause: PauseRecord | None, waiting: list[PauseRecord]) -> Events:
        """Make a call, and journal what came of it; note in `waiting` what people must be asked first."""
        self.run.check_may_go_on()
        if not self.run.journal.has_begun(call.path):
            yield self.event(ToolCallStartedEvent, tool=execution_of(call))
        try:
            if call.problem is not None:
                await keep_result(self.run, call, call.problem, success=False)
            elif call.member is None:
                making = make_call(self.run, self.node, self.visit, setup=self.setup, call=call, pause=pause)
                async with aclosing(making) as events:
                    async for event in events:
                        yield event
            else:
                async with aclosing(self._delegate(call, call.member)) as events:
                    async for event in events:
                        yield event
        except Suspended as suspended:
            waiting.extend(suspended.pauses)
            return
        done = self.run.journal.output(call.path)
        text, failed = (shown_result(call, done.content), not done.success) if done else (None, True)
        yield self.event(ToolCallCompletedEvent, tool=execution_of(call, text, failed=failed), content=text)

    async def _delegate(self, call: Call, member: AgentSetup) -> Events:
        """Have a member of the team do the task, as a conversation of its own."""
        inner = Conversation(
            run=self.run,
            node=self.node,
            visit=replace(self.visit, path=call.path),
            setup=member,
            told=Told(message=str(call.arguments["task"])),
            step_path=self.step_path,
            live=self.live,
            of=self,
        )
        if not inner.has_begun:
            yield inner.event(RunStartedEvent)
        async with aclosing(inner.carry_on()) as events:
            async for event in events:
                yield event
        yield inner.event(RunCompletedEvent, content=inner.content)
        await keep_result(self.run, call, as_text(inner.content))

    async def _note_result(self, call: Call) -> None:
        """Tell the model what came of a call; of a tool that says so, it is the last word."""
        output = self.run.journal.output(call.path)
        assert output is not None  # noqa: S101 - it has just been journaled
        text = str((await self.run.whole(output)).content)
        if call.tool and call.tool.stop_after_tool_call and output.success:
            self._end(text)
        self._messages.append(Message(role="tool", content=text, tool_call_id=call.asked.id))

    def _end(self, content: Any) -> None:
        self.content, self.is_over = content, True

    @property
    def has_begun(self) -> bool:
        """Whether the model has been asked."""
        return self.run.journal.get(f"{self.visit.path}/model~1", "output") is not None

    def event(self, kind: type[RunEvent], **fields: Any) -> RunEvent:
        """Return an event of this agent, or team."""
        named = {
            "agent_id": self.setup.executor_id,
            "agent_name": self.setup.name,
            "step_name": self.node.name,
            "executor_run_id": f"{self.run.run_id}:{self.visit.path}",
        }
        return self.run.event(_TEAM_EVENTS[kind] if self.setup.kind == "team" else kind, **named, **fields)


def _check_goes_on(path: str, decision: Decision) -> None:
    """Raise Cancelled where people cancelled the run."""
    if decision.verdict is Verdict.CANCEL:
        raise Cancelled({"reason": decision.reason, "path": path})


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
