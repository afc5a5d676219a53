"""From what was typed into a form to typed values, or to what is wrong with each field, in words for the person."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kernbot.run.masking import Masked
from kernbot.slack.render.facts import FieldFacts
from kernbot.slack.render.inputs import EXAMPLES, choices, default_text, field_id, hides_default, input_id, option_value
from kernbot.slack.render.text import restored, short
from kernbot.slack.render.values import as_text

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}")


def read_fields(
    fields: Sequence[FieldFacts], state: Mapping[str, Any], first: int = 0
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values by name, and what is wrong by block id; `state` is the `state.values` of the view.

    `first` is the place of the first of them among all fields of the view.
    A field that was left empty has the value None, unless its default could not be shown: then it has none.
    """
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for number, field in enumerate(fields, start=first):
        try:
            value = _read(number, field, _entry(state, number))
        except ValueError as problem:
            errors[field_id(number)] = str(problem)
        else:
            if value is not None or not hides_default(field):
                values[field.name] = value
    return values, errors


def typed_texts(fields: Sequence[FieldFacts], state: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was typed or chosen, by name, as the person saw it; empty fields are left out, secrets masked."""
    texts = [(field, _as_seen(number, field, _entry(state, number))) for number, field in enumerate(fields)]
    return [(field.name, Masked(len(text)) if field.secret else text) for field, text in texts if text]


def read_json(typed: str, field_type: str) -> Any:
    """Return what JSON stands for; ValueError, in words for the person and with an example of the type, for others."""
    try:
        value = json.loads(typed)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"This is not JSON: {error.msg} at {where}. {_example(field_type)}") from None
    except (ValueError, RecursionError):
        raise ValueError("This holds a number, text or nesting that JSON can't carry.") from None
    return value


def _entry(state: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    entry = state.get(field_id(number), {}).get(input_id(number))
    return entry or {}


def _read(number: int, field: FieldFacts, entry: Mapping[str, Any]) -> Any:
    """Return one value, or None for an empty field; ValueError says what is wrong."""
    options = choices(field)
    chosen, typed = _chosen(entry), _text(entry)
    if not (typed.strip() if options is None else chosen):
        if field.required and not hides_default(field):
            raise ValueError("This is required.")
        return None
    if options is not None:
        values = _choices(number, options, chosen)
        return values if field.several else values[0]
    return read_text(field, restored(typed, default_text(field) if field.typed is None else field.typed))


def read_text(field: FieldFacts, typed: str) -> Any:
    """Return the value that a text stands for in a field that is typed; ValueError, in words, for another."""
    try:
        return (
            _moment(typed.strip(), field.zone) if field.field_type == "datetime" else _READERS[field.field_type](typed)
        )
    except ValueError:
        if not field.secret:
            raise
        name, _ = EXAMPLES[field.field_type]
        raise ValueError(f"This is not {name}. {_example(field.field_type)}") from None


def _as_seen(number: int, field: FieldFacts, entry: Mapping[str, Any]) -> str:
    options = choices(field)
    if options is None:
        return _text(entry)
    offered, chosen = _offered(number, options), _chosen(entry)
    return ", ".join(as_text(value) for name, value in offered.items() if name in chosen)


def _text(entry: Mapping[str, Any]) -> str:
    return entry.get("value") or entry.get("selected_date") or ""


def _chosen(entry: Mapping[str, Any]) -> list[str]:
    options = entry.get("selected_options") or [entry.get("selected_option") or {}]
    return [option["value"] for option in options if option.get("value")]


def _offered(number: int, options: Sequence[Any]) -> dict[str, Any]:
    return {option_value(number, place): option for place, option in enumerate(options)}


def _choices(number: int, options: Sequence[Any], chosen: Sequence[str]) -> list[Any]:
    """Return what was chosen, in the order in which it was offered."""
    offered = _offered(number, options)
    if not set(chosen) <= set(offered):
        raise ValueError("This is not one of the choices. Choose again.")
    return [value for name, value in offered.items() if name in chosen]


def _whole_number(typed: str) -> int:
    if not _WHOLE_NUMBER.fullmatch(typed.strip()):
        raise _wrong(typed, "int")
    return int(typed)


def _number(typed: str) -> float:
    if not _NUMBER.fullmatch(typed.strip()) or not math.isfinite(value := float(typed)):
        raise _wrong(typed, "float")
    return value


def _list(typed: str) -> list[Any]:
    value = read_json(typed, "list")
    if not isinstance(value, list):
        raise _wrong(typed, "list")
    return value


def _object(typed: str) -> dict[str, Any]:
    value = read_json(typed, "dict")
    if not isinstance(value, dict):
        raise _wrong(typed, "dict")
    return value


def _decimal(typed: str) -> str:
    if not _NUMBER.fullmatch(typed.strip()):
        raise _wrong(typed, "decimal")
    return typed.strip()


def _day(typed: str) -> str:
    try:
        return date.fromisoformat(typed.strip()).isoformat()
    except ValueError:
        raise _wrong(typed, "date") from None


def _moment(typed: str, zone: str) -> str:
    """Return a date and time in UTC, in ISO 8601; one without a zone of its own is read in `zone`."""
    if not _MOMENT.match(typed):
        raise _wrong(typed, "datetime")
    try:
        moment = datetime.fromisoformat(typed)
        local = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        in_utc = local.astimezone(UTC)
        there = in_utc.astimezone(local.tzinfo)
    except (ValueError, OverflowError):
        raise _wrong(typed, "datetime") from None
    if there.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError(f"There is no such time in {zone}: the clocks are put forward then.")
    return in_utc.isoformat().replace("+00:00", "Z")


def _lines(typed: str) -> list[str]:
    return [line.strip() for line in typed.splitlines() if line.strip()]


def _anything(typed: str) -> Any:
    """Return what JSON stands for, and any other text as it is."""
    try:
        return read_json(typed, "dict")
    except ValueError:
        return typed


_READERS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": _whole_number,
    "float": _number,
    "decimal": _decimal,
    "date": _day,
    "lines": _lines,
    "any": _anything,
    "list": _list,
    "dict": _object,
}


def _wrong(typed: str, field_type: str) -> ValueError:
    name, _ = EXAMPLES[field_type]
    return ValueError(f"“{short(typed.strip())}” is not {name}. {_example(field_type)}")


def _example(field_type: str) -> str:
    _, example = EXAMPLES[field_type]
    return f"Type one such as {example}."
