"""From a form that was sent to the answer that it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kernbot.run.answer import Action, Answer
from kernbot.slack import ids
from kernbot.slack.parse_fields import read_fields, read_json
from kernbot.slack.render.facts import PauseFacts, Reviewed
from kernbot.slack.render.form_fields import (
    CHOICE,
    FEEDBACK,
    RESULT,
    SURE,
    VALUES,
    asks_for_any_values,
    fields_of,
    pieces_to_edit,
)
from kernbot.slack.render.inputs import field_id, hides_default
from kernbot.slack.render.text import restored

Errors = dict[str, str]
"""What is wrong, by block id, in words for the person."""
Values = Mapping[str, Any]


def read_answer(form: str, pause: PauseFacts, state: Mapping[str, Any]) -> Answer | Errors:
    """Return the answer, or what is wrong with it; `state` is the `state.values` of the view."""
    values, errors = read_fields(fields_of(form, pause), state)
    if errors:
        return errors
    try:
        return _READERS[form](pause, values)
    except ValueError as problem:
        return {field_id(0): str(problem)}


def _confirmed(_pause: PauseFacts, _values: Values) -> Answer:
    return Answer(action=Action.confirm)


def _provided(pause: PauseFacts, values: Values) -> Answer:
    """Return what was filled in; a plain yes to a call whose arguments were left as they are."""
    if asks_for_any_values(pause):
        return Answer(action=Action.provide, values=values[VALUES])
    given = {name: value for name, value in values.items() if name != SURE}
    is_as_asked = given == {field.name: field.default for field in pause.fields if not hides_default(field)}
    if pause.kind == "call_confirmation" and is_as_asked:
        return Answer(action=Action.confirm)
    return Answer(action=Action.provide, values=given)


def _supplied(_pause: PauseFacts, values: Values) -> Answer:
    return Answer(action=Action.supply, output=values[RESULT])


def _rejected(_pause: PauseFacts, values: Values) -> Answer:
    return Answer(action=Action.reject, feedback=values[FEEDBACK])


def _selected(_pause: PauseFacts, values: Values) -> Answer:
    chosen = values[CHOICE]
    return Answer(action=Action.select, routes=tuple(chosen) if isinstance(chosen, list) else (chosen,))


def _edited(pause: PauseFacts, values: Values) -> Answer:
    """Return an edit; a plain yes where nothing was changed. ValueError for nothing at all, and for wrong JSON."""
    reviewed = pause.reviewed or Reviewed(text="")
    typed = zip(values.values(), pieces_to_edit(pause), strict=True)
    text = restored("".join(f"{text}{after}" for text, (_, after) in typed if text), reviewed.text)
    if not text.strip():
        raise ValueError("Write what is to take its place.")
    output = read_json(text, "dict") if reviewed.is_data else text
    was = read_json(reviewed.text, "dict") if reviewed.is_data else reviewed.text
    return Answer(action=Action.confirm) if output == was else Answer(action=Action.edit, output=output)


_READERS: dict[str, Callable[[PauseFacts, Values], Answer]] = {
    ids.REVIEW: _confirmed,
    ids.FILL_IN: _provided,
    ids.RESULT: _supplied,
    ids.FEEDBACK: _rejected,
    ids.CHOOSE: _selected,
    ids.EDIT: _edited,
}
