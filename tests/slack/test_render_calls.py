"""The card of several calls of one turn, from open to decided, and the modal in which all are read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kernbot.errors import ConfigurationError
from kernbot.run.answer import Action
from kernbot.run.masking import Masked
from kernbot.slack.render.calls_form import boxes_of, review_of_all
from kernbot.slack.render.card import card
from kernbot.slack.render.facts import FieldFacts, PauseFacts, RunFacts
from kernbot.slack.render.turn import calls_beside
from tests.slack.render_samples import (
    ANSWERED,
    AT_DEADLINE,
    CALL,
    RUN,
    TOKENS,
    answered,
    buttons,
    part,
    parts,
    text_of,
)

FIRST = replace(CALL, turn="t", call=1, calls=2, fields=[], values=[("order", "A-1"), ("amount", "129"), ("to", "jo")])
SECOND = replace(
    FIRST,
    pause_id="42" * 16,
    first_asked=FIRST.pause_id,
    call=2,
    tool="notify",
    irreversible=False,
    values=[("to", "jo@example.com"), ("api_token", Masked(24))],
)
LONG = replace(SECOND, values=[("message", "word " * 100)])


def run_with(*pauses: PauseFacts) -> RunFacts:
    """Return a run with these questions."""
    return replace(RUN, pauses=list(pauses))


def shown(*calls: PauseFacts) -> dict[str, Any]:
    """Return the card of these calls."""
    return card(run_with(*calls), calls[0], tokens=TOKENS, revision=1)


def many(count: int) -> list[PauseFacts]:
    """Return so many calls of one turn."""
    return [
        replace(FIRST, pause_id=f"{number:032x}", call=number, calls=count, irreversible=False)
        for number in range(1, count + 1)
    ]


def styles(message: dict[str, Any]) -> dict[str, str | None]:
    """Return the styles of all buttons by their action."""
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return {button["action_id"]: button.get("style") for row in rows for button in row}


def test_each_call_has_a_row_and_the_last_row_is_about_all() -> None:
    """A line with its number and tool, its values, its buttons; what is common stands once, below a line."""
    message = shown(FIRST, SECOND)
    assert message["text"] == "Approve 2 calls of `refund-agent`?"
    assert parts(message) == [
        "question",
        "call.1",
        "call-actions.1",
        "call.2",
        "call-actions.2",
        "line",
        "context",
        "rules",
        "actions",
    ]
    assert text_of(part(message, "call.1")).startswith("1. issue_refund · cannot be undoneorder: A-1\namount: 129")
    assert text_of(part(message, "call.2")).endswith("api_token: •••••••• hidden, 24 characters")
    assert text_of(part(message, "rules")).split("\n")[1:] == [
        "*Reject* tells the agent no. It goes on when both calls are decided, without the rejected ones.",
        f"If nobody answers by {AT_DEADLINE}: every open call is rejected, the agent goes on.",
    ]


def test_only_the_button_for_all_is_primary() -> None:
    """It asks back where one of the calls can't be undone, and says which."""
    message = shown(FIRST, SECOND)
    assert styles(message) == {
        "call.approve.1": None,
        "call.feedback.1": "danger",
        "call.approve.2": None,
        "call.feedback.2": "danger",
        "pause.approve_all": "primary",
        "pause.more": None,
    }
    dialog = part(message, "actions")["elements"][0]["confirm"]
    assert dialog["text"]["text"] == "Approve 2 calls of “refund-agent”? Call 1 cannot be undone."
    assert "confirm" in part(message, "call-actions.1")["elements"][0]
    assert "confirm" not in part(message, "call-actions.2")["elements"][0]
    assert part(message, "call-actions.2")["elements"][0]["accessibility_label"] == "Approve call 2 notify, run 7f3c7f"


def test_all_are_reviewed_while_one_is_cut() -> None:
    """The cut call has a Review of its own, too."""
    assert styles(shown(FIRST, LONG)) == {
        "call.approve.1": None,
        "call.feedback.1": "danger",
        "call.review.2": None,
        "call.feedback.2": "danger",
        "pause.review_all": "primary",
        "pause.more": None,
    }


def test_a_decided_call_says_by_whom_and_what_follows() -> None:
    """Its buttons are gone, its values are short; the one that is left has the primary button and the menu."""
    message = shown(answered(FIRST, Action.confirm, "held"), LONG)
    assert message["text"] == "1 of 2 decided: Approve 2 calls of `refund-agent`?"
    assert text_of(part(message, "state")) == "*1 of 2 decided.* The agent goes on when both are."
    assert text_of(part(message, "call.1")) == "1. issue_refundorder: A-1, amount: 129, 1 more"
    assert text_of(part(message, "outcome.1")) == (
        f"*Approved* by <@U02ANA>, {ANSWERED}. The agent goes on once the other call is decided."
    )
    assert styles(message) == {"call.review.2": "primary", "call.feedback.2": "danger", "pause.more": None}
    assert text_of(part(message, "rules")).split("\n")[1:] == [
        "*Reject* tells the agent no, with your feedback; it goes on without this call.",
        f"If nobody answers by {AT_DEADLINE}: call 2 is rejected, the agent goes on.",
    ]


def test_when_all_are_decided_no_button_is_left() -> None:
    """Each call keeps its line, and the reason of a reject stands below it."""
    rejected = answered(SECOND, Action.reject, "skipped", feedback="wrong person", by="U03BOB")
    message = shown(answered(FIRST, Action.confirm, "ran"), rejected)
    assert message["text"] == "Both decided: Approve 2 calls of `refund-agent`?"
    assert not styles(message)
    assert text_of(part(message, "outcome.1")).endswith("The call was made.")
    assert text_of(part(message, "reason.2")) == "wrong person"
    alike = shown(answered(FIRST, Action.confirm, "ran"), answered(SECOND, Action.confirm, "ran"))
    assert alike["text"].startswith("Approved, the call was made: ")


def test_calls_of_other_kinds_have_their_own_buttons_and_are_not_approved_with_the_rest() -> None:
    """Values are filled in one by one; no button decides all where less than two calls want a yes."""
    values = replace(
        SECOND, kind="call_input", fields=[FieldFacts(name="pickup", field_type="str")], actions=["provide", "reject"]
    )
    message = shown(FIRST, values)
    assert message["text"] == "Decide 2 calls of `refund-agent`?"
    assert text_of(part(message, "call.2")).startswith("2. notify · needs values")
    assert text_of(part(message, "call.2")).endswith("pickup required")
    assert [*buttons(message)] == ["Approve", "Reject", "Fill in"]
    assert "call.fill.2" in styles(message)
    assert "pause.approve_all" not in styles(message)


def test_a_call_that_is_asked_about_again_takes_its_row() -> None:
    """The newest question counts, and says what was wrong with the last answer."""
    again = replace(SECOND, pause_id="43" * 16, problem="The tool was not called: 'amount' is wrong")
    message = shown(FIRST, answered(SECOND, Action.provide, "again"), again)
    assert "Asked again: The tool was not called: 'amount' is wrong\nto: jo@example.com" in text_of(
        part(message, "call.2")
    )
    assert parts(message).count("call.2") == 1


def test_a_decided_call_shows_first_what_people_changed_or_gave() -> None:
    """What stood there before is shown beside it; what was left as it was comes after."""
    edited = answered(FIRST, Action.provide, "ran", values={"order": "A-1", "amount": 99})
    filled = answered(SECOND, Action.provide, "ran", values={"pickup": "10:30"})
    message = shown(edited, filled)
    assert text_of(part(message, "call.1")).endswith("amount: 129 → 99, order: A-1, 1 more")
    assert "pickup: 10:30, to: jo@example.com" in text_of(part(message, "call.2"))


def test_of_many_calls_each_ten_have_a_card() -> None:
    """None is lost, and each card says which of them it shows."""
    run = run_with(*many(23))
    cards = [card(run, run.pauses[place], tokens=TOKENS, revision=1) for place in (0, 10, 22)]
    assert [message["text"] for message in cards] == [
        "Approve calls 1 to 10 of 23 of `refund-agent`?",
        "Approve calls 11 to 20 of 23 of `refund-agent`?",
        "Approve calls 21 to 23 of 23 of `refund-agent`?",
    ]
    rows = [name for message in cards for name in parts(message) if name.startswith("call.")]
    assert rows == [f"call.{number}" for number in range(1, 24)]
    assert all(len(message["blocks"]) <= 50 for message in cards)


def test_the_modal_shows_all_values_whole_with_a_box_for_what_cannot_be_undone() -> None:
    """It is sent as Approve all."""
    calls = calls_beside(run_with(FIRST, LONG), FIRST)
    view = review_of_all(run_with(*calls), calls, tokens=TOKENS)
    assert (view["title"]["text"], view["submit"]["text"]) == ("Review both calls", "Approve all")
    assert [block["type"] for block in view["blocks"]] == [
        "rich_text",
        "rich_text",
        "rich_text",
        "input",
        "rich_text",
        "rich_text",
        "context",
    ]
    assert view["blocks"][3]["label"]["text"] == "Call 1 cannot be undone"
    assert not view["blocks"][3]["optional"]
    assert ("word " * 100) in text_of(part(view, "values.2.0"))
    assert [box.name for box in boxes_of(calls)] == ["Call 1 cannot be undone"]


def test_calls_that_no_modal_holds_are_approved_one_by_one() -> None:
    """Nobody approves what they can't read."""
    calls = [replace(call, values=[("text", "word " * 30_000)]) for call in many(3)]
    with pytest.raises(ConfigurationError, match="decide them one by one"):
        review_of_all(run_with(*calls), calls, tokens=TOKENS)


def test_who_may_answer_is_said_for_each_call_where_it_differs() -> None:
    """Of the calls that are open; what is the same for all is said once."""
    asked = [replace(call, requester_may=False) for call in (FIRST, SECOND)]
    wants_input = replace(SECOND, kind="call_input", call=3, pause_id="43" * 16, calls=3, requester_may=True)
    one, two = (replace(call, calls=3) for call in asked)
    who, *_ = text_of(part(shown(one, two, wants_input), "rules")).split("\n")
    assert who == (
        "May answer calls 1 and 2: any full member of <#C0DEPLOY>; not `dee`, who asked for it. "
        "Call 3: any full member of <#C0DEPLOY>, `dee` too."
    )
    over = answered(wants_input, Action.provide, "held")
    who, *_ = text_of(part(shown(one, two, over), "rules")).split("\n")
    assert who == "May answer: any full member of <#C0DEPLOY>; not `dee`, who asked for it."


def test_silence_is_said_for_each_call_where_it_differs() -> None:
    """What is accepted, what is rejected, and what waits for ever."""
    accepted, for_ever = replace(SECOND, silence="confirm"), replace(many(3)[2], deadline=None)
    *_, silence = text_of(part(shown(*(replace(c, calls=3) for c in (FIRST, accepted, for_ever))), "rules")).split("\n")
    assert silence == (
        f"If nobody answers by {AT_DEADLINE}: call 1 is rejected. "
        f"If nobody answers by {AT_DEADLINE}: call 2 is accepted. No deadline for call 3."
    )


def test_what_was_filled_in_stands_first_on_a_decided_call() -> None:
    """What the call had already is counted away before it."""
    rest = [("order", "A-1"), ("address", "Calle 4")]
    wants_input = replace(SECOND, kind="call_input", values=rest)
    given = answered(wants_input, Action.provide, "held", values={**dict(rest), "pickup": "Mon"})
    assert "pickup: Mon, order: A-1, 1 more" in text_of(part(shown(FIRST, given), "call.2"))
    alone = replace(given, calls=1, turn=None, followed="ran")
    assert text_of(part(shown(alone), "context")).startswith("pickup: `Mon` · order: `A-1` · 1 more\n")
