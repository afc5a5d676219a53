"""The rules that stand on an open card: who may answer, what the buttons do, what silence does."""

from __future__ import annotations

from collections.abc import Iterator

from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.text import channel, code, date


def rules(run: RunFacts, pause: PauseFacts) -> str:
    """Return the rules of an open card, at most three lines."""
    who = f"May answer: any full member of {channel(run.channel)}, {code(run.requester)} too."
    return "\n".join([who, *what_buttons_do(pause), silence(pause)])


def asks_to_confirm(pause: PauseFacts) -> bool:
    """Whether people say yes or no, with or without values."""
    return pause.kind != "error" and pause.requires_confirmation


def what_buttons_do(pause: PauseFacts) -> Iterator[str]:
    """Yield what the buttons do that don't explain themselves, as one line if there are any."""
    if pause.kind == "error":
        yield " ".join(_BUTTONS_OF_AN_ERROR[pause.cause or ""](pause))
    elif asks_to_confirm(pause):
        yield _reject(pause)


def silence(pause: PauseFacts) -> str:
    """Return what happens at the deadline if nobody answers."""
    if pause.deadline is None:
        return "No deadline."
    return f"If nobody answers by {date(pause.deadline)}: {_what_the_clock_does(pause)}."


def lapsed(pause: PauseFacts) -> str:
    """Return what is about to happen to a question whose deadline is over and which the clock has not closed yet."""
    return f"Nobody had answered by {date(pause.deadline or pause.opened_at)}: {_what_the_clock_does(pause)}."


def _reject(pause: PauseFacts) -> str:
    if pause.on_reject == "cancel":
        return "*Reject* cancels the run, nothing further happens."
    if pause.on_reject == "else":
        return "*Reject* runs the else branch instead."
    follows = f"; the run goes on with {code(pause.next_step)}." if pause.next_step is not None else ", the last one."
    return f"*Reject* skips this step{follows}"


def _what_the_clock_does(pause: PauseFacts) -> str:
    if pause.silence == "confirm":
        return "accepted, this step runs"
    if pause.silence == "provide":
        return "the defaults are taken, this step runs"
    if pause.silence == "reject":
        rejected = {"cancel": "the run is cancelled", "else": "the else branch runs"}
        return f"rejected, {rejected.get(pause.on_reject or '', 'this step is skipped')}"
    return _skips(pause) if pause.silence == "skip" else _cancels(pause)


def _skips(pause: PauseFacts) -> str:
    said_already = asks_to_confirm(pause) and pause.on_reject == "skip"
    if said_already or pause.next_step is None:
        return "this step is skipped"
    return f"this step is skipped, the run goes on with {code(pause.next_step)}"


def _cancels(pause: PauseFacts) -> str:
    said_already = asks_to_confirm(pause) and pause.on_reject == "cancel"
    return "the run is cancelled" if said_already else "the run is cancelled, nothing further happens"


def _after_a_crash(pause: PauseFacts) -> Iterator[str]:
    yield "*Retry* may do it twice."
    if pause.next_step is not None:
        yield f"*Skip*: the run goes on with {code(pause.next_step)}."


def _after_a_failure(pause: PauseFacts) -> Iterator[str]:
    goes_on = f"the run goes on with {code(pause.next_step)} and ends" if pause.next_step else "the run ends"
    yield f"*Skip*: {goes_on} as “finished with 1 failed step”."


def _after_a_change(_pause: PauseFacts) -> Iterator[str]:
    yield "*Retry* looks again, once the workflow fits this run; until then nothing runs."


_BUTTONS_OF_AN_ERROR = {
    "failed": _after_a_failure,
    "may_have_run": _after_a_crash,
    "definition_changed": _after_a_change,
}
