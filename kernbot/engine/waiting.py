"""Where the walk waits for people: the answer to a question, or the end of this worker's part."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import replace

from kernbot.db.base import PauseRecord
from kernbot.engine import gates
from kernbot.engine.execution import Cancelled, Execution, Suspended, Visit
from kernbot.engine.gates import Decision, Verdict
from kernbot.engine.journal import SKIPPED
from kernbot.engine.questions import Asked
from kernbot.engine.versions import allows_outdated
from kernbot.run.events import StepContinuedEvent, WorkflowRunOutputEvent
from kernbot.workflow.node import Node

Events = AsyncGenerator[WorkflowRunOutputEvent, None]
Walk = Callable[[Execution, Node, Visit], Events]
"""How a composite has a node inside it executed."""


class Answered:
    """A question that has been answered, and what follows."""

    def __init__(self, pause: PauseRecord, asked: Asked) -> None:
        self.pause = pause
        self.kind = pause.kind
        self.asked = asked
        self.at = pause.answered.at if pause.answered else 0.0
        self.decision: Decision = gates.decide(pause)


def answer_to(run: Execution, question: PauseRecord, asked: Asked | None = None) -> Answered:
    """Return the answer to a question, or stop the walk until there is one."""
    pause = run.journal.pause(question.path, question.kind, question.number)
    if pause is None or pause.state != "answered":
        raise Suspended([pause or question])
    return Answered(pause, asked or Asked(number=question.number))


def answers(run: Execution, ask: Callable[[Asked], PauseRecord], first: Asked) -> Iterator[Answered]:
    """Yield the answers to a question that is asked anew as long as people want that; the last one counts.

    One that allows other code than there is now does not count, and the question is asked anew too. Stops the walk at
    the one that is missing.
    """
    asked = first
    while True:
        question = ask(asked)
        answered = answer_to(run, question, asked)
        if is_asked_anew(run, answered.pause, question):
            asked = replace(asked, number=asked.number + 1, instead_of=answered.pause)
            continue
        yield answered
        if answered.decision.verdict is not Verdict.RETRY:
            return
        asked = Asked(number=asked.number + 1, retries=asked.retries + 1, feedback=answered.decision.feedback)


def is_asked_anew(run: Execution, pause: PauseRecord, question: PauseRecord) -> bool:
    """Whether a question takes the place of an answered one: what that allowed is other code now, and has not begun."""
    later = run.journal.pause(pause.path, pause.kind, pause.number + 1)
    if later is not None and later.question.get("instead_of") == pause.pause_id:
        return True
    is_outdated = allows_outdated(pause, question.question.get("version"))
    return is_outdated and not run.journal.has_gone_on(pause.path, pause.answered.at if pause.answered else 0.0)


async def going_on(run: Execution, node: Node, visit: Visit, answered: Answered) -> Events:
    """Yield the event that a question has been answered, once: nothing has happened since."""
    if not run.journal.has_gone_on(visit.path, answered.at):
        yield run.event(StepContinuedEvent, **visit.names(node))


async def ends(run: Execution, node: Node, visit: Visit, decision: Decision) -> bool:
    """Whether an answer ends the node here, without its output; raises Cancelled where it ends the run."""
    if decision.verdict is Verdict.CANCEL:
        raise Cancelled({"reason": decision.reason, "path": visit.path})
    if decision.verdict is Verdict.SKIP:
        await run.append(node, visit.path, "output", SKIPPED)
        return True
    return False
