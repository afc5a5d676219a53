"""The values that a question is about: on an open card, and in short on a closed one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from kernbot.run.answer import Action
from kernbot.run.masking import MASK, Masked
from kernbot.slack.render.blocks import Element, cut_words, mask_words, note, quote, words
from kernbot.slack.render.facts import FieldFacts, PauseFacts
from kernbot.slack.render.text import code, cut, one_line, short

_MOST_VALUES = 10
_LONGEST_VALUE = 200
_LONGEST_CODE = 30
_LONGEST_NAME = 40
_MOST_IN_SHORT = 2
_MOST_NAMES = 20
_PLAIN_NAME = re.compile(r"[^\W_]+([_-][^\W_]+)*")

Values = Sequence[tuple[str, str]]
Kept = tuple[str, str | None, str]
"""Of a value on a closed card: its name, what stood there before if people changed it, and its text."""


def as_text(value: Any) -> str:
    """Return a value as people read it: text as it is, yes and no, anything else as JSON."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


@dataclass(frozen=True)
class Room:
    """How much a card shows of a question, or of each where several calls share one."""

    values: int = 10
    """How many of them."""
    characters: int = 200
    """Of each."""
    problem: int = 200
    """Characters of why a call is asked about again."""
    names: int = 5
    """Names of the values that a call needs, and of those that it may be given."""


WHOLE_CARD = Room()


def all_shown(values: Values, room: Room = WHOLE_CARD) -> bool:
    """Whether a card shows every value whole."""
    are_whole = (cut(name, _LONGEST_NAME).is_whole and cut(text, room.characters).is_whole for name, text in values)
    return len(values) <= room.values and all(are_whole)


def values_quote(values: Values, room: Room = WHOLE_CARD) -> Element:
    """Return the values of an open card, each cut on its own."""
    return quote(*values_words(values, room))


def values_words(values: Values, room: Room = WHOLE_CARD) -> list[Element]:
    """Return the values of an open card, a line each, for a quote."""
    inline: list[Element] = []
    for name, text in values[: room.values]:
        inline += [words(f"{short(name, _LONGEST_NAME)}: "), *value_words(text, room.characters), words("\n")]
    return [*inline, note(f"{len(values) - room.values} more")] if len(values) > room.values else inline[:-1]


def few_words(pause: PauseFacts) -> list[Element]:
    """Return the values of a closed call in one line, for a quote: first those that people changed or gave."""
    kept = [*_given(pause), *_not_given(pause)]
    inline: list[Element] = []
    for name, before, text in kept[:_MOST_IN_SHORT]:
        was = [] if before is None else [*value_words(before, _LONGEST_CODE), words(" → ")]
        inline += [words(f"{short(name, _LONGEST_NAME)}: "), *was, *value_words(text, _LONGEST_CODE), words(", ")]
    return [*inline, note(f"{len(kept) - _MOST_IN_SHORT} more")] if len(kept) > _MOST_IN_SHORT else inline[:-1]


def fields_quote(fields: Sequence[FieldFacts]) -> Element:
    """Return the names of what is to be filled in, the required ones first."""
    return quote(*fields_words(fields))


def fields_words(fields: Sequence[FieldFacts], at_most: int = _MOST_NAMES) -> list[Element]:
    """Return the names of what is to be filled in, for a quote: so many of the required ones, and of the others."""
    required = [field.name for field in fields if field.required]
    optional = [field.name for field in fields if not field.required]
    groups = [(names, mark) for names, mark in ((required, " required"), (optional, " optional")) if names]
    inline: list[Element] = []
    for names, mark in groups:
        inline += [words("\n")] if inline else []
        inline += [words(_names(names, at_most)), note(mark)]
    return inline


def choices_quote(pause: PauseFacts) -> Element:
    """Return the ways in which a Router can go on: by name and description, of many the names alone."""
    inline: list[Element] = []
    for choice in pause.choices[:_MOST_VALUES]:
        described = cut_words(f" {choice.description}", _LONGEST_VALUE) if choice.description else []
        inline += [words(short(choice.name), code=True), *described, words("\n")]
    if len(pause.choices) > _MOST_VALUES:
        return quote(*inline, note(f"{len(pause.choices) - _MOST_VALUES} more"))
    return quote(*inline[:-1])


def choices_shown(pause: PauseFacts) -> bool:
    """Whether a card shows every choice whole."""
    texts = [text for choice in pause.choices for text in (choice.name, choice.description or "")]
    return len(pause.choices) <= _MOST_VALUES and all(cut(text, _LONGEST_VALUE - 1).is_whole for text in texts)


def edit_of(pause: PauseFacts) -> tuple[str, str] | None:
    """Return what was under review and what an edit put in its place; None if there was no edit, or none is shown."""
    if pause.answer is None or pause.answer.action is not Action.edit or pause.reviewed is None:
        return None
    return pause.reviewed.text, edited_text(pause.answer.output)


def edited_text(value: Any) -> str:
    """Return what an edit put in the place of an output, as the output itself is shown."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)


def in_short(pause: PauseFacts) -> str:
    """Return the values of a closed card as one line of `mrkdwn`, or nothing."""
    if edit_of(pause):
        return "The run's *Details* hold both texts."
    kept = _given(pause) or _not_given(pause)
    pieces = [
        f"{_name(name)}: {'' if before is None else f'{_in_code(before)} → '}{_in_code(text)}"
        for name, before, text in islice(kept, _MOST_IN_SHORT)
    ]
    more = [f"{len(kept) - _MOST_IN_SHORT} more"] if len(kept) > _MOST_IN_SHORT else []
    return " · ".join(pieces + more)


def _given(pause: PauseFacts) -> list[Kept]:
    """Return the values that people gave, first those that the question did not have."""
    given = pause.answer.values if pause.answer else {}
    shown = dict(pause.values)
    kept = [(name, _changed_from(shown.get(name), value), as_text(value)) for name, value in given.items()]
    return sorted(kept, key=lambda item: item[0] in shown and item[1] is None)


def _not_given(pause: PauseFacts) -> list[Kept]:
    given = pause.answer.values if pause.answer else {}
    return [(name, None, text) for name, text in pause.values if name not in given]


def _changed_from(before: str | None, value: Any) -> str | None:
    is_same = before is None or isinstance(before, Masked) or before == edited_text(value)
    return None if is_same else before


def value_words(text: str, at_most: int) -> list[Element]:
    """Return a value on one line, for a quote: a short one as code, of a long one as much as there is room for."""
    if isinstance(text, Masked):
        return mask_words(text)
    shown = one_line(text)
    return [words(shown, code=True)] if 0 < len(shown) <= _LONGEST_CODE else cut_words(text, at_most)


def _in_code(text: str) -> str:
    return code(MASK if isinstance(text, Masked) else text, _LONGEST_CODE)


def _names(names: list[str], at_most: int) -> str:
    more = [f"{len(names) - at_most} more"] if len(names) > at_most else []
    return ", ".join([*map(short, names[:at_most]), *more])


def _name(name: str) -> str:
    """Return the name of a value: plain where it can't be taken for formatting, else as code."""
    return one_line(name) if len(name) <= _LONGEST_CODE and _PLAIN_NAME.fullmatch(name) else code(name)
