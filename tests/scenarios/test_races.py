"""Races that have been lost elsewhere; those of restarts and kills stand with these."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest

from kernbot.db.base import RunFilter, Snapshot
from kernbot.engine.large import load
from kernbot.localslack import Delivery
from kernbot.models.scripted import call
from kernbot.run import RunContext
from kernbot.workflow import Step, StepInput, Workflow
from tests.scenarios.team import Team
from tests.scenarios.test_calls import Desk, refund
from tests.scenarios.workflows import QUESTION

AT_ONCE = 20
"""Runs of race 2 whose deadline is the same."""
BATCHES = 5
"""Over each of two transports: 200 clicks in all."""


@pytest.mark.parametrize("batch", range(BATCHES))
async def test_race_2_200_clicks_within_a_second_of_the_deadline(team: Team, batch: int) -> None:
    """Whoever the ledger says was first, person or clock, is whom the run follows and the card names."""
    ran: list[str] = []
    team.refused.add("ratelimited")  # so many calls at once may meet in Slack; what is put off is sent later
    async with team.bot(_remembering(ran, timeout=60, on_timeout="skip"), sweep_seconds=0.02):
        cards = await _ask_at_once(team, AT_ONCE)
        clicks = await _click_around(team, cards, team.clock() + 60, Random(batch))
        assert all([(await click).ok for click in clicks])
        for number, card in enumerate(cards):
            parent = await team.says(team.parents()[number], "Finished")
            (pause,) = (snapshot := await _run_of(team, parent)).pauses
            assert pause.answered is not None
            by_ana = pause.answered.by == "slack:T01LOCAL:UANA"
            assert by_ana or pause.answered.by == "timeout"
            assert ran.count(snapshot.run.run_id) == by_ana
            await team.says(card, "Approved, the step ran" if by_ana else "No answer in time, the step was skipped")
        await team.hears("ana", "Not recorded", times=AT_ONCE - len(ran))


def _remembering(ran: list[str], **gate: Any) -> Workflow:
    """Return a workflow that notes the run in which its gated step is executed."""

    def deploy(_: StepInput, run_context: RunContext) -> str:
        ran.append(run_context.run_id)
        return "deployed"

    step = Step(name="deploy", executor=deploy, requires_confirmation=True, confirmation_message=QUESTION, **gate)
    return Workflow(name="deploy", steps=[step])


async def _ask_at_once(team: Team, number: int) -> list[dict[str, Any]]:
    """Have so many runs started; return their cards, in the order of their parents."""
    await asyncio.gather(*(team.type("dee", "run deploy") for _ in range(number)))
    parents = await team.until(lambda: team.parents() if len(team.parents()) == number else [])
    return [await team.under(parent, QUESTION) for parent in parents]


async def _click_around(
    team: Team, cards: list[dict[str, Any]], deadline: float, chance: Random
) -> list[asyncio.Task[Delivery]]:
    """Move the clock over the deadline, with a click at each of its moments; most in the last milliseconds."""
    clicks: list[asyncio.Task[Delivery]] = []
    for away in sorted(chance.choice([1, 0.001]) * chance.uniform(-1, 1) for _ in cards):
        team.clock.now = deadline + away
        clicks.append(asyncio.create_task(team.click("ana", cards[len(clicks)], "pause.approve", stale=True)))
        for _ in range(chance.randrange(20)):
            await asyncio.sleep(0)
    return clicks


async def _run_of(team: Team, parent: dict[str, Any]) -> Snapshot:
    for run in await team.store.list_runs(RunFilter()):
        if any(row.ts == parent["ts"] for row in await team.store.list_messages(run.run_id)):
            return await load(team.store, run.run_id)
    raise AssertionError(parent)


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
