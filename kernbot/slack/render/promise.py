"""The rules that stand on an open card: who may answer, what the buttons do, what silence does."""

from __future__ import annotations

from collections.abc import Iterator

from kernbot.slack.render.facts import CALLS, PauseFacts, RunFacts
from kernbot.slack.render.text import channel, code, date, names


def rules(run: RunFacts, pause: PauseFacts) -> str:
    """Return the rules of an open card, at most three lines."""
    who = f"May answer: any full member of {channel(run.channel)}, {code(run.requester)} too."
    if pause.proposed and pause.kind == "route":
        who = f"Proposed: {names(pause.proposed)}. {who}"
    return "\n".join([who, *what_buttons_do(pause), silence(pause)])


def asks_to_confirm(pause: PauseFacts) -> bool:
    """Whether people say yes or no to something that is to run, with or without values."""
    return pause.kind in ("confirmation", "user_input") and pause.requires_confirmation


def asks_for_feedback(pause: PauseFacts) -> bool:
    """Whether a reject reaches somebody who can make use of a reason."""
    return pause.on_reject == "retry" or pause.kind in CALLS


def what_buttons_do(pause: PauseFacts) -> Iterator[str]:
    """Yield what the buttons do that don't explain themselves, as one line if there are any."""
    if pause.kind == "error":
        yield " ".join(_BUTTONS_OF_AN_ERROR[pause.cause or ""](pause))
    elif pause.kind == "iteration_review":
        yield f"*Accept and stop*: {_goes_on(pause)}. {what_reject_does(pause)}"
    elif pause.kind != "user_input" or pause.requires_confirmation:
        yield what_reject_does(pause)


def what_reject_does(pause: PauseFacts) -> str:
    """Return what a no does, whole."""
    match pause.kind:
        case "iteration_review":
            return _reject_iteration(pause)
        case "output_review":
            return _reject_output(pause)
        case "call_confirmation" | "call_input" | "call_result":
            return "*Reject*: the call is not made; the agent is told, with your feedback."
        case "agent_input" | "agent_choices":
            return "*Reject*: the agent is told that you don't answer, with your feedback."
    return _reject(pause)


def special(pause: PauseFacts) -> str | None:
    """Return what is unusual about an open question; None if nothing is."""
    if pause.kind in CALLS:
        undone = "*Cannot be undone.*" if pause.irreversible else None
        one_of = f"Call {pause.call} of {pause.calls}; the agent goes on when all are decided."
        return " ".join(filter(None, (undone, one_of if pause.calls > 1 else None))) or None
    if pause.kind == "iteration_review":
        return f"Iteration {pause.iteration} of {pause.max_iterations}."
    done = "Done" if pause.kind == "output_review" else "Asked"
    again = f"*{done} again:* retry {pause.retries} of {pause.max_retries}." if pause.retries else None
    none_left = "No retry is left." if pause.is_last_try else None
    return " ".join(filter(None, (again, none_left))) or None


def silence(pause: PauseFacts) -> str:
    """Return what happens at the deadline if nobody answers."""
    if pause.deadline is None:
        return "No deadline."
    return f"If nobody answers by {date(pause.deadline)}: {_what_the_clock_does(pause)}."


def lapsed(pause: PauseFacts) -> str:
    """Return what is about to happen to a question whose deadline is over and which the clock has not closed yet."""
    return f"Nobody had answered by {date(pause.deadline or pause.opened_at)}: {_what_the_clock_does(pause)}."


def _reject(pause: PauseFacts) -> str:
    match pause.on_reject:
        case "cancel":
            return _REJECT_CANCELS
        case "else":
            return "*Reject* runs the else branch instead."
        case "retry":
            return f"*Reject* asks for feedback and puts the question again ({_retry(pause)})."
    follows = f"; the run goes on with {code(pause.next_step)}." if pause.next_step is not None else ", the last one."
    return f"*Reject* skips this step{follows}"


def _reject_output(pause: PauseFacts) -> str:
    if pause.on_reject == "retry":
        again = "has people choose again" if pause.choices else "has it done again"
        return f"*Reject* asks for feedback and {again} ({_retry(pause)})."
    return _REJECT_CANCELS if pause.on_reject == "cancel" else f"*Reject* leaves this output out; {_goes_on(pause)}."


def _reject_iteration(pause: PauseFacts) -> str:
    if pause.on_reject == "retry":
        return "*Next iteration* asks for feedback and tries again."
    return _REJECT_CANCELS if pause.on_reject == "cancel" else f"*Reject* leaves all this out; {_goes_on(pause)}."


def _retry(pause: PauseFacts) -> str:
    return f"retry {pause.retries + 1} of {pause.max_retries}"


def _goes_on(pause: PauseFacts) -> str:
    return f"the run goes on with {code(pause.next_step)}" if pause.next_step is not None else "the run goes on"


def _what_the_clock_does(pause: PauseFacts) -> str:
    if pause.kind in CALLS and pause.silence != "cancel":
        made = "accepted, the call is made"
        return made if pause.silence == "confirm" else "rejected, the agent is told that nobody answered"
    match pause.silence:
        case "confirm":
            return f"accepted, {_goes_on(pause) if pause.kind in _REVIEWS else 'this step runs'}"
        case "provide":
            return "the defaults are taken, this step runs"
        case "select":
            return "what is proposed is chosen"
        case "reject":
            return f"rejected, {_REJECTED.get(pause.on_reject or '', _left_out(pause))}"
    return _skips(pause) if pause.silence == "skip" else _cancels(pause)


def _skips(pause: PauseFacts) -> str:
    if _says_what_reject_does(pause, "skip") or pause.next_step is None:
        return _left_out(pause)
    return f"{_left_out(pause)}, {_goes_on(pause)}"


def _cancels(pause: PauseFacts) -> str:
    is_said = _says_what_reject_does(pause, "cancel")
    return "the run is cancelled" if is_said else "the run is cancelled, nothing further happens"


def _left_out(pause: PauseFacts) -> str:
    return "this output is left out" if pause.kind in _REVIEWS else "this step is skipped"


def _says_what_reject_does(pause: PauseFacts, on_reject: str) -> bool:
    """Whether the line above says already what follows."""
    has_reject = asks_to_confirm(pause) or pause.kind not in ("user_input", "error")
    return has_reject and pause.on_reject == on_reject


def _after_a_crash(pause: PauseFacts) -> Iterator[str]:
    yield "*Retry* may do it twice."
    if pause.next_step is not None:
        yield f"*Skip*: the run goes on with {code(pause.next_step)}."


def _after_a_failure(pause: PauseFacts) -> Iterator[str]:
    goes_on = f"the run goes on with {code(pause.next_step)} and ends" if pause.next_step else "the run ends"
    yield f"*Skip*: {goes_on} as “finished with 1 failed step”."


def _after_a_change(_pause: PauseFacts) -> Iterator[str]:
    yield "*Retry* looks again, once the workflow fits this run; until then nothing runs."


_REVIEWS = ("output_review", "iteration_review")
_REJECT_CANCELS = "*Reject* cancels the run, nothing further happens."
_REJECTED = {"cancel": "the run is cancelled", "else": "the else branch runs"}
_BUTTONS_OF_AN_ERROR = {
    "failed": _after_a_failure,
    "may_have_run": _after_a_crash,
    "definition_changed": _after_a_change,
}
