"""What follows from an answer, or from silence: pure rules, without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from kernbot.db.base import PauseRecord
from kernbot.engine.values import decode, encode
from kernbot.run.answer import Action, Answer
from kernbot.workflow.fields import UserInputField, checked_values, problems_with
from kernbot.workflow.review import HumanReview, OnError, OnReject, OnTimeout
from kernbot.workflow.step import Step


class Verdict(Enum):
    """What the walk does at a node once its question is answered."""

    PROCEED = auto()
    SKIP = auto()
    CANCEL = auto()
    ELSE = auto()
    """Run the else branch of a Condition."""
    RETRY = auto()


@dataclass(frozen=True)
class Decision:
    """A verdict, and what came with it."""

    verdict: Verdict
    values: dict[str, Any] = field(default_factory=dict)
    """What a person filled in, as JSON."""
    reason: str = ""
    """Why the run ends, if it is cancelled."""


_ON_REJECT = {
    OnReject.skip: Verdict.SKIP,
    OnReject.cancel: Verdict.CANCEL,
    OnReject.else_branch: Verdict.ELSE,
}
_VERDICTS = {
    Action.confirm: Verdict.PROCEED,
    Action.provide: Verdict.PROCEED,
    Action.retry: Verdict.RETRY,
    Action.skip: Verdict.SKIP,
    Action.cancel: Verdict.CANCEL,
}


def decide(pause: PauseRecord) -> Decision:
    """Return what follows from an answered pause, by what was promised when it was asked."""
    if pause.answered is None or pause.answered.answer is None:
        raise ValueError(f"Pause {pause.pause_id} has no answer.")
    answer = Answer.from_dict(pause.answered.answer)
    return Decision(verdict_of(answer.action, pause.question), answer.values, _reason(pause, answer.action))


def verdict_of(action: Action, question: dict[str, Any]) -> Verdict:
    """Return what an action would do to a question."""
    if action is Action.reject:
        return _ON_REJECT[OnReject(question["on_reject"])]
    return _VERDICTS[action]


def action_of_silence_on_error(review: HumanReview) -> Action:
    """Return what the clock does at the deadline of a question about a failure: it never has anything run again."""
    return Action.cancel if review.on_timeout is OnTimeout.cancel else Action.skip


def answer_of_silence(review: HumanReview, fields: list[UserInputField]) -> Answer:
    """Return the answer that the clock gives at the deadline.

    `approve` of a question for values gives their defaults, and cancels the run where a required one has none.
    """
    on_timeout = OnTimeout(review.on_timeout)
    if on_timeout is not OnTimeout.approve:
        return Answer(action=Action(on_timeout.value))
    if not fields:
        return Answer(action=Action.confirm)
    if problems_with(fields, {}):
        return Answer(action=Action.cancel)
    values = checked_values(fields, {})
    return Answer(
        action=Action.provide, values={name: encode(value, f"The default {name!r}") for name, value in values.items()}
    )


def allowed_actions(question: dict[str, Any]) -> tuple[Action, ...]:
    """Return what people may answer to a question."""
    if "actions" in question:
        return tuple(Action(name) for name in question["actions"])
    first = Action.provide if question["requires_user_input"] else Action.confirm
    return (first, Action.reject)


def _reason(pause: PauseRecord, action: Action) -> str:
    if pause.answered and pause.answered.by == "timeout":
        return f"Nobody answered the question of step {pause.step_name!r} in time."
    if action is Action.reject:
        return f"Step {pause.step_name!r} was rejected."
    return f"The run was cancelled at step {pause.step_name!r}."


def fields_of(question: dict[str, Any]) -> list[UserInputField]:
    """Return the fields that a question asks for, made anew each time."""
    return [UserInputField(**decode(item)) for item in question["fields"]]


def may_try_again(step: Step, failures: int, *, gated: bool) -> bool:
    """Whether a step that failed so often since a person last had it retried is tried again by itself.

    One approval is one execution, and where people are asked about a failure they are asked at once, unless the author
    set `max_retries`.
    """
    asks = gated or step.human_review.on_error is OnError.pause
    return failures <= step.max_retries and (step.retries_were_asked_for or not asks)


def retry_delay(failures: int) -> float:
    """Return the seconds to wait before the next attempt."""
    return min(0.5 * 2.0 ** (failures - 1), 8.0)
