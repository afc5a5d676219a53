"""The result of a run, in its thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from kernbot.slack.ids import block_id
from kernbot.slack.render.blocks import At, Block, context, error_quote, message, note, quote, rich_text, section, words
from kernbot.slack.render.facts import RunFacts
from kernbot.slack.render.steps import MOST_FAILED, failed_steps, names_of
from kernbot.slack.render.text import code, counted, cut, escape, short

_LONGEST = 7_000


def result(run: RunFacts, *, revision: int) -> dict[str, Any]:
    """Return the message with a run's result; what is too long for a message stands in Details."""
    at = partial(block_id, run.run_id, revision)
    return message(f"Result of {escape(short(run.workflow))}", _blocks(run, at))


def _blocks(run: RunFacts, at: At) -> Iterator[Block]:
    yield section(at("head"), f"*Result of* {code(run.workflow)}")
    yield from _failed(run, at)
    piece = cut(run.content or "", _LONGEST, keep_lines=True)
    yield rich_text(at("content"), quote(words(piece.text) if piece.text else note("empty")))
    if not piece.is_whole:
        yield context(at("cut"), f"{piece.amount} are shown. *Details* of the run hold all.")


def _failed(run: RunFacts, at: At) -> Iterator[Block]:
    failed = failed_steps(run)
    if not failed:
        return
    yield section(at("failed"), f"*Finished with {counted(len(failed), 'failed step')}:* {names_of(failed)}")
    for number, step in enumerate(failed[:MOST_FAILED]):
        if step.error:
            yield error_quote(at(f"error.{number}"), step.error)
