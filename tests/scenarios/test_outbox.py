"""What is sent to Slack, when, and in which order."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from kernbot.workflow import Step, Workflow
from tests.scenarios.team import Team, words
from tests.scenarios.workflows import QUESTION, Deploy


async def test_parent_card_and_result_are_posted_in_this_order(team: Team) -> None:
    """The first question is broadcast to the channel; the result stands in the thread only."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        await team.click("ana", card, "pause.approve")
        await team.under(team.parents()[0], "Result of")
        parent, first, result = team.calls("chat.postMessage")
        assert "thread_ts" not in parent
        assert (first["thread_ts"], first["reply_broadcast"]) == (team.parents()[0]["ts"], True)
        assert (result["thread_ts"], result["reply_broadcast"]) == (team.parents()[0]["ts"], False)


async def test_a_rate_limit_is_waited_for(team: Team) -> None:
    """After Retry-After the same message is posted, once."""
    async with team.bot(Deploy().workflow):
        team.line.refuse("chat.postMessage", "ratelimited", status=429, retry_after="0.2")
        await team.ask("deploy", QUESTION)
        assert team.line.faults_met == 1
        assert len(team.calls("chat.postMessage")) == 2


async def test_a_post_that_failed_is_posted_later(team: Team) -> None:
    """The next look at what is missing posts it, once."""
    async with team.bot(Deploy().workflow, sweep_seconds=0.1):
        team.line.refuse("chat.postMessage", "fatal_error", times=3, status=500)
        await team.type("dee", "run deploy")
        parents = await team.until(team.parents)
        await team.under(parents[0], QUESTION)
        assert len(team.calls("chat.postMessage")) == 2


async def test_an_answer_that_is_lost_on_the_way_is_no_reason_to_stop(team: Team) -> None:
    """Where a call to Slack breaks off, the card is updated later all the same."""
    async with team.bot(Deploy().workflow, sweep_seconds=0.1):
        card = await team.ask("deploy", QUESTION)
        team.line.break_off("chat.update", times=2)
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def lose_the_answer_for_a_card(team: Team) -> list[dict[str, Any]]:
    """Have a run's card posted, and the answer lost; return its cards once the bot has gone on."""
    await team.type("dee", "run deploy")
    parent = (await team.until(team.parents))[0]
    held = team.line.hold("chat.postMessage")
    await held.reached()
    team.line.lose_answer("chat.postMessage")
    held.release()
    await team.says(parent, "Open the question")
    assert team.line.faults_met == 1
    return team.thread(parent)


def slow_to_ask() -> Workflow:
    """Return a workflow whose first step takes a moment, so that its parent is posted well before its card."""
    steps = [
        Step(name="build", executor=lambda _: time.sleep(0.3)),
        Step(name="deploy", executor=lambda _: "done", requires_confirmation=True, confirmation_message=QUESTION),
    ]
    return Workflow(name="deploy", steps=steps)


async def test_race_9_a_lost_answer_makes_no_second_card(team: Team) -> None:
    """Where the bot may read threads, it finds the card whose post Slack had taken, and goes on with it."""
    team.grant("channels:history")
    async with team.bot(slow_to_ask(), sweep_seconds=0.1):
        (card,) = await lose_the_answer_for_a_card(team)
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


@pytest.mark.parametrize("clicked", [0, 1])
async def test_race_9_without_reading_back_both_cards_work(team: Team, clicked: int) -> None:
    """Whichever is clicked first decides; the other is refused truthfully when clicked, and closes too."""
    async with team.bot(slow_to_ask(), sweep_seconds=0.1):
        cards = await lose_the_answer_for_a_card(team)
        assert len(cards) == 2
        await team.click("ana", cards[clicked], "pause.approve")
        await team.says(cards[clicked], "Approved, the step ran")
        await team.says(team.parents()[0], "Finished")
        await team.click("bob", cards[0], "pause.reject", stale=True)
        await team.hears("bob", "<@UANA> approved it")
        for card in cards:
            assert "pause.approve" not in str(await team.says(card, "Approved, the step ran"))


async def test_a_card_that_slack_does_not_take_becomes_a_plain_one(team: Team) -> None:
    """Nothing is left unasked: a plain card opens the question, which is answered there; its next state is whole."""
    async with team.bot(slow_to_ask()):
        await team.type("dee", "run deploy")
        parent = (await team.until(team.parents))[0]
        team.line.refuse("chat.postMessage", "invalid_blocks")
        plain = await team.under(parent, "A question of deploy waits")
        assert "*A question waits:* `deploy`, step `deploy`" in words(plain)
        review = await team.press("ana", plain, "pause.review")
        await team.send("ana", review)
        await team.says(plain, "Approved, the step ran")


async def test_a_message_that_somebody_deleted_holds_no_other_up(team: Team) -> None:
    """The run's other messages are brought up to date all the same."""
    async with team.bot(Deploy().workflow):
        await team.ask("deploy", QUESTION)
        parent = await team.says(team.parents()[0], "Open the question")
        team.line.refuse("chat.update", "message_not_found")
        await team.type("dee", f"cancel {(await team.run()).run.run_id}")
        await team.says(parent, "Cancelled")
        assert team.line.faults_met == 1


async def test_the_clicked_card_is_updated_through_its_response_url_first(team: Team) -> None:
    """What was clicked shows the claim without a call of the Web API; the other messages are updated by calls."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        await team.says(team.parents()[0], "Open the question")
        held = team.line.hold("chat.update")
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved")
        assert card["ts"] not in [call["ts"] for call in team.calls("chat.update")]
        held.release()
        await team.says(card, "Approved, the step ran")


async def test_an_address_is_not_used_after_its_half_hour(team: Team) -> None:
    """What came of a click on a step that takes that long is shown by a call."""
    go_on = threading.Event()
    step = Step("deploy", lambda _: go_on.wait(), requires_confirmation=True, confirmation_message=QUESTION)
    async with team.bot(Workflow(name="deploy", steps=[step])):
        card = await team.ask("deploy", QUESTION)
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, resuming")
        used = len(team.calls("response_url"))
        team.clock.move(30 * 60)
        go_on.set()
        await team.says(card, "Approved, the step ran")
        assert len(team.calls("response_url")) == used
        assert card["ts"] in [call["ts"] for call in team.calls("chat.update")]


async def test_only_the_latest_state_is_sent(team: Team) -> None:
    """What has changed several times while Slack was slow is sent as it is in the end, with nothing in between."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        parent = await team.says(team.parents()[0], "Open the question")
        before = len(team.calls("chat.update"))
        held = team.line.hold("chat.update")
        await team.click("ana", card, "pause.approve")
        await held.reached()
        await team.eventually(lambda: deploy.ran == ["build", "deploy", "announce"])
        held.release()
        await team.says(parent, "Finished")
        updates = [words(call) for call in team.calls("chat.update")[before:] if call["ts"] == parent["ts"]]
        assert len(updates) <= 2
        assert [text for text in updates if "Finished" in text] == updates[-1:]


async def test_many_runs_at_once_are_all_asked(team: Team) -> None:
    """Each run has one parent message, which leads to its one card; the channel sees five cards at most, and a fold."""
    async with team.bot(Deploy().workflow):
        await asyncio.gather(*(team.type("dee", "run deploy") for _ in range(10)))
        await team.until(lambda: sum("Open the question" in words(parent) for parent in team.parents()) == 10)
        cards = [message for message in team.calls("chat.postMessage") if message["text"] == QUESTION]
        assert len(cards) == 10
        assert sum(card["reply_broadcast"] for card in cards) <= 5
        await team.until(lambda: any("*10 questions* of `deploy` wait." in words(m) for m in team.folds()))
        await team.until(lambda: len(team.told("dee")) == 10)
