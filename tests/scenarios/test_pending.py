"""`/kern pending`: what waits for somebody, and answering it there."""

from __future__ import annotations

import pytest

from kernbot.localslack.block_kit import check_message
from kernbot.run import RunStatus
from kernbot.workflow import OnError, Router, Step, Workflow
from tests.scenarios.team import ELSEWHERE, Team, words
from tests.scenarios.test_calls import two_refunds
from tests.scenarios.test_failures import Flaky, sending
from tests.scenarios.workflows import QUESTION, Deploy, configure

NOTHING = "Nothing waits for you."


async def test_the_nearest_deadline_comes_first(team: Team) -> None:
    """Each question is listed with its place, what silence does, an Answer button and a link to its card."""
    late = Deploy(timeout=7200, confirmation_message="Deploy late?")
    soon = Workflow(name="soon", steps=Deploy(timeout=3600, confirmation_message="Deploy soon?").workflow.steps)
    async with team.bot(late.workflow, soon, configure()):
        assert NOTHING in await team.type("ana", "pending")
        for question, name in (
            ("Configure processing:", "configure"),
            ("Deploy late?", "deploy"),
            ("Deploy soon?", "soon"),
        ):
            card = await team.ask(name, question)
        shown = await team.reads("ana", "pending")
        told = words(shown)
        assert told.index("*You may answer:* 3") < told.index("Deploy soon?") < told.index("Deploy late?")
        assert told.index("Deploy late?") < told.index("Configure processing:")
        assert "`soon` · step 2 of 3 · run " in told
        assert "If nobody answers by <!date^1795186920^" in told
        links = [b["url"] for block in shown["blocks"] for b in block.get("elements", []) if "url" in b]
        assert len(links) == 3
        assert card["ts"].replace(".", "") in links[0]


async def test_a_question_is_answered_from_the_list(team: Team) -> None:
    """Answer opens the question with its buttons; Approve there counts, its card closes, and nothing waits any more."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        shown = await team.reads("ana", "pending")
        view = await team.press("ana", shown, "home.answer.0")
        assert QUESTION in words(view)
        assert (await team.person("ana").view_action(view["id"], "pause.approve")).ok
        await team.modal("ana", lambda view: "*Approved* by <@UANA>" in words(view))
        await team.says(card, "Approved, the step ran")
        assert NOTHING in await team.type("ana", "pending")


async def test_values_are_filled_in_from_the_list(team: Team) -> None:
    """Answer opens the form that the card's button opens, and what is sent counts once."""
    async with team.bot(configure()):
        card = await team.ask("configure", "Configure processing:")
        shown = await team.reads("ana", "pending")
        view = await team.press("ana", shown, "home.answer.0")
        assert view["callback_id"] == "pause.fill"
        assert (await team.send("ana", view, "0.5", "1.0")).ok
        await team.says(card, "Filled in")
        view = await team.press("ana", shown, "home.answer.0")
        assert "this was answered before your click" in words(view)


async def test_a_choice_is_made_from_the_list(team: Team) -> None:
    """Answer shows a button for each choice, and the one that is pressed is what runs."""
    ways = [Step(name=name, executor=lambda _, name=name: f"went {name}") for name in ("left", "right")]
    router = Router(name="way", choices=ways, requires_user_input=True, user_input_message="Which way?")
    async with team.bot(Workflow(name="routing", steps=[router])):
        card = await team.ask("routing", "Which way?")
        view = await team.press("bob", await team.reads("bob", "pending"), "home.answer.0")
        assert (await team.person("bob").view_action(view["id"], "pause.choice.1")).ok
        await team.says(card, "`right`")
        assert "went right" in words(await team.under(team.parents()[0], "Result"))


async def test_a_run_is_cancelled_from_a_failed_step_in_the_list(team: Team) -> None:
    """The buttons of an error stand in the modal; its Cancel run ends the run, and the modal shows that."""
    async with team.bot(sending(Flaky(good_at=9), max_retries=0, on_error=OnError.pause)):
        card = await team.ask("sending", "send")
        view = await team.press("dee", await team.reads("dee", "pending"), "home.answer.0")
        assert (await team.person("dee").view_action(view["id"], "run.cancel")).ok
        await team.modal("dee", lambda view: "*Cancelled:*" in words(view))
        await team.says(card, "Run cancelled")


async def test_each_call_of_a_turn_is_listed_and_decided(team: Team) -> None:
    """Both lead to the card that they share; one is rejected and one approved from the list."""
    made: list[str] = []
    async with team.bot(two_refunds(made).workflow):
        card = await team.ask("refund", "2 calls")
        shown = await team.reads("ana", "pending")
        links = [b["url"] for block in shown["blocks"] for b in block.get("elements", []) if "url" in b]
        assert [card["ts"].replace(".", "") in link for link in links] == [True, True]
        view = await team.press("ana", shown, "home.answer.0")
        assert (await team.person("ana").view_action(view["id"], "pause.approve")).ok
        view = await team.modal("ana", lambda view: "*Approved* by <@UANA>" in words(view))
        await team.person("ana").close(view["id"])
        view = await team.press("ana", shown, "home.answer.1")
        assert (await team.person("ana").view_action(view["id"], "pause.feedback")).ok
        form = await team.modal("ana", lambda view: view["callback_id"] == "pause.feedback")
        assert (await team.send("ana", form, "Too much.")).ok
        await team.under(team.parents()[0], "Result of refund")
        assert len(made) == 1


@pytest.mark.parametrize("who", ["olga", "gus"])
async def test_whoever_may_not_answer_sees_nothing(team: Team, who: str) -> None:
    """Somebody who is not in the channel, and a guest who is, read that nothing waits."""
    async with team.bot(Deploy().workflow):
        await team.ask("deploy", QUESTION)
        told = await team.type(who, "pending", channel=ELSEWHERE)
        assert NOTHING in told
        assert "deploy" not in told


async def test_a_long_list_is_folded(team: Team) -> None:
    """Twelve questions are listed, and how many more there are; Slack takes the message."""
    async with team.bot(Deploy().workflow):
        for _ in range(14):
            await team.ask("deploy", QUESTION)
        shown = await team.reads("ana", "pending")
        assert check_message({"text": shown["text"], "blocks": shown["blocks"]}) == []
        assert words(shown).count(QUESTION) == 12
        assert "2 more wait: they are shown here as these are answered." in words(shown)


async def test_the_status_of_a_run_shows_its_steps_and_questions(team: Team) -> None:
    """Its requester reads the steps, answers from there and may cancel; another member may not cancel."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        run_id = (await team.run()).run.run_id
        shown = await team.reads("ana", f"status {run_id[:6]}")
        assert "*Waiting for an answer:* `deploy`, step 2 of 3" in words(shown)
        assert "Cancel run" not in words(shown)
        shown = await team.reads("dee", f"status {run_id[:6]}")
        for told in ("build  done", "deploy  waiting for an answer", QUESTION, "Cancel run", "Details"):
            assert told in words(shown)
        assert (await team.person("dee").click("C01OPS", shown["ts"], "run.cancel")).ok
        await team.says(card, "Run cancelled")
        await team.hears("dee", f"Cancelled run {run_id[:6]}")
        assert (await team.run()).run.status is RunStatus.CANCELLED


async def test_history_says_who_decided_what(team: Team) -> None:
    """Runs that have ended are listed newest first, with their decisions, to those who may see them only."""
    async with team.bot(Deploy().workflow, configure()):
        assert "No run that you may see has ended yet." in await team.type("dee", "history")
        card = await team.ask("deploy the-secret", QUESTION)
        await team.click("ana", card, "pause.approve")
        await team.says(team.parents()[0], "finished")
        team.clock.move(60)
        card = await team.ask("configure", "Configure processing:")
        assert (await team.send("bob", await team.press("bob", card, "pause.fill"), "0.5", "1.0")).ok
        await team.says(team.parents()[1], "finished")
        shown = await team.reads("bob", "history")
        told = words(shown)
        assert told.index("*Finished:* `configure`") < told.index("*Finished:* `deploy`")
        assert "`process`: filled in by <@UBOB>" in told
        assert "`deploy`: approved by <@UANA>" in told
        assert "the-secret" not in told
        assert "`configure`" not in await team.type("bob", "history deploy")
        assert "No run that you may see" in await team.type("olga", "history", channel=ELSEWHERE)
        assert "the-secret" in words(await team.press("bob", shown, "run.details.1"))
