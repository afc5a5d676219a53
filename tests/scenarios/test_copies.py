"""Copies of a card in direct messages, and who is told of the end of a run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kernbot.db.slack import Preferences
from tests.scenarios.team import CHANNEL, ELSEWHERE, Team, words
from tests.scenarios.workflows import QUESTION, Deploy


async def choose_direct_messages(team: Team, *who: str) -> None:
    """Have people say that they want questions directly."""
    for name in who:
        chosen = Preferences(person_id=f"slack:T01LOCAL:U{name.upper()}", direct_messages=True)
        await team.store.save_preferences(chosen)


async def copy_for(team: Team, who: str) -> dict[str, Any]:
    """Wait for the copy of a card, and return it."""
    return await team.until(lambda: next((m for m in team.direct(who) if m["text"] == QUESTION), {}))


async def test_whoever_chose_so_gets_a_copy(team: Team) -> None:
    """It leads to the run; who may not answer gets none, whatever they chose."""
    await choose_direct_messages(team, "ana", "olga", "gus")
    async with team.bot(Deploy().workflow):
        await team.ask("deploy", QUESTION)
        copy = await copy_for(team, "ana")
        assert f"/archives/{CHANNEL}/p{team.parents()[0]['ts'].replace('.', '')}|open the run>" in words(copy)
        await team.says(team.parents()[0], "Open the question")
        assert not team.direct("olga")
        assert not team.direct("gus")


async def test_a_copy_is_answered_and_all_close(team: Team) -> None:
    """The card in the thread and every other copy show who answered."""
    await choose_direct_messages(team, "ana", "bob")
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        copy = await copy_for(team, "ana")
        await copy_for(team, "bob")
        await team.person("ana").click(team.direct_channel("ana"), copy["ts"], "pause.approve")
        await team.says(card, "Approved, the step ran")
        for who in ("ana", "bob"):
            await team.until(lambda who=who: "Approved, the step ran" in words(team.direct(who)))  # type: ignore[misc]
            assert "pause.approve" not in str(team.direct(who))


@pytest.mark.parametrize("first", ["thread", "direct"])
async def test_race_11_card_and_copy_are_answered_at_once(team: Team, first: str) -> None:
    """One answer counts, the other person is told who was faster, and all copies close alike."""
    await choose_direct_messages(team, "ana")
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        copy = await copy_for(team, "ana")
        clicks = [
            team.click("bob", card, "pause.reject"),
            team.person("ana").click(team.direct_channel("ana"), copy["ts"], "pause.approve"),
        ]
        deliveries = await asyncio.gather(*(clicks if first == "thread" else reversed(clicks)))
        assert all(delivery.ok for delivery in deliveries)
        await team.says(team.parents()[0], "Finished")
        (pause,) = (await team.run()).pauses
        assert pause.answered is not None
        outcome = "Approved, the step ran" if pause.answered.answer["action"] == "confirm" else "Rejected, the step was"
        await team.says(card, outcome)
        await team.until(lambda: outcome in words(team.direct("ana")))
        assert ("deploy" in deploy.ran) is outcome.startswith("Approved")
        loser, channel = ("bob", CHANNEL) if pause.answered.by.endswith("ANA") else ("ana", team.direct_channel("ana"))
        await team.hears(loser, "Not recorded", channel=channel)


async def test_a_requester_who_started_elsewhere_is_told_of_the_end(team: Team) -> None:
    """The end stands in the thread, calling them, and in their direct messages, with a link."""
    async with team.bot(Deploy().workflow):
        known = len(team.parents())
        await team.type("dee", "run deploy", channel=ELSEWHERE)
        parent = (await team.until(lambda: team.parents()[known:]))[0]
        card = await team.under(parent, QUESTION)
        await team.click("ana", card, "pause.approve")
        result = await team.under(parent, "Result of deploy")
        assert "for <@UDEE>" in words(result)
        told = await team.until(lambda: team.direct("dee"))
        assert "*Finished:* `deploy`" in words(told)
        assert "|Open the run>" in words(told)


async def test_a_requester_in_the_channel_is_told_in_the_thread_alone(team: Team) -> None:
    """Nothing is told twice; whoever cancels their own run is told nothing more."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        await team.click("ana", card, "pause.approve")
        await team.under(team.parents()[0], "Result of deploy")
        await team.ask("deploy", QUESTION)
        await team.type("dee", f"cancel {(await team.run()).run.run_id}")
        await team.says(team.parents()[1], "Cancelled by <@UDEE>")
        assert len(team.thread(team.parents()[1])) == 1
        assert not team.direct("dee")
