"""Open questions as a program answers them: what may be said, and what it changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.errors import AnswerError
from kernbot.run import RunStatus
from kernbot.run.answer import Action
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Loop, Parallel, Router, Steps, Workflow
from kernbot.workflow.types import ErrorRequirement, StepRequirement, UserInputField
from tests.engine.bench import Calls, Look, last_run

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


YES_OR_NO: dict[str, Any] = {"requires_confirmation": True}
VALUES: dict[str, Any] = {"requires_user_input": True, "user_input_schema": FIELDS}
ROUTE: dict[str, Any] = {"requires_route_selection": True, "available_choices": ["a", "b"]}
REVIEW: dict[str, Any] = {"requires_confirmation": True, "requires_output_review": True, "is_post_execution": True}


def _confirm(asked: StepRequirement) -> None:
    asked.confirm()


def _fill_in(asked: StepRequirement) -> None:
    asked.set_user_input(n=1)


def _edit(asked: StepRequirement) -> None:
    asked.edit("edited")


def _select(asked: StepRequirement) -> None:
    asked.select("a")


def _select_single(asked: StepRequirement) -> None:
    asked.select_single("a")


def _select_multiple(asked: StepRequirement) -> None:
    asked.select_multiple(["a"])


SELECT = (_select, _select_single, _select_multiple)
EVERYTHING = (_confirm, _fill_in, _edit, *SELECT)


@pytest.mark.parametrize(
    ("question", "right", "named"),
    [
        (YES_OR_NO, (_confirm,), "it asks for a yes or no: confirm() or reject()"),
        (VALUES, (_fill_in,), "it asks for values: set_user_input() or reject()"),
        (
            {**YES_OR_NO, **VALUES},
            (_confirm, _fill_in),
            "it asks for a yes and values: confirm() and set_user_input(), or reject()",
        ),
        (ROUTE, SELECT, "it asks for a selection: select() or reject()"),
        (REVIEW, (_confirm, _edit), "it asks for a review: confirm(), edit() or reject()"),
    ],
)
def test_an_answer_to_another_question_is_refused(question: dict[str, Any], right: Any, named: str) -> None:
    """AnswerError names the methods that fit, and nothing has changed; those, and a reject, are taken."""
    for method in EVERYTHING:
        asked = StepRequirement(step_name="send", **question)
        if method in right:
            method(asked)
            asked.reject()
            assert (asked.is_resolved, asked.confirmed) == (True, False)
            continue
        with pytest.raises(AnswerError, match=re.escape(named)):
            method(asked)
        assert asked == StepRequirement(step_name="send", **question)


@pytest.mark.parametrize(
    ("question", "method", "action"),
    [
        (YES_OR_NO, _confirm, "confirm"),
        (VALUES, _fill_in, "provide"),
        (ROUTE, _select, "select"),
        (REVIEW, _edit, "edit"),
    ],
)
def test_a_yes_in_any_form_is_a_yes(question: dict[str, Any], method: Any, action: str) -> None:
    """Also after a reject that was taken back."""
    asked = StepRequirement(step_name="send", **question)
    asked.reject("no")
    method(asked)
    assert asked.answer is not None
    assert (asked.confirmed, asked.answer.action, asked.rejection_feedback) == (True, action, None)


@pytest.mark.parametrize("question", [YES_OR_NO, VALUES, ROUTE, REVIEW])
def test_a_question_is_listed_by_what_it_needs(question: dict[str, Any]) -> None:
    """In one list alone, until it is decided."""
    asked = StepRequirement(step_name="send", **question)

    def needs() -> list[bool]:
        return [
            asked.needs_confirmation,
            asked.needs_user_input,
            asked.needs_route_selection,
            asked.needs_output_review,
        ]

    expected = [question is kind for kind in (YES_OR_NO, VALUES, ROUTE, REVIEW)]
    assert (needs(), asked.is_resolved) == (expected, False)
    asked.reject()
    assert (needs(), asked.is_resolved) == ([False] * 4, True)


@pytest.mark.parametrize("say", ["confirm", "reject"])
def test_a_stored_decision_may_be_given_again(say: str) -> None:
    """It changes nothing, for programs that answer all the questions of a run anew, the old ones too."""
    asked = _asking(confirmation=True)
    getattr(asked, say)()
    asked.is_stored, asked.resolved_at = True, 5.0
    getattr(asked, say)()
    assert (asked.confirmed, asked.resolved_at) == (say == "confirm", 5.0)


def test_a_selection_can_be_changed_until_it_is_stored() -> None:
    """The last one counts, and one that is refused leaves it as it was."""
    asked = StepRequirement(step_name="route", **ROUTE)
    asked.select("b")
    with pytest.raises(AnswerError, match="only one choice may be selected"):
        asked.select_multiple(["a", "b"])
    assert asked.selected_choices == ["b"]
    asked.select("a")
    assert asked.selected_choices == ["a"]
    asked.is_stored = True
    with pytest.raises(AnswerError, match="answered already"):
        asked.select("b")
    assert asked.selected_choices == ["a"]


def test_an_edit_may_be_none() -> None:
    """It is an edit all the same, and can be taken back."""
    asked = StepRequirement(step_name="write", **REVIEW)
    asked.edit(None)
    assert asked.answer is not None
    assert (asked.answer.action, asked.edited_output, asked.is_resolved) == (Action.edit, None, True)
    asked.confirm()
    assert asked.answer.action is Action.confirm


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


def _asks_everything(calls: Calls, db: Store) -> Workflow:
    """Return a workflow with every kind of question, some of them inside others."""
    schema = [{"name": "n", "field_type": "int"}]
    return Workflow(
        db=db,
        steps=[
            Steps("pipe", steps=[calls.step("confirmed", requires_confirmation=True)]),
            calls.step("filled", requires_user_input=True, user_input_schema=schema),
            Router([calls.step("a"), calls.step("b")], name="route", requires_user_input=True),
            calls.step("reviewed", requires_output_review=True),
            Loop([calls.step("inner")], "loop", requires_iteration_review=True),
            calls.failing("failed", 1, on_error="pause"),
        ],
    )


EXPECTED = "failed(inner(reviewed(b(filled(confirmed(x))))))"
NAMES = ["confirmed", "filled", "route", "reviewed", "loop"]


def _decide_the_last_entry(run: WorkflowRunOutput) -> None:
    """Look at the last requirement alone; at failures in their own list."""
    for asked in run.step_requirements[-1:]:
        if asked.is_resolved:
            continue
        if asked.requires_route_selection:
            asked.select("b")
        elif asked.requires_user_input:
            asked.set_user_input(n=1)
        else:
            asked.confirm()
    for failed in run.error_requirements:
        failed.retry()


def _decide_by_the_filters(run: WorkflowRunOutput) -> None:
    """Go through all that is open, kind by kind."""
    for asked in [*run.steps_requiring_confirmation, *run.steps_requiring_output_review]:
        asked.confirm()
    for asked in run.steps_requiring_user_input:
        asked.set_user_input(n=1)
    for asked in run.steps_requiring_route:
        asked.select("b")
    for failed in run.steps_with_errors:
        failed.retry()


@pytest.mark.parametrize("decide", [_decide_the_last_entry, _decide_by_the_filters])
@pytest.mark.parametrize("stream", [False, True])
def test_both_ways_of_the_documents_go_through(
    db: Store, look: Look, calls: Calls, decide: Callable[[WorkflowRunOutput], None], stream: bool
) -> None:
    """Whoever looks at the last entry, and whoever goes through the filters, gets to the end; nothing runs twice."""
    workflow = _asks_everything(calls, db)
    run = workflow.run("x")
    while run.is_paused:
        run = look(workflow, run)
        decide(run)
        if stream:
            list(workflow.continue_run(run, stream=True))
        run = last_run(workflow) if stream else workflow.continue_run(run)
    assert (run.status, run.content) == (RunStatus.COMPLETED, EXPECTED)
    assert [asked.step_name for asked in run.step_requirements] == NAMES
    assert calls.names == ["confirmed", "filled", "b", "reviewed", "inner", "failed", "failed"]


def test_requirements_accumulate_with_the_open_one_last(db: Store, look: Look, calls: Calls) -> None:
    """One question is open at a time, in one filter; the ones before it stay, decided."""
    workflow = _asks_everything(calls, db)
    run = workflow.run("x")
    for number, name in enumerate(NAMES, start=1):
        run = look(workflow, run)
        filters = [
            run.steps_requiring_confirmation,
            run.steps_requiring_user_input,
            run.steps_requiring_route,
            run.steps_requiring_output_review,
        ]
        assert [asked.step_name for found in filters for asked in found] == [name]
        assert [asked.step_name for asked in run.active_step_requirements] == [name]
        assert [asked.step_name for asked in run.step_requirements] == NAMES[:number]
        _decide_by_the_filters(run)
        run = workflow.continue_run(run)
    (failed,) = look(workflow, run).steps_with_errors
    assert (failed.step_name, failed.error_message, run.active_step_requirements) == ("failed", "failed is broken", [])
    assert (run.active_error_requirements, len(run.step_requirements)) == (run.steps_with_errors, 5)


def test_questions_that_are_open_together_are_all_listed(db: Store, look: Look, calls: Calls) -> None:
    """Each branch of a Parallel has its own, in the filters of its kind, last in the list."""
    branches = [
        calls.step("a", requires_confirmation=True),
        calls.step("b", requires_output_review=True),
        calls.step("c", requires_confirmation=True),
    ]
    workflow = Workflow(db=db, steps=[calls.step("first", requires_confirmation=True), Parallel(*branches)])
    run = workflow.run("x")
    _decide_by_the_filters(run)
    run = look(workflow, workflow.continue_run(run))
    assert sorted(str(asked.step_name) for asked in run.steps_requiring_confirmation) == ["a", "c"]
    assert [asked.step_name for asked in run.steps_requiring_output_review] == ["b"]
    assert (run.step_requirements[0].step_name, len(run.active_step_requirements)) == ("first", 3)


def test_an_earlier_decision_is_not_given_again(db: Store, look: Look, calls: Calls) -> None:
    """AnswerError for whoever goes through all requirements; what is open is not touched by it."""
    workflow = _asks_everything(calls, db)
    run = workflow.run("x")
    _decide_by_the_filters(run)
    run = look(workflow, workflow.continue_run(run))
    with pytest.raises(AnswerError, match="question of step 'confirmed' has been answered already"):
        run.step_requirements[0].reject()
    assert [asked.step_name for asked in run.active_step_requirements] == ["filled"]


def test_a_decision_looks_the_same_once_it_is_stored(db: Store, calls: Calls) -> None:
    """The requirement that was answered and the one that is loaded say the same of it."""
    workflow = _asks_everything(calls, db)
    run = workflow.run("x")
    while run.active_step_requirements:
        _decide_by_the_filters(run)
        (answered, run) = (run.step_requirements[-1], workflow.continue_run(run))
        stored = run.step_requirements[NAMES.index(str(answered.step_name))]
        assert (stored.answer, stored.confirmed, stored.user_input) == (
            answered.answer,
            answered.confirmed,
            answered.user_input,
        )
        assert (stored.selected_choices, stored.is_resolved) == (answered.selected_choices, True)


def test_a_decision_that_is_set_on_the_attributes_counts(calls: Calls, db: Store) -> None:
    """Values and a yes that a program puts on the requirement itself are as good as those given by its methods."""
    fields = [{"name": "size", "field_type": "int"}]
    step = calls.step("a", requires_confirmation=True, requires_user_input=True, user_input_schema=fields)
    workflow = Workflow(name="w", db=db, steps=[step])
    run = workflow.run("x")
    asked = run.step_requirements[-1]
    asked.user_input = {"size": 3}
    asked.confirmed = True
    run = workflow.continue_run(run)
    assert (run.status, run.step_requirements[-1].user_input) == ("COMPLETED", {"size": 3})
