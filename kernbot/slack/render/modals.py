"""The modals: filling in, reviewing, details, and what is said when somebody was faster."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from kernbot.errors import ConfigurationError
from kernbot.slack import ids
from kernbot.slack.ids import TokenMaker, block_id
from kernbot.slack.render.blocks import (
    At,
    Block,
    actions,
    context,
    error_quote,
    line,
    plain,
    quote,
    rich_text,
    section,
    words,
)
from kernbot.slack.render.buttons import fill_in_label, reject_button
from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.inputs import input_blocks
from kernbot.slack.render.outcome import outcome
from kernbot.slack.render.parent import asked_for, state
from kernbot.slack.render.promise import asks_to_confirm, rules, silence, what_buttons_do
from kernbot.slack.render.question import place_of, question_block, question_cut
from kernbot.slack.render.refusals import since_then, still_possible, why_too_late
from kernbot.slack.render.steps import failed_steps, step_lines
from kernbot.slack.render.text import date, with_lines
from kernbot.slack.render.values import as_text
from kernbot.slack.render.whole import Part, parts_of, pieces_of, that_fit

_MOST_BLOCKS = 100
_MOST_FIELDS = 95
_MOST_BYTES = 250_000
_MOST_BYTES_OF_VALUES = 200_000
_STEPS_OF_A_BLOCK = 50
_SUBMIT = {"Fill in": "Send answer", "Fill in and approve": "Send and approve"}
_NO_ROOM = "*Not everything fits into this window:* only the first part is shown."

View = dict[str, Any]


def loading() -> View:
    """Return what stands in a modal until it is filled: it must be opened within 3 s of the click."""
    return _modal("One moment", [section("loading", "Loading…")])


def received() -> View:
    """Return what answers a submit that it takes long to record."""
    return _modal("Received", [section("received", "Received, being recorded. The card shows what comes of it.")])


def fill_in(run: RunFacts, pause: PauseFacts, *, tokens: TokenMaker) -> View:
    """Return the form of a question; it approves too where both are asked, and then shows all values first.

    Raises ConfigurationError for more fields or choices than a modal can hold.
    """
    if len(pause.fields) > _MOST_FIELDS:
        raise ConfigurationError(
            f"Step {pause.step_name!r} asks for {len(pause.fields)} values; a Slack modal holds {_MOST_FIELDS}. "
            "Ask in several steps, or answer from Python."
        )
    label = fill_in_label(pause)
    at = _at(pause)
    until = f"open until {date(pause.deadline)}" if pause.deadline is not None else "no deadline"
    head = [question_block(at("question"), pause), context(at("context"), f"{place_of(run, pause)} · {until}")]
    fields = input_blocks(pause.fields)
    room = _MOST_BLOCKS - len(head) - len(fields)
    parts = _parts_asked_about(pause) if asks_to_confirm(pause) else ()
    values = _fitted(at, parts, room, _MOST_BYTES_OF_VALUES - len(json.dumps(fields)))
    token = tokens.make(ids.FILL_IN, pause.pause_id, pause.digest)
    view = _form(label, _SUBMIT[label], ids.FILL_IN, token, [*head, *values, *fields])
    if len(json.dumps(view)) > _MOST_BYTES:
        raise ConfigurationError(
            f"Step {pause.step_name!r} asks with more text and choices than a Slack modal holds (250 kB). "
            "Offer fewer allowed_values, or answer from Python."
        )
    return view


def review(run: RunFacts, pause: PauseFacts, *, tokens: TokenMaker) -> View:
    """Return all that is decided on, with Approve and Reject below."""
    at = _at(pause)
    head = [question_block(at("question"), pause), context(at("context"), place_of(run, pause))]
    lines = [*what_buttons_do(pause), "Nothing is decided by closing this.", silence(pause)]
    tail = [
        context(at("rules"), "\n".join(lines)),
        actions(at("actions"), [reject_button(run, pause, tokens)]),
    ]
    values = _fitted(at, _parts_asked_about(pause), _MOST_BLOCKS - len(head) - len(tail))
    token = tokens.make(ids.REVIEW, pause.pause_id, pause.digest)
    return _form("Review", "Approve", ids.REVIEW, token, [*head, *values, *tail], close="Close")


def details(run: RunFacts, pause: PauseFacts) -> View:
    """Return all there is to know of one question: values whole, rules or outcome, what was given."""
    at = _at(pause)
    head = [
        question_block(at("question"), pause),
        context(at("context"), place_of(run, pause)),
        _rules_or_outcome(run, pause, at),
    ]
    if pause.error:
        head.append(error_quote(at("error"), pause.error))
    return _modal("Details", [*head, *_fitted(at, _parts_of_question(pause), _MOST_BLOCKS - len(head))])


def run_details(run: RunFacts) -> View:
    """Return all there is to know of a run: its steps, its questions with their answers, its result."""
    at = partial(block_id, run.run_id, 1)
    head = [section(at("state"), state(run)), context(at("context"), f"{asked_for(run)} · {date(run.started_at)}")]
    return _modal("Run", [*head, *_fitted_blocks(at, _blocks_of_run(run, at), _MOST_BLOCKS - len(head))])


def closed(run: RunFacts, pause: PauseFacts, typed: Sequence[tuple[str, str]]) -> View:
    """Return what answers a submit that came too late: why, what happened, and what was typed, to copy."""
    at = _at(pause)
    why = f"*Not recorded: {why_too_late(pause, 'you sent it')}.*"
    head = [section(at("refusal"), f"{why}\n{since_then(run, pause)}")]
    if typed:
        head.append(context(at("typed"), "*What you wrote, to copy*"))
    next_steps = still_possible(run)
    tail = [context(at("next"), next_steps)] if next_steps else []
    room = _MOST_BLOCKS - len(head) - len(tail)
    view = _modal("Not recorded", [*head, *_fitted(at, _to_copy(typed), room), *tail])
    return view | {"callback_id": ids.CLOSED}


def refused(refusal: dict[str, Any]) -> View:
    """Return a refusal, a message of `refusals`, as a modal."""
    return _modal("Not recorded", refusal["blocks"]) | {"callback_id": ids.CLOSED}


def _at(pause: PauseFacts) -> At:
    return partial(block_id, pause.pause_id, 1)


def _modal(title: str, blocks: Iterable[Block], close: str = "Close") -> View:
    return {"type": "modal", "title": plain(title), "close": plain(close), "blocks": list(blocks)}


def _form(
    title: str, submit: str, callback_id: str, token: str, blocks: Iterable[Block], *, close: str = "Not now"
) -> View:
    ours = {"callback_id": callback_id, "private_metadata": token, "submit": plain(submit)}
    return _modal(title, blocks, close) | ours


def _rules_or_outcome(run: RunFacts, pause: PauseFacts, at: At) -> Block:
    if pause.is_open:
        return context(at("rules"), rules(run, pause))
    return section(at("outcome"), outcome(run, pause))


def _parts_asked_about(pause: PauseFacts) -> Iterator[Part]:
    if not question_cut(pause).is_whole:
        yield from pieces_of("question", pause.message)
    yield from parts_of(pause.values)


def _parts_of_question(pause: PauseFacts) -> Iterator[Part]:
    yield from _parts_asked_about(pause)
    if pause.answer is None:
        return
    yield from parts_of((name, as_text(value)) for name, value in pause.answer.values.items())
    if pause.answer.feedback:
        yield from pieces_of("reason", pause.answer.feedback)


def _blocks_of_run(run: RunFacts, at: At) -> Iterator[Block]:
    for start in range(0, len(run.steps), _STEPS_OF_A_BLOCK):
        lines = step_lines(run.steps[start : start + _STEPS_OF_A_BLOCK])
        yield rich_text(at(f"steps.{start}"), line(*lines[:-1]))
    for number, pause in enumerate(run.pauses):
        yield question_block(at(f"question.{number}"), pause)
        yield section(at(f"outcome.{number}"), silence(pause) if pause.is_open else outcome(run, pause))
        yield from _numbered(at, f"values.{number}", _parts_of_question(pause))
    for number, step in enumerate(failed_steps(run)):
        yield from _numbered(at, f"error.{number}", pieces_of(step.name, step.error or "no message"))
    if run.error:
        yield from _numbered(at, "error", pieces_of("error", run.error))
    if run.content is not None:
        yield from _numbered(at, "result", pieces_of("result", run.content))


def _to_copy(typed: Sequence[tuple[str, str]]) -> Iterator[Part]:
    for name, text in typed:
        yield from pieces_of(name, text) if len(typed) > 1 else [(quote(words(with_lines(text))),)]


def _fitted(at: At, parts: Iterable[Part], room: int, size: int = _MOST_BYTES_OF_VALUES) -> list[Block]:
    return _fitted_blocks(at, _numbered(at, "values", parts), room, size)


def _numbered(at: At, name: str, parts: Iterable[Part]) -> Iterator[Block]:
    return (rich_text(at(f"{name}.{place}"), *part) for place, part in enumerate(parts))


def _fitted_blocks(at: At, blocks: Iterable[Block], room: int, size: int = _MOST_BYTES_OF_VALUES) -> list[Block]:
    fitting, are_all = that_fit(blocks, room, size)
    return fitting if are_all else [section(at("no-room"), _NO_ROOM), *fitting[: room - 1]]
