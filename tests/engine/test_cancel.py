"""Cancelling a run: while it waits, while it is executed, and after it has ended."""

from __future__ import annotations

import pytest

from kernbot.db.base import Store
from kernbot.errors import ConflictError, NotFoundError
from kernbot.run import RunContext, RunStatus
from kernbot.run.workflow import WorkflowCancelledEvent
from kernbot.workflow import Step, StepInput, Workflow
from tests.engine.bench import Calls, confirm, must_load


def test_a_paused_run_is_cancelled_at_once(db: Store, calls: Calls) -> None:
    """CANCELLED in the store, its question is closed, and it can't be continued."""
    workflow = Workflow(db=db, steps=[calls.step("g", requires_confirmation=True)])
    run = workflow.run("x")
    assert workflow.cancel_run(run.run_id) is True
    stored = must_load(workflow, run.run_id)
    assert (stored.status, stored.content) == (RunStatus.CANCELLED, "The run was cancelled by library.")
    assert stored.active_step_requirements == []
    with pytest.raises(ConflictError, match="CANCELLED"):
        confirm(workflow, run)
    assert calls.names == []


def _cancelling(workflow: list[Workflow]) -> Step:
    def cancel(_: StepInput, run_context: RunContext) -> str:
        assert workflow[0].cancel_run(run_context.run_id) is True
        return "done"

    return Step("cancel", cancel)


def test_a_running_run_is_cancelled_before_its_next_step(db: Store, calls: Calls) -> None:
    """The step under way is finished and kept; nothing after it runs, and the stream ends with WorkflowCancelled."""
    own: list[Workflow] = []
    own.append(Workflow(db=db, steps=[_cancelling(own), calls.step("z")]))
    events = list(own[0].run("x", run_id="R", stream=True))
    run = must_load(own[0], "R")
    assert isinstance(events[-1], WorkflowCancelledEvent)
    assert events[-1].reason == "The run was cancelled by library."
    assert (run.status, [output.content for output in run.step_results], calls.names) == (
        RunStatus.CANCELLED,
        ["done"],
        [],
    )


def test_a_run_that_is_cancelled_before_a_gate_does_not_ask(db: Store, calls: Calls) -> None:
    """CANCELLED, and no question is open."""
    own: list[Workflow] = []
    own.append(Workflow(db=db, steps=[_cancelling(own), calls.step("g", requires_confirmation=True)]))
    run = own[0].run("x")
    assert (run.status, run.active_step_requirements) == (RunStatus.CANCELLED, [])


def test_a_finished_run_can_not_be_cancelled(calls: Calls) -> None:
    """False, and nothing changes; NotFoundError for a run that does not exist."""
    workflow = Workflow(steps=[calls.step("a")])
    run = workflow.run("x")
    assert workflow.cancel_run(run.run_id) is False
    assert must_load(workflow, run.run_id) == run
    with pytest.raises(NotFoundError, match="nobody"):
        workflow.cancel_run("nobody")
