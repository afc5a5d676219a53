"""Branches that run at the same time, and several questions that are open at once."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kernbot.db.base import Store
from kernbot.errors import DefinitionError, UsageError
from kernbot.run import RunContext, RunStatus
from kernbot.run.workflow import StepPausedEvent
from kernbot.workflow import Loop, OnError, Parallel, Router, Step, StepInput, StepOutput, Steps, Workflow
from kernbot.workflow.node import Node
from tests.engine.bench import Calls


def step(name: str, **settings: object) -> Step:
    """Return a step that says its name."""
    return Step(name, lambda step_input: f"{name} after {step_input.previous_step_content}", **settings)  # type: ignore[arg-type]


def side_by_side(db: Store, *branches: Node) -> Workflow:
    """Return a workflow of a Parallel between two steps."""
    return Workflow(name="w", db=db, steps=[step("first"), Parallel(*branches, name="both"), step("last")])


def test_each_branch_sees_what_was_there_before(db: Store) -> None:
    """The outputs stand in the order in which the branches are listed, and the last one is passed on."""
    run = side_by_side(db, step("a"), step("b")).run("x")
    before = "first after None"
    assert [output.content for output in run.step_results[1].steps or ()] == [f"a after {before}", f"b after {before}"]
    assert run.content == f"last after b after {before}"


def test_the_branches_can_be_told_apart(db: Store) -> None:
    """`get_step_content` of a Parallel gives the text of each branch by its name."""
    seen: list[object] = []
    workflow = Workflow(
        name="w",
        db=db,
        steps=[
            Parallel("both", step("a"), Step("none", lambda _: None)),
            Step("look", lambda step_input: seen.append(step_input.get_step_content("both"))),
        ],
    )
    workflow.run("x")
    assert seen == [{"a": "a after None"}]


@pytest.mark.parametrize("is_async", [False, True])
def test_the_branches_run_at_the_same_time(db: Store, *, is_async: bool) -> None:
    """Plain functions do too, from plain and from async code: each waits here for the other."""
    barrier = threading.Barrier(2, timeout=10)
    workflow = side_by_side(db, *(Step(name, lambda _: barrier.wait()) for name in "ab"))
    run = asyncio.run(workflow.arun("x")) if is_async else workflow.run("x")
    assert not run.has_failed_steps


def test_what_branches_change_in_the_state_is_merged(db: Store) -> None:
    """Each branch's changes are kept, by key."""

    def note(key: str) -> Step:
        def write(_: StepInput, run_context: RunContext) -> None:
            run_context.session_state[key] = key

        return Step(key, write)

    workflow = side_by_side(db, note("a"), note("b"))
    workflow.run("x")
    session = workflow.get_session()
    assert session is not None
    assert session.session_data["session_state"] == {"a": "a", "b": "b"}


def test_several_questions_are_open_at_once(db: Store) -> None:
    """The run waits for all of them; each branch goes on with its own answer, and none runs twice."""
    calls = Calls()

    def asks(name: str) -> Step:
        return Step(name, calls.body(name), requires_confirmation=True)

    free = calls.step("free")
    workflow = side_by_side(db, asks("a"), free, Steps("pipe", steps=[asks("b"), asks("c")]))
    run = workflow.run("x")
    assert sorted(item.step_name or "" for item in run.steps_requiring_confirmation) == ["a", "b"]
    next(item for item in run.steps_requiring_confirmation if item.step_name == "b").confirm()
    with pytest.raises(UsageError, match="about a"):
        workflow.continue_run(run)
    next(item for item in run.steps_requiring_confirmation if item.step_name == "a").reject()
    run = workflow.continue_run(run)
    assert [item.step_name for item in run.steps_requiring_confirmation] == ["c"]
    run.steps_requiring_confirmation[0].confirm()
    run = workflow.continue_run(run)
    assert (run.status, sorted(calls.names)) == (RunStatus.COMPLETED, ["b", "c", "free"])


def test_the_stream_tells_of_each_question_once(db: Store) -> None:
    """Questions that are still open are not told of again."""
    workflow = side_by_side(
        db,
        Steps("one", steps=[step("a", requires_confirmation=True), step("b", requires_confirmation=True)]),
        step("c", requires_confirmation=True),
    )
    names = [e.step_name for e in workflow.run("x", stream=True) if isinstance(e, StepPausedEvent)]
    assert sorted(map(str, names)) == ["a", "c"]


async def test_one_answer_carries_its_own_branch_on(db: Store) -> None:
    """Through the ledger, one answer is enough: the other question stays open."""
    from kernbot.engine.large import load  # noqa: PLC0415
    from kernbot.engine.ledger import give_answer  # noqa: PLC0415 - what a bot does
    from kernbot.engine.runner import Engine  # noqa: PLC0415
    from kernbot.run.answer import Action, Answer  # noqa: PLC0415

    workflow = side_by_side(db, step("a", requires_confirmation=True), step("b", requires_confirmation=True))
    run = await workflow.arun("x")
    first, second = run.steps_requiring_confirmation
    await give_answer(db, first.pause_id, Answer(action=Action.confirm), at=1.0, by="p", door="d")
    async for _ in Engine(store=db).execute(workflow.definition(), run.run_id):
        pass
    snapshot = await load(db, run.run_id)
    assert snapshot.run.status is RunStatus.PAUSED
    assert [pause.pause_id for pause in snapshot.pauses if pause.state == "open"] == [second.pause_id]
    assert f"root/both/{first.step_name}" in {e.path for e in snapshot.journal if e.kind == "output"}


def test_a_failed_branch_ends_the_run_after_the_others(db: Store) -> None:
    """With `on_error=fail` what the other branches did is kept."""

    def broken(_: StepInput) -> str:
        raise LookupError("nothing there")

    workflow = side_by_side(db, Step("bad", broken, on_error=OnError.fail, max_retries=0), step("good"))
    with pytest.raises(LookupError):
        workflow.run("x", run_id="r")
    found = workflow.get_run_output("r")
    assert found is not None
    assert (found.status, found.error) == (RunStatus.ERROR, "LookupError: nothing there")


def test_a_branch_that_stops_ends_the_run_after_the_others(db: Store) -> None:
    """`stop=True` in one branch lets the others end, and nothing after them begins."""
    workflow = side_by_side(db, Step("stop", lambda _: StepOutput(content="enough", stop=True)), step("b"))
    run = workflow.run("x")
    assert [output.step_name for output in run.step_results] == ["first", "both"]
    assert len(run.step_results[1].steps or ()) == 2


def test_parallels_nest(db: Store) -> None:
    """Questions in a Parallel in a Parallel are open together."""
    inner = Parallel("inner", step("b", requires_confirmation=True), step("c", requires_confirmation=True))
    run = side_by_side(db, step("a", requires_confirmation=True), inner).run("x")
    assert sorted(item.step_name or "" for item in run.steps_requiring_confirmation) == ["a", "b", "c"]


def test_questions_of_every_kind_are_open_together(db: Store) -> None:
    """Permission, values, a selection, a review and a failure: one `continue_run` takes all the answers."""
    calls = Calls()
    workflow = side_by_side(
        db,
        calls.step("permission", requires_confirmation=True),
        calls.step("values", requires_user_input=True, user_input_schema=[{"name": "n"}]),
        Router([calls.step("b")], name="selection", requires_user_input=True),
        calls.step("review", requires_output_review=True),
        calls.failing("failure", times=1, on_error="pause"),
    )
    run = workflow.run("x")
    assert sorted(calls.names) == ["failure", "review"]
    run.steps_requiring_confirmation[0].confirm()
    run.steps_requiring_user_input[0].set_user_input(n="1")
    run.steps_requiring_route[0].select("b")
    run.steps_requiring_output_review[0].edit("edited")
    run.steps_with_errors[0].retry()
    run = workflow.continue_run(run)
    branches = run.step_results[1].steps or []
    assert [output.last_content == "edited" for output in branches] == [False, False, False, True, False]
    assert sorted(calls.names) == ["b", "failure", "failure", "permission", "review", "values"]


def test_a_reject_that_cancels_ends_all_branches(db: Store) -> None:
    """The run is CANCELLED; a question that was open beside it has been closed with it."""
    refused = Steps("s", steps=[step("no", requires_confirmation=True, on_reject="cancel"), step("never")])
    gated = Steps("t", steps=[step("g", requires_confirmation=True), step("h", requires_confirmation=True)])
    workflow = side_by_side(db, refused, gated)
    run = workflow.run("x")
    for asked in run.steps_requiring_confirmation:
        asked.reject() if asked.step_name == "no" else asked.confirm()
    run = workflow.continue_run(run)
    assert (run.status, run.content) == (RunStatus.CANCELLED, "Step 'no' was rejected.")
    assert run.active_step_requirements == []


def test_each_iteration_of_a_loop_asks_its_branches(db: Store) -> None:
    """Two questions in each of two iterations, each asked once."""
    calls = Calls()
    both = Parallel(*(calls.step(name, requires_confirmation=True) for name in "ab"), name="both")
    workflow = Workflow(name="w", db=db, steps=[Loop([both], name="l", max_iterations=2)])
    run, paths = workflow.run("x"), []
    while run.is_paused:
        for asked in run.steps_requiring_confirmation:
            paths.append(asked.step_id)
            asked.confirm()
        run = workflow.continue_run(run)
    assert sorted(paths) == [f"root/l/iter-{number}/both/{name}" for number in (1, 2) for name in "ab"]
    assert sorted(calls.names) == ["a", "a", "b", "b"]


def test_a_parallel_is_given_steps() -> None:
    """A list is no step, and neither is a second name; a review of its own is no keyword."""
    with pytest.raises(DefinitionError):
        Parallel([step("a")])  # type: ignore[arg-type]
    with pytest.raises(DefinitionError):
        Parallel("name", "other")
    with pytest.raises(TypeError):
        Parallel(step("a"), requires_confirmation=True)  # type: ignore[call-arg]
