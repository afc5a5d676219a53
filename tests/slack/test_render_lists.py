"""Lists of questions and runs that one person sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kernbot.localslack.block_kit import check_message
from kernbot.run.answer import Action
from kernbot.slack import ids
from kernbot.slack.render import lists
from kernbot.slack.render.answering import answering
from kernbot.slack.render.facts import Listed, PauseFacts
from tests.slack.render_samples import (
    AT_DEADLINE,
    CALL,
    CONFIRMATION,
    MAY_HAVE_RUN,
    OUTPUT_REVIEW,
    REGIONS,
    ROUTE,
    RUN,
    TOKENS,
    USER_INPUT,
    answered,
    buttons,
    ended,
    strings,
    text_of,
    waiting_of,
)

LINK = "https://acme.slack.com/archives/C0DEPLOY/p2?thread_ts=1"
ITEM = Listed(run=RUN, pause=CONFIRMATION, link=LINK)
MOST_CHARACTERS = 12_000
"""Of a message, whatever its blocks may hold each."""


def lines(message: dict[str, Any]) -> list[str]:
    """Return the lines of a list, which Slack must take."""
    assert check_message(message) == []
    texts = [block for block in message["blocks"] if block["type"] != "actions"]
    return [line for block in texts for line in text_of(block).split("\n")]


def test_a_question_in_a_list_says_where_it_stands_and_what_silence_does() -> None:
    """Its place, its channel and its deadline stand under it, its values nowhere."""
    message = lists.pending(waiting_of([ITEM]), tokens=TOKENS)
    assert lines(message) == [
        "*Asked of you:* 1",
        "Ship this release to production?",
        "`deploy` · step 4 of 6 · run 7f3c7f · <#C0DEPLOY>",
        f"If nobody answers by {AT_DEADLINE}: rejected, this step is skipped.",
    ]
    assert "2026.11.3" not in "".join(strings(message))
    assert buttons(message)["Go to thread"]["url"] == LINK
    assert buttons(message)["Answer"]["accessibility_label"] == "Answer ship-to-production, run 7f3c7f"


def test_what_somebody_is_asked_comes_before_what_they_may_answer_too() -> None:
    """Both are counted whole; where there is no room for all of them the rest is counted."""
    message = lists.pending(waiting_of([ITEM] * 10, [ITEM] * 1_290), tokens=TOKENS)
    shown = lines(message)
    assert shown[0] == "*Asked of you:* 10"
    assert shown.index("*You may also answer:* 1,290") == 31
    assert shown[-1] == "1,288 more wait: they are shown here as these are answered."
    actions = [
        element["action_id"]
        for block in message["blocks"]
        for element in block.get("elements", [])[:1]
        if "action_id" in element
    ]
    assert actions == [f"home.answer.{number}" for number in range(12)]


def test_nothing_waits() -> None:
    """Somebody who may answer nothing that is open is told so."""
    assert lines(lists.pending(waiting_of(), tokens=TOKENS)) == ["Nothing waits for you."]


def test_a_question_whose_card_is_not_posted_yet_can_be_answered() -> None:
    """There is no link to a thread then."""
    assert list(buttons(lists.pending(waiting_of([replace(ITEM, link=None)]), tokens=TOKENS))) == ["Answer"]


def test_a_run_that_ended_is_told_with_its_decisions() -> None:
    """State, times, and who decided what."""
    run = ended(pauses=[answered(CONFIRMATION, Action.confirm, "ran")])
    shown = lines(lists.history([run], are_all=True, tokens=TOKENS))
    assert shown[0].startswith("*Finished:* `deploy`, all 6 steps, in 34 min")
    assert shown[1].startswith("Run 7f3c7f · asked for by `dee` · <!date^1795183320^")
    assert shown[2] == "`ship-to-production`: approved by <@U02ANA>"


def test_older_runs_are_said_to_be_left_out() -> None:
    """A list that does not hold all ends with that."""
    assert lines(lists.history([ended()], are_all=False, tokens=TOKENS))[-1] == "Older runs are left out."


@pytest.mark.parametrize("text", ["x" * 5_000, "<" * 5_000, "\n" * 5_000])
def test_the_longest_lists_fit_into_a_message(text: str) -> None:
    """Slack counts the characters of all blocks together."""
    pause = replace(CONFIRMATION, message=text, step_name=text, next_step=text)
    decided = [answered(replace(pause, kind="confirmation"), Action.confirm, "ran")] * 50
    run = ended(workflow=text, requester=text, pauses=decided)
    items = [Listed(run=run, pause=pause, link=LINK)] * 300
    for message in (
        lists.pending(waiting_of(items, items), tokens=TOKENS),
        lists.history([run] * 10, are_all=False, tokens=TOKENS),
        lists.status_of_run(RUN, waiting_of(items), may_cancel=True, tokens=TOKENS),
    ):
        assert sum(len(line) for line in lines(message)) < MOST_CHARACTERS


@pytest.mark.parametrize(
    ("pause", "form"),
    [(USER_INPUT, ids.FILL_IN), (REGIONS, ids.CHOOSE), (replace(CONFIRMATION, values=[("x", "y" * 999)]), ids.REVIEW)],
)
def test_a_question_that_needs_a_form_is_answered_in_it(pause: PauseFacts, form: str) -> None:
    """It is the form that the main button of its card opens."""
    assert answering(RUN, pause, tokens=TOKENS)["callback_id"] == form


@pytest.mark.parametrize(
    ("pause", "labels"),
    [
        (CONFIRMATION, ["Approve", "Reject"]),
        (OUTPUT_REVIEW, ["Approve", "Edit", "Reject"]),
        (CALL, ["Approve", "Edit", "Reject"]),
        (ROUTE, ["canary", "blue-green", "all-at-once", "Reject"]),
        (MAY_HAVE_RUN, ["Retry", "Skip", "Cancel run"]),
    ],
)
def test_other_questions_are_answered_by_the_buttons_of_their_card(pause: PauseFacts, labels: list[str]) -> None:
    """They stand under all that there is to know; what asks back on the card asks back here."""
    view = answering(RUN, pause, tokens=TOKENS)
    assert view["title"]["text"] == "Details"
    assert list(buttons(view)) == labels
    if pause is CALL:
        assert "confirm" in buttons(view)["Approve"]
