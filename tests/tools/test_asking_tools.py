"""The tools by which an agent itself asks people."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from kernbot.errors import AnswerError
from kernbot.run.tool_execution import UserFeedbackOption, UserFeedbackQuestion, answer_text, checked_selections
from kernbot.tools import ToolArgumentError
from kernbot.tools.toolkit import instructions_of
from kernbot.tools.user_control_flow import UserControlFlowTools
from kernbot.tools.user_feedback import UserFeedbackTools

GET_USER_INPUT = UserControlFlowTools().functions["get_user_input"]
ASK_USER = UserFeedbackTools().functions["ask_user"]
FIELD = {"field_name": "days", "field_type": "int", "field_description": "How long?"}
QUESTION = {"question": "Which way?", "options": [{"label": "by car"}, {"label": "by train"}]}
WAY = UserFeedbackQuestion("Which way?", [UserFeedbackOption("by car"), UserFeedbackOption("by train")])
WHEN = UserFeedbackQuestion("When?", [UserFeedbackOption("May"), UserFeedbackOption("June")], multi_select=True)


def test_a_model_asks_for_values() -> None:
    """`get_user_input` says what the fields are; all of them are required."""
    (field,) = GET_USER_INPUT.fields_to_fill({"user_input_fields": [FIELD]})
    assert GET_USER_INPUT.asks == "fields"
    assert (field.name, field.field_type, field.description) == ("days", "int", "How long?")
    assert (field.value, field.required) == (None, True)


def test_a_model_asks_for_choices() -> None:
    """`ask_user` says what the questions and their options are, which survive being stored."""
    (question,) = ASK_USER.questions_to_ask({"questions": [QUESTION]})
    assert ASK_USER.asks == "questions"
    assert question == WAY
    assert UserFeedbackQuestion.from_dict(json.loads(json.dumps(asdict(question)))) == question


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [{"field_type": "int"}],
        [{"field_name": ""}],
        [{"field_name": "when", "field_type": "date"}],
        [FIELD, FIELD],
    ],
)
def test_a_wrong_request_for_values_goes_back_to_the_model(fields: list[dict[str, Any]]) -> None:
    """No field, one without a name, of an unknown type, or twice."""
    with pytest.raises(ToolArgumentError):
        GET_USER_INPUT.fields_to_fill({"user_input_fields": fields})


@pytest.mark.parametrize(
    "questions",
    [
        [],
        [{"question": "Which?", "options": []}],
        [{"question": "Which?", "options": [{"label": "a"}, {"label": "a"}]}],
        [QUESTION, QUESTION],
        ["Which?"],
    ],
)
def test_a_wrong_request_for_choices_goes_back_to_the_model(questions: list[Any]) -> None:
    """No question, one without options, with one twice, or asked twice."""
    with pytest.raises(ToolArgumentError):
        ASK_USER.questions_to_ask({"questions": questions})


def test_selections_are_labels_of_their_question() -> None:
    """One, or several where that is allowed; a single one may be given as text."""
    assert checked_selections([WAY, WHEN], {"When?": ["June", "May"], "Which way?": "by car"}) == {
        "Which way?": ["by car"],
        "When?": ["June", "May"],
    }


@pytest.mark.parametrize(
    ("selections", "words"),
    [
        ({}, "'Which way?' needs a choice among 'by car', 'by train'"),
        ({"Which way?": []}, "'Which way?' needs a choice"),
        ({"Which way?": ["by boat"]}, "'Which way?' has no choice 'by boat'"),
        ({"Which way?": ["by car", "by train"]}, "'Which way?' takes only one choice"),
        ({"When?": ["May", "May"]}, "'When?' has a choice that was made twice"),
        ({"Why?": ["x"]}, "'Why?' was not asked"),
        ({"When?": 5}, "'When?' needs a choice among 'May', 'June'"),
    ],
)
def test_each_wrong_selection_is_named(selections: dict[str, Any], words: str) -> None:
    """A label that was not offered never reaches the model."""
    with pytest.raises(AnswerError) as caught:
        checked_selections([WAY, WHEN], selections)
    assert words in str(caught.value)


def test_the_model_is_told_the_answers_as_json() -> None:
    """A list of names and values, or of questions and selections."""
    assert json.loads(answer_text("fields", {"days": 3})) == [{"name": "days", "value": 3}]
    assert json.loads(answer_text("questions", {"When?": ["May"]})) == [{"question": "When?", "selected": ["May"]}]


def test_agents_are_told_how_to_ask() -> None:
    """The toolkits come with instructions, which an author may replace or drop."""
    own = UserControlFlowTools(instructions="Ask little."), UserFeedbackTools(add_instructions=False)
    assert len(instructions_of([UserControlFlowTools(), UserFeedbackTools()])) == 2
    assert instructions_of(own) == ["Ask little."]
    assert UserControlFlowTools(enable_get_user_input=False).functions == {}
