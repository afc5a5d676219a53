"""One field as an input of a modal, and what the modal and the reader of its answers must agree on."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

from kernbot.slack.render.blocks import Block, Element, plain, section
from kernbot.slack.render.facts import FieldFacts
from kernbot.slack.render.text import cut, one_line, short, with_lines
from kernbot.slack.render.values import as_text

EXAMPLES = {
    "int": ("a whole number", "12"),
    "float": ("a number", "0.7"),
    "decimal": ("a number", "0.7"),
    "date": ("a date", "2026-12-31"),
    "datetime": ("a date and time", "2026-12-31 14:30"),
    "list": ("a list in JSON", '["a", "b"]'),
    "dict": ("an object in JSON", '{"name": "value"}'),
}
"""For the types that are typed as text: what they are called, and an example."""
_HOW_TO_TYPE = {
    "datetime": "Your time zone counts: {zone}.",
    "lines": "One per line.",
    "any": "A text, or JSON.",
}

SHOWN_NOWHERE = "Secret: what you type is shown nowhere."

_LONGEST_INPUT = 3_000
_LONGEST_LABEL = 300
_SHORTEST_LABEL = 75
_LONGEST_DESCRIPTION = 1_500
_ALL_DESCRIPTIONS = 7_000
_LONGEST_OPTION = 75
_LONGEST_GUESS = 150
_LONGEST_LINE = 80
_MOST_RADIO = 10
_MOST_OPTIONS = 100
_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


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
    if field.field_type == "lines":
        return "\n".join(field.default)
    if field.field_type == "any":
        return any_text(field.default)
    is_json = field.field_type in ("list", "dict")
    return json.dumps(field.default, ensure_ascii=False, indent=2) if is_json else as_text(field.default)


def any_text(value: Any) -> str:
    """Return any value as it would be typed: as JSON, but for a text that could not be taken for such."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError:
            return value
    return json.dumps(value, ensure_ascii=False, indent=2)


def shown_at_first(field: FieldFacts) -> str:
    """Return the text that an input begins with; never a secret."""
    return "" if field.secret else with_lines(_text_at_first(field))


def hides_default(field: FieldFacts) -> bool:
    """Whether the default, or what was typed already, is secret or too long for an input.

    Nothing typed stands for it then. A secret that was typed is not kept.
    """
    text = with_lines(_text_at_first(field))
    is_secret = field.secret and field.typed is None and bool(text)
    return choices(field) is None and (is_secret or (len(text) > _LONGEST_INPUT and not (field.secret and field.typed)))


def _text_at_first(field: FieldFacts) -> str:
    return default_text(field) if field.typed is None else field.typed


def fits_in_label(name: str) -> bool:
    """Whether the label of an input shows a name whole, however many inputs there are."""
    return len(one_line(name)) <= _SHORTEST_LABEL


def fits_in_option(label: str, description: str) -> bool:
    """Whether a choice is shown whole."""
    return len(one_line(label)) <= _LONGEST_OPTION and len(one_line(description)) <= _LONGEST_OPTION


def input_blocks(fields: Sequence[FieldFacts]) -> list[Block]:
    """Return fields as inputs; the more there are, the less of each description is shown."""
    each = _ALL_DESCRIPTIONS // max(len(fields), 1)
    room, label = min(_LONGEST_DESCRIPTION, each), max(_SHORTEST_LABEL, min(_LONGEST_LABEL, each // 2))
    blocks: list[Block] = []
    for number, field in enumerate(fields):
        blocks += [section(f"problem.{number}", field.problem)] if field.problem else []
        blocks.append(_input_block(number, field, room, label))
    return blocks


def _input_block(number: int, field: FieldFacts, room: int, label: int) -> Block:
    options = choices(field)
    element = _typed(field) if options is None else _chosen(number, field, options)
    block: Block = {
        "type": "input",
        "block_id": field_id(number),
        "label": plain(short(field.name, label)),
        "element": element | {"action_id": input_id(number)},
        "optional": not field.required or hides_default(field),
    }
    hint = _hint(field, room)
    return block | {"hint": plain(hint)} if hint else block


def _typed(field: FieldFacts) -> Element:
    default = shown_at_first(field)
    if field.field_type == "date":
        return _picked(default)
    element: Element = {"type": "plain_text_input", "max_length": _LONGEST_INPUT}
    if default and len(default) <= _LONGEST_INPUT:
        element["initial_value"] = default
    return element | {"multiline": True} if _is_long(field, default) else element


def _picked(day: str) -> Element:
    element: Element = {"type": "datepicker", "placeholder": plain("Choose a date")}
    return element | {"initial_date": day} if _DAY.fullmatch(day) else element


def _is_long(field: FieldFacts, default: str) -> bool:
    if field.is_long:
        return True
    if field.field_type != "str":
        return field.field_type in ("list", "dict", "lines", "any")
    return "\n" in default or max(len(default), len(field.description or "")) > _LONGEST_LINE


def _chosen(number: int, field: FieldFacts, values: Sequence[Any]) -> Element:
    descriptions = chain(field.descriptions, repeat(None))
    options = [_option(number, place, *option) for place, option in enumerate(zip(values, descriptions, strict=False))]
    at_first = [option for option, value in zip(options, values, strict=True) if _is_default(field, value)]
    few, many = ("checkboxes", "multi_static_select") if field.several else ("radio_buttons", "static_select")
    chosen = _chosen_at_first(field, at_first) if at_first else {}
    if len(options) <= _MOST_RADIO:
        return {"type": few, "options": options, **chosen}
    placeholder = plain("Choose one or more" if field.several else "Choose one")
    return {"type": many, "placeholder": placeholder, **_options(options), **chosen}


def _chosen_at_first(field: FieldFacts, options: list[Element]) -> dict[str, Any]:
    return {"initial_options": options} if field.several else {"initial_option": options[0]}


def _is_default(field: FieldFacts, value: Any) -> bool:
    if field.default is None:
        return False
    return value in field.default if field.several else value == field.default


def _options(options: list[Element]) -> dict[str, Any]:
    if len(options) <= _MOST_OPTIONS:
        return {"options": options}
    starts = range(0, len(options), _MOST_OPTIONS)
    return {"option_groups": [_group(options[start : start + _MOST_OPTIONS], start) for start in starts]}


def _group(options: list[Element], start: int) -> Element:
    return {"label": plain(f"{start + 1:,} to {start + len(options):,}"), "options": options}


def _option(number: int, place: int, value: Any, description: str | None) -> Element:
    """Return a choice; what its label has no room for goes on below it, before its description."""
    label = one_line(as_text(value))
    label = label if label.strip() else f"“{label}”"
    begin, rest = label, ""
    if len(label) > _LONGEST_OPTION:
        begin, rest = f"{label[: _LONGEST_OPTION - 1]}…", f"…{label[_LONGEST_OPTION - 1 :]}"
    option = {"text": plain(begin), "value": option_value(number, place)}
    below = short(" ".join(filter(None, (rest, description))), _LONGEST_OPTION)
    return option | {"description": plain(below)} if below.strip() else option


def _ended(text: str) -> str:
    """Return a text to which a sentence can be added."""
    return f"{text}." if text and text[-1].isalnum() else text


def _hint(field: FieldFacts, room: int) -> str:
    description = cut(field.description or "", room - 1)
    sentences = []
    if choices(field) is None and field.field_type in EXAMPLES and field.field_type != "date":
        name, example = EXAMPLES[field.field_type]
        sentences.append(f"{name[0].upper()}{name[1:]}, such as {example}.")
    sentences.append(_HOW_TO_TYPE.get(field.field_type, "").format(zone=field.zone))
    if field.suggestion is not None:
        guess = short(as_text(field.suggestion), min(_LONGEST_GUESS, room))
        sentences.append(f"The model's guess, not used unless you type it: “{guess}”.")
    if field.secret:
        sentences.append(SHOWN_NOWHERE)
    if hides_default(field):
        what = "the default of" if field.typed is None else "all that you typed is used,"
        is_used = " is used" if field.typed is None else ""
        sentences.append(f"Left empty, {what} {len(_text_at_first(field)):,} characters{is_used}.")
    told = " ".join(filter(None, sentences))
    return " ".join(filter(None, [_ended(description.text.rstrip()) if told else description.text.rstrip(), told]))
