"""Questions from inside loops and parallel branches."""

from __future__ import annotations

from typing import Any

from kernbot.workflow import Loop, Parallel, Step, Workflow
from tests.scenarios.team import Team


def asking(name: str, **settings: Any) -> Step:
    """Return a step that asks a question of its own."""
    gate = {"requires_confirmation": True, "confirmation_message": f"Run {name}?", **settings}
    return Step(name, lambda _: f"{name} ran", **gate)


async def test_two_questions_of_one_run_are_answered_in_any_order(team: Team) -> None:
    """Each branch has its own card; one answer carries its branch on and leaves the other card open."""
    workflow = Workflow(name="both", steps=[Parallel(asking("left"), asking("right"), name="sides")])
    async with team.bot(workflow):
        right = await team.ask("both", "Run right?")
        left = await team.under(team.parents()[0], "Run left?")
        await team.click("ana", right, "pause.approve")
        await team.says(right, "Approved, the step ran: Run right?")
        assert "pause.approve" in str((await team.says(left, "Run left?"))["blocks"])
        await team.click("bob", left, "pause.reject")
        await team.says(left, "Rejected, the step was skipped: Run left?")
        await team.says(team.parents()[0], "finished")


async def test_each_iteration_of_a_loop_asks_with_a_card_of_its_own(team: Team) -> None:
    """The second question comes after the first answer, and the first card stays as it was answered."""
    workflow = Workflow(name="round", steps=[Loop(name="again", steps=[asking("turn")], max_iterations=2)])
    async with team.bot(workflow):
        first = await team.ask("round", "Run turn?")
        await team.click("ana", first, "pause.reject")
        await team.says(first, "Rejected, the step was skipped")
        second = await team.until(
            lambda: next((m for m in team.thread(team.parents()[0]) if m["text"] == "Run turn?"), None)
        )
        assert second["ts"] != first["ts"]
        await team.click("ana", second, "pause.approve")
        await team.says(second, "Approved, the step ran")
        await team.says(team.parents()[0], "finished")
