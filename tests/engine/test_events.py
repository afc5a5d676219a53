"""Which events a stream yields, and in which order."""

from __future__ import annotations

from collections.abc import Iterable

from kernbot.run.workflow import StepContinuedEvent, StepPausedEvent, WorkflowPausedEvent, WorkflowRunEvent
from kernbot.workflow import Condition, Steps, Workflow
from tests.engine.bench import Calls, last_run


def _seen(events: Iterable[WorkflowRunEvent]) -> list[str]:
    return [f"{event.event} {name}" if (name := getattr(event, "step_name", None)) else event.event for event in events]


def _go_on(workflow: Workflow, *, yes: bool = True) -> list[str]:
    run = last_run(workflow)
    asked = run.step_requirements[-1]
    asked.confirm() if yes else asked.reject()
    return _seen(workflow.continue_run(run, stream=True, stream_events=True))


def test_a_paused_stream_ends_with_workflow_paused(calls: Calls) -> None:
    """It says where; the question itself is on the stored run."""
    schema = [{"name": "n"}]
    step = calls.step("g", requires_user_input=True, user_input_message="How many?", user_input_schema=schema)
    events = list(Workflow(steps=[step]).run("x", stream=True))
    paused, last = events[-2:]
    assert isinstance(paused, StepPausedEvent)
    assert (paused.step_name, paused.requires_user_input, paused.user_input_message) == ("g", True, "How many?")
    assert [item["name"] for item in paused.user_input_schema or ()] == ["n"]
    assert isinstance(last, WorkflowPausedEvent)
    assert (last.paused_step_name, last.pause_kind, last.is_paused) == ("g", "step", True)


def test_the_events_of_a_confirmed_step(calls: Calls) -> None:
    """`StepContinued` follows the answer, then the step runs."""
    workflow = Workflow(steps=[calls.step("g", requires_confirmation=True)])
    assert _seen(workflow.run("x", stream=True, stream_events=True)) == [
        "WorkflowStarted",
        "StepPaused g",
        "WorkflowPaused",
    ]
    assert _go_on(workflow) == [
        "StepContinued g",
        "StepStarted g",
        "StepOutput g",
        "StepCompleted g",
        "WorkflowCompleted",
    ]


def test_a_skipped_step_yields_nothing_of_its_own(calls: Calls) -> None:
    """Only `StepContinued` tells that its question was answered."""
    workflow = Workflow(steps=[calls.step("g", requires_confirmation=True)])
    list(workflow.run("x", stream=True))
    assert _go_on(workflow, yes=False) == ["StepContinued g", "WorkflowCompleted"]


def test_a_cancelled_stream_ends_with_workflow_cancelled(calls: Calls) -> None:
    """Nothing comes after it."""
    workflow = Workflow(steps=[calls.step("g", requires_confirmation=True, on_reject="cancel"), calls.step("z")])
    list(workflow.run("x", stream=True))
    assert _go_on(workflow, yes=False) == ["StepContinued g", "WorkflowCancelled"]


def test_the_events_of_composites(calls: Calls) -> None:
    """Each says when it begins and when it is over; the branch that was taken is named."""
    workflow = Workflow(steps=[Steps(name="s", steps=[calls.step("a")]), Condition([], False, [calls.step("b")], "c")])
    assert _seen(workflow.run("x", stream=True, stream_events=True)) == [
        "WorkflowStarted",
        "StepsExecutionStarted s",
        "StepStarted a",
        "StepOutput a",
        "StepCompleted a",
        "StepsExecutionCompleted s",
        "ConditionExecutionStarted c",
        "StepStarted b",
        "StepOutput b",
        "StepCompleted b",
        "ConditionExecutionCompleted c",
        "WorkflowCompleted",
    ]


def test_an_answer_is_announced_once(calls: Calls) -> None:
    """A pipeline that pauses inside after it was confirmed does not announce its own answer again."""
    steps = [calls.step(name, requires_confirmation=True) for name in ("g", "h")]
    workflow = Workflow(steps=[Steps(name="s", steps=steps, requires_confirmation=True)])
    list(workflow.run("x", stream=True))
    legs = [_go_on(workflow) for _ in range(3)]
    continued = [[seen for seen in leg if seen.startswith(StepContinuedEvent().event)] for leg in legs]
    assert continued == [["StepContinued s"], ["StepContinued g"], ["StepContinued h"]]


def test_the_events_of_a_failed_step(calls: Calls) -> None:
    """`StepError` once its retries are used up; the run goes on."""
    events = _seen(Workflow(steps=[calls.failing("a", max_retries=0)]).run("x", stream=True, stream_events=True))
    assert events == [
        "WorkflowStarted",
        "StepStarted a",
        "StepError a",
        "StepOutput a",
        "StepCompleted a",
        "WorkflowCompleted",
    ]


def test_every_event_names_its_run(calls: Calls) -> None:
    """Workflow, session and run, on each of them."""
    events = list(Workflow(name="My Flow", steps=[calls.step("a")]).run("x", run_id="R", session_id="S", stream=True))
    assert {(event.workflow_id, event.workflow_name, event.run_id, event.session_id) for event in events} == {
        ("my-flow", "My Flow", "R", "S")
    }
