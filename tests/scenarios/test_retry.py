"""`/kern retry RUN`: what failed is tried again."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, SecretStr

from kernbot.run import RunStatus
from kernbot.workflow import OnError, Parallel, Step, Workflow
from tests.scenarios.team import ELSEWHERE, Team, words
from tests.scenarios.test_commands import UNKNOWN
from tests.scenarios.test_failures import Flaky, sending


async def typed(team: Team, word: str = "retry") -> str:
    """Return the command about the newest run."""
    return f"{word} {(await team.run()).run.run_id[:6]}"


async def test_a_run_that_ended_in_error_goes_on(team: Team) -> None:
    """What failed is tried again, its parent message follows, and what was done before is not done again."""
    send = Flaky(good_at=2)
    async with team.bot(sending(send, max_retries=0, on_error=OnError.fail)):
        parent = await team.start("sending")
        await team.says(parent, "Failed")
        team.clock.move(60)
        assert "what had failed is tried again" in await team.type("ana", await typed(team))
        await team.says(parent, "*Finished:* `sending`, all 3 steps")
        assert send.tries == 2
        assert "Nothing to retry" in await team.type("ana", await typed(team))
        assert send.tries == 2


async def test_a_failed_run_is_retried_by_the_button_on_its_parent(team: Team) -> None:
    """It goes on and its message follows; pressed on an old copy, nothing is tried twice and the person is told."""
    send = Flaky(good_at=2)
    async with team.bot(sending(send, max_retries=0, on_error=OnError.fail)):
        parent = await team.start("sending")
        failed = await team.says(parent, "Failed")
        team.clock.move(60)
        await team.click("ana", failed, "run.retry")
        done = await team.says(parent, "*Finished:* `sending`, all 3 steps")
        assert "Retry" not in words(done)
        await team.click("bob", failed, "run.retry", stale=True)
        await team.hears("bob", "Nothing to retry in run")
        assert send.tries == 2


async def test_a_failed_run_is_run_again_with_its_input(team: Team) -> None:
    """The form opens filled in, and starts another run; the first one stays as it ended."""
    send = Flaky(good_at=2)
    async with team.bot(sending(send, max_retries=0)):
        parent = await team.start("sending by post")
        await team.says(parent, "Finished with 1 failed step")
        form = await team.press("ana", parent, "start.again")
        assert "by post" in str(form["blocks"])
        assert (await team.send("ana", form)).ok
        again = await team.until(lambda: team.parents()[1:])
        await team.says(again[0], "*Finished:* `sending`, all 3 steps")
        assert (await team.run()).run.request["input"] == "by post"
        assert "Finished with 1 failed step" in words(team.parents()[0])


class Letter(BaseModel):
    """What a letter needs."""

    to: str
    copies: int = 1
    password: SecretStr


async def test_fields_are_filled_in_again_but_for_secret_ones(team: Team) -> None:
    """What is secret is typed anew: it stands nowhere in the form."""
    workflow = sending(Flaky(good_at=2), max_retries=0)
    workflow.input_schema = Letter
    async with team.bot(workflow):
        parent = await team.start("sending to=Bob copies=3 password=swordfish")
        await team.says(parent, "Finished with 1 failed step")
        form = await team.press("ana", parent, "start.again")
        fields = {b["label"]["text"]: b["element"].get("initial_value") for b in form["blocks"] if b["type"] == "input"}
        assert fields == {"to": "Bob", "copies": "3", "password": None}
        assert "swordfish" not in str(form)
        assert (await team.send("ana", form, "Bob", "3", "marlin")).ok
        await team.until(lambda: team.parents()[1:])


async def test_the_input_of_a_run_is_shown_to_nobody_who_may_not_see_it(team: Team) -> None:
    """Somebody of another organisation who reads the channel is refused."""
    async with team.bot(sending(Flaky(good_at=2), max_retries=0)):
        parent = await team.start("sending by post")
        await team.says(parent, "Finished with 1 failed step")
        team.slack.join("USAM", "C01OPS")
        team.refused.add("user_not_in_channel")
        await team.click("sam", parent, "start.again")
        await team.hears("sam", "this button is no longer valid")
        assert team.person("sam").view() is None


async def test_a_failed_step_that_waits_is_retried_on_the_ledger(team: Team) -> None:
    """The card of the error closes with who had it retried, as if its button had been pressed."""
    send = Flaky(good_at=2)
    async with team.bot(sending(send, max_retries=0, on_error=OnError.pause)):
        card = await team.ask("sending", "send")
        assert "what had failed is tried again" in await team.type("bob", await typed(team))
        card = await team.says(card, "Retried")
        assert "<@UBOB>" in words(card)
        answered = (await team.run()).pauses[0].answered
        assert answered is not None
        assert (answered.by, answered.door) == ("slack:T01LOCAL:UBOB", "command")
        await team.says(team.parents()[0], "finished")
        assert send.tries == 2


@pytest.mark.parametrize("who", ["olga", "gus"])
async def test_to_others_there_is_no_such_run(team: Team, who: str) -> None:
    """Whoever may not see the run reads as if there was none, and nothing is tried."""
    send = Flaky(good_at=2)
    async with team.bot(sending(send, max_retries=0, on_error=OnError.fail)):
        await team.says(await team.start("sending"), "Failed")
        before = await team.run()
        assert UNKNOWN in await team.type(who, await typed(team), channel=ELSEWHERE)
        assert await team.run() == before


async def test_a_requester_who_left_may_look_but_not_retry(team: Team) -> None:
    """Whoever asked for the run sees it, and is told who can retry it."""
    send = Flaky(good_at=2)
    async with team.bot(sending(send, max_retries=0, on_error=OnError.fail)):
        await team.says(await team.start("sending"), "Failed")
        team.slack.leave("UDEE", "C01OPS")
        team.clock.move(60)
        told = await team.type("dee", await typed(team), channel=ELSEWHERE)
        assert "Not recorded: you may not retry this run." in told
        assert (send.tries, (await team.run()).run.status) == (1, RunStatus.ERROR)


async def test_where_several_steps_failed_people_look_first(team: Team) -> None:
    """Nothing is tried again; the questions are listed, and each is retried from there."""
    sends = {name: Flaky(good_at=2) for name in ("left", "right")}
    steps = [Step(name=name, executor=send, max_retries=0, on_error=OnError.pause) for name, send in sends.items()]
    async with team.bot(Workflow(name="both", steps=[Parallel(*steps, name="sides")])):
        parent = await team.start("both")
        await team.under(parent, "left")
        await team.under(parent, "right")
        shown = await team.reads("ana", await typed(team))
        assert "Nothing was changed: look at what went wrong in run " in words(shown)
        for number in (0, 1):
            assert (await team.run()).run.status is not RunStatus.COMPLETED
            view = await team.press("ana", shown, f"home.answer.{number}")
            assert (await team.person("ana").view_action(view["id"], "pause.retry")).ok
            await team.modal("ana", lambda view: "*Retried* by <@UANA>" in words(view))
            await team.person("ana").close(view["id"])
        await team.says(parent, "*Finished:* `both`")
        assert [send.tries for send in sends.values()] == [2, 2]


async def test_what_runs_is_not_retried(team: Team) -> None:
    """A run in which nothing has failed is left as it is."""
    async with team.bot(sending(Flaky(good_at=1))):
        await team.says(await team.start("sending"), "finished")
        assert "Nothing to retry" in await team.type("dee", await typed(team))
