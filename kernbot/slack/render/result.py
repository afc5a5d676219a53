"""The result of a run, in its thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from kernbot.slack.ids import block_id
from kernbot.slack.render.blocks import At, Block, context, message, note, quote, rich_text, section, words
from kernbot.slack.render.ending import ending
from kernbot.slack.render.facts import RunFacts, StepFacts
from kernbot.slack.render.steps import MOST_FAILED, failed_steps, names_of
from kernbot.slack.render.text import code, counted, cut, escape, person, short

_LONGEST = 7_000
_LONGEST_ERROR = 150


def result(run: RunFacts, *, revision: int) -> dict[str, Any]:
    """Return the message with a run's result, or how it ended without one; it calls the requester.

    What is too long for a message stands in Details.
    """
    if run.content is None:
        return ending(run, revision=revision, calls=True)
    at = partial(block_id, run.run_id, revision)
    return message(f"Result of {escape(short(run.workflow))}", _blocks(run, at))


def _blocks(run: RunFacts, at: At) -> Iterator[Block]:
    yield section(at("head"), f"*Result of* {code(run.workflow)}{_for_whom(run)}")
    if failed := failed_steps(run):
        yield section(at("failed"), "\n".join(_lines_of(failed)))
    piece = cut(run.content or "", _LONGEST, keep_lines=True)
    yield rich_text(at("content"), quote(words(piece.text) if piece.text else note("empty")))
    if not piece.is_whole:
        yield context(at("cut"), f"{piece.amount} are shown. *Details* of the run hold all.")


def _for_whom(run: RunFacts) -> str:
    return f", for {person(run.requester_id)}" if run.requester_id else ""


def _lines_of(failed: list[StepFacts]) -> Iterator[str]:
    yield f"*Finished with {counted(len(failed), 'failed step')}:* {names_of(failed)}"
    for step in failed[:MOST_FAILED]:
        if step.error:
            first_line, *_ = step.error.split("\n", 1)
            yield f"{code(step.name)}: {code(first_line, _LONGEST_ERROR)}"
