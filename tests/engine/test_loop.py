"""Loops: how often they run, what each iteration sees, and what can be asked inside."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.errors import DefinitionError
from kernbot.run import RunContext, RunStatus
from kernbot.run.workflow import (
    LoopExecutionCompletedEvent,
    LoopIterationCompletedEvent,
    LoopIterationStartedEvent,
    StepOutputReviewEvent,
    WorkflowRunOutput,
)
from kernbot.workflow import HumanReview, Loop, Step, StepInput, StepOutput, Steps, Workflow
from tests.engine.bench import Look, confirm, last_run, reject, review


def count(step_input: StepInput, run_context: RunContext) -> str:
    """Count in the session state, and say what was there before."""
    number = run_context.session_state["n"] = run_context.session_state.get("n", 0) + 1
    return f"{number} after {step_input.previous_step_content}"


def looped(db: Store, *steps: Any, **settings: Any) -> Workflow:
    """Return a workflow of a loop between two steps."""
    return Workflow(
        name="w",
        db=db,
        steps=[
            Step("first", lambda _: "start"),
            Loop(name="loop", steps=list(steps) or [Step("count", count)], **settings),
            Step("last", lambda step_input: f"last saw {step_input.previous_step_content}"),
        ],
    )


def test_a_loop_runs_as_often_as_it_may(db: Store) -> None:
    """Each iteration sees what was there before the loop, and the next step sees what the last one left."""
    run = looped(db, max_iterations=3).run("x")
    (_, loop, _) = run.step_results
    assert [output.content for output in loop.steps or ()] == ["1 after start", "2 after start", "3 after start"]
    assert run.content == "last saw 3 after start"


def test_an_iteration_may_see_the_one_before(db: Store) -> None:
    """With `forward_iteration_output` the content goes round."""
    run = looped(db, max_iterations=2, forward_iteration_output=True).run("x")
    assert run.content == "last saw 2 after 1 after start"


def test_an_end_condition_ends_it(db: Store) -> None:
    """It gets the outputs of the iteration that has just run."""
    seen: list[list[Any]] = []

    def enough(outputs: list[StepOutput]) -> bool:
        seen.append([output.content for output in outputs])
        return len(seen) == 2

    run = looped(db, max_iterations=9, end_condition=enough).run("x")
    assert seen == [["1 after start"], ["2 after start"]]
    assert run.content == "last saw 2 after start"


async def test_an_end_condition_may_be_async(db: Store) -> None:
    """A coroutine function is awaited."""

    async def at_once(_: list[StepOutput]) -> bool:
        return True

    assert (await looped(db, end_condition=at_once).arun("x")).content == "last saw 1 after start"


def test_an_end_condition_that_raises_ends_nothing(db: Store, caplog: pytest.LogCaptureFixture) -> None:
    """The loop goes on, and the log says so."""
    run = looped(db, max_iterations=2, end_condition=lambda outputs: outputs[9]).run("x")
    assert run.content == "last saw 2 after start"
    assert "end_condition of loop raised" in caplog.text


def test_a_step_that_stops_ends_loop_and_run(db: Store) -> None:
    """`stop=True` inside holds for the whole run."""
    run = looped(db, Step("stop", lambda _: StepOutput(content="enough", stop=True))).run("x")
    assert (run.status, run.content, len(run.step_results)) == (RunStatus.COMPLETED, "enough", 2)


def test_every_iteration_asks_for_itself(db: Store) -> None:
    """A gate inside a loop opens once an iteration; a reject skips that iteration's step alone."""
    asked = Step("count", count, requires_confirmation=True)
    workflow = looped(db, asked, Step("echo", lambda step_input: step_input.previous_step_content), max_iterations=3)
    run = workflow.run("x")
    for answer in ("yes", "no", "yes"):
        requirement = run.steps_requiring_confirmation[0]
        requirement.confirm() if answer == "yes" else requirement.reject()
        run = workflow.continue_run(run)
    assert [requirement.step_id for requirement in run.step_requirements] == [
        f"root/loop/iter-{number}/count" for number in (1, 2, 3)
    ]
    contents = [output.content for output in run.step_results[1].steps or ()]
    assert contents == ["1 after start", "1 after start", "start", "2 after start", "2 after start"]


def test_a_restart_goes_on_in_the_same_iteration(db: Store) -> None:
    """Finished iterations are not run again, and the end condition is not asked again about them."""
    asked: list[int] = []

    def not_yet(outputs: list[StepOutput]) -> bool:
        asked.append(len(outputs))
        return False

    workflow = looped(
        db,
        Step("count", count),
        Step("gate", lambda _: "ok", requires_confirmation=True),
        max_iterations=2,
        end_condition=not_yet,
    )
    run: WorkflowRunOutput | None = workflow.run("x")
    for _ in range(2):
        assert run is not None
        run.steps_requiring_confirmation[0].confirm()
        workflow.continue_run(run)
        run = workflow.get_run_output(run.run_id)
    session = workflow.get_session()
    assert session is not None
    assert (session.session_data["session_state"], asked) == ({"n": 2}, [2, 2])


@pytest.mark.parametrize(
    ("on_reject", "content"), [("skip", "last saw start"), ("cancel", "Step 'loop' was rejected.")]
)
def test_a_loop_asks_before_it_starts(db: Store, on_reject: str, content: str) -> None:
    """A reject skips all of it, or cancels the run."""
    workflow = looped(db, requires_confirmation=True, on_reject=on_reject)
    run = workflow.run("x")
    run.steps_requiring_confirmation[0].reject()
    assert workflow.continue_run(run).content == content


def test_the_stream_counts_iterations(db: Store) -> None:
    """Each iteration says its number and whether another one follows."""
    events = list(looped(db, max_iterations=2).run("x", stream=True, stream_events=True))
    counted = [(e.iteration, e.should_continue) for e in events if isinstance(e, LoopIterationCompletedEvent)]
    assert counted == [(1, True), (2, True)]
    assert [e.total_iterations for e in events if isinstance(e, LoopExecutionCompletedEvent)] == [2]


def test_loops_nest(db: Store) -> None:
    """A loop in a pipeline in a loop runs the product of both."""
    inner = Loop(name="inner", steps=[Step("count", count)], max_iterations=2)
    workflow = looped(db, Steps("pipe", steps=[inner]), max_iterations=3)
    assert workflow.run("x").content == "last saw 6 after start"


REVIEWED: dict[str, Any] = {"requires_iteration_review": True, "on_reject": "retry"}


def told(step_input: StepInput, session_state: dict[str, Any]) -> str:
    """Note what a reviewer said; then count."""
    notes = session_state.setdefault("told", [])
    notes.append(step_input.additional_data)
    return f"take {len(notes)}"


def looked_at(db: Store, **settings: Any) -> Workflow:
    """Return a workflow of a loop of two steps, each of whose iterations is reviewed."""
    echo = Step("echo", lambda step_input: f"echo {step_input.previous_step_content}")
    return looped(db, Step("tell", told), echo, **{**REVIEWED, **settings})


def test_each_iteration_waits_for_a_review(db: Store, look: Look) -> None:
    """The question says which iteration it is, and shows what the last step in it left."""
    workflow = looked_at(db)
    run = look(workflow, workflow.run("x"))
    asked = review(run)
    assert asked.step_output is not None
    assert (asked.step_type, asked.step_output.content, asked.is_post_execution) == ("Loop", "echo take 1", True)
    assert asked.output_review_message == "Is iteration 1 of 3 of `loop` good enough?"
    assert (asked.retry_count, asked.max_retries, run.steps_requiring_confirmation) == (0, None, [])
    assert [output.last_content for output in run.step_results] == ["start", "echo take 1"]


def test_a_yes_ends_the_loop(db: Store, look: Look) -> None:
    """What it has collected is kept."""
    workflow = looked_at(db)
    run = confirm(workflow, look(workflow, workflow.run("x")))
    assert run.content == "last saw echo take 1"
    assert [output.content for output in run.step_results[1].steps or ()] == ["take 1", "echo take 1"]


def test_an_edit_reaches_the_next_step(db: Store, look: Look) -> None:
    """It ends the loop too, and takes the place of what the last step in it left."""
    workflow = looked_at(db)
    run = look(workflow, workflow.run("x"))
    review(run).edit("edited")
    run = look(workflow, workflow.continue_run(run))
    assert (run.content, run.step_results[1].last_content) == ("last saw edited", "edited")


def test_a_reject_leaves_the_whole_loop_out(db: Store, look: Look) -> None:
    """By default the run goes on as if it had not been there."""
    workflow = looked_at(db, on_reject="skip")
    run = reject(workflow, look(workflow, workflow.run("x")))
    assert (run.content, [output.step_name for output in run.step_results]) == ("last saw start", ["first", "last"])


def test_a_reject_may_cancel_the_run(db: Store, look: Look) -> None:
    """What was rejected stays among the results."""
    workflow = looked_at(db, on_reject="cancel")
    run = look(workflow, reject(workflow, look(workflow, workflow.run("x"))))
    assert (run.status, run.content) == (RunStatus.CANCELLED, "Step 'loop' was rejected.")
    assert [output.last_content for output in run.step_results] == ["start", "echo take 1"]


def test_a_retry_is_the_next_iteration(db: Store, look: Look) -> None:
    """Every step in it sees the feedback, and what it is about; iterations are counted, not their steps."""
    workflow = looked_at(db)
    run = look(workflow, workflow.run("x", session_id="S"))
    review(run).reject("faster")
    run = look(workflow, workflow.continue_run(run))
    asked = review(run)
    assert asked.step_output is not None
    assert (asked.step_output.content, asked.retry_count) == ("echo take 2", 1)
    assert asked.output_review_message == "Is iteration 2 of 3 of `loop` good enough?"
    state = workflow.get_session_state("S")
    assert state["told"] == [{}, {"rejection_feedback": "faster", "previous_output": "echo take 1"}]
    assert confirm(workflow, run).content == "last saw echo take 2"


@pytest.mark.parametrize("stream", [False, True])
def test_the_last_iteration_is_taken_as_it_is(db: Store, look: Look, stream: bool) -> None:
    """Whoever rejects all the others gets the last possible one unreviewed, and the loop ends."""
    workflow = looked_at(db)
    run = workflow.run("x")
    for _ in range(2):
        review(run).reject()
        if stream:
            list(workflow.continue_run(run, stream=True))
        run = look(workflow, last_run(workflow) if stream else workflow.continue_run(run))
    assert (run.status, run.content, len(run.step_requirements)) == (RunStatus.COMPLETED, "last saw echo take 3", 2)


def test_a_single_iteration_is_not_reviewed(db: Store) -> None:
    """With `max_iterations=1` there is nothing to decide."""
    assert looked_at(db, max_iterations=1).run("x").content == "last saw echo take 1"


def test_an_end_condition_needs_no_review(db: Store) -> None:
    """An iteration that it is content with ends the loop unreviewed, and so does a `stop`."""
    assert looked_at(db, end_condition=lambda _: True).run("x").content == "last saw echo take 1"
    stopping = Step("stop", lambda _: StepOutput(content="enough", stop=True))
    assert looped(db, stopping, **REVIEWED).run("x").content == "enough"


def test_a_rejected_iteration_goes_round(db: Store) -> None:
    """With `forward_iteration_output` the next one sees it as previous content too."""
    workflow = looped(db, Step("count", count), forward_iteration_output=True, **REVIEWED)
    run = workflow.run("x")
    review(run).reject()
    assert confirm(workflow, workflow.continue_run(run)).content == "last saw 2 after 1 after start"


def test_a_loop_that_was_confirmed_is_reviewed(db: Store, look: Look) -> None:
    """First the question before it, then one about each iteration; a restart between them repeats nothing."""
    workflow = looked_at(db, requires_confirmation=True)
    run = look(workflow, confirm(workflow, look(workflow, workflow.run("x", session_id="S"))))
    review(run).reject()
    run = look(workflow, workflow.continue_run(run))
    assert confirm(workflow, run).content == "last saw echo take 2"
    assert (len(run.step_requirements), len(workflow.get_session_state("S")["told"])) == (3, 2)


def test_an_iteration_of_nothing_can_be_reviewed(db: Store) -> None:
    """Where all steps were skipped there is nothing to see, and an edit still says what the loop left."""
    workflow = looped(db, Step("g", count, requires_confirmation=True), **REVIEWED)
    run = reject(workflow, workflow.run("x"))
    assert review(run).step_output is None
    review(run).edit("by hand")
    assert workflow.continue_run(run).content == "last saw by hand"


def test_a_reviewed_loop_counts_on_in_the_stream(db: Store) -> None:
    """After a reject the next iteration begins, and none is begun or ended twice."""
    workflow = looked_at(db)
    legs = [list(workflow.run("x", stream=True, stream_events=True))]
    for _ in range(2):
        run = last_run(workflow)
        review(run).reject()
        legs.append(list(workflow.continue_run(run, stream=True, stream_events=True)))
    for number, events in enumerate(legs, start=1):
        assert [event.iteration for event in events if isinstance(event, LoopIterationStartedEvent)] == [number]
        assert [event.iteration for event in events if isinstance(event, LoopIterationCompletedEvent)] == [number]
    assert [any(isinstance(event, StepOutputReviewEvent) for event in leg) for leg in legs] == [True, True, False]


@pytest.mark.parametrize(
    "settings",
    [
        {"max_iterations": 0},
        {"max_iterations": "3"},
        {"end_condition": "done"},
        {"on_reject": "else"},
        {"human_review": HumanReview(on_error="fail")},
    ],
)
def test_a_loop_that_makes_no_sense_is_refused(settings: dict[str, Any]) -> None:
    """DefinitionError, when the workflow is built."""
    with pytest.raises(DefinitionError):
        Loop(name="loop", steps=[Step("a", lambda _: "a")], **settings)
