"""Many people at once: every click is committed and acked in time, one counts, and the others are told so."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from tests.scenarios.team import CHANNEL, Team, words
from tests.scenarios.workflows import QUESTION, Deploy

CROWD = 12


def crowd(team: Team) -> list[str]:
    """Put more people into #ops, and return their names."""
    names = [f"p{number}" for number in range(CROWD)]
    for name in names:
        team.slack.add_person(f"U{name.upper()}", name=name)
        team.slack.join(f"U{name.upper()}", CHANNEL)
    return names


async def test_race_1_fifty_clicks_by_five_people(team: Team) -> None:
    """One execution; every other click is refused, and none waits longer than Slack does."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        people = ["dee", "ana", "bob", "dora"]
        clicks = [team.click(people[number % 4], card, "pause.approve", stale=True) for number in range(50)]
        assert all(delivery.ok for delivery in await asyncio.gather(*clicks))
        await team.says(team.parents()[0], "Finished")
        assert deploy.ran == ["build", "deploy", "announce"]
        (pause,) = (await team.run()).pauses
        assert pause.answered is not None


async def test_a_crowd_on_one_card(team: Team) -> None:
    """The card shows one claim through the address of its click; everybody else is told who was faster."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        people = crowd(team)
        clicks = [team.click(who, card, "pause.approve", stale=True) for who in people]
        assert all(delivery.ok for delivery in await asyncio.gather(*clicks))
        await team.says(card, "Approved, the step ran")
        (pause,) = (await team.run()).pauses
        assert pause.answered is not None
        for who in people:
            if not pause.answered.by.endswith(who.upper()):
                await team.hears(who, "approved it")


async def test_each_of_a_crowd_on_a_card_of_their_own(team: Team) -> None:
    """Each click counts; each card shows its claim once and its outcome once at most, and nothing in between."""
    async with team.bot(Deploy().workflow):
        people = crowd(team)
        cards = [await team.ask("deploy", QUESTION) for _ in people]
        clicks = [team.click(who, card, "pause.approve") for who, card in zip(people, cards, strict=True)]
        assert all(delivery.ok for delivery in await asyncio.gather(*clicks))
        for card in cards:
            await team.says(card, "Approved, the step ran")
        shown: dict[str, list[str]] = defaultdict(list)
        for call in (*team.calls("response_url"), *team.calls("chat.update")):
            if call.get("replace_original") or call.get("ts") in [card["ts"] for card in cards]:
                shown[call["blocks"][0]["block_id"].partition(".")[0]].append(words(call["blocks"]))
        assert len(shown) == CROWD
        assert all(len(states) <= 2 and len(set(states)) == len(states) for states in shown.values())
