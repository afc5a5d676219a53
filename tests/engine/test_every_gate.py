"""Every gate of every node, inside everything that can hold it, two levels deep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kernbot.run import RunStatus
from kernbot.workflow import Condition, Loop, Router, Step, StepInput, Steps, Workflow
from kernbot.workflow.node import Node
from kernbot.workflow.requirement import Requirement
from tests.engine.bench import Calls
from tests.engine.places import AROUND, Around


def _confirm(asked: Any) -> None:
    asked.confirm()


@dataclass(frozen=True)
class Gate:
    """A node named `g` that asks one question about the work in it."""

    node: Callable[[Callable[[StepInput], Any]], Node]
    answer: Callable[[Any], None] = _confirm
    done: int = 0
    """How often the work has been done when the question is asked."""
    fails: int = 0
    """How often the work fails first."""


def _schema() -> list[dict[str, str]]:
    return [{"name": "n"}]


def _inner(work: Callable[[StepInput], Any]) -> Workflow:
    return Workflow(name="i", steps=[Step("b", work)])


def _does(work: Callable[[StepInput], Any], result: object) -> Callable[[StepInput], Any]:
    """Return a function that does the work, and returns something else."""
    return lambda step_input: (work(step_input), result)[1]


GATES = {
    "step confirmation": Gate(lambda work: Step("g", work, requires_confirmation=True)),
    "step values": Gate(
        lambda work: Step("g", work, requires_user_input=True, user_input_schema=_schema()),
        lambda asked: asked.set_user_input(n="1"),
    ),
    "step review": Gate(lambda work: Step("g", work, requires_output_review=True), done=1),
    "step failure": Gate(lambda work: Step("g", work, on_error="pause"), lambda asked: asked.retry(), done=1, fails=1),
    "steps confirmation": Gate(lambda work: Steps("g", steps=[Step("b", work)], requires_confirmation=True)),
    "condition confirmation": Gate(lambda work: Condition([Step("b", work)], name="g", requires_confirmation=True)),
    "condition failure": Gate(
        lambda work: Condition([], _does(work, False), name="g", on_error="pause"),
        lambda asked: asked.retry(),
        done=1,
        fails=1,
    ),
    "loop confirmation": Gate(lambda work: Loop([Step("b", work)], "g", max_iterations=1, requires_confirmation=True)),
    "loop iteration": Gate(lambda work: Loop([Step("b", work)], "g", requires_iteration_review=True), done=1),
    "loop review": Gate(
        lambda work: Loop([Step("b", work)], "g", max_iterations=1, requires_output_review=True), done=1
    ),
    "router confirmation": Gate(
        lambda work: Router([Step("b", work)], lambda _: "b", name="g", requires_confirmation=True)
    ),
    "router selection": Gate(
        lambda work: Router([Step("b", work)], name="g", requires_user_input=True), lambda asked: asked.select("b")
    ),
    "router review": Gate(
        lambda work: Router([Step("b", work)], lambda _: "b", name="g", requires_output_review=True), done=1
    ),
    "router failure": Gate(
        lambda work: Router([Step("b", repr)], _does(work, "b"), name="g", on_error="pause"),
        lambda asked: asked.retry(),
        done=1,
        fails=1,
    ),
    "workflow confirmation": Gate(lambda work: Step("g", workflow=_inner(work), requires_confirmation=True)),
    "workflow values": Gate(
        lambda work: Step("g", workflow=_inner(work), requires_user_input=True, user_input_schema=_schema()),
        lambda asked: asked.set_user_input(n="1"),
    ),
    "workflow review": Gate(lambda work: Step("g", workflow=_inner(work), requires_output_review=True), done=1),
}


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("outer", AROUND)
def test_a_gate_is_asked_once_wherever_it_stands(outer: str, gate: str) -> None:
    """Nothing behind it has run when it asks, nothing before it runs again after the answer, and all of it once."""
    for inner in AROUND.values():
        _ask_and_go_on(AROUND[outer], inner, GATES[gate])


def _ask_and_go_on(outer: Around, inner: Around, gate: Gate) -> None:
    calls = Calls()
    gated = gate.node(calls.body("work", fails=gate.fails))
    within = inner("inner", [calls.step("b"), gated, calls.step("y")])
    around = outer("outer", [calls.step("a"), within, calls.step("z")])
    workflow = Workflow(steps=[around, calls.step("end")])
    run = workflow.run("x")
    asked: list[Requirement] = [*run.active_step_requirements, *run.steps_with_errors]
    assert ([item.step_name for item in asked], calls.names) == (["g"], ["a", "b", *["work"] * gate.done])
    gate.answer(asked[0])
    assert workflow.continue_run(run).status is RunStatus.COMPLETED
    assert calls.names == ["a", "b", *["work"] * (1 + gate.fails), "y", "z", "end"]
