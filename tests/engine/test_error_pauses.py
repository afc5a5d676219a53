"""Steps that ask people about their failures: `on_error=pause`."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from kernbot.db.base import Store
from kernbot.errors import UsageError
from kernbot.run import RunStatus
from kernbot.run.answer import Action
from kernbot.run.workflow import StepErrorEvent, StepPausedEvent, StepStartedEvent, WorkflowRunOutput
from kernbot.workflow import Condition, OnError, Parallel, Router, Step, StepInput, Steps, Workflow
from kernbot.workflow.node import Node
from tests.engine.bench import Calls, must_load
from tests.engine.places import AROUND
from tests.engine.worker import answer, go_on


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
            Step("last", _last),
        ],
    )


def paused(run: WorkflowRunOutput) -> tuple[str, str, int]:
    """Return what a run asks about: class, message and how often it was retried."""
    assert run.is_paused
    (asked,) = run.steps_with_errors
    return asked.error_type, asked.error_message, asked.retry_count


def test_a_failure_is_asked_about_at_once(db: Store) -> None:
    """Automatic retries are off (T68), and the question names class, message and step."""
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
    """The failed step alone is the next attempt; it may fail and be asked about again, counted (T13)."""
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


CHOOSING: dict[str, Callable[..., Node]] = {
    "evaluator": lambda choose, **settings: Condition(
        [Step("b", lambda _: "from b")], lambda seen: bool(choose(seen)), name="choice", **settings
    ),
    "selector": lambda choose, **settings: Router(
        [Step("b", lambda _: "from b")], lambda seen: choose(seen) and "b", name="choice", **settings
    ),
}
"""The functions of an author that choose what runs, and fail as steps do."""


def choosing(what: str, choose: Flaky, **settings: object) -> Workflow:
    """Return a workflow whose second step chooses by a function that fails."""
    nodes = [Step("first", lambda _: "from first"), CHOOSING[what](choose, **settings), Step("last", _last)]
    return Workflow(name="w", steps=nodes)


def _last(seen: StepInput) -> str:
    return f"last saw {seen.previous_step_content}"


@pytest.mark.parametrize("what", CHOOSING)
@pytest.mark.parametrize(
    ("action", "content", "failed"), [("retry", "last saw from b", []), ("skip", "last saw from first", ["choice"])]
)
def test_what_chooses_asks_about_its_failure_too(what: str, action: str, content: str, failed: list[str]) -> None:
    """An evaluator or a selector is called again on retry alone; skipped, nothing that it could choose runs."""
    choose = Flaky(1)
    workflow = choosing(what, choose, on_error="pause")
    run = workflow.run("x")
    assert (paused(run), run.paused_step_name, choose.calls) == (("ConnectionError", "no 1", 0), "choice", 1)
    getattr(run.steps_with_errors[0], action)()
    run = workflow.continue_run(run)
    assert (run.content, [step.step_name for step in run.failed_steps]) == (content, failed)


@pytest.mark.parametrize("what", CHOOSING)
def test_what_chooses_fails_as_a_step_does(what: str) -> None:
    """Nobody is asked with `skip`, the default, nor with `fail`, which ends the run; it is never retried by itself."""
    choose = Flaky(1)
    run = choosing(what, choose).run("x")
    assert ([step.step_name for step in run.failed_steps], choose.calls) == (["choice"], 1)
    with pytest.raises(ConnectionError):
        choosing(what, Flaky(1), on_error="fail").run("x")


@pytest.mark.parametrize("what", CHOOSING)
def test_a_permission_outlives_the_failure_of_what_chooses(what: str) -> None:
    """A person who said yes is not asked again after the retry; a Router's selector is called before they are."""
    workflow = choosing(what, Flaky(1), on_error="pause", requires_confirmation=True)
    run = workflow.run("x")
    asked: list[str] = []
    while run.is_paused:
        for permission in run.steps_requiring_confirmation:
            permission.confirm()
            asked.append("permission")
        for failure in run.steps_with_errors:
            failure.retry()
            asked.append("failure")
        run = workflow.continue_run(run)
    in_order = ["permission", "failure"] if what == "evaluator" else ["failure", "permission"]
    assert (run.content, asked) == ("last saw from b", in_order)


def before(first: Step, failing: Flaky) -> Workflow:
    """Return a workflow that asks something before its failing step."""
    return Workflow(name="w", steps=[first, Step("send", failing, on_error="pause"), Step("last", _last)])


def _retried(workflow: Workflow, run: WorkflowRunOutput) -> WorkflowRunOutput:
    assert paused(run) == ("ConnectionError", "no 1", 0)
    run.steps_with_errors[0].retry()
    return workflow.continue_run(run)


@pytest.mark.parametrize("decide", ["confirm", "reject"])
@pytest.mark.parametrize("gate", ["requires_confirmation", "requires_output_review"])
def test_a_retry_is_of_the_step_that_failed(gate: str, decide: str) -> None:
    """What was said before about another step, yes or no, says nothing about the failure (T9, T10)."""
    send = Flaky(1)
    workflow = before(Step("first", lambda _: "from first", **{gate: True}), send)  # type: ignore[arg-type]
    run = workflow.run("x")
    getattr(run.step_requirements[-1], decide)()
    done = _retried(workflow, workflow.continue_run(run))
    assert (done.content, send.calls) == ("last saw call 2", 2)


def test_a_deadline_of_another_question_has_passed_with_it() -> None:
    """One that was answered in time neither cancels the run nor skips the step when people retry later (T11)."""
    first = Step("first", lambda _: "from first", requires_confirmation=True, timeout=0.05, on_timeout="cancel")
    workflow = before(first, Flaky(1))
    run = workflow.run("x")
    run.step_requirements[-1].confirm()
    run = workflow.continue_run(run)
    time.sleep(0.06)
    assert _retried(workflow, run).content == "last saw call 2"


def test_the_level_of_the_pause_is_that_of_a_step() -> None:
    """`pause_kind` is `step` while the question is open, and None afterwards (T12)."""
    workflow = before(Step("first", lambda _: "from first"), Flaky(1))
    run = workflow.run("x")
    assert (run.pause_kind, run.paused_step_index) == ("step", 1)
    done = _retried(workflow, run)
    assert (done.pause_kind, done.paused_step_name, done.error_requirements) == (None, None, [])


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize(("action", "content"), [("retry", "z(y(f(a(x))))"), ("skip", "z(y(a(x)))")])
def test_a_failure_is_asked_about_wherever_it_is(
    db: Store, calls: Calls, place: str, action: str, content: str
) -> None:
    """One policy at every depth: the step alone is retried or skipped, and what is around it goes on (T19)."""
    nodes = [calls.step("a"), calls.failing("f", times=1, on_error="pause"), calls.step("y")]
    around = AROUND[place]("outer", [AROUND[place]("inner", nodes)])
    workflow = Workflow(db=db, steps=[around, calls.step("z")])
    run = workflow.run("x")
    assert [(item.step_name, item.step_index) for item in run.steps_with_errors] == [("f", 0)]
    getattr(run.steps_with_errors[0], action)()
    assert (workflow.continue_run(run).content, calls.names.count("a")) == (content, 1)


@pytest.mark.parametrize("place", AROUND)
async def test_a_failure_can_be_answered_with_a_cancel_wherever_it_is(db: Store, calls: Calls, place: str) -> None:
    """The whole run is cancelled, and its content names the step."""
    nodes = [calls.failing("f", times=1, on_error="pause"), calls.step("y")]
    workflow = Workflow(db=db, steps=[AROUND[place]("outer", nodes), calls.step("z")])
    run = await workflow.arun("x")
    await answer(db, run.run_id, Action.cancel)
    await go_on(db, workflow.definition(), run.run_id)
    run = must_load(workflow, run.run_id)
    assert (run.status, run.content, calls.names) == (
        RunStatus.CANCELLED,
        "The run was cancelled at step 'f'.",
        ["f"],
    )


@pytest.mark.parametrize("place", AROUND)
def test_a_failure_that_nobody_answers_ends_by_its_deadline(calls: Calls, place: str) -> None:
    """It is skipped at the step's own deadline, wherever the step is."""
    nodes = [calls.failing("f", times=1, on_error="pause", timeout=60, on_timeout="skip"), calls.step("y")]
    workflow = Workflow(steps=[AROUND[place]("outer", nodes), calls.step("z")])
    workflow.run("x")
    assert workflow.expire_paused_runs(time.time() + 50) == []
    (run,) = workflow.expire_paused_runs(time.time() + 61)
    assert (run.content, [step.step_name for step in run.failed_steps]) == ("z(y(x))", ["f"])


@pytest.mark.parametrize("place", AROUND)
def test_a_failure_that_nobody_is_asked_about_is_told(calls: Calls, place: str) -> None:
    """With the default, `skip`, the run says that a step failed, and hands on no text of the error (T20)."""
    nodes = [calls.step("a"), calls.failing("f", max_retries=0), calls.step("y")]
    run = Workflow(steps=[AROUND[place]("outer", nodes), calls.step("z")]).run("x")
    assert (run.content, [step.step_name for step in run.failed_steps]) == ("z(y(a(x)))", ["f"])


def beside_a_confirmation(calls: Calls, db: Store) -> Workflow:
    """Return a workflow whose two branches both ask: one about a failure, one for permission."""
    asking = [calls.failing("f", times=1, on_error="pause"), calls.step("g", requires_confirmation=True)]
    return Workflow(name="w", db=db, steps=[Parallel(*asking), calls.step("z")])


@pytest.mark.parametrize("order", [("f", "g"), ("g", "f")])
async def test_a_failure_and_a_permission_are_answered_in_any_order(
    db: Store, calls: Calls, order: tuple[str, str]
) -> None:
    """Each answer carries its own branch on; the run goes on when both have been given."""
    workflow = beside_a_confirmation(calls, db)
    run = await workflow.arun("x")
    answers = {"f": Action.retry, "g": Action.confirm}
    for number, name in enumerate(order, start=1):
        await answer(db, run.run_id, answers[name], of=name)
        await go_on(db, workflow.definition(), run.run_id)
        assert must_load(workflow, run.run_id).is_paused == (number == 1)
    assert calls.names == ["f", *order, "z"]


def test_a_failure_and_a_permission_are_answered_together(db: Store, calls: Calls) -> None:
    """One `continue_run` takes both decisions; without one of them it names what is missing."""
    workflow = beside_a_confirmation(calls, db)
    run = workflow.run("x")
    run.steps_with_errors[0].skip()
    with pytest.raises(UsageError, match="about g"):
        workflow.continue_run(run)
    run.step_requirements[-1].confirm()
    done = workflow.continue_run(run)
    assert (done.content, [step.step_name for step in done.failed_steps]) == ("z(g(x))", ["f"])
