"""Races that have been lost elsewhere; those of restarts and kills stand with these."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kernbot.models.scripted import call
from tests.scenarios.team import Team
from tests.scenarios.test_calls import Desk, refund
from tests.scenarios.workflows import QUESTION, Deploy


@pytest.mark.parametrize("before", [1.0, 0.001, 0.0, -0.001])
async def test_race_2_a_click_around_the_deadline(team: Team, before: float) -> None:
    """Whoever the ledger says was first, person or clock, is whom the run follows and the card names."""
    deploy = Deploy(timeout=60, on_timeout="skip")
    async with team.bot(deploy.workflow, sweep_seconds=0.05):
        card = await team.ask("deploy", QUESTION)
        team.clock.move(60 - before)
        click = asyncio.create_task(team.click("ana", card, "pause.approve"))
        team.clock.move(before)
        assert (await click).ok
        await team.says(team.parents()[0], "Finished")
        (pause,) = (await team.run()).pauses
        assert pause.answered is not None
        by_ana = pause.answered.by.endswith("UANA")
        assert ("deploy" in deploy.ran) is by_ana
        await team.says(card, "Approved, the step ran" if by_ana else "No answer in time, the step was skipped")
        if not by_ana:
            await team.hears("ana", "Not recorded")


async def test_race_6_a_step_gate_and_then_a_tool_gate(team: Team) -> None:
    """Two cards one after the other on the same step: the first one closes, and its button answers nothing more."""
    made: list[str] = []
    gate: dict[str, Any] = {"requires_confirmation": True, "confirmation_message": "Let the clerk work?"}
    desk = Desk(call("issue_refund", order="A-1", amount=129), tools=[refund(made)], **gate)
    async with team.bot(desk.workflow):
        first = await team.ask("refund", "Let the clerk work?")
        await team.click("ana", first, "pause.approve")
        second = await team.under(team.parents()[0], "Run the tool `issue_refund`?")
        assert "pause.approve" not in str(await team.says(first, "Approved"))
        await team.click("bob", first, "pause.approve", stale=True)
        await team.hears("bob", "<@UANA> approved it")
        assert not made
        await team.click("bob", second, "pause.approve")
        await team.says(second, "Approved, the call was made")
        await team.says(first, "Approved, the step ran")
        assert made == ["A-1: 129, "]
