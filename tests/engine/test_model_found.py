"""What the property test found, each as the smallest example."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from itertools import islice
from typing import Any

import pytest

from kernbot.db.in_memory import InMemoryDb
from kernbot.workflow import Loop, Parallel, Step, StepInput, Workflow
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


@pytest.mark.parametrize("events", range(1, 10))
def test_a_branch_that_has_run_is_kept_when_its_stream_is_left(events: int) -> None:
    """However early nobody reads on: what a function has returned is stored, and it doesn't run again."""
    ran: Counter[str] = Counter()
    names = ["first", "second", "third"]

    def note(step_input: StepInput, name: str) -> str:
        ran[name] += 1
        return f"{name} of {step_input.input}"

    steps = [Step(name, lambda given, name=name: note(given, name)) for name in names]
    workflow = Workflow(name="w", db=InMemoryDb(), steps=[Parallel(*steps)])
    stream: Any = workflow.run("x", run_id="R", session_id="S", stream=True, stream_events=True)
    with closing(stream):
        for _ in islice(stream, events):
            pass
    workflow.continue_run(run_id="R", session_id="S")
    assert ran == dict.fromkeys(names, 1)
