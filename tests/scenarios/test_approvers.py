"""Approvers by name: only they answer, whoever asked does not approve, and the card says so."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.errors import ConfigurationError
from kernbot.run import RunStatus
from kernbot.workflow import HumanReview, Step, Workflow
from tests.scenarios.team import CHANNEL, ELSEWHERE, Team, words
from tests.scenarios.workflows import QUESTION, Deploy, configure

ANA_AND_BOB: dict[str, Any] = {"approvers": ["UANA", "UBOB"]}
FORM = "Configure processing:"


def deploy(**review: Any) -> Workflow:
    """Return a workflow whose gate says itself who may answer."""
    review = {"requires_confirmation": True, "confirmation_message": QUESTION, **review}
    step = Step(name="deploy", executor=lambda _: "deployed", human_review=HumanReview(**review))
    return Workflow(name="deploy", steps=[step])


async def test_only_approvers_answer(team: Team) -> None:
    """They are mentioned on the card; a member of the channel reads who they are, and nothing changes."""
    async with team.bot(Deploy().workflow, register={"approvers": ["UANA", "UOLGA"]}):
        card = await team.ask("deploy", QUESTION)
        assert "May answer: <@UANA>, <@UOLGA>." in words(card)
        before = await team.run()
        await team.click("bob", card, "pause.approve")
        told = await team.hears("bob", "Not recorded: you are not among those who may answer this.")
        assert "`Ana`, `Olga` may answer. Ask one of them." in told
        assert await team.run() == before
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_whoever_asked_does_not_approve(team: Team) -> None:
    """An approver who started the run is told why, and who can; another one approves."""
    async with team.bot(Deploy().workflow, register=ANA_AND_BOB):
        card = await team.ask("deploy", QUESTION, who="ana")
        assert "May answer: <@UBOB>; not `Ana`, who asked for it." in words(card)
        before = await team.run()
        for times, action in enumerate(("pause.approve", "pause.reject"), start=1):
            await team.click("ana", card, action)
            told = await team.hears("ana", "you asked for this run, so somebody else has to answer this", times=times)
            assert "`Bob` may answer. Ask one of them." in told
        assert await team.run() == before
        await team.click("bob", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_whoever_asked_may_approve_where_that_is_said(team: Team) -> None:
    """With requester_may_approve the card calls everybody who is named, and the requester approves."""
    async with team.bot(Deploy().workflow, register={**ANA_AND_BOB, "requester_may_approve": True}):
        card = await team.ask("deploy", QUESTION, who="ana")
        assert "May answer: <@UANA>, <@UBOB>." in words(card)
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_whoever_asked_gives_input(team: Team) -> None:
    """They are not among the approvers, and fill in what is asked; somebody else who is not named does not."""
    async with team.bot(configure(), register=ANA_AND_BOB):
        card = await team.ask("configure", FORM)
        assert "May answer: <@UANA>, <@UBOB>, `Dee` too." in words(card)
        team.slack.join("UOLGA", CHANNEL)
        shown = await team.press("olga", card, "pause.fill")
        assert "you are not among those who may answer this" in words(shown)
        form = await team.press("dee", card, "pause.fill")
        await team.send("dee", form, "0.7", _fast(form))
        await team.says(card, "Filled in")


async def test_input_with_a_confirmation_is_an_approval(team: Team) -> None:
    """Where filling in approves too, whoever asked opens no form."""
    async with team.bot(configure(requires_confirmation=True), register=ANA_AND_BOB):
        card = await team.ask("configure", FORM, who="ana")
        assert "May answer: <@UBOB>; not `Ana`, who asked for it." in words(card)
        shown = await team.press("ana", card, "pause.fill")
        assert "somebody else has to answer this" in words(shown)


async def test_what_a_gate_says_wins(team: Team) -> None:
    """Its approvers alone may answer, also without being in the channel; they see what it is about."""
    async with team.bot(deploy(approvers=["UOLGA"]), register=ANA_AND_BOB):
        card = await team.ask("deploy the-release", QUESTION)
        assert "May answer: <@UOLGA>." in words(card)
        team.slack.join("UOLGA", CHANNEL)
        await team.click("ana", card, "pause.approve")
        assert "`Olga` may answer" in await team.hears("ana", "you are not among those")
        assert "the-release" in words(await team.press("olga", card, "pause.details"))
        await team.click("olga", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_a_guest_answers_only_when_named(team: Team) -> None:
    """By id, a guest of the workspace is let in as an approver, and as a starter."""
    async with team.bot(Deploy().workflow, register={"approvers": ["UGUS"], "starters": ["UGUS", "UDEE"]}):
        card = await team.ask("deploy", QUESTION)
        await team.click("gus", card, "pause.approve")
        await team.says(card, "Approved, the step ran")
        await team.start("deploy", who="gus")


async def test_a_stranger_who_asked_does_not_approve_either(team: Team) -> None:
    """Somebody of another organisation is the same person to a command and to a click."""
    team.slack.join("USAM", CHANNEL)
    async with team.bot(Deploy().workflow, register={"approvers": ["USAM", "UANA"], "starters": ["USAM"]}):
        card = await team.ask("deploy", QUESTION, who="sam")
        await team.click("sam", card, "pause.reject")
        await team.hears("sam", "you asked for this run, so somebody else has to answer this")
        assert (await team.run()).run.status is RunStatus.PAUSED


async def test_starters_alone_start(team: Team) -> None:
    """Somebody else reads who may; whoever may start from elsewhere still does not answer as a member would."""
    async with team.bot(Deploy().workflow, register={"starters": ["UOLGA"]}):
        told = await team.type("ana", "run deploy")
        assert "Not started: you are not among those who may start `deploy`." in told
        assert "`Olga` may start `deploy`. Ask one of them." in told
        assert "There is no workflow that you may start." in await team.type("ana", "list")
        assert await team.runs() == 0
        card = await team.under(await team.start("deploy", who="olga", channel=ELSEWHERE), QUESTION)
        assert "May answer: any full member of <#C01OPS>." in words(card)


async def test_an_approver_who_is_not_in_the_channel_may_start_and_see(team: Team) -> None:
    """Those who may answer may start, and status shows them the runs of others by their ids."""
    async with team.bot(Deploy().workflow, register={"approvers": ["UOLGA", "UANA"]}):
        await team.ask("deploy", QUESTION)
        run_id = (await team.run()).run.run_id[:6]
        assert "Waiting for an answer" in await team.type("olga", f"status {run_id}", channel=ELSEWHERE)
        await team.start("deploy", who="olga", channel=ELSEWHERE)


async def test_an_approver_who_is_not_in_the_channel_gets_the_card_directly(team: Team) -> None:
    """They answer it there, and both copies close; an approver in the channel, and who asked, get none."""
    async with team.bot(Deploy().workflow, register={"approvers": ["UANA", "UOLGA", "UDEE"]}):
        direct = team.direct_channel("olga")
        card = await team.ask("deploy", QUESTION)
        copies = await team.until(lambda: [m for m in team.person("olga").messages(direct) if m["is_bot"]])
        assert QUESTION in words(copies[0])
        assert (await team.person("olga").click(direct, copies[0]["ts"], "pause.approve")).ok
        await team.says(card, "Approved, the step ran")
        await team.until(lambda: "Approved by" in words(team.person("olga").messages(direct)).replace("*", ""))
        for who in ("ana", "dee"):
            channel = team.direct_channel(who)
            assert not [m for m in team.person(who).messages(channel) if QUESTION in words(m)]


async def test_an_operator_cancels_any_run(team: Team) -> None:
    """Also from outside of the channel; to anybody else outside, the run is not there."""
    async with team.bot(Deploy().workflow, operators=["UOLGA"]):
        card = await team.ask("deploy", QUESTION)
        run_id = (await team.run()).run.run_id[:6]
        assert "No such run, or not yours." in await team.type("gus", f"cancel {run_id}", channel=ELSEWHERE)
        assert "Cancelled run" in await team.type("olga", f"cancel {run_id}", channel=ELSEWHERE)
        await team.says(card, "Run cancelled")


async def test_owners_see_to_what_failed(team: Team) -> None:
    """Retry and Skip are theirs too, though they may not approve; whoever asked does not skip."""

    def fail(_: Any) -> str:
        raise ValueError("no route to host")

    failing = Workflow(name="deploy", steps=[Step(name="send", executor=fail, on_error="pause")])
    async with team.bot(failing, register={"approvers": ["UANA", "UDEE"], "owners": ["UBOB"]}):
        card = await team.ask("deploy", "Retry the failed step")
        await team.click("dee", card, "pause.skip")
        await team.hears("dee", "somebody else has to answer this")
        await team.click("bob", card, "pause.retry")
        again = await team.says(card, "Attempt 2 failed.")
        await team.click("bob", again, "pause.skip")
        await team.says(card, "Skipped")
        answers = [pause.answered for pause in (await team.run()).pauses]
        by_bob = [(action, "slack:T01LOCAL:UBOB") for action in ("retry", "skip")]
        assert [(given.answer["action"], given.by) for given in answers if given] == by_bob


async def test_a_card_that_silence_approves_opens_with_it(team: Team) -> None:
    """Where named people may answer, the second line says when it runs without them."""
    gate = {"timeout": 600, "on_timeout": "approve"}
    async with team.bot(Deploy(**gate).workflow, register={**ANA_AND_BOB, "allow_silent_approval": True}):
        card = await team.ask("deploy", QUESTION)
        question, warning, *_ = card["blocks"]
        assert QUESTION in words(question)
        assert words(warning).startswith("*Runs by itself* at ")
        assert words(warning).endswith(" unless someone rejects.")
        team.clock.move(601)
        await team.click("ana", card, "pause.reject")
        await team.says(card, "No answer in time")


async def test_who_is_not_there_keeps_the_bot_from_starting(team: Team) -> None:
    """The sentence names everybody whom Slack does not know."""
    with pytest.raises(ConfigurationError, match=r"names UNOBODY, nonsense, whom Slack does not know"):
        async with team.bot(Deploy().workflow, register={"approvers": ["UANA", "nonsense"], "owners": ["UNOBODY"]}):
            pass
    team.refused.add("user_not_found")


def _fast(form: dict[str, Any]) -> str:
    fields = [block for block in form["blocks"] if block["type"] == "input"]
    return str(fields[1]["element"]["options"][0]["value"])
