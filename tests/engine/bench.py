"""What the tests of the engine build their workflows from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Step, StepInput, Workflow
from kernbot.workflow.types import StepRequirement

Look = Callable[[Workflow, WorkflowRunOutput], WorkflowRunOutput]
"""Returns a run as a program goes on with it: the object that it got, or the run loaded anew."""


@dataclass
class Calls:
    """Makes steps that note when they run."""

    names: list[str] = field(default_factory=list)

    def step(self, name: str, **settings: Any) -> Step:
        """Return a step whose content shows what it saw: `b(a(input))` for b after a."""
        return Step(name=name, executor=self.body(name), **settings)

    def failing(self, name: str, times: int = 1_000_000, **settings: Any) -> Step:
        """Return a step that raises so many times before it succeeds."""
        return Step(name=name, executor=self.body(name, fails=times), **settings)

    def body(self, name: str, fails: int = 0) -> Callable[[StepInput], str]:
        """Return a step function."""

        def work(step_input: StepInput) -> str:
            self.names.append(name)
            if self.names.count(name) <= fails:
                raise ValueError(f"{name} is broken")
            return f"{name}({step_input.previous_step_content or step_input.input})"

        return work


def confirm(workflow: Workflow, run: WorkflowRunOutput) -> WorkflowRunOutput:
    """Say yes to the open question, and continue."""
    run.step_requirements[-1].confirm()
    return workflow.continue_run(run)


def reject(workflow: Workflow, run: WorkflowRunOutput) -> WorkflowRunOutput:
    """Say no to the open question, and continue."""
    run.step_requirements[-1].reject()
    return workflow.continue_run(run)


def must_load(workflow: Workflow, run_id: str) -> WorkflowRunOutput:
    """Return a run as it is stored."""
    run = workflow.get_run_output(run_id)
    assert run is not None
    return run


def review(run: WorkflowRunOutput) -> StepRequirement:
    """Return the one review that a run waits for."""
    (asked,) = run.steps_requiring_output_review
    return asked


def last_run(workflow: Workflow) -> WorkflowRunOutput:
    """Return the newest run of the workflow's last session."""
    session = workflow.get_session()
    assert session is not None
    return session.runs[-1]
