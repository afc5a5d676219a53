"""Several calls of one turn, which people decide one by one: what they are, and what is said of all of them."""

from __future__ import annotations

from collections.abc import Sequence

from kernbot.slack.render.buttons import needs_review
from kernbot.slack.render.facts import CALLS_ON_A_CARD, PauseFacts, RunFacts
from kernbot.slack.render.promise import who_may, who_may_answer
from kernbot.slack.render.text import date, sentence, short, without_backticks
from kernbot.slack.render.values import WHOLE_CARD, Room

_ROOMS = (
    (2, WHOLE_CARD),
    (3, Room(characters=180)),
    (6, Room(values=4, characters=120)),
    (CALLS_ON_A_CARD, Room(values=3, characters=60, problem=80, names=2)),
)
"""Room for each of so many calls: Slack takes 12,000 characters in all, whatever each call has."""

Calls = Sequence[PauseFacts]
"""The newest question about each of several calls, in their order."""


def calls_beside(run: RunFacts, pause: PauseFacts) -> Calls:
    """Return the calls that stand on one card with this one, itself among them."""
    of_turn = [other for other in run.pauses if other.turn is not None and other.turn == pause.turn]
    newest = {other.call: other for other in of_turn if _card(other) == _card(pause)}
    return [newest[call] for call in sorted(newest)]


def open_calls(calls: Calls) -> Calls:
    """Return those that are undecided."""
    return [call for call in calls if call.is_open]


def to_approve(calls: Calls) -> Calls:
    """Return those that a plain yes would decide."""
    return [call for call in calls if call.is_open and call.kind == "call_confirmation"]


def room_of(calls: Calls) -> Room:
    """Return how much a card shows of the values of each call: the more of them, the less."""
    return next(room for most, room in _ROOMS if len(calls) <= most)


def is_cut(call: PauseFacts, calls: Calls) -> bool:
    """Whether the card of these calls can't show all of this one."""
    return needs_review(call, room_of(calls))


def digest_of_all(calls: Calls) -> str:
    """Return what a decision about all of them is bound to."""
    return " ".join(f"{call.pause_id}:{call.digest}" for call in calls)


def question_of_all(calls: Calls) -> str:
    """Return the question about all of them, with names in backticks."""
    verb = "Approve" if all(call.kind == "call_confirmation" for call in calls) else "Decide"
    asker = calls[0].asker
    whose = f" of `{without_backticks(short(asker[1]))}`" if asker else ""
    return f"{verb} {_which(calls)}{whose}?"


def name_of(call: PauseFacts) -> str:
    """Return what a call is called for screen readers and in titles of rows."""
    return f"call {call.call} {call.tool or ''}".rstrip()


def rules_of_all(run: RunFacts, calls: Calls) -> str:
    """Return who may answer, what a reject does, and what silence does."""
    return "\n".join([_who_may_answer(run, open_calls(calls)), *what_reject_does(calls), silence_of_all(calls)])


def what_reject_does(calls: Calls) -> list[str]:
    """Return the line that says what a no does, if that is still possible."""
    waiting = open_calls(calls)
    if len(waiting) == 1:
        return ["*Reject* tells the agent no, with your feedback; it goes on without this call."]
    every = every_one_of(calls)
    return [f"*Reject* tells the agent no. It goes on when {every} calls are decided, without the rejected ones."]


def every_one_of(calls: Calls) -> str:
    """Return the word for all calls of a turn."""
    return "both" if calls[0].calls == 2 else "all"  # noqa: PLR2004


def silence_of_all(calls: Calls) -> str:
    """Return what happens at the deadline; where that is not the same for all calls, to which."""
    alike: dict[tuple[float | None, str | None], list[PauseFacts]] = {}
    for call in open_calls(calls):
        alike.setdefault((call.deadline, call.silence), []).append(call)
    return " ".join(_silence_of(some, are_all=len(alike) == 1) for some in alike.values())


def _who_may_answer(run: RunFacts, waiting: Calls) -> str:
    """Return who may answer; where that is not the same for all calls, for which."""
    numbers: dict[str, list[int]] = {}
    for call in waiting:
        numbers.setdefault(who_may(run, call), []).append(call.call)
    if len(numbers) == 1:
        return who_may_answer(run, waiting[0])
    first, *others = [f"{_called(of)}: {who}" for who, of in numbers.items()]
    return " ".join([f"May answer {first}.", *map(sentence, others)])


def _called(numbers: Sequence[int]) -> str:
    *most, last = map(str, numbers)
    return f"calls {', '.join(most)} and {last}" if most else f"call {last}"


def _silence_of(some: Calls, *, are_all: bool) -> str:
    """Return what happens to calls with the same deadline and the same end."""
    which = _called([call.call for call in some])
    if some[0].deadline is None:
        return "No deadline." if are_all else f"No deadline for {which}."
    if some[0].silence == "cancel":
        becomes = "the run is cancelled, nothing further happens"
    else:
        are = "every open call is" if are_all and len(some) > 1 else f"{which} {'is' if len(some) == 1 else 'are'}"
        goes_on = ", the agent goes on" if are_all else ""
        becomes = f"{are} {'accepted' if some[0].silence == 'confirm' else 'rejected'}{goes_on}"
    return f"If nobody answers by {date(some[0].deadline)}: {becomes}."


def _which(calls: Calls) -> str:
    if calls[0].calls <= CALLS_ON_A_CARD:
        return f"{calls[0].calls} calls"
    return f"calls {calls[0].call} to {calls[-1].call} of {calls[0].calls}"


def _card(call: PauseFacts) -> int:
    return (call.call - 1) // CALLS_ON_A_CARD
