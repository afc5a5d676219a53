"""Whatever is asked, every name can be read, and each form, filled in, is read as the answer that it holds."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kernbot.run.answer import Action, Answer
from kernbot.slack import ids
from kernbot.slack.parse.answers import read_answer
from kernbot.slack.render import modals
from kernbot.slack.render.card import card
from kernbot.slack.render.facts import FieldFacts, PauseFacts
from kernbot.slack.render.form_fields import fields_of
from kernbot.slack.render.forms import form_of
from kernbot.slack.render.inputs import field_id, input_id
from kernbot.slack.render.text import one_line
from tests.slack.render_samples import TOKENS, strings
from tests.slack.test_render_properties import ANY, FORMS, SHAPES, Shape, facts

TYPED = {"str": "some text", "int": "3", "float": "0.5", "list": '["a"]', "dict": '{"a": 1}'}
READ_AS = {
    ids.REVIEW: {Action.confirm},
    ids.FILL_IN: {Action.provide, Action.confirm},
    ids.RESULT: {Action.supply},
    ids.FEEDBACK: {Action.reject},
    ids.CHOOSE: {Action.select},
    ids.EDIT: {Action.edit},
}
LONGEST_NAME = 75
"""Longer names are cut, and stand whole where there is room."""


def filled_in(view: dict[str, Any], fields: list[FieldFacts], *, is_data: bool) -> dict[str, Any]:
    """Return the state of a form in which everything is filled in, lists with their last choice."""
    blocks = [block for block in view["blocks"] if block["type"] == "input"]
    assert [block["block_id"] for block in blocks] == [field_id(number) for number in range(len(fields))]
    return {
        field_id(number): {input_id(number): _entry(block["element"], field, number, is_data=is_data)}
        for number, (block, field) in enumerate(zip(blocks, fields, strict=True))
    }


def _entry(element: dict[str, Any], field: FieldFacts, number: int, *, is_data: bool) -> dict[str, Any]:
    if element["type"] == "plain_text_input":
        is_piece = is_data and field.default is not None
        typed = "" if is_piece and number else TYPED["dict" if is_piece else field.field_type]
        return {"value": typed}
    groups = element.get("option_groups", [element])
    option = groups[-1]["options"][-1]
    return {"selected_options": [option]} if field.several else {"selected_option": option}


def unreadable(pause: PauseFacts, shown: list[dict[str, Any]]) -> list[str]:
    """Return the names in a question that none of these messages and views shows."""
    names = [name for name, _ in pause.values] + [choice.name for choice in pause.choices]
    names += [field.name for field in pause.fields]
    text = "\n".join(text for message in shown for text in strings(message))
    short = (one_line(name) for name in names if len(one_line(name)) <= LONGEST_NAME)
    return [name for name in short if name.strip() and name.strip() not in text]


@given(SHAPES, st.lists(ANY, min_size=1, max_size=6))
def test_every_question_can_be_read_and_answered(shape: Shape, texts: list[tuple[str, int]]) -> None:
    """Race 8: no name is lost between the card, its details and its forms; each form gives an answer of its kind."""
    run, pause = facts(shape, [(text * times)[:5_000] for text, times in texts])
    forms = {form: form_of(form, run, pause, tokens=TOKENS) for form in FORMS[pause.kind]}
    message = card(run, pause, tokens=TOKENS, revision=1)
    assert unreadable(pause, [message, modals.details(run, pause), *forms.values()]) == []
    for form, view in forms.items():
        is_data = form == ids.EDIT and pause.reviewed is not None and pause.reviewed.is_data
        answer = read_answer(form, pause, filled_in(view, [*fields_of(form, pause)], is_data=is_data))
        assert isinstance(answer, Answer), answer
        assert answer.action in READ_AS[form]
