"""Cancelling a run: while it waits, while it is executed, and after it has ended."""

from __future__ import annotations

import pytest

from kernbot.db.base import Store
from kernbot.errors import ConflictError
from kernbot.run import RunContext, RunStatus
from kernbot.run.workflow import WorkflowCancelledEvent
from kernbot.workflow import Parallel, Step, StepInput, Workflow
from tests.engine.bench import Calls, confirm, must_load
from tests.engine.places import AROUND


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
    """False, and nothing changes; nor is there anything to cancel where no run is."""
    workflow = Workflow(steps=[calls.step("a")])
    run = workflow.run("x")
    assert workflow.cancel_run(run.run_id) is False
    assert must_load(workflow, run.run_id) == run
    assert workflow.cancel_run("nobody") is False


def test_a_failed_run_can_not_be_cancelled(calls: Calls) -> None:
    """It has ended; continued, it can be."""
    workflow = Workflow(steps=[calls.failing("f", times=1, on_error="fail", max_retries=0), _asking(calls, "g")])
    with pytest.raises(ValueError, match="f is broken"):
        workflow.run("x", run_id="R")
    assert workflow.cancel_run("R") is False
    assert workflow.continue_run(run_id="R").is_paused
    assert workflow.cancel_run("R") is True


def _asking(calls: Calls, name: str) -> Step:
    return calls.step(name, requires_confirmation=True)


@pytest.mark.parametrize("place", AROUND)
def test_a_cancel_closes_every_question_wherever_it_is(db: Store, calls: Calls, place: str) -> None:
    """One at depth, or several side by side: none is open afterwards, and nothing runs."""
    asks = Parallel(_asking(calls, "g"), calls.failing("f", on_error="pause"), name="both")
    workflow = Workflow(db=db, steps=[AROUND[place]("outer", [asks]), calls.step("z")])
    run = workflow.run("x")
    assert workflow.cancel_run(run.run_id) is True
    run = must_load(workflow, run.run_id)
    assert (run.status, run.active_step_requirements, run.steps_with_errors) == (RunStatus.CANCELLED, [], [])
    assert calls.names == ["f"]


@pytest.mark.parametrize("place", AROUND)
def test_a_cancel_is_heeded_before_the_next_step_wherever_it_is(db: Store, calls: Calls, place: str) -> None:
    """The step under way is finished; the next one inside does not begin."""
    own: list[Workflow] = []
    around = AROUND[place]("outer", [_cancelling(own), calls.step("y")])
    own.append(Workflow(db=db, steps=[around, calls.step("z")]))
    assert (own[0].run("x").status, calls.names) == (RunStatus.CANCELLED, [])
