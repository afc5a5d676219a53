"""Going on: what `continue_run` takes, what it refuses, and that exactly one of many executes."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.errors import ConflictError, NotFoundError, UsageError
from kernbot.run import RunContext, RunStatus
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import HumanReview, Step, StepInput, Steps, Workflow
from kernbot.workflow.types import UserInputField
from tests.engine.bench import Calls, confirm, must_load


def _gated(calls: Calls, db: Store | None = None, name: str = "w") -> Workflow:
    return Workflow(name=name, db=db, steps=[calls.step("a"), calls.step("g", requires_confirmation=True)])


def test_an_undecided_run_is_not_continued(calls: Calls) -> None:
    """UsageError names the step, and the run is as it was."""
    workflow = _gated(calls)
    run = workflow.run("x")
    with pytest.raises(UsageError, match="waits for an answer about g"):
        workflow.continue_run(run)
    assert (must_load(workflow, run.run_id), calls.names) == (run, ["a"])


def test_half_an_answer_is_none(calls: Calls) -> None:
    """A yes to a question that also asks for values leaves the run undecided."""
    review = HumanReview(requires_confirmation=True, requires_user_input=True, user_input_schema=[{"name": "n"}])
    workflow = Workflow(steps=[calls.step("g", human_review=review)])
    run = workflow.run("x")
    run.step_requirements[-1].confirm()
    with pytest.raises(UsageError, match="waits for an answer about g"):
        workflow.continue_run(run)


def test_requirements_that_are_left_out_do_not_open_the_gate(calls: Calls) -> None:
    """An empty `step_requirements`, or a flag taken off the object, changes nothing: the stored question counts."""
    workflow = _gated(calls)
    run = workflow.run("x")
    run.step_requirements[-1].requires_confirmation = False
    with pytest.raises(UsageError, match="waits for an answer"):
        workflow.continue_run(run, step_requirements=[])
    with pytest.raises(UsageError, match="waits for an answer"):
        workflow.continue_run(run_id=run.run_id, step_requirements=[])
    assert calls.names == ["a"]


def test_decisions_may_be_given_by_themselves(calls: Calls) -> None:
    """`run_id` and `step_requirements` do what the run's object does, in an object that has never seen the run too."""
    db = InMemoryDb()
    run = _gated(calls, db).run("x")
    run.step_requirements[-1].confirm()
    workflow = _gated(calls, db)
    done = workflow.continue_run(run_id=run.run_id, session_id=run.session_id, step_requirements=run.step_requirements)
    assert (done.content, calls.names) == ("g(a(x))", ["a", "g"])


def test_a_requirement_of_another_run_is_refused(calls: Calls) -> None:
    """Its answer is not taken for the open question."""
    workflow = _gated(calls)
    run, other = workflow.run("x"), workflow.run("y")
    other.step_requirements[-1].confirm()
    with pytest.raises(UsageError):
        workflow.continue_run(run, step_requirements=other.step_requirements)
    assert must_load(workflow, run.run_id).is_paused


def test_a_run_is_continued_by_its_own_workflow(calls: Calls) -> None:
    """UsageError names both, and nothing is stored."""
    db = InMemoryDb()
    run = _gated(calls, db, "one").run("x")
    run.step_requirements[-1].confirm()
    with pytest.raises(UsageError, match="'one'; 'two'"):
        _gated(calls, db, "two").continue_run(run)
    assert must_load(_gated(calls, db, "one"), run.run_id).is_paused


@pytest.mark.parametrize("wrong", [{"user_id": "bob"}, {"session_id": "other"}])
def test_a_run_is_continued_for_its_own_user_and_session(calls: Calls, wrong: dict[str, Any]) -> None:
    """UsageError where another is named."""
    workflow = _gated(calls)
    run = workflow.run("x", user_id="ann")
    run.step_requirements[-1].confirm()
    with pytest.raises(UsageError, match="is not a run of"):
        workflow.continue_run(run, **wrong)
    assert workflow.continue_run(run, user_id="ann").status is RunStatus.COMPLETED


def test_a_finished_run_is_not_executed_again(calls: Calls) -> None:
    """Of two copies of a paused run the second is refused, with the state that the run is in."""
    workflow = _gated(calls)
    first = workflow.run("x")
    second = must_load(workflow, first.run_id)
    confirm(workflow, first)
    second.step_requirements[-1].confirm()
    with pytest.raises(ConflictError, match="COMPLETED"):
        workflow.continue_run(second)
    assert calls.names == ["a", "g"]


def test_a_stale_copy_does_not_answer_the_next_question(calls: Calls) -> None:
    """A decision on the first gate says nothing about the second."""
    workflow = Workflow(steps=[calls.step(name, requires_confirmation=True) for name in ("g", "h")])
    first = workflow.run("x")
    stale = must_load(workflow, first.run_id)
    confirm(workflow, first)
    stale.step_requirements[-1].confirm()
    with pytest.raises(UsageError, match="about h"):
        workflow.continue_run(stale)
    assert calls.names == ["g"]


def test_what_is_not_known_is_refused(calls: Calls) -> None:
    """No run, a run that does not exist, and a keyword that does not exist: an error each."""
    workflow = _gated(calls)
    with pytest.raises(UsageError, match="run_id"):
        workflow.continue_run()
    with pytest.raises(NotFoundError, match="nobody"):
        workflow.continue_run(run_id="nobody")
    with pytest.raises(TypeError, match="background"):
        workflow.continue_run(run_id="R", background=True)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="origin"):
        workflow.run("x", origin="bot")  # type: ignore[call-overload]


def _continue(workflow: Workflow, run: WorkflowRunOutput) -> str:
    run.step_requirements[-1].confirm()
    try:
        return str(workflow.continue_run(run).status)
    except (ConflictError, UsageError) as error:
        return str(error)


def test_of_ten_threads_exactly_one_executes(db: Store, calls: Calls) -> None:
    """The gated step runs once; nine callers get an error that says how the run stands."""
    workflow = _gated(calls, db)
    run_id = workflow.run("x").run_id
    copies = [must_load(workflow, run_id) for _ in range(10)]
    with ThreadPoolExecutor(10) as threads:
        results = Counter(threads.map(lambda copy: _continue(workflow, copy), copies))
    assert calls.names == ["a", "g"]
    assert results.pop("COMPLETED") == 1
    assert all(any(word in text for word in ("answered", "COMPLETED", "being executed")) for text in results)


async def test_of_ten_tasks_exactly_one_executes(db: Store, calls: Calls) -> None:
    """In async code too."""
    workflow = _gated(calls, db)
    run_id = (await workflow.arun("x")).run_id
    copies = [await workflow.aget_run_output(run_id) for _ in range(10)]
    for copy in copies:
        assert copy is not None
        copy.step_requirements[-1].confirm()
    results = await asyncio.gather(*(workflow.acontinue_run(copy) for copy in copies), return_exceptions=True)
    assert calls.names == ["a", "g"]
    assert sum(isinstance(result, WorkflowRunOutput) for result in results) == 1
    assert sum(isinstance(result, ConflictError) for result in results) == 9


def test_a_run_may_pause_as_often_as_it_likes(calls: Calls) -> None:
    """Ids stay, and `step_requirements` holds the whole history, the open question last."""
    workflow = Workflow(steps=[calls.step(name, requires_confirmation=True) for name in ("g", "h", "i")])
    first = workflow.run("x")
    second = confirm(workflow, first)
    third = confirm(workflow, second)
    assert (third.run_id, third.session_id) == (first.run_id, first.session_id)
    assert [(item.step_name, item.confirmed) for item in third.step_requirements] == [
        ("g", True),
        ("h", True),
        ("i", None),
    ]
    assert [item.step_name for item in third.active_step_requirements] == ["i"]
    done = confirm(workflow, third)
    assert done.step_requirements[-1].confirmed
    assert done.steps_requiring_confirmation == []


def test_a_reloaded_run_is_equal(db: Store, calls: Calls) -> None:
    """Paused and ended, a run read again is the run that was returned."""
    workflow = _gated(calls, db)
    paused = workflow.run({"n": 1}, metadata={"a": (1, 2)})
    assert must_load(workflow, paused.run_id) == paused
    done = confirm(workflow, paused)
    assert must_load(workflow, done.run_id) == done


def test_what_a_run_was_started_with_survives_the_pause() -> None:
    """`additional_data`, `dependencies`, `metadata` and the user are those of the start."""

    def look(seen: StepInput, run_context: RunContext) -> list[Any]:
        return [seen.additional_data, run_context.dependencies, run_context.metadata, run_context.user_id]

    workflow = Workflow(steps=[Step("look", look, requires_confirmation=True)])
    run = workflow.run("x", user_id="ann", additional_data={"a": 1}, dependencies={"d": 2}, metadata={"m": 3})
    assert confirm(workflow, run).content == [{"a": 1}, {"d": 2}, {"m": 3}, "ann"]


def test_each_question_has_a_schema_of_its_own() -> None:
    """Values given for one run are not there in the next, nor in the schema that the author wrote."""
    field = UserInputField(name="n", field_type="int")
    workflow = Workflow(
        steps=[Step("g", lambda seen: seen.user_input, requires_user_input=True, user_input_schema=[field])]
    )
    first = workflow.run("x")
    first.steps_requiring_user_input[0].set_user_input(n=1)
    workflow.continue_run(first)
    second = workflow.run("x")
    asked = second.steps_requiring_user_input[0]
    assert asked.user_input_schema is not None
    assert [item.value for item in asked.user_input_schema] == [None]
    assert field.value is None


def test_a_question_shows_what_the_step_would_see(calls: Calls) -> None:
    """`step_input` has the run's input and what came before."""
    asked = _gated(calls).run("x").step_requirements[-1]
    assert asked.step_input is not None
    assert (asked.step_input.input, asked.step_input.previous_step_content) == ("x", "a(x)")


def test_a_pause_costs_no_more_than_itself(calls: Calls) -> None:
    """What came before is stored once: a question refers to it, whatever its size."""
    db = InMemoryDb()
    big = Step("big", lambda _: "x" * 100_000)
    workflow = Workflow(db=db, steps=[big, calls.step("g", requires_confirmation=True)])
    run = workflow.run("x")
    snapshot = asyncio.run(db.load_run(run.run_id))
    assert snapshot is not None
    assert len(str(snapshot.pauses[0])) < 2_000


def test_two_threads_run_two_workflows_at_once(db: Store, calls: Calls) -> None:
    """Neither waits for, nor sees, the other."""
    workflows = [Workflow(name=name, db=db, steps=[calls.step(name), calls.step("z")]) for name in ("one", "two")]
    with ThreadPoolExecutor(2) as threads:
        runs = list(threads.map(lambda workflow: workflow.run("x"), workflows))
    assert [run.content for run in runs] == ["z(one(x))", "z(two(x))"]
    assert len({run.session_id for run in runs}) == 2


def test_the_step_index_is_that_of_the_top_level_node(calls: Calls) -> None:
    """A question deep inside names the position of the node it is in."""
    workflow = Workflow(steps=[calls.step("a"), Steps(name="s", steps=[calls.step("g", requires_confirmation=True)])])
    run = workflow.run("x")
    assert (run.step_requirements[-1].step_index, run.paused_step_index) == (1, 1)
