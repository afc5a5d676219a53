"""A question in its four shapes: top of a card, text of a notification, inside a dialog, and the line below it."""

from __future__ import annotations

from collections.abc import Iterator

from kernbot.slack.ids import short_id
from kernbot.slack.render.blocks import Block, Element, line, rich_text, words
from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.text import Cut, code, cut, escape, one_line

_LONGEST = 1_000
_LONGEST_IN_DIALOG = 150
_NO_QUESTION = "Answer needed"


def question_cut(pause: PauseFacts) -> Cut:
    """Return as much of the question as a card shows."""
    return cut(pause.message.strip() or _NO_QUESTION, _LONGEST)


def question_block(block_id: str, message: str) -> Block:
    """Return a question as the top of a card or modal; names in backticks become code."""
    return rich_text(block_id, line(*_parts(message)))


def question_text(pause: PauseFacts) -> str:
    """Return a question for the `text` of a message."""
    return escape(question_cut(pause).text)


def question_in_dialog(pause: PauseFacts) -> str:
    """Return a question for a dialog, which knows no code: names in backticks stand in quotation marks."""
    shown = cut(pause.message.strip() or _NO_QUESTION, _LONGEST_IN_DIALOG).text
    pieces = shown.split("`")
    if len(pieces) % 2 == 0:
        return shown
    return "".join(f"“{piece}”" if place % 2 else piece for place, piece in enumerate(pieces))


def place_of(run: RunFacts, pause: PauseFacts) -> str:
    """Return where a question stands: workflow, step, run."""
    step = f"step {pause.index + 1} of {pause.of}" if pause.index is not None and pause.of is not None else None
    return " · ".join(part for part in (code(run.workflow), step, f"run {short_id(run.run_id)}") if part)


def _parts(message: str) -> Iterator[Element]:
    pieces = message.split("`")
    if len(pieces) % 2 == 0:
        pieces = [message]
    for place, piece in enumerate(pieces):
        if piece:
            yield words(one_line(piece), code=True, bold=True) if place % 2 else words(one_line(piece), bold=True)
