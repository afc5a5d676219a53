"""Who may: start, see, answer and cancel; whoever may not is told so, and nothing changes."""

from __future__ import annotations

import asyncio

import pytest

from kernbot.run import RunStatus
from tests.scenarios.team import CHANNEL, ELSEWHERE, Team, words
from tests.scenarios.workflows import QUESTION, Deploy, configure

WHY = {
    "gus": "you are a guest of this workspace",
    "sam": "you belong to another organisation",
    "olga": "you are not a full member of <#C01OPS>",
}
NOT_VALID = "this button is no longer valid"


def share_with_sam(team: Team, who: str) -> None:
    """Let Sam, of another organisation, into #ops: whoever is there can click."""
    if who == "sam":
        team.slack.join("USAM", CHANNEL)


async def test_where_another_organisation_reads_along_no_values_are_shown(team: Team) -> None:
    """Cards show the question alone, and no result is posted; members see the values in the review, and approve."""
    share_with_sam(team, "sam")
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy the-secret", QUESTION)
        assert "Its values are not shown: this channel is shared with another organisation." in words(card)
        review = await team.press("ana", card, "pause.review")
        assert "the-secret" in words(review)
        await team.send("ana", review)
        await team.says(card, "Approved, the step ran")
        await team.says(team.parents()[0], "finished")
        seen = [*team.parents(), *team.thread(team.parents()[0])]
        assert "the-secret" not in str(seen)
        assert "announced" not in str(seen)


@pytest.mark.parametrize("who", WHY)
async def test_outsiders_press_every_button_of_a_confirmation(team: Team, who: str) -> None:
    """A guest, a stranger and somebody who is not in the channel are refused with the reason; nothing changes."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        share_with_sam(team, who)
        before = await team.run()
        team.refused.add("user_not_in_channel")
        for times, action in enumerate(("pause.approve", "pause.reject"), start=1):
            await team.click(who, card, action)
            await team.hears(who, f"Not recorded: {WHY[who]}", times=times)
        await team.click(who, team.parents()[0], "run.cancel")
        await team.hears(who, NOT_VALID)
        for message, action in ((card, "pause.details"), (team.parents()[0], "run.details")):
            shown = await team.press(who, message, action)
            assert NOT_VALID in words(shown)
            assert "built" not in words(shown)
            await team.person(who).close(shown["id"])
        assert await team.run() == before


@pytest.mark.parametrize("who", WHY)
async def test_outsiders_open_no_form(team: Team, who: str) -> None:
    """Fill in and Review show the reason instead of the form or the values; nothing changes."""
    share_with_sam(team, who)
    async with team.bot(Deploy().workflow, configure()):
        review = await team.ask(f"deploy {'long ' * 100}secret-end", QUESTION)
        form = await team.ask("configure", "Configure processing:")
        before = await team.run()
        for card, action in ((review, "pause.review"), (form, "pause.fill")):
            shown = await team.press(who, card, action)
            assert WHY[who] in words(shown)
            assert "secret-end" not in words(shown)
            await team.person(who).close(shown["id"])
        assert await team.run() == before


async def test_somebody_who_is_deactivated_meanwhile_is_refused(team: Team) -> None:
    """A click of somebody whose account is deactivated before the bot could ask who they are does not count."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        before = await team.run()
        held = team.line.hold("users.info")
        click = asyncio.create_task(team.click("dora", card, "pause.approve"))
        await held.reached()
        team.slack.deactivate("UDORA")
        held.release()
        assert (await click).ok
        await team.until(lambda: team.calls("chat.postEphemeral"))
        assert await team.run() == before


async def test_whoever_leaves_the_channel_is_refused_at_once(team: Team) -> None:
    """The bot is told of it, and asks again, however short the time; whoever joins is let in as soon."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        assert "you may start" not in await team.type("ana", "list")
        team.slack.leave("UANA", CHANNEL)
        await team.knows("member_left_channel")
        before = await team.run()
        await team.click("ana", card, "pause.approve")
        await team.hears("ana", WHY["olga"])
        assert await team.run() == before
        await team.click("olga", card, "pause.approve")
        await team.hears("olga", WHY["olga"])
        team.slack.join("UOLGA", CHANNEL)
        await team.knows("member_joined_channel")
        await team.click("olga", card, "pause.approve")
        await team.says(card, "Approved, the step ran")
        team.refused.add("user_not_in_channel")


async def test_whoever_is_deactivated_while_their_click_is_decided_is_refused(team: Team) -> None:
    """The bot had asked who they are when it is told of it, and asks again before the click counts."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        before = await team.run()
        team.clock.move(11)
        held = team.line.hold("conversations.members")
        click = asyncio.create_task(team.click("dora", card, "pause.approve"))
        await held.reached()
        await team.until(lambda: {"user": "UDORA"} in team.calls("users.info"))
        team.slack.deactivate("UDORA")
        await team.knows("user_change")
        held.release()
        assert (await click).ok
        await team.until(lambda: team.calls("chat.postEphemeral"))
        assert await team.run() == before


async def test_a_right_that_is_lost_before_the_form_is_sent_does_not_count(team: Team) -> None:
    """Somebody who leaves the channel between opening a form and sending it is refused."""
    async with team.bot(configure()):
        card = await team.ask("configure", "Configure processing:")
        form = await team.press("ana", card, "pause.fill")
        before = await team.run()
        team.slack.leave("UANA", CHANNEL)
        team.clock.move(11)
        fields = [block for block in form["blocks"] if block["type"] == "input"]
        mode = fields[1]["element"]["options"][0]["value"]
        await team.send("ana", form, "0.7", mode)
        shown = await team.modal("ana", lambda view: view["title"]["text"] == "Not recorded")
        assert "you are not a full member" in words(shown)
        assert await team.run() == before


@pytest.mark.parametrize("who", ["olga", "gus"])
async def test_who_may_not_answer_may_not_start(team: Team, who: str) -> None:
    """The refusal names the reason and the channel; no run is stored."""
    async with team.bot(Deploy().workflow):
        told = await team.type(who, "run deploy", channel=ELSEWHERE)
        assert f"Not started: {WHY[who]}" in told
        assert "<#C01OPS>" in told
        assert await team.runs() == 0


async def test_a_run_started_elsewhere_asks_in_the_channel_of_its_workflow(team: Team) -> None:
    """The card stands in #ops; the starter gets a link, and the other channel gets nothing for all to see."""
    async with team.bot(Deploy().workflow):
        parent = await team.start("deploy", channel=ELSEWHERE)
        await team.under(parent, QUESTION)
        await team.hears("dee", "Started `deploy`", channel=ELSEWHERE)
        assert not [m for m in team.person("bob").messages(ELSEWHERE) if m["is_bot"]]


async def test_a_run_started_in_a_direct_message_asks_in_the_channel_of_its_workflow(team: Team) -> None:
    """The card stands in #ops, and its members may answer it."""
    direct = team.direct_channel("dee")
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.under(await team.start("deploy", channel=direct), QUESTION)
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")
        await team.hears("dee", "Started `deploy`", channel=direct)


async def test_a_starter_who_leaves_the_channel_sees_and_cancels_but_does_not_approve(team: Team) -> None:
    """Having started a run gives no right to answer it."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        await team.hears("dee", "Started")
        team.slack.leave("UDEE", CHANNEL)
        team.clock.move(11)
        await team.click("dee", card, "pause.approve")
        await team.hears("dee", WHY["olga"])
        run = (await team.run()).run
        assert run.status is RunStatus.PAUSED
        assert "Waiting for an answer" in await team.type("dee", f"status {run.run_id[:6]}", channel=ELSEWHERE)
        assert "Cancelled run" in await team.type("dee", f"cancel {run.run_id[:6]}", channel=ELSEWHERE)
        assert deploy.ran == ["build"]
        team.refused.add("user_not_in_channel")


async def test_the_requester_cancels_with_the_button(team: Team) -> None:
    """The run ends, its card and its parent say who cancelled, and nothing further runs."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        await team.click("dee", team.parents()[0], "run.cancel")
        card = await team.says(card, "Run cancelled")
        assert "<@UDEE>" in words(card)
        await team.says(team.parents()[0], "Cancelled by <@UDEE>")
        assert deploy.ran == ["build"]


async def test_another_member_sees_a_run_but_does_not_cancel_it(team: Team) -> None:
    """Neither with the button nor with the command; the refusal names who can."""
    async with team.bot(Deploy().workflow):
        await team.ask("deploy", QUESTION)
        before = await team.run()
        await team.click("ana", team.parents()[0], "run.cancel")
        await team.hears("ana", "`Dee`, who asked for run")
        told = await team.type("ana", f"cancel {before.run.run_id[:6]}")
        assert "you may not cancel this run" in told
        assert await team.run() == before


async def test_an_owner_cancels_the_run_of_somebody_else(team: Team) -> None:
    """The workflow's owners may cancel any of its runs."""
    async with team.bot(Deploy().workflow, register={"owners": ["slack:T01LOCAL:UBOB"]}):
        card = await team.ask("deploy", QUESTION)
        await team.click("bob", team.parents()[0], "run.cancel")
        await team.says(card, "Run cancelled")


async def test_while_slack_cannot_tell_who_somebody_is_nobody_new_is_let_in(team: Team) -> None:
    """They read that their right can't be checked, nothing is recorded, and later it works."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        before = await team.run()
        team.line.refuse("users.info", "fatal_error", times=2, status=500)
        await team.click("ana", card, "pause.approve")
        await team.hears("ana", "cannot check your right just now")
        assert "cannot check your right just now" in await team.type("ana", "run deploy")
        assert await team.run() == before
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_where_the_bot_is_not_a_member_it_says_how_to_invite_it(team: Team) -> None:
    """The starter reads what to type and where; no run is stored, and after the invitation it works."""
    async with team.bot(Deploy().workflow):
        team.slack.leave(team.app.bot_user_id, CHANNEL)
        told = await team.type("dee", "run deploy")
        assert "/invite @kern" in told
        assert "<#C01OPS>" in told
        assert await team.runs() == 0
        await team.person("dee").command(CHANNEL, "/invite", "@kern")
        await team.ask("deploy", QUESTION)


async def test_while_slack_does_not_tell_of_the_channel_nothing_is_started(team: Team) -> None:
    """The starter is asked to try again; no run is stored."""
    async with team.bot(Deploy().workflow):
        team.line.refuse("conversations.info", "fatal_error", status=500)
        assert "try again" in await team.type("dee", "run deploy")
        assert await team.runs() == 0
