"""Runs of agents and teams as the author's program sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from kernbot.db.base import RunRecord, Snapshot
from kernbot.engine.calling import Call, execution_of, next_path, plan
from kernbot.engine.conversation import reply_at
from kernbot.engine.journal import ROOT, Journal
from kernbot.engine.told import told_at
from kernbot.engine.tool_views import run_requirement
from kernbot.engine.views import run_output
from kernbot.run.agent import AsksPeople, RunOutput
from kernbot.run.executor import AgentSetup
from kernbot.run.messages import Message, ModelReply, Usage
from kernbot.run.requirement import RunRequirement
from kernbot.run.status import RunStatus
from kernbot.run.team import TeamRunOutput
from kernbot.run.tool_execution import ToolExecution
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow.node import keyed
from kernbot.workflow.step import Step

_NEEDS = {
    "confirmation": "a yes or no about {}",
    "user_input": "values for {}",
    "user_feedback": "choices for {}",
    "external_execution": "the result of {}",
}


@dataclass(frozen=True)
class Place:
    """Where an agent's conversation is journaled."""

    run: RunRecord
    journal: Journal
    path: str
    setup: AgentSetup


@dataclass
class _Said:
    """What is known of a conversation."""

    messages: list[Message] = field(default_factory=list)
    tools: list[ToolExecution] = field(default_factory=list)
    requirements: list[RunRequirement] = field(default_factory=list)
    members: list[RunOutput] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)


def agent_run(snapshot: Snapshot, step: Step) -> RunOutput:
    """Return the run of an agent, or team, that is the only step of what was run."""
    assert step.agent is not None  # noqa: S101 - it is made for an agent
    key, _ = keyed([step])[0]
    whole = run_output(snapshot)
    output = output_at(
        Place(snapshot.run, Journal(snapshot), f"{ROOT}/{key}", step.agent.setup()),
        run_id=whole.run_id,
        status=whole.status,
        input=whole.input,
        content=whole.content,
        error=whole.error,
        metadata=whole.metadata,
        error_requirements=whole.error_requirements,
    )
    output.requirements += _of_others(whole, {item.pause_id for item in output.requirements})
    if output.is_paused:
        output.content = _waiting(output)
    return output


def _of_others(whole: WorkflowRunOutput, known: AbstractSet[str]) -> Iterator[RunRequirement]:
    """Yield the questions of agents that a tool called, in the name of these."""
    for step in whole.step_requirements:
        for item in step.executor_requirements or ():
            if item.pause_id not in known:
                item.member_agent_id = item.member_agent_id or step.executor_id
                item.member_agent_name = item.member_agent_name or step.executor_name
                item.member_run_id = item.member_run_id or step.executor_run_id
                yield item


def output_at(place: Place, **known: Any) -> RunOutput:
    """Return what an agent has done at a place inside a run, or what there is of it; `known` says the rest."""
    run, setup, said = place.run, place.setup, _read(place)
    whole = {
        "run_id": f"{run.run_id}:{place.path}",
        "session_id": run.session_id,
        "user_id": run.user_id,
        "agent_id": setup.executor_id,
        "agent_name": setup.name,
        "messages": said.messages,
        "tools": said.tools,
        "requirements": said.requirements,
        "usage": said.usage,
        "created_at": int(run.created_at),
        **known,
    }
    return TeamRunOutput(**whole, member_responses=said.members) if setup.kind == "team" else RunOutput(**whole)


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
            _note(said, place, plan(asked, path, turn, place.setup))
    return said


def _opening(place: Place) -> Iterator[Message]:
    if place.setup.system_message:
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
    if call.member is not None:
        member = _member(place, call, call.member)
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


def _member(place: Place, call: Call, member: AgentSetup) -> RunOutput:
    """Return what a member has done about a task."""
    answer = place.journal.output(call.path)
    return output_at(
        Place(place.run, place.journal, call.path, member),
        status=RunStatus.COMPLETED if answer else place.run.status,
        input=call.arguments["task"],
        content=answer.content if answer else None,
    )


def _waiting(output: AsksPeople) -> str:
    """Say in a sentence what people are asked; nothing where the result of a call is to be supplied silently."""
    asked = [item for item in output.active_requirements if not item.external_execution_silent]
    needs = [_need(item) for item in asked]
    needs += [f"a decision: {item.error_message}" for item in output.active_error_requirements]
    return f"Waiting for people: {_listed(needs)}." if needs else ""


def _need(item: RunRequirement) -> str:
    tool = f"the tool {item.tool_execution.tool_name}"
    who = f"{item.member_agent_name} needs " if item.member_agent_name else ""
    return who + _NEEDS[item.pause_type].format(tool)


def _listed(parts: Sequence[str]) -> str:
    return "; ".join(parts).removesuffix(".")
