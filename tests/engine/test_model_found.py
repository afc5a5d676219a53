"""What the property test found, each as the smallest example."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.workflow import Loop, Step, StepInput, Workflow
from kernbot.workflow.node import Node


class Told:
    """A step function that fails the first time, and notes what it is told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def __call__(self, step_input: StepInput) -> str:
        """Fail, or answer."""
        self.told.append(step_input.additional_data)
        if len(self.told) == 1:
            raise ValueError("not yet")
        return "done"


def _reviewed(kind: str, step: Step) -> Node:
    if kind == "Loop":
        return Loop([step], on_reject="retry", requires_iteration_review=True)
    return Step(workflow=Workflow(name="inner", steps=[step]), on_reject="retry", requires_output_review=True)


@pytest.mark.parametrize("kind", ["Loop", "Step"])
def test_a_rejected_draft_without_content_is_an_empty_text(kind: str) -> None:
    """Where the only step failed, the next round is told of a previous output without text, not of `None`."""
    told = Told()
    workflow = Workflow(name="w", steps=[_reviewed(kind, Step("work", told, max_retries=0))])
    run = workflow.run("x")
    run.step_requirements[-1].reject("again")
    workflow.continue_run(run)
    assert told.told == [{}, {"previous_output": "", "rejection_feedback": "again"}]
