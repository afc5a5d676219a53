"""A question for a yes or no: asked in the channel, answered by a click."""

from __future__ import annotations

import asyncio

import pytest

from kernbot.examples import data_pipeline
from kernbot.run import RunStatus
from kernbot.workflow import HumanReview, Step, Workflow
from tests.scenarios.team import Team, words
from tests.scenarios.workflows import QUESTION, Deploy, branching


async def test_a_click_on_approve_carries_the_run_to_its_result(team: Team) -> None:
    """The step runs after Approve, the card says who approved, and the result stands in the thread."""
    async with team.bot(data_pipeline.workflow):
        card = await team.ask("data_pipeline Q4 sales", "Process sensitive data?")
        await team.click("ana", card, "pause.approve")
        card = await team.says(card, "Approved, the step ran: Process sensitive data?")
        assert "<@UANA>" in words(card)
        result = await team.under(team.parents()[0], "Result of data_pipeline")
        assert "Saved. Processed. Fetched 1,204 rows for: Q4 sales" in words(result)


@pytest.mark.parametrize(
    ("on_reject", "ran", "status", "text"),
    [
        ("skip", ["build", "announce"], RunStatus.COMPLETED, "the step was skipped"),
        ("cancel", ["build"], RunStatus.CANCELLED, "the run was cancelled"),
    ],
)
async def test_reject_does_what_the_author_said(
    team: Team, on_reject: str, ran: list[str], status: RunStatus, text: str
) -> None:
    """A rejected step never runs: it is skipped, or the run is cancelled; the card says which."""
    deploy = Deploy(on_reject=on_reject)
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        await team.click("ana", card, "pause.reject")
        await team.says(card, f"Rejected, {text}")
        await team.until(lambda: "finished" in team.parents()[0]["text"] or "cancelled" in team.parents()[0]["text"])
        assert (deploy.ran, (await team.run()).run.status) == (ran, status)


async def test_reject_of_a_condition_runs_its_else_branch(team: Team) -> None:
    """The else branch runs instead, and the card says so."""
    async with team.bot(branching()):
        card = await team.ask("branching", "Take the new way?")
        await team.click("ana", card, "pause.reject")
        await team.says(card, "Rejected, the else branch ran")
        result = await team.under(team.parents()[0], "Result of branching")
        assert "the old way" in words(result)


async def test_what_does_not_fit_on_the_card_is_approved_in_the_review(team: Team) -> None:
    """Long values are read whole in a modal, and approved there."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask(f"deploy {'long ' * 100}end", QUESTION)
        review = await team.press("ana", card, "pause.review")
        assert "long end" in words(review)
        assert (await team.send("ana", review)).ok
        await team.says(card, "Approved, the step ran")
        assert team.person("ana").view() is None


async def test_a_reject_in_the_review_is_confirmed_there(team: Team) -> None:
    """The modal shows what was decided, and the buttons are gone."""
    async with team.bot(Deploy().workflow):
        card = await team.ask(f"deploy {'long ' * 100}", QUESTION)
        review = await team.press("ana", card, "pause.review")
        assert (await team.person("ana").view_action(review["id"], "pause.reject")).ok
        shown = await team.modal("ana", lambda view: view["id"] == review["id"] and "Rejected" in words(view))
        assert "pause.reject" not in str(shown)


async def test_ten_people_approve_at_once(team: Team) -> None:
    """The step runs once; nine are told who approved."""
    deploy = Deploy()
    names = [f"p{number}" for number in range(10)]
    for name in names:
        team.slack.add_person(f"U{name.upper()}", name=name)
        team.slack.join(f"U{name.upper()}", "C01OPS")
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        deliveries = await asyncio.gather(*(team.click(name, card, "pause.approve") for name in names))
        assert all(delivery.ok for delivery in deliveries)
        await team.until(lambda: sum(bool(team.told(name)) for name in names) == 9)
        await team.under(team.parents()[0], "Result of deploy")
        assert deploy.ran == ["build", "deploy", "announce"]
        winner = next(name for name in names if not team.told(name))
        refusals = [team.told(name)[0] for name in names if name != winner]
        assert all(f"<@U{winner.upper()}> approved it" in refusal for refusal in refusals)


async def test_a_reject_gives_its_reason_where_one_is_wanted(team: Team) -> None:
    """The form offers the author's reasons; the reason stands on the card, and nothing counts without one."""
    review = HumanReview(
        requires_confirmation=True,
        confirmation_message="Ship?",
        reason="reject",
        reasons=["Wrong version", "Bad moment"],
        approve_label="Ship it",
        reject_label="Hold back",
    )
    step = Step(name="ship", executor=lambda _: "shipped", human_review=review)
    async with team.bot(Workflow(name="shipping", steps=[step])):
        card = await team.ask("shipping", "Ship?")
        assert "`Hold back` skips this step" in words(card)
        form = await team.press("ana", card, "pause.feedback")
        assert form["submit"]["text"] == "Hold back"
        assert (await team.send("ana", form, "0.2")).errors == {"field.1": "Write the reason, or choose one above."}
        assert (await team.send("ana", form, "0.1", "It is Friday.")).ok
        card = await team.says(card, "Rejected, the step was skipped")
        assert "Bad moment: It is Friday." in words(card)


async def test_a_run_is_cancelled_from_the_menu_of_a_card(team: Team) -> None:
    """A modal says what is done and what will not run, before anything is cancelled; only some may."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        refused = await team.pick("ana", card, "Cancel run…")
        assert "you may not cancel this run" in words(refused)
        form = await team.pick("dee", card, "Cancel run…")
        assert "✓ build  done, stays\n✕ deploy  will not run\n✕ announce  will not run" in words(form)
        assert (await team.send("dee", form)).ok
        await team.says(card, "Run cancelled: ")
        assert deploy.ran == ["build"]
