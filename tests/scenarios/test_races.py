"""Races that have been lost elsewhere; those of restarts and kills stand with these."""

from __future__ import annotations

import asyncio

import pytest

from tests.scenarios.team import Team
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
