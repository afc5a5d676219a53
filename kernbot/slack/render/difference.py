"""The difference that an edit made, as lines that went and lines that came."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, islice

from kernbot.slack.render.blocks import Block, note, preformatted, rich_text, words
from kernbot.slack.render.text import cut, with_lines

_SENTENCES = re.compile(r"\n|(?<=[.!?;]) +")
_LONGEST_LINE = 200
_LONGEST_ALL = 1_500
_MOST_LINES = 40
_BEFORE_CHANGE = 60
_MOST_COMPARED = 150
"""Lines: the time that it takes to compare them grows faster than their square."""


def difference(block_id: str, before: str, after: str) -> Block:
    """Return what an edit changed, sentence by sentence, in the kind of block that the bot's own lines never use."""
    changes = _changes(*_without_ends(_SENTENCES.split(before), _SENTENCES.split(after)))
    lines = list(islice(changes, _MOST_LINES + 1))
    sizes = accumulate(len(line) + 1 for line in lines[:_MOST_LINES])
    room = sum(1 for size in sizes if size <= _LONGEST_ALL)
    shown = [words("\n".join(lines[:room]))] if room else [note("Only spaces or line breaks changed.")]
    more = [note("\nand more")] if room < len(lines) else []
    return rich_text(block_id, preformatted(*shown, *more))


def _without_ends(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    """Leave out what is the same in front and at the end."""
    first = _same_in_front(before, after)
    before, after = before[first:], after[first:]
    last = _same_in_front(before[::-1], after[::-1])
    return before[: len(before) - last], after[: len(after) - last]


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    for went, came in _changed(before, after):
        skipped = _common(went[0], came[0]) if len(went) == len(came) == 1 else 0
        yield from (_line("-", text, skipped) for text in went if text)
        yield from (_line("+", text, skipped) for text in came if text)


def _changed(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Yield what went and what came in its place."""
    if max(len(before), len(after)) > _MOST_COMPARED:
        yield before, after
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            yield before[start:end], after[new_start:new_end]


def _common(went: str, came: str) -> int:
    """Return how much of two lines is left out in front: where they differ must not be cut away."""
    start = _same_in_front(went, came) - _BEFORE_CHANGE
    return went.rfind(" ", 0, start) + 1 if start > 0 else 0


def _same_in_front(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _line(sign: str, text: str, skipped: int) -> str:
    left_out = "… " if skipped else ""
    return f"{sign} {left_out}{cut(with_lines(text[skipped:]), _LONGEST_LINE).text}"
