"""The rules that stand on an open card: who may answer, what the buttons do, what silence does."""

from __future__ import annotations

from collections.abc import Iterator

from kernbot.slack.ids import is_group
from kernbot.slack.render.changed import runs_as_it_is_now
from kernbot.slack.render.facts import CALLS, Approver, PauseFacts, RunFacts
from kernbot.slack.render.text import channel, code, counted, date, names, person, short

_LONGEST_LABEL = 30


NOT_READABLE = "So nobody can answer it. The log of the bot names the row; the run can be cancelled."


def rules(run: RunFacts, pause: PauseFacts) -> str:
    """Return the rules of an open card, at most three lines."""
    if pause.cause == "damaged":
        return NOT_READABLE
    who = who_may_answer(run, pause)
    if pause.proposed and pause.kind == "route":
        who = f"Proposed: {names(pause.proposed)}. {who}"
    if pause.several and pause.kind == "route":
        who = f"One or more of {len(pause.choices)}. {who}"
    return "\n".join([who, *what_buttons_do(pause), silence(pause)])


def who_may_answer(run: RunFacts, pause: PauseFacts) -> str:
    """Return who may answer, as a sentence; it calls whoever is named, when the card is posted."""
    return f"May answer: {who_may(run, pause)}."


def who_may(run: RunFacts, pause: PauseFacts) -> str:
    """Return who may answer, without a full stop."""
    if pause.approvers is None:
        who = f"any full member of {channel(run.channel)}"
    else:
        called = [_called(approver) for approver in pause.approvers]
        more = [f"{len(called) - _MOST_CALLED} more"] if len(called) > _MOST_CALLED else []
        who = ", ".join([*called[:_MOST_CALLED], *more]) or "nobody"
    if pause.requester_may is None:
        return who
    too = f", {code(run.requester)} too" if pause.requester_may else f"; not {code(run.requester)}, who asked for it"
    return f"{who}{too}"


def runs_by_itself(pause: PauseFacts) -> str | None:
    """Return the warning with which a card opens that named people may answer, and that silence approves."""
    if pause.approvers is None or pause.deadline is None or pause.silence not in _APPROVALS:
        return None
    return f"*Runs by itself* at {date(pause.deadline)} unless someone rejects."


def asks_to_confirm(pause: PauseFacts) -> bool:
    """Whether people say yes or no to something that is to run, with or without values."""
    return pause.kind in ("confirmation", "user_input") and pause.requires_confirmation


def asks_for_feedback(pause: PauseFacts) -> bool:
    """Whether a reject has a form: its author wants a reason, or it reaches somebody who can make use of one."""
    if pause.reason is not None:
        return pause.reason != "never"
    return pause.on_reject == "retry" or pause.kind in CALLS


def goes_on_after_no(pause: PauseFacts) -> bool:
    """Whether a no has a loop go on with its next iteration."""
    return pause.kind == "iteration_review" and pause.on_reject == "retry"


def approve_label(pause: PauseFacts) -> str:
    """Return what a yes is called."""
    ours = "Accept and stop" if pause.kind == "iteration_review" else "Approve"
    return short(pause.approve_label, _LONGEST_LABEL) if pause.approve_label else ours


def reject_label(pause: PauseFacts) -> str:
    """Return what a no is called."""
    ours = "Next iteration" if goes_on_after_no(pause) else "Reject"
    return short(pause.reject_label, _LONGEST_LABEL) if pause.reject_label else ours


def _no(pause: PauseFacts) -> str:
    return code(pause.reject_label) if pause.reject_label else f"*{reject_label(pause)}*"


def _yes(pause: PauseFacts) -> str:
    return code(pause.approve_label) if pause.approve_label else f"*{approve_label(pause)}*"


def _with_feedback(pause: PauseFacts) -> str:
    return "asks for feedback and " if asks_for_feedback(pause) else ""


def what_buttons_do(pause: PauseFacts) -> Iterator[str]:
    """Yield what the buttons do that don't explain themselves, as one line if there are any."""
    if pause.kind == "error":
        yield " ".join(_BUTTONS_OF_AN_ERROR[pause.cause or ""](pause))
    elif pause.kind == "iteration_review":
        yield f"{_yes(pause)}: {_goes_on(pause)}. {what_reject_does(pause)}"
    elif pause.kind == "call_result":
        yield f"*Provide result* takes text or JSON; the agent goes on with it. {what_reject_does(pause)}"
    elif pause.kind != "user_input" or pause.requires_confirmation:
        yield " ".join([*runs_as_it_is_now(pause, _yes(pause)), what_reject_does(pause)])


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
    if pause.attempt is not None:
        return _attempts(pause)
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
    unchanged = " (unchanged)" if pause.changed else ""
    return f"If nobody answers by {date(pause.deadline)}{unchanged}: {_what_the_clock_does(pause)}."


def lapsed(pause: PauseFacts) -> str:
    """Return what is about to happen to a question whose deadline is over and which the clock has not closed yet."""
    return f"Nobody had answered by {date(pause.deadline or pause.opened_at)}: {_what_the_clock_does(pause)}."


def _called(approver: Approver) -> str:
    if approver.name is not None:
        return code(approver.name)
    return f"<!subteam^{approver.id}>" if is_group(approver.id) else person(approver.id)


def _reject(pause: PauseFacts) -> str:
    match pause.on_reject:
        case "cancel":
            return _cancelled_by_no(pause)
        case "else":
            return f"{_no(pause)} runs the else branch instead."
        case "retry":
            return f"{_no(pause)} {_with_feedback(pause)}puts the question again ({_retry(pause)})."
    follows = f"; the run goes on with {code(pause.next_step)}." if pause.next_step is not None else ", the last one."
    return f"{_no(pause)} skips this step{follows}"


def _reject_output(pause: PauseFacts) -> str:
    if pause.on_reject == "retry":
        again = "has people choose again" if pause.choices else "has it done again"
        return f"{_no(pause)} {_with_feedback(pause)}{again} ({_retry(pause)})."
    is_end = pause.on_reject == "cancel"
    return _cancelled_by_no(pause) if is_end else f"{_no(pause)} leaves this output out; {_goes_on(pause)}."


def _reject_iteration(pause: PauseFacts) -> str:
    if pause.on_reject == "retry":
        return f"{_no(pause)} {_with_feedback(pause)}tries again."
    is_end = pause.on_reject == "cancel"
    return _cancelled_by_no(pause) if is_end else f"{_no(pause)} leaves all this out; {_goes_on(pause)}."


def _cancelled_by_no(pause: PauseFacts) -> str:
    return f"{_no(pause)} cancels the run, nothing further happens."


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
    if pause.tool is not None:
        yield "*Skip*: the agent goes on without a result of this call."
    elif pause.next_step is not None:
        yield f"*Skip*: the run goes on with {code(pause.next_step)}."


def _attempts(pause: PauseFacts) -> str:
    by_itself = f", after {counted(pause.attempts - 1, 'retry', 'retries')} by itself" if pause.attempts > 1 else ""
    return f"Attempt {pause.attempt} failed{by_itself}."


def _next_attempts(pause: PauseFacts) -> str:
    first = (pause.attempt or 0) + 1
    return f"attempt {first}" if pause.attempts == 1 else f"attempts {first} to {first + pause.attempts - 1}"


def _after_a_failure(pause: PauseFacts) -> Iterator[str]:
    if pause.attempt is not None:
        until = "" if pause.attempts == 1 else ", until one works"
        yield f"*Retry*: {_next_attempts(pause)}{until}."
    goes_on = f"the run goes on with {code(pause.next_step)} and ends" if pause.next_step else "the run ends"
    yield f"*Skip*: {goes_on} as “finished with 1 failed step”."


def _after_a_change(_pause: PauseFacts) -> Iterator[str]:
    yield "*Retry* looks again, once the workflow fits this run; until then nothing runs."


_MOST_CALLED = 40
_APPROVALS = ("confirm", "provide", "select")
_REVIEWS = ("output_review", "iteration_review")
_REJECTED = {"cancel": "the run is cancelled", "else": "the else branch runs"}
_BUTTONS_OF_AN_ERROR = {
    "failed": _after_a_failure,
    "may_have_run": _after_a_crash,
    "definition_changed": _after_a_change,
}
