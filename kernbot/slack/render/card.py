"""The card of a question, through its whole life: open, answered, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from kernbot.slack.ids import TokenMaker, block_id
from kernbot.slack.render.blocks import (
    At,
    Block,
    actions,
    context,
    cut_words,
    error_quote,
    line,
    message,
    quote,
    rich_text,
    section,
    words,
)
from kernbot.slack.render.calls import calls_card
from kernbot.slack.render.changed import asked_anew, why_anew
from kernbot.slack.render.difference import difference
from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.outcome import outcome, state_in_short
from kernbot.slack.render.promise import rules, runs_by_itself, special
from kernbot.slack.render.question import asked_and_since, place_of, question_block, question_text
from kernbot.slack.render.rows import buttons_of_card, buttons_of_choices
from kernbot.slack.render.turn import calls_beside
from kernbot.slack.render.values import choices_quote, edit_of, fields_quote, in_short, values_quote

_LONGEST_REASON = 1_000


def card(run: RunFacts, pause: PauseFacts, *, tokens: TokenMaker, revision: int) -> dict[str, Any]:
    """Return the card of a question as it should be now; `revision` grows with every update.

    Calls of one turn share a card.
    """
    if pause.calls > 1:
        return calls_card(run, calls_beside(run, pause), tokens=tokens, revision=revision)
    at = partial(block_id, pause.pause_id, revision)
    if pause.is_open:
        return message(question_text(pause), _open(run, pause, tokens, at))
    return message(f"{state_in_short(pause)}: {question_text(pause)}", _closed(run, pause, at))


def _open(run: RunFacts, pause: PauseFacts, tokens: TokenMaker, at: At) -> Iterator[Block]:
    yield question_block(at("question"), pause)
    if warning := runs_by_itself(pause):
        yield section(at("by-itself"), warning)
    yield from asked_anew(pause, at)
    yield from _subject(pause, at)
    yield from why_anew(pause, at)
    yield context(at("context"), asked_and_since(run, pause))
    yield context(at("rules"), rules(run, pause))
    if choices := buttons_of_choices(run, pause, tokens):
        yield actions(at("choices-to-press"), choices)
    yield actions(at("actions"), buttons_of_card(run, pause, tokens))


def _subject(pause: PauseFacts, at: At) -> Iterator[Block]:
    if pause.cause in ("definition_changed", "failed"):
        yield error_quote(at("error"), pause.error or "")
        if text := special(pause) if pause.attempt is not None else None:
            yield section(at("special"), text)
        return
    if pause.hides_values:
        yield section(at("hidden"), "Its values are not shown: this channel is shared with another organisation.")
    if pause.values:
        yield rich_text(at("values"), values_quote(pause.values))
    if pause.fields and pause.kind not in ("call_confirmation", "agent_choices"):
        heading = [line(words("To fill in:"))] if pause.values else []
        yield rich_text(at("fields"), *heading, fields_quote(pause.fields))
    if pause.kind == "route":
        yield rich_text(at("choices"), choices_quote(pause))
    if text := special(pause):
        yield section(at("special"), text)
    if pause.cause == "may_have_run":
        what = "call" if pause.tool is not None else "step"
        stopped = f"the bot stopped while this {what} ran, and cannot see whether it took effect."
        yield section(at("why"), f"*Check before you answer:* {stopped}")


def _closed(run: RunFacts, pause: PauseFacts, at: At) -> Iterator[Block]:
    reason = pause.answer.feedback if pause.answer else None
    edit = edit_of(pause)
    label = " Reason:" if reason else " What changed:" if edit else ""
    yield question_block(at("question"), pause)
    yield section(at("outcome"), outcome(run, pause) + label)
    if reason:
        yield rich_text(at("reason"), quote(*cut_words(reason, _LONGEST_REASON)))
    if edit:
        yield difference(at("difference"), *edit)
    lines = [in_short(pause), place_of(run, pause)]
    yield context(at("context"), "\n".join(filter(None, lines)))
