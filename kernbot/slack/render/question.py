"""A question in its four shapes: top of a card, text of a notification, inside a dialog, and the line below it."""

from __future__ import annotations

from collections.abc import Iterator

from kernbot.slack.ids import short_id
from kernbot.slack.render.blocks import Block, Element, line, rich_text, words
from kernbot.slack.render.changed import CHANGED
from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.text import Cut, code, cut, date, escape

_LONGEST = 700
"""Slack takes 4,000 characters for the `text` of an update, and an escaped character counts up to five."""
_LONGEST_IN_DIALOG = 150


def question_cut(pause: PauseFacts) -> Cut:
    """Return as much of a question as is shown on top."""
    return _cut(pause, _LONGEST)


def question_block(block_id: str, pause: PauseFacts, at_most: int = _LONGEST) -> Block:
    """Return a question as the top of a card, modal or row of a list; names in backticks become code.

    While it is open, it says too that what is asked about can't be undone.
    """
    undone = [words(" · cannot be undone")] if pause.irreversible and pause.is_open else []
    return rich_text(block_id, line(*_parts(_cut(pause, at_most).text), *undone))


def question_text(pause: PauseFacts) -> str:
    """Return a question for the `text` of a message."""
    text = escape(question_cut(pause).text)
    return f"{CHANGED}: {text}" if pause.changed and pause.is_open else text


def question_in_dialog(pause: PauseFacts) -> str:
    """Return a question as a sentence for a dialog, with quotation marks in place of backticks."""
    pieces = _names_in(_cut(pause, _LONGEST_IN_DIALOG).text)
    quoted = "".join(f"“{piece}”" if is_name else piece for piece, is_name in pieces)
    return quoted if quoted[-1] in ".?!…" else f"{quoted}."


def place_of(run: RunFacts, pause: PauseFacts) -> str:
    """Return where a question stands: workflow, step, run."""
    step = f"step {pause.index + 1} of {pause.of}" if pause.index is not None and pause.of is not None else None
    asker = f"{pause.asker[0]} {code(pause.asker[1])}" if pause.asker else None
    where = ", ".join(filter(None, (step, asker)))
    return " · ".join(filter(None, (code(run.workflow), where, f"run {short_id(run.run_id)}")))


def asked_and_since(run: RunFacts, pause: PauseFacts) -> str:
    """Return where an open question stands, who asked for its run, and since when it waits."""
    since = f"asked for by {code(run.requester)} · waiting since {date(pause.opened_at)}"
    return f"{place_of(run, pause)} · {since}"


def _cut(pause: PauseFacts, at_most: int) -> Cut:
    return cut(pause.message.strip() or "Answer needed", at_most)


def _parts(message: str) -> Iterator[Element]:
    for piece, is_name in _names_in(message):
        yield words(piece, code=True, bold=True) if is_name else words(piece, bold=True)


def _names_in(message: str) -> list[tuple[str, bool]]:
    """Return the pieces of a message, and whether each stood in backticks; none does if one backtick is alone."""
    pieces = message.split("`")
    if len(pieces) % 2 == 0:
        return [(message, False)]
    named = [(piece, bool(place % 2)) for place, piece in enumerate(pieces) if piece]
    return named or [(message, False)]
