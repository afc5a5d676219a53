"""The one message per run in the channel: a list of steps while it goes on, a summary when it has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from kernbot.run.status import RunStatus
from kernbot.slack.ids import TokenMaker, block_id, short_id
from kernbot.slack.render.blocks import (
    Block,
    Element,
    actions,
    context,
    error_quote,
    line,
    message,
    note,
    rich_text,
    section,
    words,
)
from kernbot.slack.render.buttons import cancel_run, details_of_run
from kernbot.slack.render.facts import RunFacts, StepFacts
from kernbot.slack.render.outcome import decision
from kernbot.slack.render.text import code, counted, date, duration, escape, fitting, person, short

_MOST_STEPS = 20
_MOST_FAILED = 3
_MARKS = {"done": "✓", "failed": "✕", "not_run": "✕", "running": "●", "waiting": "●", "skipped": "○", "not_yet": "○"}
_IN_WORDS = {
    "done": "done",
    "failed": "failed",
    "not_run": "will not run",
    "running": "running",
    "waiting": "waiting for an answer",
    "skipped": "skipped",
    "not_yet": "",
}

_At = Callable[[str], str]


def parent(run: RunFacts, *, tokens: TokenMaker, revision: int) -> dict[str, Any]:
    """Return the parent message of a run as it should be now; `revision` grows with every update."""
    at = partial(block_id, run.run_id, revision)
    workflow = escape(short(run.workflow))
    if not run.status.has_ended:
        return message(f"A {workflow} run {_state_in_short(run)}", _going_on(run, tokens, at))
    return message(f"A {workflow} run {_state_in_short(run)}", _ended(run, tokens, at))


def failed_steps(run: RunFacts) -> list[StepFacts]:
    """Return the steps of a run that failed."""
    return [step for step in run.steps if step.state == "failed"]


def state(run: RunFacts) -> str:
    """Return where a run stands as one line of `mrkdwn`."""
    failed = failed_steps(run)
    workflow = code(run.workflow)
    if run.status is RunStatus.COMPLETED and failed:
        return f"*Finished with {counted(len(failed), 'failed step')}:* {workflow}"
    if run.status is RunStatus.COMPLETED:
        return f"*Finished:* {workflow}, {_steps_done(run)}{_took(run)}"
    if run.status is RunStatus.ERROR:
        return f"*Failed:* {workflow}" + (f", {_names(failed)}" if failed else "")
    if run.status is RunStatus.CANCELLED:
        return f"*Cancelled:* {workflow}, {_steps_done(run)}"
    word = "Waiting for an answer" if run.status is RunStatus.PAUSED else "Running"
    return f"*{word}:* {workflow}{_current(run)}"


def step_lines(steps: Sequence[StepFacts]) -> list[Element]:
    """Return steps with their marks, a line each, every line with its line break."""
    return [element for step in steps for element in _step(step)]


def asked_for(run: RunFacts) -> str:
    """Return which run this is and whose, as `mrkdwn`."""
    return f"Run {short_id(run.run_id)} · asked for by {code(run.requester)}"


def _state_in_short(run: RunFacts) -> str:
    failed = len(failed_steps(run))
    with_failed = f" with {counted(failed, 'failed step')}" if failed else ""
    if run.status is RunStatus.COMPLETED:
        return f"finished{with_failed}" if failed else f"finished, {_steps_done(run)}"
    if run.status is RunStatus.ERROR:
        return f"failed{with_failed}"
    if run.status is RunStatus.CANCELLED:
        return "was cancelled"
    return "is waiting for an answer" if run.status is RunStatus.PAUSED else "is running"


def _going_on(run: RunFacts, tokens: TokenMaker, at: _At) -> Iterator[Block]:
    waits = run.status is RunStatus.PAUSED and run.open_question_link
    yield section(at("state"), state(run) + (f"\n<{run.open_question_link}|Open the question>" if waits else ""))
    if run.steps:
        yield rich_text(at("steps"), _steps_around_current(run))
    yield context(at("context"), f"{asked_for(run)} · started {date(run.started_at)}")
    yield actions(at("actions"), [details_of_run(run, tokens), cancel_run(run, tokens)])


def _ended(run: RunFacts, tokens: TokenMaker, at: _At) -> Iterator[Block]:
    yield section(at("state"), state(run))
    yield from _why(run, at)
    if summary := _summary(run):
        yield section(at("decisions"), summary)
    yield context(at("context"), _when(run))
    yield actions(at("actions"), [details_of_run(run, tokens)])


def _why(run: RunFacts, at: _At) -> Iterator[Block]:
    failed = failed_steps(run)
    for number, step in enumerate(failed[:_MOST_FAILED]):
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
    counted_steps = f"{_steps_done(run)} are done." if failed_steps(run) else None
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


def _steps_around_current(run: RunFacts) -> Element:
    current = _current_step(run) or 0
    first = max(0, min(current - _MOST_STEPS // 2, len(run.steps) - _MOST_STEPS))
    shown = run.steps[first : first + _MOST_STEPS]
    after = len(run.steps) - first - len(shown)
    before = [note(f"{first} more\n")] if first else []
    lines = step_lines(shown)
    return line(*before, *lines, note(f"{after} more")) if after else line(*before, *lines[:-1])


def _step(step: StepFacts) -> Iterator[Element]:
    words_for_it = _IN_WORDS[step.state]
    took = f" in {duration(step.seconds)}" if step.state == "done" and step.seconds is not None else ""
    yield words(f"{_MARKS[step.state]} ")
    yield words(short(step.name) or "unnamed", code=True)
    if words_for_it:
        yield words(f"  {words_for_it}{took}")
    yield words("\n")


def _steps_done(run: RunFacts) -> str:
    done = sum(1 for step in run.steps if step.state == "done")
    if done < len(run.steps):
        return f"{done} of {len(run.steps)} steps"
    return f"all {done} steps" if done > 1 else counted(done, "step")


def _took(run: RunFacts) -> str:
    return f", in {duration(run.ended_at - run.started_at)}" if run.ended_at is not None else ""


def _names(failed: list[StepFacts]) -> str:
    names = [code(step.name) for step in failed[:_MOST_FAILED]]
    more = [f"{len(failed) - _MOST_FAILED} more"] if len(failed) > _MOST_FAILED else []
    return f"{counted(len(failed), 'failed step')}: {', '.join(names + more)}"


def _current(run: RunFacts) -> str:
    current = _current_step(run)
    return "" if current is None else f", step {current + 1} of {len(run.steps)}"


def _current_step(run: RunFacts) -> int | None:
    return next((place for place, step in enumerate(run.steps) if step.state in ("waiting", "running")), None)
