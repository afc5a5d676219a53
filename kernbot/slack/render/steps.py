"""The steps of a run: as a list while it goes on, counted and named when it has ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from kernbot.slack.render.blocks import Element, line, note, words
from kernbot.slack.render.facts import RunFacts, StepFacts, StepState
from kernbot.slack.render.text import counted, duration, names, short

MOST_FAILED = 3
"""Of more failed steps, the others are counted."""

STEPS_OF_A_BLOCK = 50

_MOST_STEPS = 20
_MARKS = {
    "done": "✓",
    "stays": "✓",
    "failed": "✕",
    "not_run": "✕",
    "will_not_run": "✕",
    "running": "●",
    "waiting": "●",
    "skipped": "○",
    "not_yet": "○",
}
_IN_WORDS = {
    "done": "done",
    "stays": "done, stays",
    "failed": "failed",
    "not_run": "did not run",
    "will_not_run": "will not run",
    "running": "running",
    "waiting": "waiting for an answer",
    "skipped": "skipped",
    "not_yet": "",
}


def failed_steps(run: RunFacts) -> list[StepFacts]:
    """Return the steps of a run that failed."""
    return [step for step in run.steps if step.state == "failed"]


def names_of(failed: Sequence[StepFacts]) -> str:
    """Return the names of failed steps as `mrkdwn`."""
    return names([step.name for step in failed], MOST_FAILED)


def steps_done(run: RunFacts) -> str:
    """Return how many steps are done: `5 of 6 steps`."""
    done = sum(1 for step in run.steps if step.state == "done")
    if done < len(run.steps):
        return f"{done} of {len(run.steps)} steps"
    return f"all {done} steps" if done > 1 else counted(done, "step")


def current_step(run: RunFacts) -> int | None:
    """Return the place of the step that waits or runs, from 0."""
    return next((place for place, step in enumerate(run.steps) if step.state in ("waiting", "running")), None)


def steps_around_current(run: RunFacts) -> Element:
    """Return the list of steps; of many, those around the current one."""
    current = current_step(run) or 0
    first = max(0, min(current - _MOST_STEPS // 2, len(run.steps) - _MOST_STEPS))
    shown = run.steps[first : first + _MOST_STEPS]
    after = len(run.steps) - first - len(shown)
    before = [note(f"{first} more\n")] if first else []
    lines = step_lines(shown)
    return line(*before, *lines, note(f"{after} more")) if after else line(*before, *lines[:-1])


def step_lines(steps: Sequence[StepFacts]) -> list[Element]:
    """Return steps with their marks, a line each, every line with its line break."""
    return [element for step in steps for element in _step(step)]


def after_cancel(step: StepFacts) -> StepFacts:
    """Return a step as it would stand if its run were cancelled now."""
    then: dict[StepState, StepState] = {"done": "stays", "waiting": "will_not_run", "not_yet": "will_not_run"}
    return replace(step, state=then.get(step.state, step.state))


def _step(step: StepFacts) -> Iterator[Element]:
    took = f" in {duration(step.seconds)}" if step.state == "done" and step.seconds is not None else ""
    yield words(f"{_MARKS[step.state]} ")
    yield words(short(step.name) or "unnamed", code=True)
    if state := _IN_WORDS[step.state]:
        yield words(f"  {state}{took}")
    yield words("\n")
