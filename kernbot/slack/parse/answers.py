"""From a form that was sent to the answer that it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kernbot.run.answer import Action, Answer
from kernbot.slack import ids
from kernbot.slack.parse.fields import read_fields, read_json
from kernbot.slack.render.facts import FieldFacts, PauseFacts, Reviewed
from kernbot.slack.render.form_fields import (
    CHOICE,
    FEEDBACK,
    REASON,
    RESULT,
    SOMETHING_ELSE,
    VALUES,
    WORDS,
    asked_beside,
    asked_by,
    asks_for_any_values,
    pieces_to_edit,
)
from kernbot.slack.render.inputs import field_id, hides_default
from kernbot.slack.render.text import restored

Errors = dict[str, str]
"""What is wrong, by block id, in words for the person."""
Values = Mapping[str, Any]


def read_answer(form: str, pause: PauseFacts, state: Mapping[str, Any]) -> Answer | Errors:
    """Return the answer, or what is wrong with it; `state` is the `state.values` of the view."""
    asked, beside = asked_by(form, pause), asked_beside(form, pause)
    values, errors = read_fields(asked, state)
    more, more_errors = read_fields(beside, state, first=len(asked))
    if problems := errors | more_errors | _without_words(asked, values) | _without_words(beside, more, len(asked)):
        return problems
    try:
        answer = _READERS[form](pause, values)
    except ValueError as problem:
        return {field_id(0): str(problem)}
    return replace(answer, feedback=answer.feedback or _reason_in(more))


def _without_words(fields: Sequence[FieldFacts], values: Values, first: int = 0) -> Errors:
    """Return what is wrong with a reason that is to be written and was not."""
    if values.get(REASON) != SOMETHING_ELSE or values.get(WORDS):
        return {}
    place = next((number for number, field in enumerate(fields, start=first) if field.name == WORDS), None)
    return {} if place is None else {field_id(place): "Write the reason, or choose one above."}


def _reason_in(values: Values) -> str | None:
    """Return the reason, as it was chosen, in words, or both; None if there is none."""
    chosen = values.get(REASON)
    parts = [None if chosen == SOMETHING_ELSE else chosen, values.get(WORDS), values.get(FEEDBACK)]
    return ": ".join(filter(None, parts)) or None


def _confirmed(_pause: PauseFacts, _values: Values) -> Answer:
    return Answer(action=Action.confirm)


def _provided(pause: PauseFacts, values: Values) -> Answer:
    """Return what was filled in; a plain yes to a call whose arguments were left as they are."""
    if asks_for_any_values(pause):
        return Answer(action=Action.provide, values=values[VALUES])
    is_as_asked = values == {field.name: field.default for field in pause.fields if not hides_default(field)}
    if pause.kind == "call_confirmation" and is_as_asked:
        return Answer(action=Action.confirm)
    return Answer(action=Action.provide, values=dict(values))


def _supplied(_pause: PauseFacts, values: Values) -> Answer:
    return Answer(action=Action.supply, output=values[RESULT])


def _rejected(_pause: PauseFacts, values: Values) -> Answer:
    return Answer(action=Action.reject, feedback=_reason_in(values))


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
