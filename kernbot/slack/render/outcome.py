"""What came of a question, in the past tense: on its card, in its notification, and told to who came too late.

A timer never gets a person's sentence.
"""

from __future__ import annotations

from kernbot.run.answer import Action, Answer
from kernbot.slack.render.facts import CALLS, CardKind, Followed, PauseFacts, RunFacts
from kernbot.slack.render.promise import goes_on_after_no
from kernbot.slack.render.text import code, date, duration, names, person, sentence

TIMER = "timeout"

_DEEDS = {
    Action.confirm: ("Approved", "approved it"),
    Action.provide: ("Filled in", "filled it in"),
    Action.select: ("Chosen", "chose"),
    Action.edit: ("Approved with changes", "approved it with changes"),
    Action.supply: ("Result given", "gave a result"),
    Action.reject: ("Rejected", "rejected it"),
    Action.retry: ("Retried", "chose to retry"),
    Action.skip: ("Skipped", "skipped it"),
    Action.cancel: ("Run cancelled", "cancelled the run"),
}
_DEEDS_BY_KIND: dict[tuple[CardKind, Action], tuple[str, str]] = {
    ("iteration_review", Action.confirm): ("Accepted", "accepted it"),
    ("iteration_review", Action.edit): ("Accepted with changes", "accepted it with changes"),
    ("call_confirmation", Action.provide): ("Approved with changes", "approved it with changes"),
    ("agent_choices", Action.provide): ("Answered", "answered it"),
}
_DEEDS_OF_THE_TIMER = {
    Action.confirm: "Accepted",
    Action.provide: "Accepted with the defaults",
    Action.select: "Chosen as proposed",
    Action.reject: "Rejected",
    Action.skip: "Skipped",
    Action.cancel: "Cancelled",
}
_IN_SHORT: dict[Followed, str] = {
    "resuming": "resuming",
    "stuck": "resuming failed",
    "held": "the agent waits for the other calls",
    "ran": "the step ran",
    "failed": "the step failed",
    "skipped": "the step was skipped",
    "else": "the else branch ran",
    "cancelled": "the run was cancelled",
    "again": "asked again",
}
_CLAUSES: dict[Followed, str] = {
    "resuming": "resuming…",
    "held": "the agent goes on once the other calls are decided",
    "skipped": "this step was skipped",
    "else": "the else branch ran instead",
    "again": "the question was put again",
}
_TOLD_LATER: dict[Followed, str] = {
    "resuming": "the run is going on",
    "stuck": "it could not go on yet, and will be tried again",
    "ran": "the step has run",
}
_OF_A_REVIEW: dict[Followed, str] = {
    "ran": "the run went on",
    "failed": "the run went on",
    "skipped": "the output was left out",
    "again": "it was done again",
}
_OF_AN_ITERATION: dict[Followed, str] = {**_OF_A_REVIEW, "ran": "the loop ended", "again": "the loop went on"}
_OF_A_CALL: dict[Followed, str] = {
    "ran": "the call was made",
    "failed": "the call failed, the agent was told",
    "skipped": "the call was not made, the agent was told",
}
_OF_AN_AGENT: dict[Followed, str] = {
    "ran": "the agent went on",
    "skipped": "the agent was told",
}
_OF_A_LOOK: dict[Followed, str] = {"ran": "the run went on"}
_BY_KIND: dict[CardKind, dict[Followed, str]] = {
    "output_review": _OF_A_REVIEW,
    "iteration_review": _OF_AN_ITERATION,
    "call_confirmation": _OF_A_CALL,
    "call_input": _OF_A_CALL,
    "call_result": {**_OF_A_CALL, **_OF_AN_AGENT},
    "agent_input": _OF_AN_AGENT,
    "agent_choices": _OF_AN_AGENT,
}


def state_in_short(pause: PauseFacts) -> str:
    """Return the state of a closed question without names and values: `Rejected, the step was skipped`."""
    if pause.answer is None:
        return "Closed" if pause.cause == "damaged" else "Run cancelled"
    if pause.answered_by == TIMER:
        return f"No answer in time, {_in_short(pause)}"
    deed, _ = _deed(pause)
    return deed if _says_it_all(pause) else f"{deed}, {_in_short(pause)}"


def outcome(run: RunFacts, pause: PauseFacts) -> str:
    """Return the outcome line of a closed card: deed, person, day and time, what followed."""
    if pause.cause == "damaged":
        return f"*Closed*{_by(pause.answered_by)}, {date(_closed_at(run, pause))}."
    if pause.answer is None:
        return f"*Run cancelled*{_by(run.cancelled_by)}, {date(_closed_at(run, pause))}."
    if pause.answered_by == TIMER:
        return f"*No answer* by {date(_closed_at(run, pause))}. {_policy(pause, pause.answer)}"
    deed, _ = _deed(pause)
    followed = sentence("; ".join(_clauses(pause)))
    return f"*{deed}*{_by(pause.answered_by)}, {date(_closed_at(run, pause))}{_chosen(pause)}. {followed}".rstrip()


def what_happened(run: RunFacts, pause: PauseFacts) -> str:
    """Return what closed a question, for somebody who came too late."""
    if pause.cause == "damaged":
        return f"It was closed{_by(pause.answered_by)}, {date(_closed_at(run, pause))}."
    if pause.answer is None:
        return f"The run was cancelled{_by(run.cancelled_by)}, {date(_closed_at(run, pause))}."
    if pause.answered_by == TIMER:
        return f"Nobody had answered by {date(_closed_at(run, pause))}; {_told_later(pause)}."
    _, did = _deed(pause)
    who = person(pause.answered_by or "somebody")
    return f"{who} {did}{_chosen(pause, ' ')}, {date(_closed_at(run, pause))}; {_told_later(pause)}."


def decision(pause: PauseFacts) -> str | None:
    """Return an answered question in one line, for the summary of a run; None for one without an answer."""
    if pause.answer is None:
        return None
    what = code(pause.tool or pause.step_name)
    if pause.answered_by == TIMER:
        return f"{what}: no answer in time, {_in_short(pause)}"
    deed, _ = _deed(pause)
    ended = ", the run was cancelled" if pause.followed == "cancelled" and not _says_it_all(pause) else ""
    if pause.answer.routes:
        return f"{what}: {person(pause.answered_by or 'somebody')} chose {names(pause.answer.routes)}{ended}"
    return f"{what}: {deed[0].lower()}{deed[1:]}{_by(pause.answered_by)}{ended}"


def _closed_at(run: RunFacts, pause: PauseFacts) -> float:
    """Return when a question was closed: the deadline, where the clock answered."""
    if pause.answered_by == TIMER and pause.deadline is not None:
        return pause.deadline
    return pause.answered_at or run.ended_at or pause.opened_at


def _policy(pause: PauseFacts, answer: Answer) -> str:
    policy = f"{_DEEDS_OF_THE_TIMER[answer.action]} by the timeout policy"
    chosen = [names(answer.routes)] if answer.routes else []
    return sentence(": ".join(filter(None, (policy, ", ".join([*chosen, *_clauses(pause)])))))


def _deed(pause: PauseFacts) -> tuple[str, str]:
    action = pause.answer.action if pause.answer else Action.cancel
    if (pause.kind, action) in _DEEDS_BY_KIND:
        return _DEEDS_BY_KIND[pause.kind, action]
    if action is Action.reject and goes_on_after_no(pause):
        return "Sent to the next iteration", "sent it to the next iteration"
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
    if pause.followed == "skipped" and pause.next_step is not None and pause.kind not in CALLS:
        return [*first, f"the run went on with {code(pause.next_step)}"]
    return first


def _clause(pause: PauseFacts) -> str:
    if pause.followed == "stuck":
        return f"resuming failed (ref {pause.reference}), and will be tried again; the decision stays"
    if pause.followed == "held" and pause.calls == 2:  # noqa: PLR2004 - it and the other
        return "the agent goes on once the other call is decided"
    if pause.followed == "ran" and pause.kind not in _BY_KIND and pause.seconds is not None:
        return f"the step ran in {duration(pause.seconds)}"
    if pause.followed == "ran" and pause.kind == "output_review" and pause.next_step is not None:
        return f"the run went on with {code(pause.next_step)}"
    return _worded(pause, _CLAUSES)


def _in_short(pause: PauseFacts) -> str:
    return _worded(pause, _IN_SHORT)


def _told_later(pause: PauseFacts) -> str:
    return _worded(pause, _TOLD_LATER)


def _worded(pause: PauseFacts, wording: dict[Followed, str]) -> str:
    """Return what followed: in the words of the kind of question, else in these, else in those for all."""
    of_a_look = _OF_A_LOOK if pause.cause == "definition_changed" else {}
    return {**_IN_SHORT, **wording, **_BY_KIND.get(pause.kind, {}), **of_a_look}[pause.followed]


def _chosen(pause: PauseFacts, between: str = ": ") -> str:
    routes = pause.answer.routes if pause.answer else ()
    return f"{between}{names(routes)}" if routes else ""
