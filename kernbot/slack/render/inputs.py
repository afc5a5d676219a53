"""One field as an input of a modal, and what the modal and the reader of its answers must agree on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kernbot.slack.render.blocks import Block, Element, plain
from kernbot.slack.render.facts import FieldFacts
from kernbot.slack.render.text import cut, one_line, short
from kernbot.slack.render.values import as_text

EXAMPLES = {
    "int": ("a whole number", "12"),
    "float": ("a number", "0.7"),
    "list": ("a list in JSON", '["a", "b"]'),
    "dict": ("an object in JSON", '{"name": "value"}'),
}
"""For the types that are typed as text: what they are called, and an example."""

_LONGEST_INPUT = 3_000
_LONGEST_LABEL = 75
_LONGEST_DESCRIPTION = 1_500
_ALL_DESCRIPTIONS = 9_000
_LONGEST_OPTION = 75
_LONGEST_LINE = 80
_MOST_RADIO = 10
_MOST_OPTIONS = 100


def field_id(number: int) -> str:
    """Return the block id of a field, which stays the same so that Slack keeps what was typed."""
    return f"field.{number}"


def input_id(number: int) -> str:
    """Return the action id of a field's input."""
    return f"input.{number}"


def option_value(number: int, place: int) -> str:
    """Return the value of a choice: its place among those of its field."""
    return f"{number}.{place}"


def choices(field: FieldFacts) -> Sequence[Any] | None:
    """Return what there is to choose from, or None for a field that is typed."""
    if field.allowed_values:
        return field.allowed_values
    return (True, False) if field.field_type == "bool" else None


def default_text(field: FieldFacts) -> str:
    """Return the default as it would be typed, or nothing."""
    if field.default is None:
        return ""
    is_json = field.field_type in ("list", "dict")
    return json.dumps(field.default, ensure_ascii=False, indent=2) if is_json else as_text(field.default)


def hides_default(field: FieldFacts) -> bool:
    """Whether the default is too long for an input, so that nothing typed stands for it."""
    return choices(field) is None and len(default_text(field)) > _LONGEST_INPUT


def input_blocks(fields: Sequence[FieldFacts]) -> list[Block]:
    """Return fields as inputs; the more there are, the less of each description is shown."""
    room = min(_LONGEST_DESCRIPTION, _ALL_DESCRIPTIONS // len(fields)) if fields else 0
    return [_input_block(number, field, room) for number, field in enumerate(fields)]


def _input_block(number: int, field: FieldFacts, room: int) -> Block:
    options = choices(field)
    element = _typed(field) if options is None else _chosen(number, field, options)
    block: Block = {
        "type": "input",
        "block_id": field_id(number),
        "label": plain(short(field.name, _LONGEST_LABEL)),
        "element": element | {"action_id": input_id(number)},
        "optional": not field.required or hides_default(field),
    }
    hint = _hint(field, room)
    return block | {"hint": plain(hint)} if hint else block


def _typed(field: FieldFacts) -> Element:
    default = default_text(field)
    element: Element = {"type": "plain_text_input", "max_length": _LONGEST_INPUT}
    if default and not hides_default(field):
        element["initial_value"] = default
    return element | {"multiline": True} if _is_long(field, default) else element


def _is_long(field: FieldFacts, default: str) -> bool:
    if field.field_type != "str":
        return field.field_type in ("list", "dict")
    return "\n" in default or max(len(default), len(field.description or "")) > _LONGEST_LINE


def _chosen(number: int, field: FieldFacts, values: Sequence[Any]) -> Element:
    options = [_option(number, place, value) for place, value in enumerate(values)]
    at_first = next((option for option, value in zip(options, values, strict=True) if value == field.default), None)
    chosen = {"initial_option": at_first} if at_first and field.default is not None else {}
    if len(options) <= _MOST_RADIO:
        return {"type": "radio_buttons", "options": options, **chosen}
    return {"type": "static_select", "placeholder": plain("Choose one"), **_options(options), **chosen}


def _options(options: list[Element]) -> dict[str, Any]:
    if len(options) <= _MOST_OPTIONS:
        return {"options": options}
    starts = range(0, len(options), _MOST_OPTIONS)
    return {"option_groups": [_group(options[start : start + _MOST_OPTIONS], start) for start in starts]}


def _group(options: list[Element], start: int) -> Element:
    return {"label": plain(f"{start + 1:,} to {start + len(options):,}"), "options": options}


def _option(number: int, place: int, value: Any) -> Element:
    """Return a choice; what its label has no room for goes on below it."""
    label = one_line(as_text(value)) or "“”"
    option = {"text": plain(label), "value": option_value(number, place)}
    if len(label) <= _LONGEST_OPTION:
        return option
    begin, rest = label[: _LONGEST_OPTION - 1], label[_LONGEST_OPTION - 1 :]
    below = rest if len(rest) < _LONGEST_OPTION else f"{rest[: _LONGEST_OPTION - 2]}…"
    return option | {"text": plain(f"{begin}…"), "description": plain(f"…{below}")}


def _hint(field: FieldFacts, room: int) -> str:
    description = cut(field.description or "", room)
    sentences = [description.text.rstrip()]
    if choices(field) is None and field.field_type in EXAMPLES:
        name, example = EXAMPLES[field.field_type]
        sentences.append(f"{name[0].upper()}{name[1:]}, such as {example}.")
    if hides_default(field):
        sentences.append(f"Left empty, the default of {len(default_text(field)):,} characters is used.")
    return " ".join(filter(None, sentences))
