"""Cards that cannot stay where they were: they go elsewhere and say so, and nobody is let in who was not before."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from kernbot.run import RunStatus
from tests.scenarios.team import CHANNEL, ELSEWHERE, Team, words
from tests.scenarios.test_outbox import slow_to_ask
from tests.scenarios.workflows import QUESTION, Deploy

OFTEN = 0.05
"""Seconds between two looks of the bot at its channels."""
OPERATORS = "C03OPERATORS"
APPROVERS: dict[str, Any] = {"approvers": ["UOLGA", "UDEE"]}


@pytest.fixture(autouse=True)
async def channels(team: Team) -> None:
    """Give the operators a channel, and let the bot into all of them."""
    team.slack.add_channel(OPERATORS, name="operators", members=["UBOB", "UOLGA"])
    for channel in (OPERATORS, ELSEWHERE):
        team.slack.invite(team.app, channel)


def close(team: Team, how: str, *, seconds: float = 61) -> str:
    """Make the channel of the cards unusable; return what the cards say of it.

    What is under way to it just then is refused.
    """
    team.refused.update(("is_inactive", "is_archived", "not_in_channel"))
    if how == "archived":
        team.slack.archive(CHANNEL)
    elif how == "deleted":
        team.slack.delete_channel(CHANNEL)
        team.refused.add("channel_not_found")
    else:
        team.slack.leave(team.app.bot_user_id, CHANNEL)
    team.clock.move(seconds)
    return {"archived": "is archived", "deleted": "is gone", "left": "the bot was removed from"}[how]


@pytest.mark.parametrize("how", ["archived", "deleted", "left"])
async def test_a_card_moves_to_the_operators_channel(team: Team, how: str) -> None:
    """It says why, shows who may answer as before, and an operator who may not answer is refused."""
    async with team.bot(Deploy().workflow, operators_channel="#operators", sweep_seconds=OFTEN):
        await team.ask("deploy", QUESTION)
        why = close(team, how)
        moved = (await team.until(lambda: team.posted(OPERATORS)))[0]
        assert moved["text"] == QUESTION
        assert "Moved here because" in words(moved)
        assert why in words(moved)
        await team.person("olga").click(OPERATORS, moved["ts"], "pause.approve")
        await team.hears("olga", "Not recorded: you are not a full member", channel=OPERATORS)
        assert (await team.run()).run.status is RunStatus.PAUSED


@pytest.mark.parametrize("how", ["archived", "deleted", "left"])
async def test_the_fall_back_begins_at_once(team: Team, how: str) -> None:
    """Slack tells of it, and nobody waits for the next look."""
    async with team.bot(Deploy().workflow, operators_channel="#operators"):
        card = await team.ask("deploy", QUESTION)
        await team.says(team.parents()[0], "Open the question")
        say_of_it = close(team, how, seconds=0)
        moved = (await team.until(lambda: team.posted(OPERATORS)))[0]
        assert moved["text"] == card["text"]
        assert say_of_it in words(moved)


async def test_a_moved_card_is_answered_by_whoever_may(team: Team) -> None:
    """A member of the archived channel answers in the operators' channel; the run goes on and its requester hears."""
    deploy = Deploy()
    async with team.bot(deploy.workflow, operators_channel="#operators", sweep_seconds=OFTEN):
        await team.ask("deploy", QUESTION)
        close(team, "archived")
        moved = (await team.until(lambda: team.posted(OPERATORS)))[0]
        await team.person("bob").click(OPERATORS, moved["ts"], "pause.approve")
        await team.until(lambda: "Approved, the step ran" in words(team.posted(OPERATORS)[0]))
        await team.until(lambda: "*Finished:* `deploy`" in words(team.direct("dee")))
        assert deploy.ran == ["build", "deploy", "announce"]


async def test_a_card_moves_to_the_channel_of_its_workflow(team: Team) -> None:
    """A run that began while its workflow was registered elsewhere is asked where it is registered now."""
    async with team.bot(Deploy().workflow):
        await team.ask("deploy", QUESTION)
    close(team, "archived")
    async with team.bot(Deploy().workflow, channel="#random", operators_channel="#operators"):
        moved = (await team.until(lambda: team.posted(ELSEWHERE)))[0]
        assert "<#C01OPS> is archived" in words(moved)
        await team.person("olga").click(ELSEWHERE, moved["ts"], "pause.approve")
        await team.until(lambda: "Approved, the step ran" in words(team.posted(ELSEWHERE)[0]))
        assert not team.posted(OPERATORS)


async def test_named_approvers_are_asked_directly(team: Team) -> None:
    """They come before the operators; whoever asked, and may not approve, gets no copy."""
    async with team.bot(Deploy().workflow, register=APPROVERS, operators_channel="#operators", sweep_seconds=OFTEN):
        await team.ask("deploy", QUESTION)
        close(team, "deleted")
        copy = await team.until(lambda: next((m for m in team.direct("olga") if "Moved here" in words(m)), None))
        await team.person("olga").click(team.direct_channel("olga"), copy["ts"], "pause.approve")
        await team.until(lambda: "Approved, the step ran" in words(team.direct("olga")))
        await team.until(lambda: "*Finished:* `deploy`" in words(team.direct("dee")))
        assert not any(QUESTION in message["text"] for message in team.direct("dee"))
        assert not team.posted(OPERATORS)


async def test_a_card_that_can_be_nowhere_waits(team: Team, caplog: pytest.LogCaptureFixture) -> None:
    """The run stays open; that is logged once, and when the channel is there again the old card works."""
    async with team.bot(Deploy().workflow, sweep_seconds=OFTEN):
        card = await team.ask("deploy", QUESTION)
        close(team, "archived")
        with caplog.at_level(logging.WARNING, "kernbot.slack.outbox.complaints"):
            await team.eventually(lambda: "can be asked nowhere" in caplog.text)
            looks = len(team.calls("conversations.info"))
            team.clock.move(61)
            await team.until(lambda: len(team.calls("conversations.info")) > looks)
        assert caplog.text.count("can be asked nowhere") == 1
        assert (await team.run()).run.status is RunStatus.PAUSED
        team.slack.unarchive(CHANNEL)
        team.slack.invite(team.app, CHANNEL)
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_a_question_whose_channel_closes_before_it_is_asked(team: Team) -> None:
    """What Slack answers to the post says that the channel is archived: the question goes elsewhere at once."""
    async with team.bot(Deploy().workflow, operators_channel="#operators"):
        held = team.line.hold("chat.postMessage")
        await team.type("dee", "run deploy")
        await held.reached()
        team.slack.archive(CHANNEL)
        team.refused.add("is_archived")
        held.release()
        moved = (await team.until(lambda: team.posted(OPERATORS)))[0]
        assert moved["text"] == QUESTION


async def test_operators_are_told_of_a_card_that_could_not_be_posted(team: Team) -> None:
    """Once for its cause; it is posted at the next look."""
    async with team.bot(slow_to_ask(), operators_channel="#operators", sweep_seconds=OFTEN):
        for number in range(2):
            await team.type("dee", "run deploy")
            parent = (await team.until(lambda number=number: team.parents()[number:]))[0]  # type: ignore[misc]
            team.line.refuse("chat.postMessage", "fatal_error", status=500)
            await team.under(parent, QUESTION)
        told = [words(message["blocks"]) for message in team.posted(OPERATORS)]
    assert ["*A message (card) could not be sent, will be tried again.*" in text for text in told] == [True]
    assert "`fatal_error`" in told[0]


async def test_approvers_whom_nobody_reaches_are_asked_for_in_the_operators_channel(team: Team) -> None:
    """Somebody has to see the question, though nobody else may answer it."""
    async with team.bot(Deploy().workflow, register=APPROVERS, operators_channel="#operators"):
        await team.ask("deploy", QUESTION)
        await team.says(team.parents()[0], "Open the question")
        team.slack.deactivate("UOLGA")
        await team.knows("user_change")
        close(team, "archived")
        moved = await team.until(lambda: next((m for m in team.posted(OPERATORS) if m["text"] == QUESTION), {}))
        await team.person("bob").click(OPERATORS, moved["ts"], "pause.approve")
        await team.hears("bob", "Not recorded", channel=OPERATORS)


def notices(team: Team) -> list[str]:
    """Return what the operators' channel was told."""
    return [words(message["blocks"]) for message in team.posted(OPERATORS)]


async def test_operators_are_told_of_a_question_that_nobody_may_answer(team: Team) -> None:
    """When it opens, and when the last one who may has gone; not where somebody may, and once an hour."""
    settings: dict[str, Any] = {"operators_channel": "#operators", "sweep_seconds": OFTEN}
    async with team.bot(Deploy().workflow, register=APPROVERS, **settings):
        await team.ask("deploy", QUESTION)
        await team.type("ana", "list")
        assert not notices(team)
        team.slack.deactivate("UOLGA")
        (told,) = await team.until(lambda: notices(team))
        assert "*A question waits that nobody may answer.*" in told
        assert "`deploy, step deploy`" in told
        team.clock.move(3_601)
        await team.ask("deploy", QUESTION)
        await team.until(lambda: notices(team)[1:])
