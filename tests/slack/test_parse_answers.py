"""From a form to the answer that it holds."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernbot.run.answer import Action, Answer
from kernbot.slack import ids
from kernbot.slack.parse.answers import Errors, read_answer
from kernbot.slack.render.facts import FieldFacts, PauseFacts, Reviewed
from kernbot.slack.render.form_fields import SOMETHING_ELSE
from kernbot.slack.render.forms import form_of
from tests.slack.render_samples import (
    AGENT_CHOICES,
    CALL,
    CALL_RESULT,
    CONFIRMATION,
    DATA_REVIEW,
    OUTPUT_REVIEW,
    REGIONS,
    ROUTE,
    RUN,
    TOKENS,
    USER_INPUT,
)


def sent(form: str, pause: PauseFacts, *typed: Any) -> Answer | Errors:
    """Return what is read of a form that was sent with these values, in the order of its inputs; None leaves one."""
    view = form_of(form, RUN, pause, tokens=TOKENS)
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    values = [*typed, *[None] * (len(inputs) - len(typed))]
    state = {
        block["block_id"]: {block["element"]["action_id"]: _entry(block["element"], value)}
        for block, value in zip(inputs, values, strict=True)
    }
    return read_answer(form, pause, state)


def _entry(element: dict[str, Any], value: Any) -> dict[str, Any]:
    if element["type"] == "plain_text_input":
        return {"value": element.get("initial_value") if value is None else value}
    options = {option["text"]["text"]: option for option in element["options"]}
    if isinstance(value, list):
        return {"selected_options": [options[label] for label in value]}
    return {"selected_option": options.get(value)}


def edited(text: str, after: str) -> Answer | Errors:
    """Return what is read where something was written behind the last piece of an output."""
    pause = replace(OUTPUT_REVIEW, reviewed=Reviewed(text=text))
    view = form_of(ids.EDIT, RUN, pause, tokens=TOKENS)
    pieces = [block["element"].get("initial_value", "") for block in view["blocks"] if block["type"] == "input"]
    return sent(ids.EDIT, pause, *pieces[:-1], pieces[-1] + after)


@given(st.text(min_size=1, max_size=40), st.sampled_from([1, 1, 200]))
def test_an_edit_changes_what_was_changed_and_nothing_else(text: str, times: int) -> None:
    """An untouched form is a yes; something written at the end is added, and what can't be seen stays in between."""
    text = f"{text * times}."
    assert edited(text, "") == Answer(action=Action.confirm)
    answer = edited(text, " More.")
    assert isinstance(answer, Answer)
    assert answer.action is Action.edit
    assert _visible(answer.output) == _visible(f"{text} More.")


def _visible(text: str) -> str:
    """Return a text without what an edit may change: the signs before line feeds, and how a symbol is drawn."""
    return text.replace("\r\n", "\n").replace("\ufe0f", "")


def test_an_output_that_was_emptied_is_asked_for() -> None:
    """Nothing can't take the place of an output."""
    assert sent(ids.EDIT, OUTPUT_REVIEW, " ") == {"field.0": "This is required."}


def test_a_piece_of_a_long_output_may_be_emptied_but_not_all() -> None:
    """What is left counts; if nothing is, the form says so."""
    pause = replace(OUTPUT_REVIEW, reviewed=Reviewed(text="word " * 600))
    answer = sent(ids.EDIT, pause, "", "the end")
    assert answer == Answer(action=Action.edit, output="the end")
    assert sent(ids.EDIT, pause, "", "") == {"field.0": "Write what is to take its place."}


def test_edited_data_are_data() -> None:
    """JSON is read; wrong JSON is refused at its field, and the same data in other spacing are no change."""
    assert sent(ids.EDIT, DATA_REVIEW, '{"cut": 8}') == Answer(action=Action.edit, output={"cut": 8})
    assert sent(ids.EDIT, DATA_REVIEW, '{ "cut": 18 }') == Answer(action=Action.confirm)
    wrong = sent(ids.EDIT, DATA_REVIEW, "{")
    assert isinstance(wrong, dict)
    assert wrong["field.0"].startswith("This is not JSON")


def test_feedback_comes_with_a_reject() -> None:
    """The text is the answer's feedback; where it is optional, none is none."""
    assert sent(ids.FEEDBACK, OUTPUT_REVIEW, "Shorter.") == Answer(action=Action.reject, feedback="Shorter.")
    assert sent(ids.FEEDBACK, CALL) == Answer(action=Action.reject)


def test_choices_are_routes_in_the_order_of_the_list() -> None:
    """One choice is one route; several run in the order in which they were offered."""
    assert sent(ids.CHOOSE, ROUTE, "blue-green") == Answer(action=Action.select, routes=("blue-green",))
    several = sent(ids.CHOOSE, REGIONS, ["region-3", "region-1"])
    assert several == Answer(action=Action.select, routes=("region-1", "region-3"))
    assert sent(ids.CHOOSE, REGIONS, []) == {"field.0": "This is required."}


def test_a_choice_that_was_not_offered_is_refused() -> None:
    """A forged value is no choice."""
    state = {"field.0": {"input.0": {"selected_option": {"value": "0.99"}}}}
    assert read_answer(ids.CHOOSE, ROUTE, state) == {"field.0": "This is not one of the choices. Choose again."}


@pytest.mark.parametrize(
    ("amount", "answer"),
    [
        (None, Answer(action=Action.confirm)),
        ("100.00 EUR", Answer(action=Action.provide, values={"amount": "100.00 EUR"})),
    ],
)
def test_a_call_is_approved_with_the_arguments_that_were_left_or_changed(amount: str | None, answer: Answer) -> None:
    """Unchanged arguments are a plain yes."""
    assert sent(ids.FILL_IN, CALL, amount, ["Yes, make this call"]) == answer


def test_what_cannot_be_undone_needs_its_box_ticked() -> None:
    """Without it nothing is recorded, in both forms that approve."""
    assert sent(ids.FILL_IN, CALL, None, []) == {"field.1": "This is required."}
    assert sent(ids.REVIEW, CALL, []) == {"field.0": "This is required."}
    assert sent(ids.REVIEW, CALL, ["Yes, make this call"]) == Answer(action=Action.confirm)


def test_the_questions_of_an_agent_are_answered_by_their_labels() -> None:
    """A single choice is one label, several are a list."""
    answer = sent(ids.FILL_IN, AGENT_CHOICES, "blue", ["L", "S"])
    values = {"Which colour?": "blue", "Which sizes?": ["S", "L"]}
    assert answer == Answer(action=Action.provide, values=values)


def test_a_result_is_supplied_as_typed() -> None:
    """What looks like JSON stays text: the agent reads it."""
    assert sent(ids.RESULT, CALL_RESULT, '{"a": 1}') == Answer(action=Action.supply, output='{"a": 1}')


def test_values_without_a_schema_are_an_object() -> None:
    """The form takes any names."""
    answer = sent(ids.FILL_IN, replace(USER_INPUT, fields=[]), '{"x": [1]}')
    assert answer == Answer(action=Action.provide, values={"x": [1]})


def test_a_reason_is_chosen_or_written_or_both() -> None:
    """Where the author wants one it must be there; something else needs words."""
    pause = replace(CONFIRMATION, reason="reject", reasons=["Wrong version", "Bad moment"])
    rejected = partial(Answer, action=Action.reject)
    assert sent(ids.FEEDBACK, pause, "Bad moment", None) == rejected(feedback="Bad moment")
    assert sent(ids.FEEDBACK, pause, "Bad moment", "It is Friday.") == rejected(feedback="Bad moment: It is Friday.")
    assert sent(ids.FEEDBACK, pause, SOMETHING_ELSE, "No.") == rejected(feedback="No.")
    assert sent(ids.FEEDBACK, pause, SOMETHING_ELSE, None) == {"field.1": "Write the reason, or choose one above."}
    assert sent(ids.FEEDBACK, pause, None, "No.") == {"field.0": "This is required."}
    assert sent(ids.FEEDBACK, replace(pause, reasons=[]), None) == {"field.0": "This is required."}
    assert sent(ids.FEEDBACK, replace(pause, reasons=[]), "No.") == rejected(feedback="No.")


def test_a_yes_comes_with_its_reason_where_one_is_always_wanted() -> None:
    """It stands after what else is asked for, whatever that is called."""
    assert sent(ids.REVIEW, replace(CONFIRMATION, reason="always"), "Go.") == Answer(
        action=Action.confirm, feedback="Go."
    )
    named_alike = replace(
        USER_INPUT,
        reason="always",
        requires_confirmation=True,
        fields=[
            FieldFacts(name="Reason", field_type="str"),
            FieldFacts(name="This cannot be undone", field_type="int"),
        ],
        irreversible=True,
    )
    assert sent(ids.FILL_IN, named_alike, "theirs", "3", "mine", ["Yes, I am sure"]) == Answer(
        action=Action.provide, values={"Reason": "theirs", "This cannot be undone": 3}, feedback="mine"
    )
