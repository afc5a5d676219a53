"""What agents and teams have done inside a run, as the author's program sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from kernbot.db.base import RunRecord, Snapshot
from kernbot.engine.calling import Call, arguments_in, execution_of, named, next_path, plan
from kernbot.engine.journal import Journal
from kernbot.engine.told import named_at, reply_at, told_at
from kernbot.engine.tool_views import run_requirement
from kernbot.run.agent import RunOutput
from kernbot.run.executor import AgentSetup
from kernbot.run.messages import Message, ModelReply, ToolCall, Usage
from kernbot.run.requirement import RunRequirement
from kernbot.run.status import RunStatus
from kernbot.run.team import TeamRunOutput
from kernbot.run.tool_execution import ToolExecution
from kernbot.workflow.types import StepOutput

_FIRST_TURN = "/model~1"


def first_turn(path: str) -> str:
    """Return where the first words of an agent's conversation are journaled."""
    return f"{path}{_FIRST_TURN}"


@dataclass(frozen=True)
class Place:
    """Where an agent's conversation is journaled."""

    run: RunRecord
    journal: Journal
    path: str
    setup: AgentSetup | None = None
    """The agent as it is now; without it, only what is journaled of it is known: not what it is told of itself."""

    @property
    def who(self) -> dict[str, str]:
        """Its kind, id and name."""
        return named(self.setup) if self.setup else named_at(self.journal, self.path)


@dataclass
class _Said:
    """What is known of a conversation."""

    messages: list[Message] = field(default_factory=list)
    tools: list[ToolExecution] = field(default_factory=list)
    requirements: list[RunRequirement] = field(default_factory=list)
    members: list[RunOutput] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)


def output_at(place: Place, **known: Any) -> RunOutput:
    """Return what an agent has done at a place inside a run, or what there is of it; `known` says the rest."""
    run, who, said = place.run, place.who, _read(place)
    whole = {
        "run_id": f"{run.run_id}:{place.path}",
        "session_id": run.session_id,
        "user_id": run.user_id,
        "agent_id": who["id"],
        "agent_name": who["name"],
        "messages": said.messages,
        "tools": said.tools,
        "requirements": said.requirements,
        "usage": said.usage,
        "created_at": int(run.created_at),
        **known,
    }
    return TeamRunOutput(**whole, member_responses=said.members) if who["kind"] == "team" else RunOutput(**whole)


def messages_at(place: Place) -> list[Message]:
    """Return what was said at a place, without what the model was told of itself."""
    return [message for message in _read(place).messages if message.role != "system"]


def _read(place: Place) -> _Said:
    """Read a conversation from the journal."""
    said = _Said(messages=list(_opening(place)))
    asked_for: Counter[str] = Counter()
    for turn, reply in turns_at(place):
        said.usage += reply.usage
        said.messages.append(Message(role="assistant", content=reply.content, tool_calls=reply.tool_calls))
        for asked in reply.tool_calls:
            path = next_path(place.path, asked.name, asked_for)
            _note(said, place, _planned(place, asked, path, turn))
    return said


def _opening(place: Place) -> Iterator[Message]:
    if place.setup and place.setup.system_message:
        yield Message(role="system", content=place.setup.system_message)
    if told := told_at(place.journal, place.path):
        yield Message(role="user", content=told.message)


def turns_at(place: Place) -> Iterator[tuple[str, ModelReply]]:
    """Yield the turns of a model that are known: where each is journaled, and what it said."""
    for number in count(1):
        turn = f"{place.path}/model~{number}"
        if (reply := reply_at(place.journal, turn)) is None:
            return
        yield turn, reply


def _note(said: _Said, place: Place, call: Call) -> None:
    """Take in a call: what people were asked about it, and what came of it."""
    questions = list(_questions(place, call.path))
    said.requirements += questions
    execution = questions[-1].tool_execution if questions else _unmasked(call)
    said.tools.append(execution)
    output = place.journal.output(call.path)
    if output is not None:
        execution.result, execution.tool_call_error = output.content, not output.success or None
    elif call.problem:
        execution.result, execution.tool_call_error = call.problem, True
    if output is not None or call.problem:
        said.messages.append(Message(role="tool", content=str(execution.result), tool_call_id=call.asked.id))
    if call.member is not None or _has_begun(place, call.path):
        member = _member(place, call)
        said.members.append(member)
        said.requirements += member.requirements


def _questions(place: Place, path: str) -> Iterator[RunRequirement]:
    for number in count(1):
        if (pause := place.journal.pause(path, "tool", number)) is None:
            return
        yield run_requirement(place.run.run_id, pause)


def _unmasked(call: Call) -> ToolExecution:
    """Return a call that asks nobody, with its arguments as they are."""
    execution = execution_of(call)
    execution.tool_args = dict(call.arguments)
    return execution


def _planned(place: Place, asked: ToolCall, path: str, turn: str) -> Call:
    if place.setup:
        return plan(asked, path, turn, place.setup)
    return Call(asked=asked, path=path, turn=turn, arguments=arguments_in(asked))


def _has_begun(place: Place, path: str) -> bool:
    return next(turns_at(Place(place.run, place.journal, path)), None) is not None


def _member(place: Place, call: Call) -> RunOutput:
    """Return what a member has done about a task."""
    answer = place.journal.output(call.path)
    return output_at(
        Place(place.run, place.journal, call.path, call.member),
        status=RunStatus.COMPLETED if answer else place.run.status,
        input=call.arguments["task"],
        content=answer.content if answer else None,
    )


def executor_runs(snapshot: Snapshot, journal: Journal) -> list[RunOutput]:
    """Return what the agents and teams of a run have done, in the order in which they began; each round is one."""
    begun = [entry.path.removesuffix(_FIRST_TURN) for entry in snapshot.journal if entry.path.endswith(_FIRST_TURN)]
    places = [Place(snapshot.run, journal, path) for path in begun if not is_of_member(path)]
    return [_executor_run(place) for place in places if place.who]


def _executor_run(place: Place) -> RunOutput:
    told, output = told_at(place.journal, place.path), _left(place)
    if output is None:
        is_over = place.journal.is_over(_step_of(place.path)[0])
        status, content, error = RunStatus.CANCELLED if is_over else place.run.status, None, None
    elif output.success:
        status, content, error = RunStatus.COMPLETED, output.content, None
    else:
        status, content, error = RunStatus.ERROR, None, output.error
    return output_at(place, status=status, input=told and told.message, content=content, error=error)


def _left(place: Place) -> StepOutput | None:
    """Return what it left, before people edited it."""
    step, number = _step_of(place.path)
    return place.journal.draft(step, number) or place.journal.output(step)


def _step_of(path: str) -> tuple[str, int]:
    """Return where it leaves its output, and in which round."""
    step, _, last = path.rpartition("/~")
    return (step, int(last)) if last.isdecimal() else (path, 1)


def is_of_member(path: str) -> bool:
    """Whether the conversation is that of a member of a team, which is a part of the leader's."""
    return path.rpartition("/")[2].startswith("call:")
