"""Values shown whole, as far as a modal has room, and what to do where it has not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby

from kernbot.slack.render.blocks import Block, Element, line, note, preformatted, quote, words
from kernbot.slack.render.text import cut, short, with_lines
from kernbot.slack.render.values import value_words

_LONGEST_PIECE = 3_000
_LONGEST_IN_LINE = 200
_LONGEST_NAME = 150
_MOST_LINES = 20
_MOST_CHARACTERS = 200_000
"""More than that of one text fits into no view."""

Part = tuple[Element, ...]


def parts_of(values: Iterable[tuple[str, str]]) -> Iterator[Part]:
    """Yield values as the contents of one rich text block each: short ones together, others in quotes of their own."""
    for is_short, group in groupby(values, key=_fits_in_line):
        named = list(group)
        if is_short:
            starts = range(0, len(named), _MOST_LINES)
            yield from ((_lines(named[start : start + _MOST_LINES]),) for start in starts)
        else:
            for name, text in named:
                yield from pieces_of(name, text)


def pieces_of(name: str, text: str) -> Iterator[Part]:
    """Yield a value in quotes of its own, in as many pieces as it takes, each under its name."""
    whole = list(pieces(with_lines(text[:_MOST_CHARACTERS]), _LONGEST_PIECE))
    for number, piece in enumerate(whole, start=1):
        which = [note(f" part {number} of {len(whole)}")] if len(whole) > 1 else []
        yield (
            line(words(short(name, _LONGEST_NAME) or "unnamed", code=True), *which),
            quote(words(piece) if piece else note("empty")),
        )


def preformatted_pieces(text: str) -> Iterator[Part]:
    """Yield a text that people copy, in as many pieces as it takes."""
    whole = list(pieces(with_lines(text[:_MOST_CHARACTERS]), _LONGEST_PIECE))
    for number, piece in enumerate(whole, start=1):
        which = [line(note(f"part {number} of {len(whole)}"))] if len(whole) > 1 else []
        yield (*which, preformatted(words(piece)))


def pieces(text: str, at_most: int) -> Iterator[str]:
    """Yield a text in pieces that end with a line, or with a word, if they can; together they are the text."""
    start = 0
    while len(text) - start > at_most:
        limit = start + at_most
        after_line = text.rfind("\n", limit - at_most // 2, limit) + 1
        after_word = text.rfind(" ", limit - at_most // 2, limit) + 1
        end = after_line or after_word or limit
        yield text[start:end]
        start = end
    yield text[start:]


def that_fit(blocks: Iterable[Block], at_most: int, size_at_most: int) -> tuple[list[Block], bool]:
    """Return as many blocks as there is room for, in number and bytes of JSON, and whether these are all."""
    fitting: list[Block] = []
    size = 0
    for block in blocks:
        size += len(json.dumps(block))
        if len(fitting) == at_most or size > size_at_most:
            return fitting, False
        fitting.append(block)
    return fitting, True


def _fits_in_line(named: tuple[str, str]) -> bool:
    _, text = named
    return "\n" not in text and cut(text, _LONGEST_IN_LINE).is_whole


def _lines(values: list[tuple[str, str]]) -> Element:
    inline: list[Element] = []
    for name, text in values:
        inline += [words(f"{short(name, _LONGEST_NAME)}: "), *value_words(text, _LONGEST_IN_LINE), words("\n")]
    return quote(*inline[:-1])
