"""The one message per run in the channel: a list of steps while it goes on, a summary when it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from kernbot.run.status import RunStatus
from kernbot.slack.ids import TokenMaker, block_id, short_id
from kernbot.slack.render.blocks import At, Block, actions, context, error_quote, message, rich_text, section
from kernbot.slack.render.buttons import cancel_run, details_of_run, retry_run, run_again
from kernbot.slack.render.facts import RunFacts
from kernbot.slack.render.outcome import decision
from kernbot.slack.render.steps import (
    MOST_FAILED,
    current_step,
    failed_steps,
    names_of,
    steps_around_current,
    steps_done,
)
from kernbot.slack.render.text import code, counted, date, duration, escape, fitting, person, short


def parent(run: RunFacts, *, tokens: TokenMaker, revision: int) -> dict[str, Any]:
    """Return the parent message of a run as it should be now; `revision` grows with every update."""
    at = partial(block_id, run.run_id, revision)
    workflow = escape(short(run.workflow))
    blocks = _ended if run.status.has_ended else _going_on
    return message(f"A {workflow} run {_state_in_short(run)}", blocks(run, tokens, at))


def state(run: RunFacts) -> str:
    """Return where a run stands as one line of `mrkdwn`."""
    failed = failed_steps(run)
    workflow = code(run.workflow)
    if run.status is RunStatus.COMPLETED and failed:
        return f"*Finished with {counted(len(failed), 'failed step')}:* {names_of(failed)}, in {workflow}"
    if run.status is RunStatus.COMPLETED:
        return f"*Finished:* {workflow}, {steps_done(run)}{_took(run)}"
    if run.status is RunStatus.ERROR:
        steps = f", {counted(len(failed), 'failed step')}: {names_of(failed)}" if failed else ""
        return f"*Failed:* {workflow}{steps}"
    if run.status is RunStatus.CANCELLED:
        return f"*Cancelled:* {workflow}, {steps_done(run)}"
    word = "Waiting for an answer" if run.status is RunStatus.PAUSED else "Running"
    return f"*{word}:* {workflow}{_current(run)}"


def asked_for(run: RunFacts) -> str:
    """Return which run this is and whose, as `mrkdwn`."""
    return f"Run {short_id(run.run_id)} · asked for by {code(run.requester)}"


def _state_in_short(run: RunFacts) -> str:
    failed = len(failed_steps(run))
    if run.status is RunStatus.COMPLETED:
        return f"finished with {counted(failed, 'failed step')}" if failed else f"finished, {steps_done(run)}"
    if run.status is RunStatus.ERROR:
        return "failed"
    if run.status is RunStatus.CANCELLED:
        return "was cancelled"
    return "is waiting for an answer" if run.status is RunStatus.PAUSED else "is running"


def _going_on(run: RunFacts, tokens: TokenMaker, at: At) -> Iterator[Block]:
    waits = run.status is RunStatus.PAUSED and run.open_question_link
    yield section(at("state"), state(run) + (f"\n<{run.open_question_link}|Open the question>" if waits else ""))
    if run.steps:
        yield rich_text(at("steps"), steps_around_current(run))
    yield context(at("context"), f"{asked_for(run)} · started {date(run.started_at)}")
    yield actions(at("actions"), [details_of_run(run, tokens), cancel_run(run, tokens)])


def _ended(run: RunFacts, tokens: TokenMaker, at: At) -> Iterator[Block]:
    yield section(at("state"), state(run))
    yield from _why(run, at)
    if summary := _summary(run):
        yield section(at("decisions"), summary)
    yield context(at("context"), _when(run))
    retry = [retry_run(run, tokens)] if run.status is RunStatus.ERROR else []
    again = [run_again(run, tokens)] if retry or failed_steps(run) else []
    yield actions(at("actions"), [details_of_run(run, tokens), *retry, *again])


def _why(run: RunFacts, at: At) -> Iterator[Block]:
    failed = failed_steps(run)
    for number, step in enumerate(failed[:MOST_FAILED]):
        skipped = " and was skipped" if run.status is RunStatus.COMPLETED else ""
        yield section(at(f"failed.{number}"), f"{code(step.name)} failed{skipped}{':' if step.error else '.'}")
        if step.error:
            yield error_quote(at(f"error.{number}"), step.error)
    if run.status is RunStatus.ERROR and run.error and not any(step.error for step in failed):
        yield error_quote(at("error"), run.error)
    if run.cancelled_by:
        when = f", {date(run.ended_at)}" if run.ended_at is not None else ""
        yield section(at("cancelled"), f"Cancelled by {person(run.cancelled_by)}{when}.")


def _summary(run: RunFacts) -> str:
    counted_steps = f"{steps_done(run)} are done." if failed_steps(run) else None
    decisions = [decision(pause) for pause in run.pauses]
    return fitting(text for text in (counted_steps, *decisions) if text)


def _when(run: RunFacts) -> str:
    until = f" to {date(run.ended_at)}" if run.ended_at is not None else ""
    first = f"{asked_for(run)} · {date(run.started_at)}{until}"
    if run.content is None:
        return first
    failed = failed_steps(run)
    without = f", without what {code(failed[0].name)} would have added" if len(failed) == 1 else ""
    return f"{first}\nThe result is in the thread{without}."


def _took(run: RunFacts) -> str:
    return f", in {duration(run.ended_at - run.started_at)}" if run.ended_at is not None else ""


def _current(run: RunFacts) -> str:
    current = current_step(run)
    return "" if current is None else f", step {current + 1} of {len(run.steps)}"
