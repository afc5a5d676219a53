"""Runs that ended in ERROR: continuing one retries what had failed, and nothing else."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.db.sqlite import SqliteDb
from kernbot.engine.runner import Engine, StartRequest
from kernbot.errors import ConflictError, DefinitionError
from kernbot.run import RunContext, RunStatus
from kernbot.run.answer import Action
from kernbot.run.workflow import StepStartedEvent, WorkflowRunOutput, WorkflowStartedEvent
from kernbot.workflow import Loop, Parallel, Router, Step, StepInput, Steps, Workflow
from tests.engine.bench import Calls, confirm, must_load, reject
from tests.engine.places import AROUND
from tests.engine.worker import answer, go_on


def failing(calls: Calls, name: str = "f", times: int = 1, **settings: Any) -> Step:
    """Return a step that ends its run so many times."""
    return calls.failing(name, times, **{"on_error": "fail", "max_retries": 0, **settings})


def failed(workflow: Workflow) -> WorkflowRunOutput:
    """Return a run of a workflow that ends in ERROR."""
    with pytest.raises(ValueError, match="is broken"):
        workflow.run("x", run_id="R")
    run = must_load(workflow, "R")
    assert run.status is RunStatus.ERROR
    return run


@pytest.mark.parametrize("inner", AROUND)
@pytest.mark.parametrize("outer", AROUND)
def test_the_failed_step_is_tried_again_wherever_it_is(calls: Calls, outer: str, inner: str) -> None:
    """What was done before it is replayed, and the run goes on as if it had not failed."""
    fails = _fails_out_of_workflows(AROUND[inner]("inner", [calls.step("a"), failing(calls), calls.step("y")]))
    around = _fails_out_of_workflows(AROUND[outer]("outer", [calls.step("first"), fails]))
    workflow = Workflow(steps=[around, calls.step("z")])
    done = workflow.continue_run(failed(workflow))
    assert (done.content, done.error, done.has_failed_steps) == ("z(y(f(a(first(x)))))", None, False)
    assert calls.names == ["first", "a", "f", "f", "y", "z"]


def _fails_out_of_workflows(node: Any) -> Any:
    """Return a node through which a failure ends the run: a workflow that is a step needs to be told."""
    return Step(workflow=node.workflow, on_error="fail") if isinstance(node, Step) else node


def test_its_retries_begin_anew() -> None:
    """As many as the author allowed, each attempt with a number of its own."""
    keys: list[str] = []

    def work(_: StepInput, run_context: RunContext) -> str:
        keys.append(run_context.idempotency_key)
        if len(keys) < 4:
            raise ValueError("it is broken")
        return "done"

    workflow = Workflow(steps=[Step("f", work, on_error="fail", max_retries=1)])
    assert workflow.continue_run(failed(workflow)).content == "done"
    assert keys == [f"R:root/f:{attempt}" for attempt in (1, 2, 3, 4)]


def test_it_may_fail_again(db: Store, calls: Calls) -> None:
    """Each time its exception leaves `continue_run`, and the run can be continued once more."""
    workflow = Workflow(db=db, steps=[calls.step("a"), failing(calls, times=3)])
    run = failed(workflow)
    for _ in range(2):
        with pytest.raises(ValueError, match="f is broken"):
            workflow.continue_run(run)
        run = must_load(workflow, "R")
        assert (run.status, run.error) == (RunStatus.ERROR, "ValueError: f is broken")
    assert (workflow.continue_run(run).content, calls.names) == ("f(a(x))", ["a", *["f"] * 4])


def test_another_process_may_continue_it(tmp_path: Path, calls: Calls) -> None:
    """All that is needed is stored: another object, on another connection, does the same by the run's id."""

    def workflow() -> Workflow:
        return Workflow(name="w", db=SqliteDb(tmp_path / "runs.db"), steps=[calls.step("a"), failing(calls)])

    run = failed(workflow())
    assert workflow().continue_run(run_id=run.run_id, session_id=run.session_id).content == "f(a(x))"
    assert calls.names == ["a", "f", "f"]


def test_a_retry_can_be_streamed(db: Store, calls: Calls) -> None:
    """The stream begins with the failed step, and its last event is that of the completed run."""
    workflow = Workflow(db=db, steps=[calls.step("a"), failing(calls)])
    events = list(workflow.continue_run(failed(workflow), stream=True, stream_events=True))
    assert [event.step_name for event in events if isinstance(event, StepStartedEvent)] == ["f"]
    assert not [event for event in events if isinstance(event, WorkflowStartedEvent)]
    assert events[-1].event == "WorkflowCompleted"


def test_a_retry_that_was_abandoned_is_still_one(db: Store, calls: Calls) -> None:
    """A worker that dies before the next attempt leaves it to whoever goes on with the run."""
    workflow = Workflow(db=db, steps=[failing(calls)])
    abandoned = iter(workflow.continue_run(failed(workflow), stream=True, stream_events=True))
    next(abandoned)
    abandoned.close()  # type: ignore[attr-defined]
    assert must_load(workflow, "R").status is RunStatus.PENDING
    assert (workflow.continue_run(run_id="R").content, calls.names) == ("f(x)", ["f", "f"])


def test_an_approved_step_is_not_asked_about_again(calls: Calls) -> None:
    """Whoever continues the run wants it tried again; its approval stands."""
    workflow = Workflow(steps=[failing(calls, requires_confirmation=True)])
    run = workflow.run("x")
    with pytest.raises(ValueError, match="f is broken"):
        confirm(workflow, run)
    assert (workflow.continue_run(run_id=run.run_id).content, calls.names) == ("f(x)", ["f", "f"])


def test_a_later_iteration_goes_on_where_it_failed(calls: Calls) -> None:
    """The iterations before it, and what it had done itself, are replayed."""
    body = calls.body("f")

    def fail_second(seen: StepInput) -> str:
        body(seen)
        if calls.names.count("f") == 2:
            raise ValueError("it is broken")
        return "done"

    steps = [calls.step("a"), Step("f", fail_second, on_error="fail", max_retries=0)]
    workflow = Workflow(steps=[Loop(steps, max_iterations=3)])
    workflow.continue_run(failed(workflow))
    assert calls.names == ["a", "f", "a", "f", "f", "a", "f"]


def test_a_route_that_was_selected_anew_goes_on_where_it_failed(calls: Calls) -> None:
    """In the second round of a Router, after a review, neither the first round nor the selection is repeated."""
    router = Router(
        [calls.step("a"), failing(calls)], lambda _: "a", name="r", requires_output_review=True, on_reject="retry"
    )
    workflow = Workflow(steps=[router, calls.step("z")])
    run = reject(workflow, workflow.run("x"))
    run.steps_requiring_route[0].select("f")
    with pytest.raises(ValueError, match="f is broken"):
        workflow.continue_run(run)
    run = workflow.continue_run(run_id=run.run_id)
    assert (run.paused_step_name, calls.names) == ("r", ["a", "f", "f"])
    assert confirm(workflow, run).content == "z(f(x))"


async def test_a_parallel_goes_on_with_all_that_failed_and_all_that_was_asked(db: Store, calls: Calls) -> None:
    """Both failed branches are tried again; the question that the failure had closed is open, and can be answered."""
    branches = [Steps(steps=[_asking(calls, f"before {name}"), failing(calls, name)]) for name in ("one", "two")]
    workflow = Workflow(db=db, steps=[Parallel(*branches, _asking(calls, "q")), calls.step("z")])
    await workflow.arun("x", run_id="R")
    for name in ("one", "two"):
        await answer(db, "R", Action.confirm, of=f"before {name}")
    with pytest.raises(ValueError, match="is broken"):
        await go_on(db, workflow.definition(), "R")
    assert must_load(workflow, "R").active_step_requirements == []
    run = await workflow.acontinue_run(run_id="R")
    assert [item.step_name for item in run.active_step_requirements] == ["q"]
    run.active_step_requirements[0].confirm()
    assert (await workflow.acontinue_run(run)).status is RunStatus.COMPLETED
    assert Counter(calls.names) == {"before one": 1, "before two": 1, "one": 2, "two": 2, "q": 1, "z": 1}


def _asking(calls: Calls, name: str) -> Step:
    return calls.step(name, requires_confirmation=True)


def test_two_branches_that_failed_together_are_both_tried_again(calls: Calls) -> None:
    """The run ends when all branches have ended; one continue retries each of them."""
    workflow = Workflow(steps=[Parallel(failing(calls, "one"), failing(calls, "two"), calls.step("b"))])
    assert workflow.continue_run(failed(workflow)).status is RunStatus.COMPLETED
    assert Counter(calls.names) == {"one": 2, "two": 2, "b": 1}


async def test_a_failure_that_people_are_asked_about_is_not_retried_with_another(db: Store, calls: Calls) -> None:
    """Its question is open again; only the step that ended the run is tried again by continuing it."""
    asks = calls.failing("p", on_error="pause")
    gated = Steps("s", steps=[calls.step("g", requires_confirmation=True), failing(calls)])
    workflow = Workflow(db=db, steps=[Parallel(asks, gated)])
    await workflow.arun("x", run_id="R")
    await answer(db, "R", Action.confirm, of="g")
    with pytest.raises(ValueError, match="f is broken"):
        await go_on(db, workflow.definition(), "R")
    run = await workflow.acontinue_run(run_id="R")
    assert ([item.step_name for item in run.steps_with_errors], calls.names.count("p")) == (["p"], 1)
    run.steps_with_errors[0].skip()
    assert (await workflow.acontinue_run(run)).status is RunStatus.COMPLETED


async def test_a_bot_tells_of_a_run_that_goes_on_again(db: Store, calls: Calls) -> None:
    """A run of its that was settled is unsettled once it is continued."""
    assert isinstance(db, InMemoryDb | SqliteDb)
    workflow = Workflow(db=db, steps=[failing(calls)])
    run_id = await Engine(store=db).start(workflow.definition(), StartRequest(input="x", origin="bot"))
    with pytest.raises(ValueError, match="f is broken"):
        await go_on(db, workflow.definition(), run_id)
    await db.settle_run(run_id)
    assert await db.list_unsettled(10) == []
    await workflow.acontinue_run(run_id=run_id)
    assert await db.list_unsettled(10) == [run_id]


def test_a_failed_run_whose_workflow_changed_says_so(calls: Calls) -> None:
    """DefinitionError, and the run waits; back as it was, a retry of that question goes on with the failed step."""
    db = InMemoryDb()
    workflow = Workflow(name="w", db=db, steps=[calls.step("a"), failing(calls)])
    changed = Workflow(name="w", db=db, steps=[failing(calls)])
    run = failed(workflow)
    with pytest.raises(DefinitionError, match="root/a, which the workflow no longer has"):
        changed.continue_run(run)
    run = must_load(workflow, "R")
    run.steps_with_errors[0].retry()
    assert (workflow.continue_run(run).content, calls.names) == ("f(a(x))", ["a", "f", "f"])


def test_only_a_failed_run_can_be_retried(calls: Calls) -> None:
    """ConflictError, naming the status, for one that is COMPLETED or CANCELLED."""
    workflow = Workflow(steps=[calls.step("g", requires_confirmation=True, on_reject="cancel")])
    cancelled, completed = reject(workflow, workflow.run("x")), confirm(workflow, workflow.run("x"))
    for run in (cancelled, completed):
        with pytest.raises(ConflictError, match=run.status):
            workflow.continue_run(run)
    assert calls.names == ["g"]


def test_of_many_who_retry_one_executes(db: Store, calls: Calls) -> None:
    """The others get a ConflictError that says how the run stands, and the step is tried once more, not more often."""
    body, released = calls.body("f", fails=1), threading.Event()

    def work(seen: StepInput) -> str:
        result = body(seen)
        released.wait(5)
        return result

    workflow = Workflow(db=db, steps=[Step("f", work, on_error="fail", max_retries=0)])
    run = failed(workflow)

    def retry(_: int) -> str:
        try:
            return str(workflow.continue_run(run).status)
        except ConflictError as error:
            released.set()
            return str(error)

    with ThreadPoolExecutor(5) as threads:
        results = Counter(threads.map(retry, range(5)))
    assert (results.pop("COMPLETED"), calls.names) == (1, ["f", "f"])
    assert all(any(word in text for word in ("being executed", "COMPLETED", "given up")) for text in results)
