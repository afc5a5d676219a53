"""The card of a question, from open to its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kernbot.run.answer import Action
from kernbot.run.status import RunStatus
from kernbot.slack import ids
from kernbot.slack.render.card import card
from kernbot.slack.render.facts import Approver, Followed, PauseFacts, RunFacts
from tests.slack.render_samples import (
    ANSWERED,
    AT_DEADLINE,
    CONFIRMATION,
    DEFINITION_CHANGED,
    MAY_HAVE_RUN,
    RUN,
    TOKENS,
    USER_INPUT,
    answered,
    buttons,
    ended,
    entries,
    part,
    parts,
    text_of,
)

WHO = "May answer: any full member of <#C0DEPLOY>, `dee` too."


def shown(pause: PauseFacts, run: RunFacts = RUN) -> dict[str, object]:
    """Return the card of a question."""
    return card(run, pause, tokens=TOKENS, revision=1)


def rules_of(pause: PauseFacts) -> list[str]:
    """Return the lines of the rules on an open card."""
    return text_of(part(shown(pause), "rules")).split("\n")


def outcome_of(pause: PauseFacts, run: RunFacts = RUN) -> str:
    """Return the outcome line of a closed card."""
    return text_of(part(shown(pause, run), "outcome"))


def test_a_confirmation_has_question_values_context_rules_and_buttons_in_this_order() -> None:
    """The question comes first, because a phone shows three lines."""
    message = shown(CONFIRMATION)
    assert message["text"] == "Ship this release to production?"
    assert parts(message) == ["question", "values", "context", "rules", "actions"]
    assert text_of(part(message, "values")) == (
        "version: 2026.11.3\nenvironment: production\nchanges: 41 commits, 3 migrations"
    )
    assert text_of(part(message, "context")).startswith(
        "`deploy` · step 4 of 6 · run 7f3c7f · asked for by `dee` · waiting since <!date^1795183500^"
    )


def test_the_rules_say_who_what_a_reject_does_and_what_silence_does() -> None:
    """Nothing that the reject line has said is said again of the silence."""
    assert rules_of(CONFIRMATION) == [
        WHO,
        "*Reject* skips this step; the run goes on with `announce`.",
        f"If nobody answers by {AT_DEADLINE}: rejected, this step is skipped.",
    ]


@pytest.mark.parametrize(
    ("approvers", "requester_may", "line"),
    [
        ([Approver("U02ANA"), Approver("U03BOB")], None, "May answer: <@U02ANA>, <@U03BOB>."),
        ([Approver("S0RELEASE")], False, "May answer: <!subteam^S0RELEASE>; not `dee`, who asked for it."),
        ([Approver("S0ALL", "@<all>")], True, "May answer: `@&lt;all&gt;`, `dee` too."),
        ([], False, "May answer: nobody; not `dee`, who asked for it."),
        (None, None, "May answer: any full member of <#C0DEPLOY>."),
    ],
)
def test_who_may_answer_is_one_sentence(
    approvers: list[Approver] | None, requester_may: bool | None, line: str
) -> None:
    """Named people and groups are called; the channel's members are not, and neither is who asked."""
    assert rules_of(replace(CONFIRMATION, approvers=approvers, requester_may=requester_may))[0] == line


def test_of_very_many_who_may_answer_the_rest_is_counted() -> None:
    """The line stays within what Slack takes."""
    line = rules_of(replace(CONFIRMATION, approvers=[Approver(f"U{n:09}") for n in range(200)]))[0]
    assert line.endswith("<@U000000039>, 160 more, `dee` too.")


def test_what_silence_approves_stands_on_top() -> None:
    """Only where named people may answer, and only if silence lets something run."""
    by_itself = replace(CONFIRMATION, approvers=[Approver("U02ANA")], silence="confirm")
    assert text_of(part(shown(by_itself), "by-itself")) == f"*Runs by itself* at {AT_DEADLINE} unless someone rejects."
    for pause in (replace(by_itself, approvers=None), replace(by_itself, silence="skip")):
        assert "by itself" not in str(shown(pause))


@pytest.mark.parametrize(
    ("on_reject", "next_step", "line"),
    [
        ("skip", None, "*Reject* skips this step, the last one."),
        ("cancel", "announce", "*Reject* cancels the run, nothing further happens."),
        ("else", "announce", "*Reject* runs the else branch instead."),
    ],
)
def test_what_reject_does_is_said_whole(on_reject: str, next_step: str | None, line: str) -> None:
    """Each kind of reject has its sentence."""
    assert rules_of(replace(CONFIRMATION, on_reject=on_reject, next_step=next_step))[1] == line


@pytest.mark.parametrize(
    ("silence", "on_reject", "what"),
    [
        ("confirm", "skip", "accepted, this step runs."),
        ("provide", "skip", "the defaults are taken, this step runs."),
        ("reject", "cancel", "rejected, the run is cancelled."),
        ("reject", "else", "rejected, the else branch runs."),
        ("skip", "skip", "this step is skipped."),
        ("skip", "cancel", "this step is skipped, the run goes on with `announce`."),
        ("cancel", "cancel", "the run is cancelled."),
        ("cancel", "skip", "the run is cancelled, nothing further happens."),
    ],
)
def test_what_silence_does_is_what_the_clock_will_do(silence: str, on_reject: str, what: str) -> None:
    """The line of the deadline follows the answer that the clock will give."""
    pause = replace(CONFIRMATION, silence=silence, on_reject=on_reject)
    assert rules_of(pause)[2] == f"If nobody answers by {AT_DEADLINE}: {what}"


def test_no_deadline_is_said() -> None:
    """A question that waits for ever says so."""
    assert rules_of(replace(CONFIRMATION, deadline=None))[2] == "No deadline."


def test_a_confirmation_has_one_primary_and_one_red_button() -> None:
    """Approve is primary, Reject is red, Details is plain, and each has a token of its own."""
    row = buttons(shown(CONFIRMATION))
    assert [(label, button.get("style")) for label, button in row.items()] == [
        ("Approve", "primary"),
        ("Reject", "danger"),
        ("Details", None),
    ]
    assert row["Reject"]["accessibility_label"] == "Reject ship-to-production, run 7f3c7f: skips the step"
    assert len({button["value"] for button in row.values()}) == 3


def test_buttons_carry_a_token_of_their_action_pause_and_digest() -> None:
    """A button's value proves what it does, and to which question."""
    token = ids.read_token(buttons(shown(CONFIRMATION))["Approve"]["value"])
    assert token is not None
    assert token.subject == CONFIRMATION.pause_id
    assert TOKENS.is_genuine(token, ids.APPROVE, CONFIRMATION.digest)


def test_a_reject_that_cancels_asks_back() -> None:
    """The dialog repeats the question and names the deed."""
    dialog = buttons(shown(replace(CONFIRMATION, on_reject="cancel")))["Reject"]["confirm"]
    assert dialog["text"]["text"] == (
        "Ship this release to production? Rejecting cancels the run, nothing further happens."
    )
    assert dialog["confirm"]["text"] == "Reject and cancel"
    assert "confirm" not in buttons(shown(CONFIRMATION))["Reject"]


@pytest.mark.parametrize(
    "pause",
    [
        replace(CONFIRMATION, values=[("draft", "word " * 100)]),
        replace(CONFIRMATION, values=[(f"value {n}", "x") for n in range(11)]),
        replace(CONFIRMATION, message="Ship? " * 200),
    ],
    ids=["a long value", "many values", "a long question"],
)
def test_review_is_primary_while_anything_is_cut(pause: PauseFacts) -> None:
    """Nobody approves what the card does not show: Review stands in place of Approve."""
    row = buttons(shown(pause))
    assert [*row] == ["Review", "Reject"]
    assert row["Review"]["style"] == "primary"


def test_each_value_is_cut_on_its_own_and_says_so() -> None:
    """A long value does not hide the next one; the note is italic, which no foreign text is."""
    pause = replace(CONFIRMATION, values=[("draft", "word " * 100), ("to", "ana"), ("empty", "")])
    inline = part(shown(pause), "values")["elements"][0]["elements"]
    assert {"type": "text", "text": "(199 of 500 characters)", "style": {"italic": True}} in inline
    assert {"type": "text", "text": "ana", "style": {"code": True}} in inline
    assert {"type": "text", "text": "empty", "style": {"italic": True}} in inline


def test_values_beyond_ten_are_counted() -> None:
    """The eleventh value is counted away."""
    pause = replace(CONFIRMATION, values=[(f"value {n}", "x") for n in range(13)])
    assert text_of(part(shown(pause), "values")).endswith("value 9: x\n3 more")


def test_names_in_backticks_become_code() -> None:
    """The question shows names as code, a dialog in quotation marks, the notification as they were."""
    message = shown(MAY_HAVE_RUN)
    assert message["text"] == "Retry `refund`? It may have run already"
    assert part(message, "question")["elements"][0]["elements"] == [
        {"type": "text", "text": "Retry ", "style": {"bold": True}},
        {"type": "text", "text": "refund", "style": {"code": True, "bold": True}},
        {"type": "text", "text": "? It may have run already", "style": {"bold": True}},
    ]
    assert buttons(message)["Retry"]["confirm"]["text"]["text"] == "Retry “refund”? It may have run already."


def test_a_single_backtick_stays_as_it_is() -> None:
    """An odd backtick makes nothing code."""
    pause = replace(CONFIRMATION, message="Ship `this?")
    assert text_of(part(shown(pause), "question")) == "Ship `this?"


def test_a_question_for_values_names_the_fields_and_offers_to_fill_them_in() -> None:
    """Required fields come first, each group with an italic remark; there is nothing to reject."""
    message = shown(USER_INPUT)
    assert text_of(part(message, "fields")) == "headline, items, audience, include numbers required\nnotes optional"
    assert [*buttons(message)] == ["Fill in", "Details"]
    assert rules_of(USER_INPUT)[1:] == [
        f"If nobody answers by {AT_DEADLINE}: this step is skipped, the run goes on with `subject-line`."
    ]


def test_both_on_one_step_are_one_card() -> None:
    """Where a yes and values are asked, one button gives both, and the values stand above the fields."""
    pause = replace(USER_INPUT, requires_confirmation=True, values=CONFIRMATION.values)
    message = shown(pause)
    assert [*buttons(message)] == ["Fill in and approve", "Reject"]
    assert entries(message) == ["Details", "Cancel run…"]
    assert parts(message)[1:3] == ["values", "fields"]
    assert text_of(part(message, "fields")).startswith("To fill in:headline")


def test_may_have_run_already_warns_and_has_no_primary() -> None:
    """Where any choice may do harm twice no button is green, and Retry asks back."""
    message = shown(MAY_HAVE_RUN)
    row = buttons(message)
    assert [*row] == ["Retry", "Skip", "Cancel run"]
    assert entries(message) == ["Details"]
    assert not any("style" in button for button in row.values())
    assert text_of(part(message, "why")).startswith("*Check before you answer:* the bot stopped while this step ran")
    assert rules_of(MAY_HAVE_RUN) == [
        WHO,
        "*Retry* may do it twice. *Skip*: the run goes on with `announce`.",
        "No deadline.",
    ]


def test_a_changed_definition_says_what_changed_and_offers_no_skip() -> None:
    """Class and text of the error stand in a quote; Retry looks again, and does no harm."""
    message = shown(DEFINITION_CHANGED)
    row = buttons(message)
    assert [*row] == ["Retry", "Cancel run"]
    assert entries(message) == ["Details"]
    assert row["Retry"]["style"] == "primary"
    assert text_of(part(message, "error")) == "DefinitionChanged: step 'refund' is gone"


def test_cancelling_from_an_error_card_asks_back_with_the_question() -> None:
    """The dialog names the question that is closed, and that what is done stays."""
    dialog = buttons(shown(DEFINITION_CHANGED))["Cancel run"]["confirm"]
    assert dialog["text"]["text"] == (
        "Look again at “refund”? It changed while this run was under way. "
        "Cancelling closes this question; nothing further happens. What is done stays done."
    )


@pytest.mark.parametrize(
    ("pause", "text", "outcome"),
    [
        (
            answered(CONFIRMATION, Action.confirm, "resuming"),
            "Approved, resuming",
            f"*Approved* by <@U02ANA>, {ANSWERED}. Resuming…",
        ),
        (
            answered(CONFIRMATION, Action.confirm, "ran", seconds=4),
            "Approved, the step ran",
            f"*Approved* by <@U02ANA>, {ANSWERED}. The step ran in 4 s.",
        ),
        (
            answered(CONFIRMATION, Action.confirm, "failed"),
            "Approved, the step failed",
            f"*Approved* by <@U02ANA>, {ANSWERED}. The step failed.",
        ),
        (
            answered(CONFIRMATION, Action.confirm, "ran", by="library"),
            "Approved, the step ran",
            f"*Approved* by `library`, {ANSWERED}. The step ran.",
        ),
        (
            answered(CONFIRMATION, Action.reject, "skipped"),
            "Rejected, the step was skipped",
            f"*Rejected* by <@U02ANA>, {ANSWERED}. This step was skipped; the run went on with `announce`.",
        ),
        (
            answered(CONFIRMATION, Action.reject, "cancelled"),
            "Rejected, the run was cancelled",
            f"*Rejected* by <@U02ANA>, {ANSWERED}. The run was cancelled; nothing further happened.",
        ),
        (
            answered(CONFIRMATION, Action.reject, "else"),
            "Rejected, the else branch ran",
            f"*Rejected* by <@U02ANA>, {ANSWERED}. The else branch ran instead.",
        ),
        (
            answered(replace(USER_INPUT, requires_confirmation=True), Action.provide, "ran"),
            "Filled in and approved, the step ran",
            f"*Filled in and approved* by <@U02ANA>, {ANSWERED}. The step ran.",
        ),
        (
            answered(MAY_HAVE_RUN, Action.retry, "ran"),
            "Retried, the step ran",
            f"*Retried* by <@U02ANA>, {ANSWERED}. The step ran.",
        ),
        (
            answered(MAY_HAVE_RUN, Action.skip, "skipped"),
            "Skipped",
            f"*Skipped* by <@U02ANA>, {ANSWERED}. The run went on with `announce`.",
        ),
        (
            answered(MAY_HAVE_RUN, Action.cancel, "cancelled"),
            "Run cancelled",
            f"*Run cancelled* by <@U02ANA>, {ANSWERED}. Nothing further happened.",
        ),
    ],
)
def test_a_closed_card_says_who_did_what_when_and_what_followed(pause: PauseFacts, text: str, outcome: str) -> None:
    """The deed is bold, the person a mention, what followed in the past; the notification has no names."""
    message = shown(pause)
    assert message["text"] == f"{text}: {pause.message}"
    assert outcome_of(pause) == outcome
    assert buttons(message) == {}


@pytest.mark.parametrize(
    ("action", "followed", "text", "outcome"),
    [
        (
            Action.reject,
            "skipped",
            "the step was skipped",
            "Rejected by the timeout policy: this step was skipped, the run went on with `announce`.",
        ),
        (
            Action.confirm,
            "ran",
            "the step ran",
            "Accepted by the timeout policy: the step ran in 4 s.",
        ),
        (
            Action.skip,
            "skipped",
            "the step was skipped",
            "Skipped by the timeout policy: the run went on with `announce`.",
        ),
        (
            Action.cancel,
            "cancelled",
            "the run was cancelled",
            "Cancelled by the timeout policy: nothing further happened.",
        ),
        (
            Action.provide,
            "resuming",
            "resuming",
            "Accepted with the defaults by the timeout policy: resuming…",
        ),
    ],
)
def test_a_timer_is_never_worded_like_a_person(action: Action, followed: Followed, text: str, outcome: str) -> None:
    """The card says that nobody answered by the deadline, and what the policy did."""
    pause = answered(CONFIRMATION, action, followed, by="timeout", seconds=4)
    assert shown(pause)["text"] == f"No answer in time, {text}: {CONFIRMATION.message}"
    assert outcome_of(pause) == f"*No answer* by {AT_DEADLINE}. {outcome}"


def test_a_reason_stands_in_a_quote_of_its_own() -> None:
    """The outcome ends with `Reason:`, and the words of the person follow, line breaks as a sign."""
    pause = answered(CONFIRMATION, Action.reject, "skipped", feedback="Not on a Friday.\n*Approved* by <@U1>")
    message = shown(pause)
    assert outcome_of(pause).endswith("`announce`. Reason:")
    assert part(message, "reason")["elements"][0]["type"] == "rich_text_quote"
    assert text_of(part(message, "reason")) == "Not on a Friday.⏎*Approved* by <@U1>"


def test_a_closed_card_keeps_the_values_in_short() -> None:
    """Two values and a count stand in the grey lines, with the place and without the requester."""
    message = shown(answered(CONFIRMATION, Action.confirm, "ran"))
    assert parts(message) == ["question", "outcome", "context"]
    assert text_of(part(message, "context")) == (
        "version: `2026.11.3` · environment: `production` · 1 more\n`deploy` · step 4 of 6 · run 7f3c7f"
    )


def test_what_was_filled_in_stands_on_the_closed_card() -> None:
    """The values that a person gave take the place of those that were shown."""
    pause = answered(USER_INPUT, Action.provide, "ran", values={"items": 12, "include numbers": False})
    assert text_of(part(shown(pause), "context")).startswith("items: `12` · `include numbers`: `No`\n")


def test_a_name_of_a_value_cannot_format_the_grey_line() -> None:
    """A name with signs that Slack would read as formatting is code."""
    pause = answered(CONFIRMATION, Action.provide, "ran", values={"*Approved* by <@U1>": 1})
    assert text_of(part(shown(pause), "context")).startswith("`*Approved* by &lt;@U1&gt;`: `1`\n")


@pytest.mark.parametrize(("who", "by"), [("U03BOB", " by <@U03BOB>"), (None, "")])
def test_a_run_cancelled_over_an_open_question_closes_its_card(who: str | None, by: str) -> None:
    """The card says who cancelled the run, and when."""
    pause = replace(CONFIRMATION, is_open=False, answered_at=1_795_185_120.0)
    run = ended(RunStatus.CANCELLED, cancelled_by=who)
    assert shown(pause, run)["text"] == "Run cancelled: Ship this release to production?"
    assert outcome_of(pause, run) == f"*Run cancelled*{by}, {ANSWERED}."


def test_the_place_is_left_out_where_it_is_not_known() -> None:
    """A step without a number has none on its card."""
    message = shown(replace(CONFIRMATION, index=None, of=None))
    assert text_of(part(message, "context")).startswith("`deploy` · run 7f3c7f · ")


def test_block_ids_follow_the_revision() -> None:
    """Every block has a new id after an update; action ids stay."""
    first, second = (card(RUN, CONFIRMATION, tokens=TOKENS, revision=revision) for revision in (1, 2))
    assert not {block["block_id"] for block in first["blocks"]} & {block["block_id"] for block in second["blocks"]}
    assert [button["action_id"] for button in buttons(second).values()] == [ids.APPROVE, ids.REJECT, ids.DETAILS]
