"""Questions about calls of tools, as a program answers them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from kernbot.errors import AnswerError
from kernbot.models import response
from kernbot.run.answer import Action, Answer
from kernbot.run.requirement import RunRequirement
from kernbot.run.tool_execution import ToolExecution, UserFeedbackOption, UserFeedbackQuestion, UserInputField


def _asked(**call: Any) -> RunRequirement:
    return RunRequirement(
        pause_id="p1", tool_execution=ToolExecution(tool_name="send", tool_args={"to": "Bob", "n": 1}, **call)
    )


def _confirmation() -> RunRequirement:
    return _asked(requires_confirmation=True)


def _user_input() -> RunRequirement:
    fields = [
        UserInputField(name="to", suggestion="Bob"),
        UserInputField(name="n", field_type="int", value=1),
        UserInputField(name="note", required=False),
    ]
    return _asked(requires_user_input=True, user_input_schema=fields)


def _user_feedback() -> RunRequirement:
    question = UserFeedbackQuestion("Which?", [UserFeedbackOption("a"), UserFeedbackOption("b")])
    return _asked(requires_user_input=True, user_feedback_schema=[question])


def _external() -> RunRequirement:
    return _asked(external_execution_required=True)


def _editable() -> RunRequirement:
    return _asked(requires_confirmation=True, user_input_schema=[UserInputField(name="to", value="Bob")])


KINDS = {
    "confirmation": _confirmation,
    "user_input": _user_input,
    "user_feedback": _user_feedback,
    "external_execution": _external,
}
ANSWERS: dict[str, Callable[[RunRequirement], None]] = {
    "confirmation": lambda asked: asked.confirm(),
    "user_input": lambda asked: asked.provide_user_input({"to": "Eve"}),
    "user_feedback": lambda asked: asked.provide_user_feedback({"Which?": ["a"]}),
    "external_execution": lambda asked: asked.set_external_execution_result("done"),
}
METHODS = {
    "confirmation": "confirm()",
    "user_input": "provide_user_input()",
    "user_feedback": "provide_user_feedback()",
    "external_execution": "set_external_execution_result()",
}


def _needs(asked: RunRequirement) -> list[str]:
    return [kind for kind in KINDS if getattr(asked, f"needs_{kind}")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_needs_one_thing_until_it_has_it(kind: str) -> None:
    """Exactly one `needs_...` is True, that of the pause type, and none afterwards."""
    asked = KINDS[kind]()
    assert (asked.pause_type, _needs(asked), asked.is_resolved(), asked.answer) == (kind, [kind], False, None)
    ANSWERS[kind](asked)
    assert (_needs(asked), asked.is_resolved()) == ([], True)
    assert asked.resolved_at == pytest.approx(time.time(), abs=5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_a_method_of_another_question_is_refused(kind: str, other: str) -> None:
    """The error names the method that is right, and nothing has changed."""
    if kind == other:
        return
    asked = KINDS[kind]()
    with pytest.raises(AnswerError, match=r"tool 'send' asks for no .*; it asks for .*: ") as caught:
        ANSWERS[other](asked)
    assert METHODS[kind] in str(caught.value)
    assert not asked.is_resolved()


@pytest.mark.parametrize("kind", KINDS)
def test_every_question_can_be_rejected(kind: str) -> None:
    """A no with its note decides whatever is asked, and may be taken back."""
    asked = KINDS[kind]()
    ANSWERS[kind](asked)
    asked.reject("too risky")
    assert asked.answer == Answer(action=Action.reject, feedback="too risky")
    assert (asked.confirmation, asked.confirmation_note) == (False, "too risky")
    ANSWERS[kind](asked)
    assert asked.answer is not None
    assert asked.answer.action is not Action.reject
    assert asked.confirmation_note is None


def test_each_decision_is_an_answer() -> None:
    """Confirm, provide with all values or the labels, supply with the result."""
    answers = []
    for kind, make in KINDS.items():
        asked = make()
        ANSWERS[kind](asked)
        answers.append(asked.answer)
    assert answers == [
        Answer(action=Action.confirm),
        Answer(action=Action.provide, values={"to": "Eve", "n": 1}),
        Answer(action=Action.provide, values={"Which?": ["a"]}),
        Answer(action=Action.supply, output="done"),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_decision_may_be_given_again(kind: str) -> None:
    """A program that answers all the questions of a run anew, the old ones too, changes nothing of those."""
    asked = KINDS[kind]()
    ANSWERS[kind](asked)
    stored = RunRequirement(
        pause_id="p1", tool_execution=asked.tool_execution, stored_answer=asked.answer, decided_at=5.0
    )
    ANSWERS[kind](stored)
    assert (stored.answer, stored.decided_at) == (asked.answer, 5.0)


def test_a_stored_no_may_be_given_again() -> None:
    """With the reason that it had, or with none; another reason is another answer."""
    stored = RunRequirement(
        pause_id="p1",
        tool_execution=KINDS["confirmation"]().tool_execution,
        stored_answer=Answer(action=Action.reject, feedback="no"),
    )
    stored.reject("no")
    stored.reject()
    assert stored.confirmation_note == "no"
    with pytest.raises(AnswerError, match=r"answered already \(reject\)"):
        stored.reject("never")


@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_decision_is_final(kind: str) -> None:
    """It is shown as it was given; nothing that is done to it counts."""
    asked = KINDS[kind]()
    ANSWERS[kind](asked)
    stored = RunRequirement(
        pause_id="p1", tool_execution=KINDS[kind]().tool_execution, stored_answer=asked.answer, decided_at=5.0
    )
    assert stored.tool_execution == asked.tool_execution
    with pytest.raises(AnswerError, match="answered already"):
        stored.reject()
    stored["confirmation"] = False
    assert (stored.answer, stored.is_stored, stored.resolved_at) == (asked.answer, True, 5.0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "to is required"),
        ({"to": ""}, "to is required"),
        ({"to": 5}, "to must be text"),
        ({"to": "Eve", "n": "many"}, "n must be a whole number, not 'many'"),
        ({"to": "Eve", "n": "1.5"}, "n must be a whole number"),
        ({"to": "Eve", "too": "Bob"}, "too is not a field"),
    ],
)
def test_wrong_values_change_nothing(values: dict[str, Any], words: str) -> None:
    """The guess of the model fills no gap, types are checked, and unknown names are refused."""
    asked = _user_input()
    with pytest.raises(AnswerError, match=words):
        asked.provide_user_input(values)
    assert not asked.is_resolved()
    assert [item.value for item in asked.user_input_schema or ()] == [None, 1, None]


@pytest.mark.parametrize(
    ("field_type", "text", "value"),
    [
        ("int", "5", 5),
        ("float", "2.5", 2.5),
        ("bool", "True", True),
        ("list", "[1, 2]", [1, 2]),
        ("dict", '{"a": 1}', {"a": 1}),
        ("str", "5", "5"),
    ],
)
def test_typed_in_text_becomes_the_type_of_its_field(field_type: str, text: str, value: Any) -> None:
    """Programs that ask with `input()` have texts only."""
    asked = _asked(requires_user_input=True, user_input_schema=[UserInputField(name="x", field_type=field_type)])
    asked.provide_user_input({"x": text})
    assert asked.answer == Answer(action=Action.provide, values={"x": value})


@pytest.mark.parametrize("text", ["NaN", "Infinity", "five"])
def test_text_that_is_no_number_is_refused(text: str) -> None:
    """Only what JSON can hold is a number."""
    asked = _asked(requires_user_input=True, user_input_schema=[UserInputField(name="x", field_type="float")])
    with pytest.raises(AnswerError, match="x must be a number"):
        asked.provide_user_input({"x": text})


def test_wrong_selections_change_nothing() -> None:
    """A label that was not offered is refused."""
    asked = _user_feedback()
    with pytest.raises(AnswerError, match="has no choice 'c'"):
        asked.provide_user_feedback({"Which?": ["c"]})
    assert not asked.is_resolved()


def test_no_result_is_none() -> None:
    """None can't be told to a model."""
    asked = _external()
    with pytest.raises(AnswerError, match="needs a result"):
        asked.set_external_execution_result(None)
    assert asked.needs_external_execution


def test_a_result_that_is_set_directly_counts() -> None:
    """`tool_execution.result = ...` supplies it, decided at that time."""
    asked = _external()
    assert asked.resolved_at is None
    asked.tool_execution.result = {"rows": 3}
    assert asked.answer == Answer(action=Action.supply, output={"rows": 3})
    assert asked.resolved_at == pytest.approx(time.time(), abs=5)


def test_fields_that_are_filled_directly_count_once_none_is_missing() -> None:
    """`field.value = ...` for each field that is asked for is enough; what is optional may stay empty."""
    asked = _user_input()
    to, number, _ = asked.user_input_schema or []
    number.value = "2"
    assert not asked.is_resolved()
    to.value = "Eve"
    assert asked.answer == Answer(action=Action.provide, values={"to": "Eve", "n": 2})


def test_a_wrong_value_that_is_set_directly_is_found_when_the_answer_is_taken() -> None:
    """The program is told, not the model."""
    asked = _user_input()
    for item in asked.user_input_schema or ():
        item.value = 5
    assert asked.is_resolved()
    with pytest.raises(AnswerError, match="to must be text"):
        _ = asked.answer


def test_optional_fields_are_open_until_they_are_submitted() -> None:
    """A schema without required fields doesn't answer itself."""
    asked = _asked(requires_user_input=True, user_input_schema=[UserInputField(name="note", required=False)])
    assert asked.needs_user_input
    asked.provide_user_input({})
    assert asked.answer == Answer(action=Action.provide)


def test_a_yes_that_is_set_directly_counts() -> None:
    """As an attribute of the call, or by key as on a dict."""
    by_key, by_call = _confirmation(), _confirmation()
    by_key["confirmation"] = True
    by_call.tool_execution.confirmed = False
    assert by_key.answer == Answer(action=Action.confirm)
    assert by_call.answer == Answer(action=Action.reject)


def test_a_yes_that_is_set_directly_answers_no_other_question() -> None:
    """Values that were asked for are still missing."""
    asked = _user_input()
    asked["confirmation"] = True
    assert asked.needs_user_input


def test_attributes_are_keys_too() -> None:
    """As on a dict, a misspelt key is a KeyError, or the default."""
    asked = _confirmation()
    assert asked["tool_execution"].get("tool_name") == "send"
    assert (asked.get("nothing", 7), asked.get("_values")) == (7, None)
    with pytest.raises(KeyError):
        asked["confirmaton"] = True


def test_a_yes_may_come_with_changed_arguments() -> None:
    """Where arguments are editable, values are the yes, and go with it."""
    edited, as_it_is = _editable(), _editable()
    edited.provide_user_input({"to": "Eve"})
    as_it_is.confirm()
    assert edited.answer == Answer(action=Action.provide, values={"to": "Eve"})
    assert as_it_is.answer == Answer(action=Action.confirm)
    assert (_needs(_editable()), _needs(edited), edited.confirmation) == (["confirmation"], [], True)


def test_an_edit_alone_is_no_yes() -> None:
    """Writing into an editable field decides nothing, and goes with the yes that follows."""
    asked = _editable()
    (asked.user_input_schema or [])[0].value = "Eve"
    assert not asked.is_resolved()
    asked.confirm()
    assert asked.answer == Answer(action=Action.provide, values={"to": "Eve"})


def test_a_requirement_as_json() -> None:
    """It holds the call, and nothing that is None."""
    asked = RunRequirement(
        pause_id="p1",
        tool_execution=_user_input().tool_execution,
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
        member_agent_name="Ann",
    )
    data = json.loads(json.dumps(asked.to_dict()))
    assert (data["id"], data["created_at"], data["member_agent_name"]) == ("p1", "2026-01-02T00:00:00+00:00", "Ann")
    assert data["tool_execution"]["user_input_schema"][0]["suggestion"] == "Bob"
    assert "confirmation" not in data
    assert "result" not in data["tool_execution"]


def test_no_argument_is_in_a_repr() -> None:
    """It may be secret."""
    asked = _user_input()
    asked.provide_user_input({"to": "hunter2"})
    asked.tool_execution.result = "hunter2"
    assert not {"hunter2", "Bob"} & set(repr(asked).replace("'", " ").split())


def test_the_documents_name_them_elsewhere() -> None:
    """`kernbot.models.response` has the same classes."""
    assert response.ToolExecution is ToolExecution
    assert response.UserInputField is UserInputField
