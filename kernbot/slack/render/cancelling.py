"""The modal that asks back before a run is cancelled: what is done and stays, and what will not run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kernbot.slack import ids
from kernbot.slack.ids import TokenMaker, block_id
from kernbot.slack.render.blocks import At, Block, context, cut_words, line, plain, quote, rich_text, section, words
from kernbot.slack.render.facts import RunFacts
from kernbot.slack.render.parent import asked_for
from kernbot.slack.render.steps import STEPS_OF_A_BLOCK, after_cancel, step_lines
from kernbot.slack.render.text import code
from kernbot.slack.render.view_parts import MOST_BLOCKS, View, fitted_blocks, modal

_LONGEST_QUESTION = 200


def cancel_form(run: RunFacts, pause_id: str, *, tokens: TokenMaker) -> View:
    """Return the modal; it was opened from the card of this question."""
    at = partial(block_id, pause_id, 1)
    blocks = fitted_blocks(at, _blocks(run, at), MOST_BLOCKS)
    return modal("Cancel run", blocks, close="Keep it running") | {
        "callback_id": ids.RUN_CANCEL,
        "private_metadata": tokens.make(ids.RUN_CANCEL, run.run_id, run.run_id),
        "submit": plain("Cancel run"),
    }


def _blocks(run: RunFacts, at: At) -> Iterator[Block]:
    waiting = [other for other in run.pauses if other.is_open]
    which = "The open question is" if len(waiting) == 1 else f"The {len(waiting)} open questions are"
    yield rich_text(at("question"), line(words("Cancel this run?", bold=True)))
    yield section(at("effect"), f"{which} closed, and nothing further happens. What is done stays done.")
    if waiting:
        yield rich_text(at("question-closed"), quote(*cut_words(waiting[0].message, _LONGEST_QUESTION)))
    for start in range(0, len(run.steps), STEPS_OF_A_BLOCK):
        lines = step_lines([after_cancel(step) for step in run.steps[start : start + STEPS_OF_A_BLOCK]])
        yield rich_text(at(f"steps.{start}"), line(*lines[:-1]))
    yield context(at("context"), f"{asked_for(run)} · {code(run.workflow)}")
