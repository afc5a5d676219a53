"""The rules of gates, which are pure: from an answer, or from silence, to what is done."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.db.base import AnswerRecord, PauseRecord
from kernbot.engine import gates
from kernbot.engine.gates import Verdict
from kernbot.engine.questions import Asking, ask_about_change, ask_after_crash, ask_before
from kernbot.run.answer import Action, Answer
from kernbot.workflow import Condition, Step, Steps
from kernbot.workflow.node import Node

ASKING = Asking(run_id="R", path="root/a", now=1000.0)


def _step(**settings: Any) -> Step:
    return Step(name="a", executor=lambda _: None, **settings)


def _answered(pause: PauseRecord, action: Action) -> PauseRecord:
    record = AnswerRecord(answer=Answer(action=action).to_dict(), at=1.0, by="ann", door="button")
    return PauseRecord(**{**vars(pause), "state": "answered", "answered": record})


@pytest.mark.parametrize(
    ("node", "action", "verdict"),
    [
        (_step(requires_confirmation=True), Action.confirm, Verdict.PROCEED),
        (_step(requires_confirmation=True), Action.reject, Verdict.SKIP),
        (_step(requires_confirmation=True), Action.skip, Verdict.SKIP),
        (_step(requires_confirmation=True), Action.cancel, Verdict.CANCEL),
        (_step(requires_confirmation=True, on_reject="cancel"), Action.reject, Verdict.CANCEL),
        (_step(requires_confirmation=True, on_reject="cancel"), Action.skip, Verdict.SKIP),
        (Steps(name="s", requires_confirmation=True), Action.reject, Verdict.SKIP),
        (Condition([], requires_confirmation=True), Action.reject, Verdict.ELSE),
        (Condition([], requires_confirmation=True), Action.skip, Verdict.SKIP),
        (Condition([], requires_confirmation=True, on_reject="skip"), Action.reject, Verdict.SKIP),
    ],
)
def test_what_follows_from_an_answer(node: Node, action: Action, verdict: Verdict) -> None:
    """A reject does what the node says, and never proceeds; skip and cancel do what they are called."""
    assert gates.decide(_answered(ask_before(node, ASKING), action)).verdict is verdict


def test_what_was_promised_counts() -> None:
    """The rule is that of the stored question, whatever the node says by now."""
    asked = ask_before(_step(requires_confirmation=True, on_reject="cancel"), ASKING)
    assert gates.verdict_of(Action.reject, asked.question) is Verdict.CANCEL


def test_an_open_question_decides_nothing() -> None:
    """ValueError."""
    with pytest.raises(ValueError, match="has no answer"):
        gates.decide(ask_before(_step(requires_confirmation=True), ASKING))


NUMBER = {"name": "n", "field_type": "int"}
VALUES: dict[str, Any] = {"requires_user_input": True}


@pytest.mark.parametrize(
    ("settings", "silence"),
    [
        ({"requires_confirmation": True}, Answer(action=Action.cancel)),
        ({"requires_confirmation": True, "on_timeout": "approve"}, Answer(action=Action.confirm)),
        ({"requires_confirmation": True, "on_timeout": "skip"}, Answer(action=Action.skip)),
        ({"requires_confirmation": True, "on_timeout": "reject"}, Answer(action=Action.reject)),
        ({**VALUES, "user_input_schema": [NUMBER], "on_timeout": "approve"}, Answer(action=Action.cancel)),
        ({**VALUES, "user_input_schema": [NUMBER], "on_timeout": "skip"}, Answer(action=Action.skip)),
        (
            {
                **VALUES,
                "user_input_schema": [{**NUMBER, "value": 3}, {"name": "o", "required": False}],
                "on_timeout": "approve",
            },
            Answer(action=Action.provide, values={"n": 3}),
        ),
    ],
)
def test_what_silence_answers(settings: dict[str, Any], silence: Answer) -> None:
    """`on_timeout`, in full: approval of a question for values gives the defaults, and cancels where one is missing."""
    asked = ask_before(_step(timeout=60, **settings), ASKING)
    assert (asked.silence, asked.deadline) == (silence.to_dict(), 1060.0)


def test_without_a_timeout_there_is_no_deadline() -> None:
    """None is invented, whatever `on_timeout` says."""
    asked = ask_before(_step(requires_confirmation=True, on_timeout="approve"), ASKING)
    assert (asked.silence, asked.deadline) == (None, None)


@pytest.mark.parametrize(
    ("on_timeout", "action"), [("approve", "skip"), ("skip", "skip"), ("reject", "skip"), ("cancel", "cancel")]
)
def test_silence_never_has_anything_run_again(on_timeout: str, action: str) -> None:
    """A question about a failure has the step's deadline, and is skipped or cancelled at it."""
    asked = ask_after_crash(_step(timeout=60, on_timeout=on_timeout), ASKING, 1)
    assert asked.silence == Answer(action=Action(action)).to_dict()
    assert asked.deadline == 1060.0


@pytest.mark.parametrize(
    ("pause", "actions"),
    [
        (ask_before(_step(requires_confirmation=True), ASKING), (Action.confirm, Action.reject)),
        (ask_before(_step(**VALUES, user_input_schema=[NUMBER]), ASKING), (Action.provide, Action.reject)),
        (ask_after_crash(_step(), ASKING, 1), (Action.retry, Action.skip, Action.cancel)),
        (ask_about_change("w", "It changed.", ASKING, 1), (Action.retry, Action.cancel)),
    ],
)
def test_what_may_be_answered(pause: PauseRecord, actions: tuple[Action, ...]) -> None:
    """A yes or values, and always a no; a failure is retried or skipped; a changed definition is never skipped."""
    assert gates.allowed_actions(pause.question) == actions


@pytest.mark.parametrize(
    ("settings", "failures", "gated", "again"),
    [
        ({}, 3, False, True),
        ({}, 4, False, False),
        ({}, 1, True, False),
        ({"max_retries": 2}, 2, True, True),
        ({"max_retries": 2}, 3, True, False),
        ({"max_retries": 0}, 1, False, False),
    ],
)
def test_when_a_step_is_tried_again(settings: dict[str, Any], failures: int, gated: bool, again: bool) -> None:
    """Three times by default, as often as the author said, and behind a gate only if the author said so."""
    assert gates.may_try_again(_step(**settings), failures, gated=gated) is again


def test_the_wait_before_a_retry_doubles() -> None:
    """0.5 s first, at most 8 s."""
    assert [gates.retry_delay(failures) for failures in (1, 2, 3, 4, 5, 6)] == [0.5, 1, 2, 4, 8, 8]


def test_a_message_is_made_where_none_is_given() -> None:
    """A question always says what it is about."""
    assert ask_before(_step(requires_confirmation=True), ASKING).question["message"] == "Run `a`?"
    asked = ask_before(_step(**VALUES, user_input_schema=[NUMBER]), ASKING)
    assert asked.question["message"] == "Fill in what `a` needs"


def test_the_digest_covers_what_is_promised() -> None:
    """The same question has the same digest, and another deadline another one."""
    step = _step(requires_confirmation=True)
    assert ask_before(step, ASKING).digest == ask_before(step, ASKING).digest
    assert ask_before(_step(requires_confirmation=True, timeout=1), ASKING).digest != ask_before(step, ASKING).digest
