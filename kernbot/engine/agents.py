"""What a step does whose executor is an agent or a team."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import Any

from kernbot.db.base import StateChanges
from kernbot.engine.agent_history import told_to
from kernbot.engine.calling import as_text
from kernbot.engine.conversation import Conversation
from kernbot.engine.execution import Execution, Visit
from kernbot.engine.journal import output_payload
from kernbot.engine.live import Made, Making
from kernbot.engine.outcomes import labels
from kernbot.engine.values import decode
from kernbot.run.agent import RunCompletedEvent, RunStartedEvent
from kernbot.run.executor import AgentSetup
from kernbot.workflow.step import Step
from kernbot.workflow.types import StepOutput

Output = tuple[StepOutput, dict[str, Any], StateChanges | None]
"""An output, its payload, and what changed in the session state."""


async def agent_work(
    run: Execution, node: Step, visit: Visit, setup: AgentSetup, values: dict[str, Any]
) -> Making[Output]:
    """Have an agent, or the leader of a team, work on what the step sees; its last words are the output."""
    told = await told_to(run, visit.base, setup, await _message(run, visit, values))
    place = replace(visit, path=visit.base, round=1)
    talk = Conversation(run=run, node=node, visit=place, setup=setup, told=told, step_path=visit.path, live=run.live)
    if not talk.has_begun:
        yield talk.event(RunStartedEvent)
    async with aclosing(talk.carry_on()) as events:
        async for event in events:
            yield event
    yield talk.event(RunCompletedEvent, content=talk.content)
    output = StepOutput(**labels(node), executor_type=setup.kind, executor_name=setup.name, content=talk.content)
    yield Made((output, output_payload(output), None))


async def _message(run: Execution, visit: Visit, values: dict[str, Any]) -> str:
    """Return what the agent is told: what came before, or else the input; what a person filled in; what was wrong."""
    chain = await run.whole_chain(visit)
    begins_with = chain.input if chain.content is None else chain.content
    parts = ["" if begins_with is None else as_text(begins_with)]
    if values:
        given = "\n".join(f"- {name}: {as_text(value)}" for name, value in decode(values).items())
        parts.append(f"Values that a person gave:\n{given}")
    extra = chain.additional_data
    if visit.round > 1 or "rejection_feedback" in extra:
        parts.append(f"Your previous draft:\n{extra.get('previous_output', '')}")
    if feedback := extra.get("rejection_feedback"):
        parts.append(f"What the reviewer said of it:\n{feedback}")
    return "\n\n".join(part for part in parts if part)
