"""Open questions as a program answers them: what may be said, and what it changes."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.errors import AnswerError
from kernbot.run.answer import Action
from kernbot.workflow.types import ErrorRequirement, StepRequirement, UserInputField

FIELDS = [
    UserInputField(name="n", field_type="int"),
    UserInputField(name="mode", allowed_values=["fast", "slow"], value="fast"),
    UserInputField(name="note", required=False),
]


def _asking(*, confirmation: bool = False, values: bool = False, **settings: Any) -> StepRequirement:
    return StepRequirement(
        step_name="send",
        requires_confirmation=confirmation,
        requires_user_input=values,
        user_input_schema=FIELDS if values else None,
        **settings,
    )


def test_a_yes_can_be_changed_until_it_is_stored() -> None:
    """The last of several decisions counts."""
    asked = _asking(confirmation=True)
    asked.confirm()
    asked.reject("too early")
    assert (asked.confirmed, asked.rejection_feedback, asked.is_resolved) == (False, "too early", True)
    asked.confirm()
    assert (asked.confirmed, asked.rejection_feedback) == (True, None)


def test_a_stored_decision_is_final() -> None:
    """AnswerError, and nothing has changed."""
    asked = _asking(confirmation=True)
    asked.confirm()
    asked.is_stored = True
    with pytest.raises(AnswerError, match="answered already"):
        asked.reject()
    assert asked.confirmed is True


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        (_asking(confirmation=True), lambda it: it.set_user_input(n=1)),
        (_asking(values=True), lambda it: it.confirm()),
    ],
)
def test_an_answer_to_another_question_is_refused(asked: StepRequirement, wrong: Any) -> None:
    """Values for a yes-or-no, and a yes for values, leave the question as it was."""
    with pytest.raises(AnswerError, match="asks for no"):
        wrong(asked)
    assert not asked.is_resolved


def test_both_parts_of_a_double_question_are_needed() -> None:
    """Values alone are no yes and a yes alone gives no values; what is missing is still listed."""
    asked = _asking(confirmation=True, values=True)
    asked.set_user_input(n=1)
    assert (asked.is_resolved, asked.needs_confirmation, asked.needs_user_input) == (False, True, False)
    asked.confirm()
    assert asked.is_resolved
    assert asked.answer is not None
    assert (asked.answer.action, asked.answer.values) == (Action.provide, {"n": 1, "mode": "fast"})


def test_a_reject_decides_a_double_question() -> None:
    """Nothing more is needed, and values given afterwards do not undo it."""
    asked = _asking(confirmation=True, values=True)
    asked.reject()
    asked.set_user_input(n=1)
    assert (asked.is_resolved, asked.needs_confirmation, asked.confirmed) == (True, False, False)


def test_values_undo_the_reject_of_a_question_for_values() -> None:
    """The last of several decisions counts here too."""
    asked = _asking(values=True)
    asked.reject()
    asked.set_user_input(n=1)
    assert asked.answer is not None
    assert asked.answer.action is Action.provide


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({}, "n is required"),
        ({"n": None}, "n is required"),
        ({"n": ""}, "n is required"),
        ({"n": True}, "n must be a whole number, not True"),
        ({"n": 1.5}, "n must be a whole number, not 1.5"),
        ({"n": "1"}, "n must be a whole number, not '1'"),
        ({"n": 1, "mode": "medium"}, "mode must be one of 'fast', 'slow', not 'medium'"),
        ({"n": 1, "note": 2}, "note must be text, not 2"),
        ({"n": 1, "extra": 9}, "extra is not a field of this question"),
    ],
)
def test_wrong_values_change_nothing(values: dict[str, Any], complaint: str) -> None:
    """Every problem is named, and neither the question nor its schema has changed."""
    asked = _asking(values=True)
    with pytest.raises(AnswerError, match=complaint):
        asked.set_user_input(**values)
    assert (asked.user_input, asked.is_resolved, asked.user_input_schema) == (None, False, FIELDS)


def test_every_problem_is_named_at_once() -> None:
    """One error for all fields."""
    with pytest.raises(AnswerError, match=r"n is required.*mode must be one of"):
        _asking(values=True).set_user_input(mode="medium")


@pytest.mark.parametrize(
    ("field_type", "good", "bad"),
    [
        ("str", "x", 1),
        ("int", 0, True),
        ("float", 1, True),
        ("float", 0.5, "0.5"),
        ("bool", False, 0),
        ("list", [], "a"),
        ("dict", {}, []),
    ],
)
def test_each_type_takes_its_own_values(field_type: str, good: Any, bad: Any) -> None:
    """No text is taken for a number, no bool for an int; 0, False and what is empty are values."""
    asked = _asking(values=True)
    asked.user_input_schema = [UserInputField(name="v", field_type=field_type)]
    with pytest.raises(AnswerError):
        asked.set_user_input(v=bad)
    asked.set_user_input(v=good)
    assert asked.get_user_input("v") == good


def test_a_question_of_optional_fields_is_listed_until_it_is_answered() -> None:
    """It needs input although no field is required; answering it with nothing is an answer."""
    asked = _asking(values=True)
    asked.user_input_schema = [UserInputField(name="note", required=False)]
    assert asked.needs_user_input
    asked.set_user_input()
    assert (asked.needs_user_input, asked.user_input) == (False, {})


def test_a_field_may_have_any_name() -> None:
    """Even `self`."""
    asked = _asking(values=True)
    asked.user_input_schema = [UserInputField(name="self")]
    asked.set_user_input(self="me")
    assert asked.get_user_input("self") == "me"


def test_a_failure_is_retried_or_skipped() -> None:
    """One decision, which can be changed until it is stored."""
    failed = ErrorRequirement(step_name="send")
    assert (failed.needs_decision, failed.decision) == (True, None)
    failed.retry()
    failed.skip()
    assert (failed.needs_decision, failed.decision) == (False, "skip")


def test_a_changed_definition_can_not_be_skipped() -> None:
    """AnswerError names what can be done."""
    changed = ErrorRequirement(step_name="w", error_message="It changed.", actions=(Action.retry,))
    with pytest.raises(AnswerError, match=r"It changed. Use retry\(\)"):
        changed.skip()
