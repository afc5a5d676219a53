"""Questions from inside loops and parallel branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kernbot.workflow import Condition, HumanReview, Loop, OnReject, Parallel, Router, Step, Steps, Workflow
from kernbot.workflow.node import Node
from tests.scenarios.team import Team, words


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


INSIDE = [Step("inside", lambda _: "inside ran")]
GATE: dict[str, Any] = {"requires_confirmation": True, "confirmation_message": "Go in?"}


@pytest.mark.parametrize(
    "gated",
    [
        lambda: Steps(name="gated", steps=INSIDE, **GATE),
        lambda: Condition(name="gated", evaluator=True, steps=INSIDE, on_reject=OnReject.skip, **GATE),
        lambda: Loop(name="gated", steps=INSIDE, max_iterations=1, **GATE),
        lambda: Router(choices=INSIDE, selector=lambda _: "inside", name="gated", **GATE),
    ],
    ids=["steps", "condition", "loop", "router"],
)
@pytest.mark.parametrize(("action", "says"), [("approve", "Approved, the step ran"), ("reject", "Rejected, the step")])
async def test_a_gate_holds_before_every_kind_of_node(
    team: Team, gated: Callable[[], Node], action: str, says: str
) -> None:
    """What is inside runs after a yes, and not after a no; the card says which."""
    async with team.bot(Workflow(name="gates", steps=[gated(), Step("last", lambda _: "last ran")])):
        card = await team.ask("gates", "Go in?")
        assert "`gates` · step 1 of 2" in words(card)
        assert "*Reject* skips this step; the run goes on with `last`." in words(card)
        await team.click("ana", card, f"pause.{action}")
        await team.says(card, says)
        await team.says(team.parents()[0], "finished")
        ran = [entry.path for entry in (await team.run()).journal if entry.path.endswith("/inside")]
        assert bool(ran) is (action == "approve")


async def test_a_choice_that_is_a_router_asks_in_its_turn(team: Team) -> None:
    """Each question has a card of its own; the second comes once the first is answered."""
    inner = Router(choices=[*INSIDE, Step("other", lambda _: "other ran")], name="inner", **_selecting("Which inside?"))
    outer = Router(choices=[inner, Step("around", lambda _: "went around")], name="outer", **_selecting("Which way?"))
    async with team.bot(Workflow(name="nested", steps=[outer])):
        first = await team.ask("nested", "Which way?")
        await team.click("ana", first, "pause.choice.0")
        second = await team.under(team.parents()[0], "Which inside?")
        assert second["ts"] != first["ts"]
        await team.click("bob", second, "pause.choice.1")
        assert "`other`" in words(await team.says(second, "Chosen, the step ran"))
        assert "`inner`" in words(await team.says(first, "Chosen, the step ran"))
        assert "other ran" in words(await team.under(team.parents()[0], "Result of nested"))


def _selecting(message: str) -> dict[str, Any]:
    return {"human_review": HumanReview(requires_user_input=True, user_input_message=message)}
