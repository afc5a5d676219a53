"""The modals that only show something: details, and what is said when somebody was faster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from kernbot.run.answer import Action
from kernbot.slack import ids
from kernbot.slack.ids import block_id, short_id
from kernbot.slack.render import refusals
from kernbot.slack.render.blocks import At, Block, context, error_quote, line, quote, rich_text, section, words
from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.outcome import outcome
from kernbot.slack.render.parent import asked_for, state
from kernbot.slack.render.promise import rules, silence, special
from kernbot.slack.render.question import place_of, question_block
from kernbot.slack.render.refusals import since_then, still_possible, why_too_late
from kernbot.slack.render.steps import STEPS_OF_A_BLOCK, failed_steps, step_lines
from kernbot.slack.render.text import date, with_lines
from kernbot.slack.render.values import as_text, edit_of
from kernbot.slack.render.view_parts import (
    MOST_BLOCKS,
    View,
    fitted,
    fitted_blocks,
    ids_of,
    modal,
    numbered,
    parts_asked_about,
)
from kernbot.slack.render.whole import Part, parts_of, pieces_of, preformatted_pieces


def loading() -> View:
    """Return what stands in a modal until it is filled: it must be opened within 3 s of the click."""
    return modal("One moment", [section("loading", "Loading…")])


def received() -> View:
    """Return what answers a submit that it takes long to record."""
    return modal("Received", [section("received", "Received, being recorded. The card shows what comes of it.")])


def details(run: RunFacts, pause: PauseFacts, buttons: Sequence[Block] = ()) -> View:
    """Return all there is to know of one question: values whole, rules or outcome, what was given.

    `buttons` stand below, for somebody who wants to answer here.
    """
    at = ids_of(pause)
    head = [
        question_block(at("question"), pause),
        context(at("context"), place_of(run, pause)),
        _rules_or_outcome(run, pause, at),
    ]
    if pause.error:
        head.append(error_quote(at("error"), pause.error))
    if pause.is_open and (text := special(pause)):
        head.append(section(at("special"), text))
    if pause.attempt is not None and pause.traceback is None:
        reference = f"run {short_id(run.run_id)}, attempt {pause.attempt}"
        head.append(context(at("no-traceback"), f"The workflow's owners and the operators see more: {reference}."))
    room = MOST_BLOCKS - len(head) - len(buttons)
    return modal("Details", [*head, *fitted(at, _parts_of_question(pause), room), *buttons])


def call_as_json(run: RunFacts, pause: PauseFacts) -> View:
    """Return a call that people make elsewhere as JSON, whole, to be copied."""
    at = ids_of(pause)
    head = [question_block(at("question"), pause), context(at("context"), place_of(run, pause))]
    parts = preformatted_pieces(pause.as_json or "{}")
    return modal("Call as JSON", [*head, *fitted(at, parts, MOST_BLOCKS - len(head))])


def run_details(run: RunFacts) -> View:
    """Return all there is to know of a run: its steps, its questions with their answers, its result, what was said."""
    at = partial(block_id, run.run_id, 1)
    head = [section(at("state"), state(run)), context(at("context"), f"{asked_for(run)} · {date(run.started_at)}")]
    return modal("Run", [*head, *fitted_blocks(at, _blocks_of_run(run, at), MOST_BLOCKS - len(head))])


def closed(run: RunFacts, pause: PauseFacts, typed: Sequence[tuple[str, str]]) -> View:
    """Return what answers a submit that came too late: why, what happened, and what was typed, to copy."""
    at = ids_of(pause)
    why = f"*Not recorded: {why_too_late(pause, 'you sent it')}.*"
    head = section(at("refusal"), f"{why}\n{since_then(run, pause)}")
    next_steps = still_possible(run)
    return _with_typed(at, [head], typed, [context(at("next"), next_steps)] if next_steps else [])


def asked_anew(pause: PauseFacts, typed: Sequence[tuple[str, str]]) -> View:
    """Return what answers a submit whose step has changed since it was asked: why, and what was typed, to copy."""
    return _with_typed(ids_of(pause), refusals.asked_anew(pause)["blocks"], typed, [])


def refused(refusal: dict[str, Any]) -> View:
    """Return a refusal, a message of `refusals`, as a modal."""
    return modal("Not recorded", refusal["blocks"]) | {"callback_id": ids.CLOSED}


def _with_typed(at: At, head: Sequence[Block], typed: Sequence[tuple[str, str]], tail: Sequence[Block]) -> View:
    label = [context(at("typed"), "*What you wrote, to copy*")] if typed else []
    room = MOST_BLOCKS - len(head) - len(label) - len(tail)
    view = modal("Not recorded", [*head, *label, *fitted(at, to_copy(typed), room), *tail])
    return view | {"callback_id": ids.CLOSED}


def _rules_or_outcome(run: RunFacts, pause: PauseFacts, at: At) -> Block:
    if pause.is_open:
        return context(at("rules"), rules(run, pause))
    return section(at("outcome"), outcome(run, pause))


def _parts_of_question(pause: PauseFacts) -> Iterator[Part]:
    yield from parts_asked_about(pause)
    yield from parts_of((choice.name, choice.description or "") for choice in pause.choices)
    if pause.traceback:
        yield from pieces_of("traceback", pause.traceback)
    if pause.answer is None:
        return
    yield from parts_of((name, as_text(value)) for name, value in pause.answer.values.items())
    if edit := edit_of(pause):
        yield from pieces_of("output as edited", edit[1])
    if pause.answer.action is Action.supply:
        yield from pieces_of("result", as_text(pause.answer.output))
    if pause.answer.feedback:
        yield from pieces_of("reason", pause.answer.feedback)


def _blocks_of_run(run: RunFacts, at: At) -> Iterator[Block]:
    for start in range(0, len(run.steps), STEPS_OF_A_BLOCK):
        lines = step_lines(run.steps[start : start + STEPS_OF_A_BLOCK])
        yield rich_text(at(f"steps.{start}"), line(*lines[:-1]))
    for number, pause in enumerate(run.pauses):
        yield question_block(at(f"question.{number}"), pause)
        if pause.is_open and pause.error:
            yield error_quote(at(f"asked-about.{number}"), pause.error)
        yield section(at(f"outcome.{number}"), silence(pause) if pause.is_open else outcome(run, pause))
        yield from numbered(at, f"values.{number}", _parts_of_question(pause))
    for number, step in enumerate(failed_steps(run)):
        yield from numbered(at, f"error.{number}", pieces_of(step.name, step.error or "no message"))
        if step.traceback:
            yield from numbered(at, f"traceback.{number}", pieces_of("traceback", step.traceback))
    if run.error:
        yield from numbered(at, "error", pieces_of("error", run.error))
    if run.content is not None:
        yield from numbered(at, "result", pieces_of("result", run.content))
    for number, said in enumerate(talk for talk in run.talks if talk.text):
        yield from numbered(at, f"said.{number}", pieces_of(f"{said.agent}, step {said.step_name}", said.text))


def to_copy(typed: Sequence[tuple[str, str]]) -> Iterator[Part]:
    """Yield what somebody has typed, whole; several texts under their names."""
    for name, text in typed:
        yield from pieces_of(name, text) if len(typed) > 1 else [(quote(words(with_lines(text))),)]
