"""Steps that ask people about their failures: `on_error=pause`."""

from __future__ import annotations

import pytest

from kernbot.db.base import Store
from kernbot.errors import DefinitionError
from kernbot.run import RunStatus
from kernbot.run.workflow import StepErrorEvent, StepPausedEvent, StepStartedEvent, WorkflowRunOutput
from kernbot.workflow import Condition, OnError, Step, StepInput, Steps, Workflow
from kernbot.workflow.types import HumanReview


class Flaky:
    """A step function that fails a number of times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0

    def __call__(self, _: StepInput) -> str:
        """Fail, or say how often it was called."""
        self.calls += 1
        if self.calls <= self.failures:
            raise ConnectionError(f"no {self.calls}")
        return f"call {self.calls}"


def flow(db: Store, send: Flaky, **settings: object) -> Workflow:
    """Return a workflow of three steps, whose second one fails."""
    return Workflow(
        name="w",
        db=db,
        steps=[
            Step("first", lambda _: "from first"),
            Step("send", send, on_error=OnError.pause, **settings),  # type: ignore[arg-type]
            Step("last", lambda step_input: f"last saw {step_input.previous_step_content}"),
        ],
    )


def paused(run: WorkflowRunOutput) -> tuple[str, str, int]:
    """Return what a run asks about: class, message and how often it was retried."""
    assert run.is_paused
    (asked,) = run.steps_with_errors
    return asked.error_type, asked.error_message, asked.retry_count


def test_a_failure_is_asked_about_at_once(db: Store) -> None:
    """Automatic retries are off, and the question names class, message and step."""
    send = Flaky(1)
    run = flow(db, send).run("x")
    assert (paused(run), run.paused_step_name, send.calls) == (("ConnectionError", "no 1", 0), "send", 1)


def test_retries_that_were_asked_for_come_before_the_question(db: Store) -> None:
    """With `max_retries` set, people are asked once these are used up, and each retry of theirs has as many again."""
    send = Flaky(4)
    workflow = flow(db, send, max_retries=1)
    run = workflow.run("x")
    assert (paused(run)[1], send.calls) == ("no 2", 2)
    run.steps_with_errors[0].retry()
    run = workflow.continue_run(run)
    assert (paused(run), send.calls) == (("ConnectionError", "no 4", 1), 4)


def test_retry_runs_the_step_again(db: Store) -> None:
    """The failed step alone is the next attempt; it may fail and be asked about again, counted."""
    send = Flaky(2)
    workflow = flow(db, send)
    run = workflow.run("x")
    run.steps_with_errors[0].retry()
    run = workflow.continue_run(run)
    assert paused(run) == ("ConnectionError", "no 2", 1)
    run.steps_with_errors[0].retry()
    run = workflow.continue_run(run)
    assert (run.status, run.content, run.has_failed_steps) == (RunStatus.COMPLETED, "last saw call 3", False)


def test_skip_goes_on_with_a_failed_step(db: Store) -> None:
    """What was there before it is passed on, and the run says that a step failed."""
    workflow = flow(db, Flaky(1))
    run = workflow.run("x")
    run.steps_with_errors[0].skip()
    run = workflow.continue_run(run)
    assert (run.content, [step.step_name for step in run.failed_steps]) == ("last saw from first", ["send"])


def test_a_question_about_a_failure_can_be_cancelled(db: Store) -> None:
    """Cancelling the run closes it; nothing further runs."""
    send = Flaky(1)
    workflow = flow(db, send)
    run = workflow.run("x")
    assert workflow.cancel_run(run.run_id)
    found = workflow.get_run_output(run.run_id)
    assert found is not None
    assert (found.status, send.calls) == (RunStatus.CANCELLED, 1)


def test_a_failure_behind_a_gate_asks_too(db: Store) -> None:
    """One approval is one execution: the failure is the next question on the same step."""
    workflow = flow(db, Flaky(1), requires_confirmation=True)
    run = workflow.run("x")
    run.steps_requiring_confirmation[0].confirm()
    run = workflow.continue_run(run)
    assert paused(run) == ("ConnectionError", "no 1", 0)
    run.steps_with_errors[0].retry()
    assert workflow.continue_run(run).content == "last saw call 2"


def test_a_failure_deep_inside_asks_where_it_is(db: Store) -> None:
    """In a composite only the failed inner step runs again (T18, T19)."""
    send, before = Flaky(1), Flaky(0)
    inner = Steps("inner", steps=[Step("before", before), Step("send", send, on_error="pause")])
    workflow = Workflow(name="w", db=db, steps=[Condition(name="c", steps=[inner])])
    run = workflow.run("x")
    run.steps_with_errors[0].retry()
    run = workflow.continue_run(run)
    assert (run.content, before.calls, send.calls) == ("call 2", 1, 2)


@pytest.mark.parametrize(
    ("on_timeout", "status"),
    [
        ("approve", RunStatus.COMPLETED),
        ("skip", RunStatus.COMPLETED),
        ("reject", RunStatus.COMPLETED),
        ("cancel", RunStatus.CANCELLED),
    ],
)
def test_silence_never_has_it_run_again(db: Store, on_timeout: str, status: RunStatus) -> None:
    """At the deadline the step is skipped, or the run cancelled."""
    send = Flaky(1)
    workflow = flow(db, send, timeout=0.05, on_timeout=on_timeout)
    run = workflow.run("x")
    while not run.steps_with_errors[0].is_timed_out:
        pass
    run = workflow.continue_run(run)
    assert (run.status, send.calls) == (status, 1)


def test_the_stream_says_it_in_order(db: Store) -> None:
    """StepStarted, StepError, then the pause; after skip the next step comes directly."""
    workflow = flow(db, Flaky(1))
    kinds = [type(event) for event in workflow.run("x", stream=True, stream_events=True)]
    assert kinds.index(StepErrorEvent) < kinds.index(StepPausedEvent)
    session = workflow.get_session()
    assert session is not None
    run = session.runs[-1]
    run.steps_with_errors[0].skip()
    events = list(workflow.continue_run(run, stream=True, stream_events=True))
    assert not [event for event in events if isinstance(event, StepErrorEvent)]
    assert [event.step_name for event in events if isinstance(event, StepStartedEvent)] == ["last"]


def test_a_condition_asks_nobody_about_its_evaluator() -> None:
    """`on_error=pause` is for a Step; elsewhere it is refused when the workflow is built."""
    with pytest.raises(DefinitionError):
        Condition(name="c", steps=[Step("a", lambda _: "a")], human_review=HumanReview(on_error=OnError.pause))
