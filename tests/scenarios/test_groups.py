"""Approvers by user group: who is in it when they click, open a form, and send it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from kernbot.errors import ConfigurationError
from kernbot.workflow import HumanReview, Step, Workflow
from tests.scenarios.team import CHANNEL, Team, words
from tests.scenarios.workflows import QUESTION, Deploy, configure

RELEASE = "S01REL"
BY_GROUP: dict[str, Any] = {"approvers": ["@release-managers"]}
FORM = "Configure processing:"
NOT_AMONG = "Not recorded: you are not among those who may answer this."


def add_release_managers(team: Team, *members: str) -> None:
    """Add the group to the workspace."""
    team.slack.add_group(RELEASE, name="Release managers", handle="release-managers", members=members)


@pytest.mark.parametrize("name", ["@release-managers", "@Release-Managers", RELEASE])
async def test_who_is_in_the_group_answers(team: Team, name: str) -> None:
    """By handle or id; the card calls the group, and somebody outside of it reads its name."""
    add_release_managers(team, "UANA", "UBOB")
    async with team.bot(Deploy().workflow, register={"approvers": [name]}):
        card = await team.ask("deploy", QUESTION)
        assert f"May answer: <!subteam^{RELEASE}>; not `Dee`, who asked for it." in words(card)
        team.slack.join("UOLGA", CHANNEL)
        before = await team.run()
        await team.click("olga", card, "pause.approve")
        assert "`@release-managers` may answer. Ask one of them." in await team.hears("olga", NOT_AMONG)
        assert await team.run() == before
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_a_member_who_asked_does_not_approve(team: Team) -> None:
    """Being in the group does not help; another member approves."""
    add_release_managers(team, "UANA", "UBOB")
    async with team.bot(Deploy().workflow, register=BY_GROUP):
        card = await team.ask("deploy", QUESTION, who="ana")
        await team.click("ana", card, "pause.approve")
        await team.hears("ana", "you asked for this run, so somebody else has to answer this")
        await team.click("bob", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_a_guest_in_the_group_is_a_guest(team: Team) -> None:
    """A group does not make a member of somebody."""
    add_release_managers(team, "UGUS", "UANA")
    async with team.bot(Deploy().workflow, register=BY_GROUP):
        card = await team.ask("deploy", QUESTION)
        await team.click("gus", card, "pause.approve")
        await team.hears("gus", "Not recorded: you are a guest of this workspace.")


async def test_who_was_removed_between_post_and_click_is_refused(team: Team) -> None:
    """The bot is told of it; at the click it knows, however short the time. Whoever was added is let in."""
    add_release_managers(team, "UANA")
    async with team.bot(Deploy().workflow, register=BY_GROUP):
        card = await team.ask("deploy", QUESTION)
        before = await team.run()
        team.slack.set_group_members(RELEASE, ["UBOB"])
        await team.knows("subteam_members_changed")
        await team.click("ana", card, "pause.approve")
        await team.hears("ana", NOT_AMONG)
        assert await team.run() == before
        await team.click("bob", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_who_was_removed_and_the_bot_was_not_told_is_refused_after_ten_seconds(team: Team) -> None:
    """At the claim, what is known is not older than that."""
    add_release_managers(team, "UANA", "UBOB")
    async with team.bot(Deploy().workflow, register=BY_GROUP):
        card = await team.ask("deploy", QUESTION)
        _unheard(team, ["UBOB"])
        team.clock.move(11)
        await team.click("ana", card, "pause.approve")
        await team.hears("ana", NOT_AMONG)


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "not told"])
async def test_who_was_removed_between_opening_a_form_and_sending_it_is_refused(team: Team, is_told: bool) -> None:
    """The form says so, and nothing is stored."""
    add_release_managers(team, "UANA", "UBOB")
    async with team.bot(configure(requires_confirmation=True), register=BY_GROUP):
        card = await team.ask("configure", FORM)
        form = await team.press("ana", card, "pause.fill")
        before = await team.run()
        if is_told:
            team.slack.set_group_members(RELEASE, ["UBOB"])
            await team.knows("subteam_members_changed")
        else:
            _unheard(team, ["UBOB"])
            team.clock.move(11)
        fields = [block for block in form["blocks"] if block["type"] == "input"]
        await team.send("ana", form, "0.7", fields[1]["element"]["options"][0]["value"])
        shown = await team.modal("ana", lambda view: view["title"]["text"] == "Not recorded")
        assert "you are not among those who may answer this" in words(shown)
        assert await team.run() == before


async def test_who_is_removed_while_their_click_is_decided_is_refused(team: Team) -> None:
    """The bot had asked who is in the group when it is told of the change, and asks again before the click counts."""
    add_release_managers(team, "UANA", "UBOB")
    async with team.bot(Deploy().workflow, register=BY_GROUP):
        card = await team.ask("deploy", QUESTION)
        before = await team.run()
        team.clock.move(11)
        known = len(team.calls("usergroups.users.list"))
        held = team.line.hold("users.info")
        click = asyncio.create_task(team.click("ana", card, "pause.approve"))
        await held.reached()
        await team.until(lambda: team.calls("usergroups.users.list")[known:])
        team.slack.set_group_members(RELEASE, ["UBOB"])
        await team.knows("subteam_members_changed")
        held.release()
        assert (await click).ok
        await team.hears("ana", NOT_AMONG)
        assert await team.run() == before


async def test_a_group_that_is_disabled_lets_nobody_in(team: Team) -> None:
    """Its members read that they are not among those who may, and nobody is promoted in their place."""
    add_release_managers(team, "UANA", "UBOB")
    async with team.bot(Deploy().workflow, register=BY_GROUP):
        card = await team.ask("deploy", QUESTION)
        before = await team.run()
        team.slack.enable_group(RELEASE, enabled=False)
        await team.knows("subteam_updated")
        team.refused.add("no_such_subteam")
        for who in ("ana", "bob"):
            await team.click(who, card, "pause.approve")
            await team.hears(who, NOT_AMONG)
        assert await team.run() == before


async def test_while_slack_does_not_tell_who_is_in_the_group_nobody_is_let_in(team: Team) -> None:
    """They read that their right can't be checked, nothing is recorded, nothing is started; later it works."""
    add_release_managers(team, "UANA", "UBOB")
    async with team.bot(Deploy().workflow, register=BY_GROUP):
        card = await team.ask("deploy", QUESTION)
        before = await team.run()
        team.clock.move(61)
        team.line.refuse("usergroups.users.list", "fatal_error", times=2, status=500)
        await team.click("ana", card, "pause.approve")
        await team.hears("ana", "cannot check your right just now")
        assert "cannot check your right just now" in await team.type("ana", "run deploy")
        assert await team.run() == before
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_fifty_clicks_at_once_ask_once_who_is_in_the_group(team: Team) -> None:
    """What they wait for is one request; one of them counts."""
    add_release_managers(team, "UANA", "UBOB")
    async with team.bot(Deploy().workflow, register=BY_GROUP):
        card = await team.ask("deploy", QUESTION)
        team.clock.move(61)
        known = len(team.calls("usergroups.users.list"))
        await asyncio.gather(*(team.click(who, card, "pause.approve") for who in ("ana", "bob") * 25))
        await team.says(card, "Approved, the step ran")
        assert len(team.calls("usergroups.users.list")) == known + 1


async def test_a_large_group_is_called_once_per_run(team: Team) -> None:
    """The first question of a run calls it, later ones show its name; an update leaves the line as it was posted."""
    crowd = [f"UCROWD{n:02}" for n in range(21)]
    for user_id in crowd:
        team.slack.add_person(user_id, name=user_id.lower())
    add_release_managers(team, "UANA", *crowd)
    steps = [
        Step(name=name, executor=lambda _: "done", requires_confirmation=True, confirmation_message=f"Run {name}?")
        for name in ("first", "second")
    ]
    async with team.bot(Workflow(name="two", steps=steps), register=BY_GROUP):
        first = await team.ask("two", "Run first?")
        assert f"May answer: <!subteam^{RELEASE}>;" in words(first)
        await team.click("ana", first, "pause.approve")
        second = await team.under(team.parents()[0], "Run second?")
        assert "May answer: `@release-managers`; not `Dee`, who asked for it." in words(second)


async def test_a_gate_names_a_group_by_its_handle(team: Team) -> None:
    """Its own approvers take the place of the workflow's, whatever way they are named."""
    add_release_managers(team, "UBOB", "UDEE")
    review = HumanReview(requires_confirmation=True, confirmation_message=QUESTION, approvers=["@release-managers"])
    step = Step(name="deploy", executor=lambda _: "deployed", human_review=review)
    async with team.bot(Workflow(name="deploy", steps=[step]), register={"approvers": ["UANA"]}):
        card = await team.ask("deploy", QUESTION)
        assert f"May answer: <!subteam^{RELEASE}>; not `Dee`, who asked for it." in words(card)
        await team.click("ana", card, "pause.approve")
        await team.hears("ana", NOT_AMONG)
        await team.click("bob", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_starters_owners_and_operators_may_be_groups(team: Team) -> None:
    """Each list takes groups as well as people."""
    add_release_managers(team, "UOLGA")
    lists = {"starters": ["UDEE"], "owners": ["@release-managers"]}
    async with team.bot(Deploy().workflow, register=lists):
        card = await team.ask("deploy", QUESTION)
        run_id = (await team.run()).run.run_id
        assert "Cancelled run" in await team.type("olga", f"cancel {run_id[:6]}", channel="C02RANDOM")
        await team.says(card, "Run cancelled")


async def test_a_group_that_is_not_there_keeps_the_bot_from_starting(team: Team) -> None:
    """The sentence names it, wherever it is named."""
    step = Step(name="a", executor=lambda _: "a", human_review=HumanReview(approvers=["@nobody"]))
    with pytest.raises(ConfigurationError, match=r"names @nobody, S09GONE, whom Slack does not know"):
        async with team.bot(Workflow(name="w", steps=[step]), operators=["S09GONE"]):
            pass


async def test_a_group_of_one_is_doubted_at_start(team: Team, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever is alone in it could not approve what they ask for; the log says what to do."""
    add_release_managers(team, "UANA")
    with caplog.at_level(logging.WARNING, logger="kernbot.slack.identities"):
        async with team.bot(Deploy().workflow, register=BY_GROUP):
            pass
    assert "only one person may answer (S01REL)" in caplog.text
    assert "set requester_may_approve=True" in caplog.text


def _unheard(team: Team, members: list[str]) -> None:
    """Change who is in the group without the bot being told."""
    team.slack._workspace.groups[RELEASE].members = members
