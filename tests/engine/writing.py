"""What the tests of reviews have written, and reviewed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Loop, Router, Step, StepInput, Workflow
from kernbot.workflow.node import Node
from tests.engine.bench import review

Work = Callable[[StepInput], Any]
Making = Callable[..., Node]
"""Makes a node named `write` that does some work, with further settings."""
REDO: dict[str, Any] = {"requires_output_review": True, "on_reject": "retry"}


class Writer:
    """A step function that writes draft after draft, and notes what it was told for each."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def __call__(self, step_input: StepInput) -> str:
        """Return the next draft."""
        self.told.append(step_input.additional_data)
        return f"draft {len(self.told)}"


def a_step(work: Work, **settings: Any) -> Step:
    """Return a step that writes."""
    return Step("write", work, **settings)


def a_router(work: Work, **settings: Any) -> Router:
    """Return a router that has it written."""
    return Router([Step("inner", work)], lambda _: "inner", "write", **settings)


def a_loop(work: Work, **settings: Any) -> Loop:
    """Return a loop that is content with each iteration."""
    return Loop([Step("inner", work)], "write", end_condition=lambda _: True, **settings)


def a_workflow(work: Work, **settings: Any) -> Step:
    """Return a workflow that writes, as a step."""
    return Step("write", workflow=Workflow(name="inner", steps=[Step("inner", work)]), **settings)


every_node = pytest.mark.parametrize("make", [a_step, a_router, a_loop, a_workflow])


def around(node: Any, db: Store | None = None) -> Workflow:
    """Return a workflow in which something was there before a node, and the end shows what it left."""
    return Workflow(
        name="w",
        db=db,
        steps=[
            Step("before", lambda _: "old"),
            node,
            Step("after", lambda step_input: f"after {step_input.previous_step_content}"),
        ],
    )


def have_it_redone(workflow: Workflow, run: WorkflowRunOutput, feedback: str | None = None) -> WorkflowRunOutput:
    """Reject what came out, and carry the run on to the next review or to its end; a router is told the way again."""
    review(run).reject(feedback)
    run = workflow.continue_run(run)
    for asked in run.steps_requiring_route:
        asked.select("inner")
        run = workflow.continue_run(run)
    return run
