"""Rejects with `on_reject=retry` before a node runs: people are asked again, and nothing ever runs because of a no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.engine.large import load
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Condition, Loop, Router, Step, Steps, Workflow
from kernbot.workflow.node import Node
from kernbot.workflow.types import StepRequirement
from tests.engine.bench import Calls, Look

CONFIRMED: dict[str, Any] = {"requires_confirmation": True, "on_reject": "retry"}
FILLED: dict[str, Any] = {
    "requires_user_input": True,
    "user_input_schema": [{"name": "n", "field_type": "int"}],
    "on_reject": "retry",
}


def _router(calls: Calls, **settings: Any) -> Router:
    """Return a router that notes when its selector is called."""

    def choose(_: object) -> str:
        calls.names.append("selector")
        return "inner"

    return Router([calls.step("inner")], choose, "g", **settings)


def _condition(calls: Calls, **settings: Any) -> Condition:
    """Return a condition that notes when it is evaluated."""

    def evaluate(_: object) -> bool:
        calls.names.append("evaluator")
        return True

    return Condition([calls.step("inner")], evaluate, [calls.step("else")], "g", **settings)


Make = Callable[..., Node]
NODES: dict[str, Make] = {
    "step": lambda calls, **more: calls.step("g", **CONFIRMED, **more),
    "values": lambda calls, **more: calls.step("g", **FILLED, **more),
    "both": lambda calls, **more: calls.step("g", **{**CONFIRMED, **FILLED}, **more),
    "workflow": lambda calls, **more: Step("g", workflow=Workflow(steps=[calls.step("inner")]), **CONFIRMED, **more),
    "steps": lambda calls, **more: Steps("g", steps=[calls.step("inner")], **CONFIRMED, **more),
    "loop": lambda calls, **more: Loop([calls.step("inner")], "g", max_iterations=1, **CONFIRMED, **more),
    "router": lambda calls, **more: _router(calls, **CONFIRMED, **more),
    "condition": lambda calls, **more: _condition(calls, **CONFIRMED, **more),
    "selection": lambda calls, **more: _router(calls, requires_user_input=True, on_reject="retry", **more),
}
every_node = pytest.mark.parametrize("make", NODES.values(), ids=NODES)


def around(calls: Calls, node: Node, db: Store | None = None) -> Workflow:
    """Return a workflow of a node between two steps."""
    return Workflow(db=db, steps=[calls.step("first"), node, calls.step("last")])


def say_yes(asked: StepRequirement) -> None:
    """Give whatever is asked for."""
    if asked.requires_confirmation:
        asked.confirm()
    if asked.requires_user_input:
        asked.set_user_input(n=1)
    if asked.requires_route_selection:
        asked.select("inner")


def ran(calls: Calls) -> set[str]:
    """Return which gated functions have run; a selector proposes before anything is asked."""
    return set(calls.names) & {"g", "inner", "else", "evaluator"}


def reject(workflow: Workflow, run: WorkflowRunOutput, feedback: str | None = None) -> WorkflowRunOutput:
    """Say no to the open question, and continue."""
    run.step_requirements[-1].reject(feedback)
    return workflow.continue_run(run)


@every_node
def test_a_reject_asks_again_and_runs_nothing(db: Store, look: Look, calls: Calls, make: Make) -> None:
    """As often as it may be retried, counted; after that a reject skips the node, which the last question says."""
    workflow = around(calls, make(calls), db)
    run = look(workflow, workflow.run("x"))
    promised = []
    while run.is_paused:
        asked = run.step_requirements[-1]
        promised.append((asked.step_name, asked.retry_count, asked.on_reject))
        run = look(workflow, reject(workflow, run))
    assert promised == [("g", 0, "retry"), ("g", 1, "retry"), ("g", 2, "retry"), ("g", 3, "skip")]
    assert (run.content, ran(calls), calls.names.count("selector") > 1) == ("last(first(x))", set(), False)


@every_node
def test_a_yes_after_a_reject_runs_it_once(look: Look, calls: Calls, make: Make) -> None:
    """What was rejected before has no effect."""
    workflow = around(calls, make(calls))
    run = look(workflow, reject(workflow, look(workflow, workflow.run("x")), "too early"))
    say_yes(run.step_requirements[-1])
    run = workflow.continue_run(run)
    assert run.content in {"last(g(first(x)))", "last(inner(first(x)))"}
    assert len(calls.names) == len(set(calls.names))


@every_node
async def test_the_new_question_shows_the_feedback(db: Store, calls: Calls, make: Make) -> None:
    """What was said with the last reject is part of it, and on the requirement before it."""
    workflow = around(calls, make(calls), db)
    run = await workflow.arun("x")
    for feedback in ("too early", None):
        run.step_requirements[-1].reject(feedback)
        run = await workflow.acontinue_run(run)
    assert [pause.question["feedback"] for pause in (await load(db, run.run_id)).pauses] == [None, "too early", None]
    assert [asked.rejection_feedback for asked in run.step_requirements] == ["too early", None, None]


@pytest.mark.parametrize("kind", ["step", "values", "router", "selection"])
def test_no_retries_means_that_a_reject_skips(calls: Calls, kind: str) -> None:
    """With `hitl_max_retries=0` the first question is the last."""
    workflow = around(calls, NODES[kind](calls, hitl_max_retries=0))
    run = workflow.run("x")
    assert run.step_requirements[-1].on_reject == "skip"
    assert (reject(workflow, run).content, ran(calls)) == ("last(first(x))", set())


def test_each_question_of_a_node_counts_for_itself(calls: Calls) -> None:
    """Rejects of a router's confirmation use up none of its selection's retries."""
    node = _router(calls, **CONFIRMED, requires_user_input=True, hitl_max_retries=1)
    workflow = around(calls, node)
    run = reject(workflow, workflow.run("x"))
    assert run.step_requirements[-1].on_reject == "skip"
    say_yes(run.step_requirements[-1])
    run = workflow.continue_run(run)
    asked = run.step_requirements[-1]
    assert (asked.requires_route_selection, asked.retry_count, asked.on_reject) == (True, 0, "retry")
    assert (reject(workflow, reject(workflow, run)).content, ran(calls)) == ("last(first(x))", set())
