"""Deadlines: what silence does, and what a late click is told."""

from __future__ import annotations

import asyncio

import pytest

from kernbot.run import RunStatus
from tests.scenarios.team import Team, words
from tests.scenarios.workflows import QUESTION, Deploy

OFTEN = 0.05
"""Seconds between two looks of the bot at the clock."""


@pytest.mark.parametrize(
    ("on_timeout", "ran", "status", "text"),
    [
        ("approve", ["build", "deploy", "announce"], RunStatus.COMPLETED, "No answer in time, the step ran"),
        ("skip", ["build", "announce"], RunStatus.COMPLETED, "No answer in time, the step was skipped"),
        ("reject", ["build", "announce"], RunStatus.COMPLETED, "No answer in time, the step was skipped"),
        ("cancel", ["build"], RunStatus.CANCELLED, "No answer in time, the run was cancelled"),
    ],
)
async def test_silence_does_what_the_author_said(
    team: Team, on_timeout: str, ran: list[str], status: RunStatus, text: str
) -> None:
    """At the deadline the step runs, is skipped, or the run is cancelled; the card never words it like a person."""
    deploy = Deploy(timeout=60, on_timeout=on_timeout)
    async with team.bot(deploy.workflow, sweep_seconds=OFTEN):
        card = await team.ask("deploy", QUESTION)
        team.clock.move(60)
        card = await team.says(card, text)
        await team.until(lambda: "finished" in team.parents()[0]["text"] or "cancelled" in team.parents()[0]["text"])
        assert "by <@" not in words(card)
        assert (deploy.ran, (await team.run()).run.status) == (ran, status)


async def test_a_click_after_the_deadline_is_refused_before_the_clock_has_closed_it(team: Team) -> None:
    """A late click is told what happened instead, and what the author promised happens."""
    deploy = Deploy(timeout=60, on_timeout="skip")
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        team.clock.move(60)
        await team.click("ana", card, "pause.approve")
        refusal = await team.hears("ana", "Not recorded")
        assert "the deadline was over before your click" in refusal
        assert "Nobody had answered by" in refusal
        await team.says(card, "No answer in time, the step was skipped")
        await team.says(team.parents()[0], "Finished")
        assert deploy.ran == ["build", "announce"]


async def test_a_click_after_the_deadline_is_refused_after_the_clock_has_closed_it(team: Team) -> None:
    """A click on an old copy of a card that the clock has closed is told so."""
    deploy = Deploy(timeout=60, on_timeout="cancel")
    async with team.bot(deploy.workflow, sweep_seconds=OFTEN):
        card = await team.ask("deploy", QUESTION)
        team.clock.move(61)
        await team.says(card, "No answer in time, the run was cancelled")
        await team.click("ana", card, "pause.approve", stale=True)
        refusal = await team.hears("ana", "Not recorded")
        assert "the deadline was over before your click" in refusal
        assert "Nobody had answered by" in refusal
        assert deploy.ran == ["build"]


async def test_a_form_sent_after_the_deadline_is_refused(team: Team) -> None:
    """What was typed in time but sent too late does not count."""
    deploy = Deploy(timeout=60, on_timeout="skip")
    async with team.bot(deploy.workflow):
        card = await team.ask(f"deploy {'long ' * 100}", QUESTION)
        review = await team.press("ana", card, "pause.review")
        team.clock.move(60)
        await team.send("ana", review)
        shown = await team.modal("ana", lambda view: view["title"]["text"] == "Not recorded")
        assert "the deadline was over before you sent it" in words(shown)
        await team.says(card, "No answer in time, the step was skipped")


async def test_a_decision_in_time_counts_though_the_run_resumes_after_the_deadline(team: Team) -> None:
    """An answer that waits for Slack to tell who somebody is counts as of the click."""
    deploy = Deploy(timeout=60, on_timeout="cancel")
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        held = team.line.hold("users.info")
        team.clock.move(59)
        click = asyncio.create_task(team.click("ana", card, "pause.approve"))
        await held.reached()
        team.clock.move(2)
        held.release()
        assert (await click).ok
        await team.says(card, "Approved, the step ran")
        await team.says(team.parents()[0], "Finished")
        assert deploy.ran == ["build", "deploy", "announce"]
