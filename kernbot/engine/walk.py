"""The walk: the one way in which everything is executed.

For each node, in this order: what the journal knows is replayed, what must be asked is asked, then its body runs, what
came out is reviewed if people want to see it, and its output is journaled. A resume, or a restart after a crash, is the
same call: it goes on at the first thing that is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import count

from kernbot.db.base import PauseRecord
from kernbot.engine import composites, loops, routes, steps
from kernbot.engine.execution import Execution, Visit
from kernbot.engine.gates import PROCEED, Decision, Verdict
from kernbot.engine.journal import ROOT, accepted_payload
from kernbot.engine.outcomes import reference_to
from kernbot.engine.questions import FIRST, Asked, ask_about_output, ask_before
from kernbot.engine.sequence import in_sequence
from kernbot.engine.waiting import Answered, Events, answer_to, answers, ends, going_on
from kernbot.workflow.condition import Condition
from kernbot.workflow.loop import Loop
from kernbot.workflow.node import Node
from kernbot.workflow.parallel import Parallel
from kernbot.workflow.router import Router
from kernbot.workflow.step import Step
from kernbot.workflow.steps import Steps
from kernbot.workflow.types import StepOutput


async def walk_all(run: Execution, nodes: Sequence[Node]) -> Events:
    """Execute the nodes of a workflow.

    Raises Suspended where people must be asked, Cancelled where the run is to end, StepFailed for `on_error=fail`.
    """
    async with aclosing(in_sequence(run, nodes, ROOT, run.begin(), walk)) as events:
        async for event in events:
            yield event


async def walk(run: Execution, node: Node, visit: Visit) -> Events:
    """Execute a node, and leave its output in the journal."""
    if run.journal.is_over(visit.path):
        return
    run.check_may_go_on()
    if isinstance(node, Router):
        async for event in routes.propose(run, node, visit):
            yield event
        if run.journal.is_over(visit.path):
            return
    decision = PROCEED
    if node.asks_before:
        for answered in _permission(run, node, visit):
            decision = answered.decision
            async for event in going_on(run, node, visit, answered):
                yield event
        if await ends(run, node, visit, decision):
            return
        visit = replace(visit, gated=True)
    async with aclosing(_rounds(run, node, visit, decision)) as events:
        async for event in events:
            yield event


def _permission(run: Execution, node: Node, visit: Visit) -> Iterator[Answered]:
    """Yield the answers to the question whether a node may run, and with which values; the last one counts."""

    def ask(asked: Asked) -> PauseRecord:
        proposed = routes.proposed(run, visit) if isinstance(node, Router) else None
        return ask_before(node, visit.asking(run, node), asked, proposed)

    return answers(run, ask, FIRST)


async def _rounds(run: Execution, node: Node, visit: Visit, decision: Decision) -> Events:
    """Run a node's body, and again as long as reviewers have it done again with their feedback."""
    for number in count(1):
        if run.journal.draft(visit.path, number) is None:
            async with aclosing(_body(run, node, visit, decision)) as events:
                async for event in events:
                    yield event
        if run.journal.is_over(visit.path) or (draft := run.journal.draft(visit.path, number)) is None:
            return
        answered = _opinion(run, node, visit, draft)
        async for event in going_on(run, node, visit, answered):
            yield event
        if answered.decision.verdict is not Verdict.RETRY:
            await _accept(run, node, visit, answered)
            return
        left = await run.whole(draft)
        visit = visit.reviewed(answered.decision.feedback, left.last_content)


def _opinion(run: Execution, node: Node, visit: Visit, draft: StepOutput) -> Answered:
    """Return what a reviewer says of what came out in this round."""
    asked = Asked(number=visit.round, retries=visit.round - 1, feedback=visit.feedback)
    reviewed = {"draft": visit.round, **reference_to(draft)}
    last = f"{visit.path}/iter-{node.max_iterations}" if isinstance(node, Loop) else visit.path
    may_retry = not isinstance(node, Loop) or run.journal.get(last, "decision") is None
    question = ask_about_output(node, visit.asking(run, node), asked, reviewed, may_retry=may_retry)
    return answer_to(run, question, asked)


async def _accept(run: Execution, node: Node, visit: Visit, answered: Answered) -> None:
    """Take what came out, as it is or as the reviewer edited it; or leave it out."""
    if not await ends(run, node, visit, answered.decision):
        edited_in = ("output_review", visit.round) if answered.decision.is_edit else None
        await run.append(node, visit.path, "output", accepted_payload(visit.round, edited_in))


def _body(run: Execution, node: Node, visit: Visit, decision: Decision) -> Events:
    match node:
        case Step():
            return steps.step(run, node, visit, decision, walk)
        case Steps():
            return composites.steps(run, node, visit, walk)
        case Condition():
            return composites.condition(run, node, visit, decision, walk)
        case Loop():
            return loops.loop(run, node, visit, walk)
        case Router():
            return routes.router(run, node, visit, walk)
        case Parallel():
            return composites.parallel(run, node, visit, walk)
    raise NotImplementedError(f"The walk knows no node of class {type(node).__name__}.")
