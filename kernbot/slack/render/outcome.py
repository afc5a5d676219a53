"""What came of a question, in the past tense: on its card, in its notification, and told to who came too late.

A timer never gets a person's sentence.
"""

from __future__ import annotations

from kernbot.run.answer import Action
from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.text import code, date, duration, person, sentence

TIMER = "timeout"

_DEEDS = {
    Action.confirm: ("Approved", "approved it"),
    Action.provide: ("Filled in", "filled it in"),
    Action.reject: ("Rejected", "rejected it"),
    Action.retry: ("Retried", "chose to retry"),
    Action.skip: ("Skipped", "skipped it"),
    Action.cancel: ("Run cancelled", "cancelled the run"),
}
_DEEDS_OF_THE_TIMER = {
    Action.confirm: "Accepted",
    Action.provide: "Accepted with the defaults",
    Action.reject: "Rejected",
    Action.skip: "Skipped",
    Action.cancel: "Cancelled",
}
_IN_SHORT = {
    "resuming": "resuming",
    "ran": "the step ran",
    "failed": "the step failed",
    "skipped": "the step was skipped",
    "else": "the else branch ran",
    "cancelled": "the run was cancelled",
}
_CLAUSES = _IN_SHORT | {
    "resuming": "resuming…",
    "skipped": "this step was skipped",
    "else": "the else branch ran instead",
}
_TOLD_LATER = _IN_SHORT | {"resuming": "the run is going on", "ran": "the step has run"}


def state_in_short(pause: PauseFacts) -> str:
    """Return the state of a closed question without names and values: `Rejected, the step was skipped`."""
    if pause.answer is None:
        return "Run cancelled"
    if pause.answered_by == TIMER:
        return f"No answer in time, {_IN_SHORT[pause.followed]}"
    deed, _ = _deed(pause)
    return deed if _says_it_all(pause) else f"{deed}, {_IN_SHORT[pause.followed]}"


def outcome(run: RunFacts, pause: PauseFacts) -> str:
    """Return the outcome line of a closed card: deed, person, day and time, what followed."""
    if pause.answer is None:
        return f"*Run cancelled*{_by(run.cancelled_by)}, {date(_closed_at(run, pause))}."
    if pause.answered_by == TIMER:
        return f"*No answer* by {date(_closed_at(run, pause))}. {_of_the_timer(pause.answer.action, _clauses(pause))}"
    deed, _ = _deed(pause)
    followed = sentence("; ".join(_clauses(pause)))
    return f"*{deed}*{_by(pause.answered_by)}, {date(_closed_at(run, pause))}. {followed}".rstrip()


def what_happened(run: RunFacts, pause: PauseFacts) -> str:
    """Return what closed a question, for somebody who came too late."""
    if pause.answer is None:
        return f"The run was cancelled{_by(run.cancelled_by)}, {date(_closed_at(run, pause))}."
    if pause.answered_by == TIMER:
        return f"Nobody had answered by {date(_closed_at(run, pause))}; {_TOLD_LATER[pause.followed]}."
    _, did = _deed(pause)
    who = person(pause.answered_by or "somebody")
    return f"{who} {did}, {date(_closed_at(run, pause))}; {_TOLD_LATER[pause.followed]}."


def decision(pause: PauseFacts) -> str | None:
    """Return an answered question in one line, for the summary of a run; None for one without an answer."""
    if pause.answer is None:
        return None
    if pause.answered_by == TIMER:
        return f"{code(pause.step_name)}: no answer in time, {_IN_SHORT[pause.followed]}"
    deed, _ = _deed(pause)
    ended = ", the run was cancelled" if pause.followed == "cancelled" and not _says_it_all(pause) else ""
    return f"{code(pause.step_name)}: {deed[0].lower()}{deed[1:]}{_by(pause.answered_by)}{ended}"


def _closed_at(run: RunFacts, pause: PauseFacts) -> float:
    """Return when a question was closed: the deadline, where the clock answered."""
    if pause.answered_by == TIMER and pause.deadline is not None:
        return pause.deadline
    return pause.answered_at or run.ended_at or pause.opened_at


def _of_the_timer(action: Action, clauses: list[str]) -> str:
    policy = f"{_DEEDS_OF_THE_TIMER[action]} by the timeout policy"
    return sentence(": ".join(filter(None, (policy, ", ".join(clauses)))))


def _deed(pause: PauseFacts) -> tuple[str, str]:
    action = pause.answer.action if pause.answer else Action.cancel
    if action is Action.provide and pause.requires_confirmation:
        return "Filled in and approved", "filled it in and approved it"
    return _DEEDS[action]


def _by(who: str | None) -> str:
    return f" by {person(who)}" if who else ""


def _says_it_all(pause: PauseFacts) -> bool:
    """Whether the deed names what followed already."""
    action = pause.answer.action if pause.answer else None
    return (action, pause.followed) in ((Action.skip, "skipped"), (Action.cancel, "cancelled"))


def _clauses(pause: PauseFacts) -> list[str]:
    first = [] if _says_it_all(pause) else [_clause(pause)]
    if pause.followed == "cancelled":
        return [*first, "nothing further happened"]
    if pause.followed == "skipped" and pause.next_step is not None:
        return [*first, f"the run went on with {code(pause.next_step)}"]
    return first


def _clause(pause: PauseFacts) -> str:
    if pause.followed == "ran" and pause.seconds is not None:
        return f"the step ran in {duration(pause.seconds)}"
    return _CLAUSES[pause.followed]
