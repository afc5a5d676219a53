"""What follows from an answer, or from silence: pure rules, without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from kernbot.db.base import PauseRecord
from kernbot.engine.values import decode, encode
from kernbot.run.answer import Action, Answer
from kernbot.run.tool_execution import UserInputField as ToolField
from kernbot.workflow.fields import UserInputField, checked_values, problems_with
from kernbot.workflow.node import Node
from kernbot.workflow.review import HumanReview, OnCrash, OnError, OnReject, OnTimeout
from kernbot.workflow.step import Step


class Verdict(Enum):
    """What the walk does at a node once its question is answered."""

    PROCEED = auto()
    SKIP = auto()
    CANCEL = auto()
    ELSE = auto()
    """Run the else branch of a Condition."""
    RETRY = auto()
    """Ask again; or have it done again, after a failure or a review."""


@dataclass(frozen=True)
class Decision:
    """A verdict, and what came with it."""

    verdict: Verdict
    values: dict[str, Any] = field(default_factory=dict)
    """What a person filled in, as JSON."""
    routes: tuple[str, ...] = ()
    """The names of the choices that a person selected."""
    is_edit: bool = False
    """Whether the answer holds another content than the one that was reviewed."""
    feedback: str | None = None
    reason: str = ""
    """Why the run ends, if it is cancelled."""


PROCEED = Decision(Verdict.PROCEED)

_ON_REJECT = {
    OnReject.skip: Verdict.SKIP,
    OnReject.cancel: Verdict.CANCEL,
    OnReject.else_branch: Verdict.ELSE,
    OnReject.retry: Verdict.RETRY,
}
_VERDICTS = {
    Action.confirm: Verdict.PROCEED,
    Action.provide: Verdict.PROCEED,
    Action.select: Verdict.PROCEED,
    Action.edit: Verdict.PROCEED,
    Action.supply: Verdict.PROCEED,
    Action.retry: Verdict.RETRY,
    Action.skip: Verdict.SKIP,
    Action.cancel: Verdict.CANCEL,
}


def decide(pause: PauseRecord) -> Decision:
    """Return what follows from an answered pause, by what was promised when it was asked."""
    if pause.answered is None or pause.answered.answer is None:
        raise ValueError(f"Pause {pause.pause_id} has no answer.")
    answer = Answer.from_dict(pause.answered.answer)
    return Decision(
        verdict_of(answer.action, pause.question),
        values=answer.values,
        routes=answer.routes,
        is_edit=answer.action is Action.edit,
        feedback=answer.feedback,
        reason=_reason(pause, answer.action),
    )


def verdict_of(action: Action, question: dict[str, Any]) -> Verdict:
    """Return what an action would do to a question."""
    if action is Action.reject:
        return _ON_REJECT[OnReject(question["on_reject"])]
    return _VERDICTS[action]


def on_reject_now(node: Node, retries: int, *, exhausted: OnReject) -> OnReject:
    """Return what a reject does at a node that people have had retried so often; `exhausted` once that is enough."""
    is_enough = node.on_reject is OnReject.retry and retries >= node.human_review.max_retries
    return exhausted if is_enough else node.on_reject


def action_of_silence_on_error(review: HumanReview) -> Action:
    """Return what the clock does at the deadline of a question about a failure: it never has anything run again."""
    return Action.cancel if review.on_timeout is OnTimeout.cancel else Action.skip


def answer_of_silence(review: HumanReview, on_reject: OnReject, approval: Answer) -> Answer:
    """Return the answer that the clock gives at the deadline, where `approval` is a person's yes."""
    on_timeout = OnTimeout(review.on_timeout)
    if on_timeout is OnTimeout.approve:
        return approval
    if on_timeout is OnTimeout.reject and on_reject is OnReject.retry:
        return Answer(action=Action.skip)
    return Answer(action=Action(on_timeout.value))


def approval_by_defaults(fields: list[UserInputField]) -> Answer:
    """Return the yes to a question for values: their defaults; a cancel where there is no schema or no default."""
    if not fields or problems_with(fields, {}):
        return Answer(action=Action.cancel)
    values = checked_values(fields, {})
    return Answer(
        action=Action.provide, values={name: encode(value, f"The default {name!r}") for name, value in values.items()}
    )


def approval_of_routes(proposed: list[str]) -> Answer:
    """Return the yes to a question for routes: what the selector proposed; a cancel where it proposed nothing."""
    return Answer(action=Action.select, routes=tuple(proposed)) if proposed else Answer(action=Action.cancel)


def allowed_actions(question: dict[str, Any]) -> tuple[Action, ...]:
    """Return what people may answer to a question."""
    if "actions" in question:
        return tuple(Action(name) for name in question["actions"])
    first = Action.provide if question["requires_user_input"] else Action.confirm
    return (first, Action.reject)


def _reason(pause: PauseRecord, action: Action) -> str:
    if pause.answered and pause.answered.by == "timeout":
        return f"Nobody answered the question of step {pause.step_name!r} in time."
    if action is not Action.reject:
        return f"The run was cancelled at step {pause.step_name!r}."
    if pause.question.get("retries_are_used_up"):
        return f"Step {pause.step_name!r} was rejected, and no retry is left."
    return f"Step {pause.step_name!r} was rejected."


def fields_of(question: dict[str, Any]) -> list[UserInputField]:
    """Return the fields that a question asks for, made anew each time."""
    items = [decode(item) for item in question.get("fields", ())]
    return [(ToolField if "suggestion" in item else UserInputField)(**item) for item in items]


def may_try_again(step: Step, failures: int, *, gated: bool, on_error: OnError) -> bool:
    """Whether a step that failed so often since a person last had it retried is tried again by itself.

    One approval is one execution, and where people are asked about a failure they are asked at once, unless the author
    set `max_retries`.
    """
    asks = gated or on_error is OnError.pause
    return failures <= step.max_retries and (step.retries_were_asked_for or not asks)


def asks_after_crash(step: Step, *, gated: bool) -> bool:
    """Whether people are asked about a step that was in flight when its process died.

    What is inside an agent, or a workflow, is journaled by itself, so that only that is asked about.
    """
    if step.executor is None:
        return False
    return gated if step.on_crash is None else step.on_crash is OnCrash.ask


def retry_delay(failures: int) -> float:
    """Return the seconds to wait before the next attempt."""
    return min(0.5 * 2.0 ** (failures - 1), 8.0)
