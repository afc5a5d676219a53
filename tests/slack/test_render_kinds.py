"""The cards of reviews, selections and calls of tools, and their forms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kernbot.errors import ConfigurationError
from kernbot.run.answer import Action
from kernbot.slack import ids
from kernbot.slack.render import modals
from kernbot.slack.render.card import card
from kernbot.slack.render.facts import Choice, FieldFacts, PauseFacts, Reviewed
from kernbot.slack.render.forms import form_of
from tests.slack.render_samples import (
    AGENT_CHOICES,
    AGENT_INPUT,
    ANSWERED,
    AT_DEADLINE,
    CALL,
    CALL_INPUT,
    CALL_RESULT,
    CONFIRMATION,
    DEFINITION_CHANGED,
    ITERATION_REVIEW,
    MAY_HAVE_RUN,
    OUTPUT_REVIEW,
    REGIONS,
    ROUTE,
    RUN,
    TOKENS,
    answered,
    buttons,
    entries,
    part,
    parts,
    text_of,
)


def shown(pause: PauseFacts) -> dict[str, Any]:
    """Return the card of a question."""
    return card(RUN, pause, tokens=TOKENS, revision=1)


def form(name: str, pause: PauseFacts) -> dict[str, Any]:
    """Return a form of a question."""
    return form_of(name, RUN, pause, tokens=TOKENS)


def rules_of(pause: PauseFacts) -> list[str]:
    """Return what an open card says of buttons and silence."""
    return text_of(part(shown(pause), "rules")).split("\n")[1:]


def inputs(view: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the inputs of a form."""
    return [block for block in view["blocks"] if block["type"] == "input"]


@pytest.mark.parametrize(
    ("pause", "labels"),
    [
        (OUTPUT_REVIEW, ["Approve", "Edit", "Reject"]),
        (replace(OUTPUT_REVIEW, values=[("output", "long " * 100)]), ["Review", "Edit", "Reject"]),
        (
            replace(OUTPUT_REVIEW, reviewed=Reviewed(text="x", is_data=True, can_be_edited=False)),
            ["Approve", "Reject", "Details"],
        ),
        (replace(OUTPUT_REVIEW, values=[], reviewed=None, hides_values=True), ["Review", "Edit", "Reject"]),
        (ITERATION_REVIEW, ["Accept and stop", "Edit", "Next iteration", "Cancel run"]),
        (replace(ITERATION_REVIEW, on_reject="skip"), ["Accept and stop", "Edit", "Reject"]),
        (ROUTE, ["canary", "blue-green", "all-at-once", "Reject", "Details"]),
        (REGIONS, ["Choose", "Reject", "Details"]),
        (CALL, ["Approve", "Edit", "Reject"]),
        (replace(CALL, fields=[], values=[("text", "long " * 100)]), ["Review", "Reject"]),
        (CALL_INPUT, ["Fill in", "Reject", "Details"]),
        (CALL_RESULT, ["Provide result", "Reject", "Show as JSON"]),
        (AGENT_INPUT, ["Fill in", "Reject", "Details"]),
        (AGENT_CHOICES, ["Answer", "Reject", "Details"]),
    ],
)
def test_each_kind_has_its_buttons(pause: PauseFacts, labels: list[str]) -> None:
    """At most one is primary, and only a reject is red."""
    row = buttons(shown(pause))
    assert [*row] == labels
    assert [button.get("style") for button in row.values()].count("primary") == 1
    assert {label for label, button in row.items() if button.get("style") == "danger"} <= {"Reject"}


@pytest.mark.parametrize(
    ("pause", "in_menu"),
    [
        (OUTPUT_REVIEW, ["Details", "Cancel run…"]),
        (replace(OUTPUT_REVIEW, values=[("output", "long " * 100)]), ["Cancel run…"]),
        (ITERATION_REVIEW, ["Details"]),
        (replace(ITERATION_REVIEW, values=[("output", "long " * 100)]), []),
        (REGIONS, ["Cancel run…"]),
        (CALL_INPUT, ["Cancel run…"]),
        (CALL_RESULT, ["Details", "Cancel run…"]),
        (replace(OUTPUT_REVIEW, approve_label="Send it to everybody"), ["Details", "Cancel run…"]),
    ],
)
def test_what_a_phone_has_no_room_for_is_in_the_menu(pause: PauseFacts, in_menu: list[str]) -> None:
    """Details are there beside many buttons or long ones; whatever stands on a button is not there too."""
    assert entries(shown(pause)) == in_menu


@pytest.mark.parametrize(
    ("pause", "rules"),
    [
        (
            OUTPUT_REVIEW,
            [
                "*Reject* asks for feedback and has it done again (retry 2 of 3).",
                f"If nobody answers by {AT_DEADLINE}: the run is cancelled, nothing further happens.",
            ],
        ),
        (
            replace(OUTPUT_REVIEW, on_reject="skip", silence="confirm"),
            [
                "*Reject* leaves this output out; the run goes on with `send`.",
                f"If nobody answers by {AT_DEADLINE}: accepted, the run goes on with `send`.",
            ],
        ),
        (
            replace(OUTPUT_REVIEW, choices=ROUTE.choices, silence="skip"),
            [
                "*Reject* asks for feedback and has people choose again (retry 2 of 3).",
                f"If nobody answers by {AT_DEADLINE}: this output is left out, the run goes on with `send`.",
            ],
        ),
        (
            ITERATION_REVIEW,
            [
                (
                    "*Accept and stop*: the run goes on with `write-draft`. "
                    "*Next iteration* asks for feedback and tries again."
                ),
                f"If nobody answers by {AT_DEADLINE}: accepted, the run goes on with `write-draft`.",
            ],
        ),
        (
            replace(ROUTE, on_reject="retry"),
            [
                "*Reject* asks for feedback and puts the question again (retry 1 of 3).",
                f"If nobody answers by {AT_DEADLINE}: what is proposed is chosen.",
            ],
        ),
        (
            CALL,
            [
                "*Reject*: the call is not made; the agent is told, with your feedback.",
                f"If nobody answers by {AT_DEADLINE}: rejected, the agent is told that nobody answered.",
            ],
        ),
        (
            replace(CALL, silence="confirm"),
            [
                "*Reject*: the call is not made; the agent is told, with your feedback.",
                f"If nobody answers by {AT_DEADLINE}: accepted, the call is made.",
            ],
        ),
        (
            replace(AGENT_INPUT, silence="cancel"),
            [
                "*Reject*: the agent is told that you don't answer, with your feedback.",
                f"If nobody answers by {AT_DEADLINE}: the run is cancelled, nothing further happens.",
            ],
        ),
    ],
)
def test_what_buttons_and_silence_do_is_said(pause: PauseFacts, rules: list[str]) -> None:
    """Each kind has sentences of its own."""
    assert rules_of(pause) == rules


@pytest.mark.parametrize(
    ("pause", "special"),
    [
        (OUTPUT_REVIEW, "*Done again:* retry 1 of 3."),
        (replace(OUTPUT_REVIEW, retries=3, is_last_try=True), "*Done again:* retry 3 of 3. No retry is left."),
        (replace(OUTPUT_REVIEW, retries=0, is_last_try=True), "No retry is left."),
        (replace(ROUTE, retries=1), "*Asked again:* retry 1 of 3."),
        (ITERATION_REVIEW, "Iteration 2 of 5."),
    ],
)
def test_what_is_special_is_said(pause: PauseFacts, special: str) -> None:
    """How often it was asked or done."""
    assert text_of(part(shown(pause), "special")) == special


def test_what_cannot_be_undone_is_said_beside_the_question() -> None:
    """Where it is read first, on the card and in its forms; once it is answered, no more."""
    assert text_of(part(shown(CALL), "question")) == "Run the tool issue_refund? · cannot be undone"
    form = form_of(ids.FILL_IN, RUN, CALL, tokens=TOKENS)
    assert text_of(part(form, "question")).endswith(" · cannot be undone")
    over = shown(answered(CALL, Action.confirm, "ran"))
    assert text_of(part(over, "question")) == "Run the tool issue_refund?"


def test_what_is_ordinary_is_not_said() -> None:
    """A first question has no such line."""
    assert "special" not in parts(shown(ROUTE))
    assert "special" not in parts(shown(replace(CALL_INPUT, irreversible=False)))


@pytest.mark.parametrize(
    ("pause", "text", "outcome"),
    [
        (
            answered(OUTPUT_REVIEW, Action.confirm, "ran"),
            "Approved, the run went on",
            f"*Approved* by <@U02ANA>, {ANSWERED}. The run went on with `send`.",
        ),
        (
            answered(OUTPUT_REVIEW, Action.reject, "again", feedback="Shorter."),
            "Rejected, it was done again",
            f"*Rejected* by <@U02ANA>, {ANSWERED}. It was done again. Reason:",
        ),
        (
            answered(OUTPUT_REVIEW, Action.reject, "skipped"),
            "Rejected, the output was left out",
            f"*Rejected* by <@U02ANA>, {ANSWERED}. The output was left out; the run went on with `send`.",
        ),
        (
            answered(OUTPUT_REVIEW, Action.edit, "ran", output="New."),
            "Approved with changes, the run went on",
            f"*Approved with changes* by <@U02ANA>, {ANSWERED}. The run went on with `send`. What changed:",
        ),
        (
            answered(ITERATION_REVIEW, Action.confirm, "ran"),
            "Accepted, the loop ended",
            f"*Accepted* by <@U02ANA>, {ANSWERED}. The loop ended.",
        ),
        (
            answered(ROUTE, Action.select, "ran", routes=("canary",), seconds=4),
            "Chosen, the step ran",
            f"*Chosen* by <@U02ANA>, {ANSWERED}: `canary`. The step ran in 4 s.",
        ),
        (
            answered(CONFIRMATION, Action.reject, "again"),
            "Rejected, asked again",
            f"*Rejected* by <@U02ANA>, {ANSWERED}. The question was put again.",
        ),
        (
            answered(CALL, Action.provide, "ran", values={"amount": "1"}),
            "Approved with changes, the call was made",
            f"*Approved with changes* by <@U02ANA>, {ANSWERED}. The call was made.",
        ),
        (
            answered(CALL, Action.confirm, "failed"),
            "Approved, the call failed, the agent was told",
            f"*Approved* by <@U02ANA>, {ANSWERED}. The call failed, the agent was told.",
        ),
        (
            answered(CALL, Action.reject, "skipped"),
            "Rejected, the call was not made, the agent was told",
            f"*Rejected* by <@U02ANA>, {ANSWERED}. The call was not made, the agent was told.",
        ),
        (
            answered(CALL_RESULT, Action.supply, "ran", output="done"),
            "Result given, the agent went on",
            f"*Result given* by <@U02ANA>, {ANSWERED}. The agent went on.",
        ),
    ],
)
def test_a_closed_card_says_what_came_of_it(pause: PauseFacts, text: str, outcome: str) -> None:
    """The deed and what followed, in the words of the kind of question."""
    assert shown(pause)["text"] == f"{text}: {pause.message}"
    assert text_of(part(shown(pause), "outcome")) == outcome


def test_the_clock_names_what_it_chose() -> None:
    """A proposal that was taken in silence stands in the outcome."""
    pause = answered(ROUTE, Action.select, "ran", by="timeout", routes=("canary",), seconds=4)
    assert text_of(part(shown(pause), "outcome")) == (
        f"*No answer* by {AT_DEADLINE}. Chosen as proposed by the timeout policy: `canary`, the step ran in 4 s."
    )


def test_an_edited_card_shows_the_difference_and_not_the_old_text() -> None:
    """What went and what came stand in a block of their own; the grey line says where both texts are."""
    edited = "Failed payments fell by 8 percent. Support tickets fell to 4."
    message = shown(answered(OUTPUT_REVIEW, Action.edit, "ran", output=edited))
    assert part(message, "difference")["elements"][0]["type"] == "rich_text_preformatted"
    assert text_of(part(message, "difference")) == (
        "- Failed payments fell by 18 percent.\n+ Failed payments fell by 8 percent."
    )
    assert text_of(part(message, "context")).startswith("The run's *Details* hold both texts.\n")


def test_the_proposed_choice_is_primary_and_choices_have_a_row_of_their_own() -> None:
    """No choice can pose as one of the bot's buttons."""
    message = shown(ROUTE)
    row = part(message, "choices-to-press")["elements"]
    assert [button["action_id"] for button in row] == [f"pause.choice.{n}" for n in range(3)]
    assert [button.get("style") for button in row] == ["primary", None, None]
    assert row[0]["accessibility_label"] == "Choose canary for roll-out, run 7f3c7f (proposed)"
    assert text_of(part(message, "rules")).startswith("Proposed: `canary`. May answer: ")


@pytest.mark.parametrize(
    "changes",
    [
        {"choices": [Choice(name=f"way {n}") for n in range(5)]},
        {"choices": [Choice(name="x" * 31)]},
        {"choices": [Choice(name=" ")]},
        {"several": True},
        {"values": [("draft", "long " * 100)]},
        {"hides_values": True},
    ],
    ids=["five", "a long name", "a blank name", "several", "a value that is cut", "hidden values"],
)
def test_what_a_click_cannot_say_is_chosen_in_a_form(changes: dict[str, Any]) -> None:
    """A button chooses only where it can be read, and where the card shows everything."""
    assert "Choose" in buttons(shown(replace(ROUTE, **changes)))


def test_a_form_of_choices_repeats_only_what_its_options_cut() -> None:
    """A description that is too long for an option stands above, whole."""
    long = "word " * 40
    pause = replace(ROUTE, choices=[*ROUTE.choices, Choice(name="long", description=long)])
    view = form(ids.CHOOSE, pause)
    assert text_of(part(view, "values.0")) == f"long: {long}"
    assert inputs(view)[0]["element"]["initial_option"]["text"]["text"] == "canary"


def test_an_agent_that_asks_stands_in_the_grey_line() -> None:
    """The place names the agent."""
    context = text_of(part(shown(CALL), "context"))
    assert context.startswith("`deploy` · step 4 of 6, agent `refund-agent` · run 7f3c7f")


def test_a_guess_is_a_hint_and_a_secret_says_so() -> None:
    """Neither is filled in."""
    guess, secret = inputs(form(ids.FILL_IN, CALL_INPUT))
    assert guess["hint"]["text"] == "The model's guess, not used unless you type it: “Mon 09:00”."
    assert secret["hint"]["text"] == "Secret: what you type is shown nowhere."
    assert not {"initial_value", "placeholder"} & {*guess["element"], *secret["element"]}


def test_a_default_is_shown_with_what_cannot_be_seen() -> None:
    """A text that a model wrote can't hide anything in an input."""
    pause = replace(CALL, fields=[FieldFacts(name="to", field_type="str", default="ana\u202egro.live@")])
    assert inputs(form(ids.FILL_IN, pause))[0]["element"]["initial_value"] == "ana\\u202egro.live@"


def test_an_approval_of_what_cannot_be_undone_asks_back() -> None:
    """On the card by a dialog, in the forms by a box that must be ticked."""
    dialog = buttons(shown(CALL))["Approve"]["confirm"]
    assert dialog["text"]["text"] == "Run the tool “issue_refund”? This cannot be undone."
    assert dialog["style"] == "primary"
    for name in (ids.FILL_IN, ids.REVIEW):
        box = inputs(form(name, CALL))[-1]
        assert (box["label"]["text"], box["element"]["type"]) == ("This cannot be undone", "checkboxes")
        assert box["optional"] is False


def test_a_long_output_is_edited_in_pieces_that_join_again() -> None:
    """Each piece has a field with its number."""
    pause = replace(OUTPUT_REVIEW, reviewed=Reviewed(text="A sentence.\n" * 500))
    labels = [block["label"]["text"] for block in inputs(form(ids.EDIT, pause))]
    assert labels == [f"Output, part {n} of 3" for n in (1, 2, 3)]


def test_an_output_that_no_form_holds_is_a_clear_error() -> None:
    """It says how it can be edited instead."""
    pause = replace(OUTPUT_REVIEW, reviewed=Reviewed(text="word " * 60_000))
    with pytest.raises(ConfigurationError, match="approve or reject it as it is, or edit it from Python"):
        form(ids.EDIT, pause)


@pytest.mark.parametrize(
    ("pause", "title", "needed"),
    [(OUTPUT_REVIEW, "Reject", True), (ITERATION_REVIEW, "Next iteration", False), (CALL, "Reject", False)],
)
def test_feedback_is_needed_where_something_is_done_again_because_of_it(
    pause: PauseFacts, title: str, needed: bool
) -> None:
    """The form says what the reject does, and is named after it."""
    view = form(ids.FEEDBACK, pause)
    assert (view["title"]["text"], view["submit"]["text"]) == (title, title)
    assert inputs(view)[0]["optional"] is not needed
    assert title in text_of(part(view, "effect"))


def test_a_deed_is_called_as_its_author_says() -> None:
    """On the button, in the dialog and in the line that says what it does; there as code, as it is foreign."""
    pause = replace(
        CONFIRMATION, approve_label="Ship it", reject_label="Send *back*", on_reject="cancel", irreversible=True
    )
    row = buttons(shown(pause))
    assert [*row] == ["Ship it", "Send *back*", "Details"]
    assert row["Ship it"]["confirm"]["confirm"]["text"] == "Ship it"
    assert row["Ship it"]["confirm"]["text"]["text"].endswith("This cannot be undone.")
    assert rules_of(pause)[0] == "`Send *back*` cancels the run, nothing further happens."


@pytest.mark.parametrize(
    ("label", "submit"), [("Ship it", "Ship it"), ("Ship it to all of production", "Approve"), ("x" * 24, "x" * 24)]
)
def test_a_form_bears_the_name_of_its_deed_where_there_is_room(label: str, submit: str) -> None:
    """Slack has room for 24 characters there, the author for 30."""
    assert form(ids.REVIEW, replace(CONFIRMATION, approve_label=label))["submit"]["text"] == submit


@pytest.mark.parametrize(
    ("reason", "actions"),
    [
        (None, ["pause.approve", "pause.reject", "pause.details"]),
        ("never", ["pause.approve", "pause.reject", "pause.details"]),
        ("reject", ["pause.approve", "pause.feedback", "pause.details"]),
        ("always", ["pause.review", "pause.feedback"]),
    ],
)
def test_a_button_opens_a_form_where_a_reason_is_wanted(reason: str | None, actions: list[str]) -> None:
    """Elsewhere one click is enough."""
    row = buttons(shown(replace(CONFIRMATION, reason=reason)))
    assert [button["action_id"] for button in row.values()] == actions
    assert [*row][:2] == ["Approve", "Reject"]


def test_no_feedback_is_asked_for_where_the_author_wants_none() -> None:
    """A reject that has it done again is one click then, and its line says nothing of feedback."""
    pause = replace(OUTPUT_REVIEW, reason="never")
    assert buttons(shown(pause))["Reject"]["action_id"] == "pause.reject"
    assert rules_of(pause)[0] == "*Reject* has it done again (retry 2 of 3)."


def test_reasons_are_chosen_with_room_for_words() -> None:
    """As radio buttons with a way out, and a text that is optional."""
    chosen, written = inputs(form(ids.FEEDBACK, replace(CONFIRMATION, reason="reject", reasons=["Bad moment"])))
    assert [option["text"]["text"] for option in chosen["element"]["options"]] == [
        "Bad moment",
        "Something else, written below",
    ]
    assert (chosen["optional"], written["optional"]) == (False, True)


def test_a_retry_of_what_cannot_be_undone_asks_back() -> None:
    """Where the author said so."""
    failed = replace(
        DEFINITION_CHANGED, cause="failed", error="RuntimeError: no", irreversible=True, actions=["retry", "skip"]
    )
    dialog = buttons(shown(failed))["Retry"]["confirm"]
    assert dialog["text"]["text"].endswith("This cannot be undone.")


@pytest.mark.parametrize(
    ("attempts", "special", "rule"),
    [
        (1, "Attempt 3 failed.", "*Retry*: attempt 4. *Skip*: the run goes on with `announce` and ends"),
        (2, "Attempt 3 failed, after 1 retry by itself.", "*Retry*: attempts 4 to 5, until one works. *Skip*: "),
    ],
)
def test_an_error_says_which_attempt_failed_and_what_a_retry_is(attempts: int, special: str, rule: str) -> None:
    """With the retries that the step makes by itself."""
    failed = replace(DEFINITION_CHANGED, cause="failed", error="RuntimeError: no", attempt=3, attempts=attempts)
    assert text_of(part(shown(failed), "special")) == special
    assert rules_of(failed)[0].startswith(rule)


def test_a_traceback_is_in_the_details_of_those_who_may_see_it() -> None:
    """Others read where the owners find it."""
    failed = replace(DEFINITION_CHANGED, cause="failed", error="RuntimeError: no", attempt=3)
    view = modals.details(RUN, replace(failed, traceback='File "x.py", line 3'))
    assert "traceback part" not in str(view)
    assert text_of(part(view, "values.1")) == 'tracebackFile "x.py", line 3'
    assert text_of(part(modals.details(RUN, failed), "no-traceback")) == (
        "The workflow's owners and the operators see more: run 7f3c7f, attempt 3."
    )


def test_an_answer_stays_where_the_run_could_not_go_on() -> None:
    """The card says so, with the reference of the log."""
    message = shown(replace(answered(CONFIRMATION, Action.confirm, "stuck"), reference="a1b2c3"))
    assert message["text"] == "Approved, resuming failed: Ship this release to production?"
    assert text_of(part(message, "outcome")) == (
        f"*Approved* by <@U02ANA>, {ANSWERED}. "
        "Resuming failed (ref a1b2c3), and will be tried again; the decision stays."
    )


def test_a_call_that_may_have_been_made_is_shown_with_its_arguments() -> None:
    """The card speaks of the call, and of the agent that goes on without its result."""
    made = replace(MAY_HAVE_RUN, tool="issue_refund", values=CALL.values)
    assert "while this call ran" in text_of(part(shown(made), "why"))
    assert rules_of(made)[0] == "*Retry* may do it twice. *Skip*: the agent goes on without a result of this call."


def test_what_is_particular_to_a_kind_is_said() -> None:
    """Several choices are counted, a result may be text or JSON, and the rest of a call is named as such."""
    assert text_of(part(shown(REGIONS), "rules")).startswith("One or more of 7. Proposed: `region-1`, `region-2`. ")
    assert rules_of(CALL_RESULT)[0].startswith("*Provide result* takes text or JSON; the agent goes on with it. ")
    assert text_of(part(form(ids.FILL_IN, CALL_INPUT), "rest")) == "*The rest of the call, as it will run*"


def test_what_an_edit_would_lose_is_not_edited() -> None:
    """An output that holds a secret is shown with a mask, which must never take its place."""
    pause = replace(OUTPUT_REVIEW, reviewed=Reviewed(text='{"token": "…"}', is_data=True, can_be_edited=False))
    with pytest.raises(ConfigurationError, match="holds something secret, which an edit would lose"):
        form(ids.EDIT, pause)


def test_a_next_iteration_is_no_rejection() -> None:
    """It is told as the button says it; a no that ends the loop is one."""
    again = answered(ITERATION_REVIEW, Action.reject, "again", feedback="shorter")
    assert shown(again)["text"].startswith("Sent to the next iteration, the loop went on: ")
    assert text_of(part(shown(again), "outcome")).startswith("*Sent to the next iteration* by <@U02ANA>")
    ended_here = answered(replace(ITERATION_REVIEW, on_reject="cancel"), Action.reject, "cancelled")
    assert shown(ended_here)["text"].startswith("Rejected, the run was cancelled: ")
