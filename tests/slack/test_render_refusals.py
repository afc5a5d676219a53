"""What only one person sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kernbot.engine.authority import Refusal
from kernbot.localslack.block_kit import check_message
from kernbot.run.answer import Action
from kernbot.run.status import RunStatus
from kernbot.slack import ids
from kernbot.slack.render import refusals
from kernbot.slack.render.facts import PauseFacts
from tests.slack.render_samples import ANSWERED, AT_DEADLINE, CONFIRMATION, RUN, USER_INPUT, answered, ended, text_of


def lines(message: dict[str, Any]) -> list[str]:
    """Return the lines of a refusal, which Slack must take."""
    assert check_message(message) == []
    return [line for block in message["blocks"] for line in text_of(block).split("\n")]


def test_a_late_click_is_told_who_was_faster_and_what_can_still_be_done() -> None:
    """The refusal names the deed of the winner and the button that changed nothing."""
    message = refusals.too_late(RUN, answered(CONFIRMATION, Action.confirm, "ran"), ids.REJECT)
    assert message["text"] == "Not recorded: this was answered before your click."
    assert lines(message) == [
        "*Not recorded: this was answered before your click.*",
        f"<@U02ANA> approved it, {ANSWERED}; the step has run.",
        (
            "Your *Reject* changed nothing. To stop what still follows, `dee`, the owners and the operators can cancel "
            "the run: <https://acme.slack.com/archives/C0DEPLOY/p1|open the run>."
        ),
    ]


def test_nothing_is_offered_where_the_run_has_ended() -> None:
    """A run that is over can't be stopped."""
    message = refusals.too_late(ended(), answered(CONFIRMATION, Action.confirm, "ran"), ids.APPROVE)
    assert lines(message)[-1] == "Your *Approve* changed nothing."


@pytest.mark.parametrize(
    ("pause", "why", "happened"),
    [
        (
            answered(CONFIRMATION, Action.reject, "skipped", by="timeout"),
            "the deadline was over before your click",
            f"Nobody had answered by {AT_DEADLINE}; the step was skipped.",
        ),
        (
            CONFIRMATION,
            "the deadline was over before your click",
            f"Nobody had answered by {AT_DEADLINE}: rejected, this step is skipped.",
        ),
        (
            answered(USER_INPUT, Action.provide, "resuming", by="library"),
            "this was answered before your click",
            f"`library` filled it in, {ANSWERED}; the run is going on.",
        ),
        (
            replace(CONFIRMATION, is_open=False, answered_at=1_795_185_120.0),
            "the run was cancelled before your click",
            f"The run was cancelled by <@U03BOB>, {ANSWERED}.",
        ),
    ],
    ids=["the clock answered", "the clock is about to answer", "another door", "cancelled"],
)
def test_a_late_click_is_told_what_happened(pause: PauseFacts, why: str, happened: str) -> None:
    """The reason is the true one, and the clock is never worded like a person."""
    message = refusals.too_late(replace(RUN, cancelled_by="U03BOB"), pause, ids.APPROVE)
    assert lines(message)[:2] == [f"*Not recorded: {why}.*", happened]


def test_every_reason_of_the_authority_has_a_sentence() -> None:
    """Whoever may not reads why, and who can."""
    for reason in Refusal:
        message = refusals.not_allowed(reason, "C0DEPLOY")
        assert message["text"].startswith("Not recorded: ")
        assert lines(message)[1].endswith((" can.", " one of them."))


def test_a_person_outside_of_the_channel_is_told_to_join() -> None:
    """The refusal names the channel, who may answer, and the way in."""
    assert lines(refusals.not_allowed(Refusal.NOT_A_MEMBER, "C0DEPLOY")) == [
        "*Not recorded: you are not a full member of <#C0DEPLOY>.*",
        "Full members of <#C0DEPLOY> may answer. Join the channel and try again, or ask one of them.",
    ]


def test_where_people_are_named_they_are_told_by_name() -> None:
    """The names are text of others, many are counted; whoever asked for the run reads why somebody else is wanted."""
    named = ["Ana", "<@U1>", *(f"Person {n}" for n in range(20))]
    refusal = lines(refusals.not_allowed(Refusal.NOT_NAMED, "C0DEPLOY", named))
    assert refusal[0] == "*Not recorded: you are not among those who may answer this.*"
    assert refusal[1].startswith("`Ana`, `&lt;@U1&gt;`, `Person 0`")
    assert refusal[1].endswith(", 12 more may answer. Ask one of them.")
    assert lines(refusals.not_allowed(Refusal.REQUESTER, "C0DEPLOY", ["Bob"])) == [
        "*Not recorded: you asked for this run, so somebody else has to answer this.*",
        "`Bob` may answer. Ask one of them.",
    ]
    assert lines(refusals.not_allowed(Refusal.REQUESTER, "C0DEPLOY", []))[1] == (
        "Nobody else is named. Whoever runs the bot can name somebody: ask one of them."
    )
    assert lines(refusals.may_not_start(Refusal.NOT_NAMED, "deploy", "C0DEPLOY", ["Bob"])) == [
        "Not started: you are not among those who may start `deploy`.",
        "`Bob` may start `deploy`. Ask one of them.",
    ]


def test_who_may_not_start_is_told_who_may() -> None:
    """Nothing was clicked, so it begins with what did not happen."""
    assert lines(refusals.may_not_start(Refusal.GUEST, "deploy", "C0DEPLOY")) == [
        "Not started: you are a guest of this workspace.",
        "Full members of <#C0DEPLOY> may start `deploy`. Ask one of them.",
    ]


def test_a_run_that_is_not_theirs_reads_like_one_that_does_not_exist() -> None:
    """There is one sentence for both, with what was typed as code."""
    assert lines(refusals.no_such_run("<!here>"))[:2] == [
        "No such run, or not yours.",
        "You typed `&lt;!here&gt;`. The list of your runs shows their ids.",
    ]


def test_a_bot_outside_of_the_channel_says_how_to_invite_it() -> None:
    """The command to type is there as code, and no run was started."""
    assert lines(refusals.invite("C0DEPLOY", "kern")) == [
        "Invite me: `/invite @kern` in <#C0DEPLOY>, then try again.",
        "This workflow asks there. No run was started.",
    ]


def test_the_list_of_workflows_is_text_of_others() -> None:
    """Names and descriptions are code, and the list ends with a count where it is too long."""
    assert lines(refusals.workflows([("deploy", "Ship <it>"), ("report", None)])) == [
        "Workflows:",
        "`deploy` `Ship &lt;it&gt;`",
        "`report`",
    ]
    assert lines(refusals.workflows([(f"workflow-{n:04}", None) for n in range(500)]))[-1].endswith(" more")
    assert lines(refusals.workflows([])) == ["There is no workflow that you may start."]


def test_a_status_has_state_id_and_link() -> None:
    """Each run has two lines."""
    run = replace(RUN, run_link="https://acme.slack.com/p1")
    assert lines(refusals.status([run])) == [
        "Runs:",
        "*Waiting for an answer:* `deploy`, step 4 of 6",
        (
            "Run 7f3c7f, started <!date^1795183320^{date_short_pretty} at {time}|2026-11-20 14:02 UTC>, "
            "<https://acme.slack.com/p1|open it>"
        ),
    ]
    assert lines(refusals.status([])) == ["You have no runs."]


def test_cancelling_what_has_ended_says_how_it_ended() -> None:
    """A run that is over is not cancelled again."""
    assert lines(refusals.ended_already(ended(RunStatus.CANCELLED, steps=RUN.steps))) == [
        "Nothing to cancel: run 7f3c7f has ended.",
        "*Cancelled:* `deploy`, 2 of 6 steps",
    ]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (refusals.cancelled(RUN), "Run 7f3c7f of `deploy` is being cancelled."),
        (
            refusals.cancelled(ended(RunStatus.CANCELLED)),
            "Cancelled run 7f3c7f of `deploy`. What is done stays done.",
        ),
        (refusals.may_not_cancel(RUN), "Not recorded: you may not cancel this run."),
        (refusals.cannot_check(), "Not recorded: the bot cannot check your right just now."),
        (refusals.not_valid(), "Not recorded: this button is no longer valid."),
        (refusals.too_large("Step 'a' asks for 96 values"), "Not recorded: this question cannot be shown in Slack."),
        (refusals.started("deploy", RUN.run_id, "https://x"), "Started `deploy`, run 7f3c7f. <https://x|Open the run>"),
        (refusals.started("deploy", RUN.run_id, None), "Started `deploy`, run 7f3c7f."),
        (refusals.complaint("Which run?"), "Which run?"),
    ],
)
def test_short_answers_are_one_sentence_in_the_notification(message: dict[str, Any], text: str) -> None:
    """The text of the message is its first line."""
    assert message["text"] == text
    assert lines(message)[0].strip("*") == text


def test_the_help_uses_the_name_of_the_command() -> None:
    """A renamed command explains itself under its own name."""
    assert all("/kern-staging" in line for line in lines(refusals.help_text("/kern-staging")))
