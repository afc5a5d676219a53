"""Runs of agents and teams by themselves, as the author's program sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from kernbot.db.base import Snapshot
from kernbot.engine.agent_views import Place, output_at
from kernbot.engine.journal import ROOT, Journal
from kernbot.engine.views import run_output
from kernbot.run.agent import AsksPeople, RunOutput
from kernbot.run.requirement import RunRequirement
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow.node import keyed
from kernbot.workflow.step import Step

_NEEDS = {
    "confirmation": "a yes or no about {}",
    "user_input": "values for {}",
    "user_feedback": "choices for {}",
    "external_execution": "the result of {}",
}


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
