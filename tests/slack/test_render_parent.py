"""The parent message of a run, and its result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kernbot.run.answer import Action
from kernbot.run.status import RunStatus
from kernbot.slack import ids
from kernbot.slack.render.facts import RunFacts, StepFacts
from kernbot.slack.render.parent import parent
from kernbot.slack.render.result import result
from tests.slack.render_samples import CONFIRMATION, ROUTE, RUN, TOKENS, answered, buttons, ended, part, parts, text_of

FAILED = [*RUN.steps[:4], StepFacts(name="announce", state="failed", error="HTTPStatusError: 503 Service Unavailable")]


def shown(run: RunFacts) -> dict[str, Any]:
    """Return the parent message of a run."""
    return parent(run, tokens=TOKENS, revision=1)


def state_of(run: RunFacts) -> str:
    """Return the first line of the parent message."""
    return text_of(part(shown(run), "state"))


def test_a_waiting_run_links_to_its_question() -> None:
    """The state names workflow and step, and leads to the card."""
    message = shown(RUN)
    assert message["text"] == "A deploy run is waiting for an answer"
    assert state_of(RUN) == (
        "*Waiting for an answer:* `deploy`, step 4 of 6\n"
        "<https://acme.slack.com/archives/C0DEPLOY/p2?thread_ts=1|Open the question>"
    )
    assert parts(message) == ["state", "steps", "context", "actions"]


def test_a_running_run_says_where_it_is() -> None:
    """A run that has something to do names the step, and links to no question."""
    steps = [*RUN.steps[:3], replace(RUN.steps[3], state="running"), *RUN.steps[4:]]
    run = replace(RUN, status=RunStatus.RUNNING, steps=steps)
    assert shown(run)["text"] == "A deploy run is running"
    assert state_of(run) == "*Running:* `deploy`, step 4 of 6"


def test_every_step_has_a_mark_and_a_word() -> None:
    """Marks never stand alone, except for what has not begun."""
    assert text_of(part(shown(RUN), "steps")).split("\n") == [
        "✓ build  done in 48 s",
        "✓ test  done in 1 min 12 s",
        "○ roll-out  skipped",
        "● ship-to-production  waiting for an answer",
        "○ announce",
        "○ clean-up",
    ]


def test_of_many_steps_those_around_the_current_one_are_shown() -> None:
    """Twenty steps are listed, the others counted before and after."""
    steps = [StepFacts(name=f"s{n}", state="waiting" if n == 30 else "not_yet") for n in range(60)]
    lines = text_of(part(shown(replace(RUN, steps=steps)), "steps")).split("\n")
    assert (lines[0], lines[11], lines[-1], len(lines)) == ("20 more", "● s30  waiting for an answer", "20 more", 22)


def test_a_run_that_goes_on_can_be_looked_at_and_cancelled() -> None:
    """Cancel run is plain and asks back in red; what is done stays done."""
    row = buttons(shown(RUN))
    assert [*row] == ["Details", "Cancel run"]
    assert row["Cancel run"]["confirm"]["text"]["text"] == (
        "Run of “deploy”: the question that is open is closed, and nothing further happens. What is done stays done."
    )
    assert row["Cancel run"]["confirm"]["style"] == "danger"
    assert "style" not in row["Cancel run"]


def test_the_buttons_of_a_run_carry_a_token_of_the_run() -> None:
    """A run's token is bound to its action and to the run's own id."""
    token = ids.read_token(buttons(shown(RUN))["Cancel run"]["value"])
    assert token is not None
    assert TOKENS.is_genuine(token, ids.RUN_CANCEL, RUN.run_id)


def test_a_finished_run_has_a_summary_in_place_of_its_steps() -> None:
    """What people decided stays, with how long it all took and where the result is."""
    run = ended(content="done", pauses=[answered(CONFIRMATION, Action.confirm, "ran")])
    message = shown(run)
    assert message["text"] == "A deploy run finished, all 6 steps"
    assert state_of(run) == "*Finished:* `deploy`, all 6 steps, in 34 min"
    assert text_of(part(message, "decisions")) == "`ship-to-production`: approved by <@U02ANA>"
    assert text_of(part(message, "context")).endswith("\nThe result is in the thread.")
    assert [*buttons(message)] == ["Details"]


def test_skipped_steps_are_not_counted_as_done() -> None:
    """A run with a skipped step says how many are done."""
    assert state_of(ended(steps=[*ended().steps[:5], RUN.steps[2]])) == "*Finished:* `deploy`, 5 of 6 steps, in 34 min"


def test_a_failed_step_is_never_plain_finished() -> None:
    """The state counts and names the failed steps, and each has its error in a quote."""
    message = shown(ended(steps=FAILED, content="x"))
    assert message["text"] == "A deploy run finished with 1 failed step"
    assert text_of(part(message, "state")) == "*Finished with 1 failed step:* `announce`, in `deploy`"
    assert text_of(part(message, "failed.0")) == "`announce` failed and was skipped:"
    assert text_of(part(message, "error.0")) == "HTTPStatusError: 503 Service Unavailable"
    assert text_of(part(message, "context")).endswith(
        "The result is in the thread, without what `announce` would have added."
    )


def test_a_run_in_error_names_the_step_that_failed() -> None:
    """The state says Failed, how many steps failed, and which; the error stands in a quote, once."""
    run = ended(RunStatus.ERROR, steps=FAILED, error="HTTPStatusError: 503 Service Unavailable")
    message = shown(run)
    assert message["text"] == "A deploy run failed"
    assert state_of(run) == "*Failed:* `deploy`, 1 failed step: `announce`"
    assert [name for name in parts(message) if name.startswith("error")] == ["error.0"]


@pytest.mark.parametrize("status", [status for status in RunStatus if status.has_ended])
def test_a_run_in_error_can_be_retried(status: RunStatus) -> None:
    """Its message has a button for that, one of a run that ended otherwise has not."""
    row = buttons(shown(ended(status=status)))
    assert ("Retry" in row) == ("Run again" in row) == (status is RunStatus.ERROR)
    if "Retry" in row:
        assert row["Retry"]["accessibility_label"] == "Retry what failed in run 7f3c7f, deploy"


def test_a_run_in_error_outside_of_its_steps_shows_the_error() -> None:
    """An error of no step stands on the parent too."""
    run = ended(RunStatus.ERROR, error="StorageError: disk full\nat line 3")
    assert state_of(run) == "*Failed:* `deploy`"
    assert text_of(part(shown(run), "error")) == "StorageError: disk full"


def test_a_cancelled_run_says_who_cancelled_it() -> None:
    """A person who cancelled is named, with day and time."""
    run = ended(RunStatus.CANCELLED, cancelled_by="U03BOB", steps=RUN.steps)
    message = shown(run)
    assert message["text"] == "A deploy run was cancelled"
    assert state_of(run) == "*Cancelled:* `deploy`, 2 of 6 steps"
    assert text_of(part(message, "cancelled")).startswith("Cancelled by <@U03BOB>, <!date^1795185360^")


@pytest.mark.parametrize(
    ("by", "line"),
    [
        ("U02ANA", "`ship-to-production`: rejected by <@U02ANA>, the run was cancelled"),
        ("timeout", "`ship-to-production`: no answer in time, the run was cancelled"),
    ],
)
def test_a_run_that_an_answer_cancelled_says_which(by: str, line: str) -> None:
    """A reject, or silence, that cancelled the run stands among the decisions."""
    pause = answered(CONFIRMATION, Action.reject, "cancelled", by=by)
    message = shown(ended(RunStatus.CANCELLED, pauses=[pause], steps=RUN.steps))
    assert text_of(part(message, "decisions")) == line


def test_the_result_is_text_of_others_in_a_quote() -> None:
    """The whole content stands in a quote, with its lines."""
    message = result(ended(content="*Approved* by <@U1>\nsecond line"), revision=1)
    assert message["text"] == "Result of deploy"
    assert text_of(part(message, "head")) == "*Result of* `deploy`"
    assert part(message, "content")["elements"][0]["type"] == "rich_text_quote"
    assert text_of(part(message, "content")) == "*Approved* by <@U1>\nsecond line"


def test_a_long_result_says_how_much_is_shown() -> None:
    """What a message cannot hold stands in Details, and the message says so."""
    message = result(ended(content="x" * 20_000), revision=1)
    assert text_of(part(message, "cut")) == "7,000 of 20,000 characters are shown. *Details* of the run hold all."


def test_a_result_without_text_says_so() -> None:
    """An empty result is an italic remark."""
    assert text_of(part(result(ended(content=""), revision=1), "content")) == "empty"


def test_the_result_names_the_failed_steps() -> None:
    """The result never hides that a step failed."""
    message = result(ended(content="x", steps=FAILED), revision=1)
    assert parts(message) == ["head", "failed", "content"]
    assert text_of(part(message, "failed")) == (
        "*Finished with 1 failed step:* `announce`\n`announce`: `HTTPStatusError: 503 Service Unavailable`"
    )


def test_a_choice_is_told_with_who_chose() -> None:
    """In the summary of the run, the person first."""
    chosen = answered(ROUTE, Action.select, "ran", routes=("canary",))
    message = shown(ended(pauses=[chosen]))
    assert text_of(part(message, "decisions")) == "`roll-out`: <@U02ANA> chose `canary`"
