"""Workflows that are steps of workflows: one run, whose questions, failures and values go in and out."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from kernbot.db.base import Store
from kernbot.errors import DefinitionError
from kernbot.run import RunContext, RunStatus
from kernbot.run.answer import Action
from kernbot.workflow import Condition, Loop, Parallel, Router, Step, StepInput, StepOutput, Steps, Workflow
from tests.engine.bench import Calls, confirm, must_load, reject
from tests.engine.worker import answer, go_on


def flow(*steps: Any, db: Store | None = None) -> Workflow:
    """Return a workflow of nodes, functions and workflows."""
    return Workflow(name="w", db=db, steps=steps)


def inner(*steps: Any, name: str = "inner") -> Workflow:
    """Return a workflow that is to be a step."""
    return Workflow(name=name, steps=steps)


def nested(depth: int, *steps: Any) -> Workflow:
    """Return workflows in each other, so many."""
    return inner(*steps) if depth == 1 else inner(nested(depth - 1, *steps), name=f"around-{depth}")


def test_a_workflow_among_the_steps_is_a_step(calls: Calls) -> None:
    """It has the workflow's name, shows the outputs inside, and passes on the content of its last step."""
    run = flow(calls.step("a"), inner(calls.step("b"), calls.step("c")), calls.step("z")).run("x")
    assert run.content == "z(c(b(a(x))))"
    output = run.step_results[1]
    assert (output.step_name, output.executor_type, output.executor_name) == ("inner", "workflow", "inner")
    assert [step.step_name for step in output.steps or ()] == ["b", "c"]


def test_a_step_may_name_its_workflow_otherwise(calls: Calls) -> None:
    """The step's name stands in the path; the workflow's own is the executor's."""
    workflow = flow(Step("outer", workflow=inner(calls.step("g", requires_confirmation=True))))
    run = workflow.run("x")
    assert run.step_requirements[-1].step_id == "root/outer/g"
    done = confirm(workflow, run).step_results[0]
    assert (done.step_name, done.executor_name) == ("outer", "inner")


def test_one_workflow_may_be_a_step_twice(calls: Calls) -> None:
    """Each has a place of its own, and asks for itself."""
    twice = inner(calls.step("g", requires_confirmation=True))
    workflow = flow(twice, twice)
    run = confirm(workflow, workflow.run("x"))
    assert [item.step_id for item in run.step_requirements] == ["root/inner/g", "root/inner~2/g"]
    assert confirm(workflow, run).content == "g(g(x))"


def _look(seen: StepInput, run_context: RunContext) -> list[Any]:
    names = list(seen.previous_step_outputs)
    return [seen.input, seen.previous_step_content, names, seen.additional_data, run_context.run_id]


def test_its_input_is_what_was_there_before(calls: Calls) -> None:
    """Its first step sees the content of the step before as the input, and no outputs of the workflow around it."""
    workflow = flow(calls.step("a"), inner(Step("look", _look)))
    run = workflow.run("x", additional_data={"k": 1})
    assert run.content == ["a(x)", None, [], {"k": 1}, run.run_id]
    assert flow(inner(Step("look", _look))).run("x").content[0] == "x"


def test_a_question_inside_shows_what_its_step_would_see(calls: Calls) -> None:
    """Before the first step inside, the input of the workflow; then that, and what came before."""
    asking = inner(*(calls.step(name, requires_confirmation=True) for name in ("g", "h")))
    workflow = flow(calls.step("a"), asking)
    run = confirm(workflow, workflow.run("x"))
    seen = [item.step_input for item in run.step_requirements]
    assert [item and (item.input, item.previous_step_content) for item in seen] == [("a(x)", None), ("a(x)", "g(a(x))")]


def test_steps_after_it_find_the_steps_inside_it(calls: Calls) -> None:
    """`get_step_content` reaches into it; its own content is that of its last step."""

    def find(seen: StepInput) -> list[Any]:
        return [seen.get_step_content("b"), seen.get_step_content("inner"), list(seen.previous_step_outputs)]

    run = flow(inner(calls.step("b"), calls.step("c")), find).run("x")
    assert run.content == ["b(x)", "c(b(x))", ["inner"]]


def test_it_shares_the_session() -> None:
    """What its steps change in the session state is seen after it."""

    def write(_: StepInput, session_state: dict[str, Any]) -> None:
        session_state["n"] = 1

    def read(_: StepInput, session_state: dict[str, Any]) -> Any:
        return session_state["n"]

    assert flow(inner(Step("write", write)), read).run("x").content == 1


def test_what_its_session_begins_with_is_there() -> None:
    """The session has the keys of every workflow inside, at any depth, under those of the ones around it."""

    def read(_: StepInput, session_state: dict[str, Any]) -> Any:
        return session_state

    deep = Workflow(name="deep", steps=[Step("read", read)], session_state={"a": 3, "b": 3, "c": 3})
    middle = Workflow(name="middle", steps=[Loop([Step(workflow=deep)], max_iterations=1)], session_state={"b": 2})
    outer = Workflow(steps=[Steps(steps=[Step(workflow=middle)])], session_state={"a": 1})
    assert outer.run("x").content == {"a": 1, "b": 2, "c": 3}


class Order(BaseModel):
    """What a workflow takes."""

    number: int


@pytest.mark.parametrize(
    ("given", "content", "failed"), [({"number": "3"}, 3, []), ({"number": "three"}, {"number": "three"}, ["inner"])]
)
def test_its_input_fits_its_schema(given: dict[str, str], content: object, failed: list[str]) -> None:
    """Its steps get an instance; what does not fit is a failure of the step that runs it, and nothing inside runs."""
    takes = Workflow(name="inner", input_schema=Order, steps=[Step("number", lambda seen: seen.input.number)])
    run = flow(Step("a", lambda _: given), takes).run("x")
    assert (run.content, [step.step_name for step in run.failed_steps]) == (content, failed)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_question_inside_is_a_question_of_the_run(db: Store, calls: Calls, depth: int) -> None:
    """The run pauses, names the step and its top-level position, and another object goes on right there (T5)."""

    def workflow() -> Workflow:
        gated = calls.step("g", requires_confirmation=True)
        return flow(calls.step("a"), nested(depth, calls.step("b"), gated), calls.step("z"), db=db)

    run = workflow().run("x")
    assert (run.status, run.paused_step_name, run.paused_step_index) == (RunStatus.PAUSED, "g", 1)
    assert calls.names == ["a", "b"]
    done = confirm(workflow(), must_load(workflow(), run.run_id))
    assert (done.content, calls.names) == ("z(g(b(a(x))))", ["a", "b", "g", "z"])


def test_a_gate_before_it_holds_for_all_of_it(calls: Calls) -> None:
    """Nothing inside runs before the yes; a no skips all of it, whatever it would ask itself."""
    gated = inner(calls.step("b"), calls.step("g", requires_confirmation=True))
    workflow = flow(calls.step("a"), Step(workflow=gated, requires_confirmation=True), calls.step("z"))
    run = workflow.run("x")
    assert (run.paused_step_name, calls.names) == ("inner", ["a"])
    inside = confirm(workflow, run)
    assert (inside.paused_step_name, confirm(workflow, inside).content) == ("g", "z(g(b(a(x))))")
    assert reject(workflow, workflow.run("x")).content == "z(a(x))"


def test_one_approval_of_it_is_one_execution_of_each_step(calls: Calls) -> None:
    """A step of a workflow that people approved is not retried by itself."""
    workflow = flow(Step(workflow=inner(calls.failing("f")), requires_confirmation=True))
    assert confirm(workflow, workflow.run("x")).has_failed_steps
    assert calls.names == ["f"]


def test_values_given_before_it_are_seen_in_it() -> None:
    """Every step inside has them as its `user_input`; one that asks for its own has those."""
    own = Step("own", lambda seen: seen.user_input, requires_user_input=True, user_input_schema=[{"name": "m"}])
    given = inner(Step("given", lambda seen: seen.user_input))
    asks = Step(
        workflow=inner(given, own, Step("both", lambda seen: seen.get_step_content("given")), name="asks"),
        requires_user_input=True,
        user_input_schema=[{"name": "n", "field_type": "int"}],
    )
    workflow = flow(asks)
    run = workflow.run("x")
    run.steps_requiring_user_input[0].set_user_input(n=3)
    run = workflow.continue_run(run)
    run.steps_requiring_user_input[0].set_user_input(m="4")
    done = workflow.continue_run(run)
    inside = done.step_results[0].steps or []
    assert [output.last_content for output in inside] == [{"n": 3}, {"m": "4"}, {"n": 3}]


def _reviewed(calls: Calls, **settings: Any) -> Workflow:
    """Return a workflow with a gate inside, in another one that has what came out reviewed."""

    def draft(seen: StepInput) -> str:
        calls.names.append("draft")
        told = seen.additional_data
        return f"draft({told.get('rejection_feedback')}, {told.get('previous_output')})"

    gated = inner(calls.step("g", requires_confirmation=True), Step("draft", draft))
    review = Step(workflow=gated, requires_output_review=True, on_reject="retry", **settings)
    return flow(review, calls.step("z"))


def test_a_review_has_all_of_it_done_again(calls: Calls) -> None:
    """Its gates are asked anew, in a place of their own, and its steps see the feedback and what was rejected."""
    workflow = _reviewed(calls)
    run = confirm(workflow, workflow.run("x"))
    asked = run.steps_requiring_output_review[0]
    assert asked.step_output is not None
    assert (asked.step_name, asked.step_output.last_content) == ("inner", "draft(None, None)")
    asked.reject("shorter")
    again = workflow.continue_run(run)
    assert again.step_requirements[-1].step_id == "root/inner/~2/g"
    run = confirm(workflow, again)
    assert (run.steps_requiring_output_review[0].retry_count, run.steps_requiring_output_review[0].step_id) == (
        1,
        "root/inner",
    )
    assert confirm(workflow, run).content == "z(draft(shorter, draft(None, None)))"
    assert calls.names == ["g", "draft", "g", "draft", "z"]


def test_a_review_may_edit_what_came_out_of_it(calls: Calls) -> None:
    """The next step sees what the reviewer wrote."""
    workflow = _reviewed(calls)
    run = confirm(workflow, workflow.run("x"))
    run.step_requirements[-1].edit("mine")
    assert workflow.continue_run(run).content == "z(mine)"


def test_a_rejected_workflow_is_left_out(calls: Calls) -> None:
    """By default the next step sees what was there before it; where retries are used up, the run is cancelled."""
    workflow = flow(Step(workflow=inner(calls.step("a")), requires_output_review=True), calls.step("z"))
    assert reject(workflow, workflow.run("x")).content == "z(x)"
    workflow = _reviewed(calls, hitl_max_retries=0)
    run = reject(workflow, confirm(workflow, workflow.run("x")))
    assert (run.status, run.step_requirements[-1].on_reject) == (RunStatus.CANCELLED, "cancel")


def test_stop_ends_the_inner_workflow_only(calls: Calls) -> None:
    """Neither the rest of it runs, nor is what comes after it held up; in a loop the next iteration begins."""
    stops = inner(Step("stop", lambda _: StepOutput(content="enough", stop=True)), calls.step("never"))
    run = flow(stops, calls.step("z")).run("x")
    assert (run.content, calls.names) == ("z(enough)", ["z"])
    loop = Loop([Step(workflow=stops), calls.step("y")], max_iterations=2)
    assert flow(loop).run("x").content == "y(enough)"
    assert calls.names == ["z", "y", "y"]


def test_a_reject_inside_cancels_the_whole_run(calls: Calls) -> None:
    """A person who says cancel means the run that asks, however deep the question stands."""
    gated = calls.step("g", requires_confirmation=True, on_reject="cancel")
    workflow = flow(nested(3, gated), calls.step("z"))
    run = reject(workflow, workflow.run("x"))
    assert (run.status, run.content, calls.names) == (RunStatus.CANCELLED, "Step 'g' was rejected.", [])


@pytest.mark.parametrize("outer", ["skip", "fail", "pause"])
def test_a_failed_step_inside_does_not_end_it(calls: Calls, outer: str) -> None:
    """With the default, `skip`, its steps fail each for itself, whatever holds for the step that runs it."""
    fails = inner(calls.step("a"), calls.failing("f", max_retries=0), calls.step("b"))
    run = flow(Step(workflow=fails, on_error=outer), calls.step("z")).run("x")
    assert (run.content, [step.step_name for step in run.failed_steps]) == ("z(b(a(x)))", ["f"])


def _failing(calls: Calls, outer: str | None, times: int = 1) -> Workflow:
    """Return a workflow with one inside that ends with a failure of its second step."""
    fails = inner(
        calls.step("a"), calls.failing("f", times=times, max_retries=0, on_error="fail"), calls.step("b"), name="i"
    )
    return flow(calls.step("first"), Step("outer", workflow=fails, on_error=outer), calls.step("z"))


def test_a_failure_that_ends_it_is_a_failed_step_outside(calls: Calls) -> None:
    """With `on_error=skip` on the step around, the next one sees what was there before, and the error is kept."""
    run = _failing(calls, "skip").run("x")
    assert (run.content, calls.names) == ("z(first(x))", ["first", "a", "f", "z"])
    assert [(step.step_name, step.error) for step in run.failed_steps] == [("outer", "ValueError: f is broken")]


def test_a_failure_that_ends_it_may_end_the_run(calls: Calls) -> None:
    """With `fail` around it the exception leaves `run`; continued, the failed step inside is tried again."""
    workflow = _failing(calls, "fail")
    with pytest.raises(ValueError, match="f is broken"):
        workflow.run("x", run_id="R")
    assert must_load(workflow, "R").status is RunStatus.ERROR
    assert workflow.continue_run(run_id="R").content == "z(b(f(a(first(x)))))"
    assert calls.names == ["first", "a", "f", "f", "b", "z"]


@pytest.mark.parametrize(("action", "content"), [("retry", "z(b(f(a(first(x)))))"), ("skip", "z(b(a(first(x))))")])
def test_a_failure_that_would_end_it_may_be_asked_about(calls: Calls, action: str, content: str) -> None:
    """With `pause` around it the step that failed asks, and it alone is retried or skipped."""
    workflow = _failing(calls, "pause")
    run = workflow.run("x")
    assert [(item.step_name, item.step_id) for item in run.steps_with_errors] == [("f", "root/outer/f")]
    getattr(run.steps_with_errors[0], action)()
    assert workflow.continue_run(run).content == content
    assert calls.names.count("a") == 1


def test_a_step_that_says_it_failed_is_asked_about_too() -> None:
    """`success=False` of a step with `on_error=fail` ends the workflow around it as an exception does."""
    says_so = Step("f", lambda _: StepOutput(success=False, error="no paper"), on_error="fail", max_retries=0)
    run = flow(Step(workflow=inner(says_so), on_error="pause")).run("x")
    assert [(item.step_name, item.error_message) for item in run.steps_with_errors] == [("f", "no paper")]


@pytest.mark.parametrize(("middle", "asks"), [("skip", False), ("fail", True), ("pause", True)])
def test_the_nearest_step_around_decides(calls: Calls, middle: str, asks: bool) -> None:
    """An outermost `pause` is reached by a failure only if the workflow in the middle fails of it."""
    fails = inner(calls.failing("f", max_retries=0, on_error="fail"))
    between = inner(Step("m", workflow=fails, on_error=middle), name="between")
    run = flow(Step("o", workflow=between, on_error="pause"), calls.step("z")).run("x")
    assert [item.step_name for item in run.steps_with_errors] == (["f"] if asks else [])
    assert [step.step_name for step in run.failed_steps] == ([] if asks else ["m"])


def test_a_condition_around_it_does_not_reach_into_it(calls: Calls) -> None:
    """`on_error` of a Condition holds for the step that runs a workflow, and no further."""
    fails = inner(calls.failing("f", max_retries=0), calls.step("b"))
    run = flow(Condition([Step(workflow=fails)], on_error="fail")).run("x")
    assert (run.content, run.has_failed_steps) == ("b(x)", True)


async def test_a_failed_workflow_waits_for_the_questions_in_it(db: Store, calls: Calls) -> None:
    """What is asked beside the failure is answered, and done, before the workflow around goes on without it."""
    asks = calls.step("q", requires_confirmation=True)
    fails = calls.failing("f", max_retries=0, on_error="fail")
    gated = Steps("branch", steps=[calls.step("g", requires_confirmation=True), fails])
    workflow = flow(inner(Parallel(asks, gated)), calls.step("later", requires_confirmation=True), db=db)
    run = await workflow.arun("x")
    await answer(db, run.run_id, Action.confirm, of="g")
    await go_on(db, workflow.definition(), run.run_id)
    assert [item.step_name for item in must_load(workflow, run.run_id).active_step_requirements] == ["q"]
    await answer(db, run.run_id, Action.confirm, of="q")
    await go_on(db, workflow.definition(), run.run_id)
    run = must_load(workflow, run.run_id)
    assert [item.step_name for item in run.active_step_requirements] == ["later"]
    assert ([step.step_name for step in run.failed_steps], calls.names) == (["inner"], ["g", "f", "q"])


async def test_a_reject_that_cancels_wins_over_a_failure_beside_it(db: Store, calls: Calls) -> None:
    """The run is cancelled, even where the workflow in which both happen is skipped for its failure."""
    refused = calls.step("no", requires_confirmation=True, on_reject="cancel")
    fails = calls.failing("f", max_retries=0, on_error="fail", requires_confirmation=True)
    workflow = flow(inner(Parallel(fails, refused)), calls.step("z"), db=db)
    run = await workflow.arun("x")
    for asked in run.steps_requiring_confirmation:
        asked.reject() if asked.step_name == "no" else asked.confirm()
    done = await workflow.acontinue_run(run)
    assert (done.status, calls.names) == (RunStatus.CANCELLED, ["f"])


def test_a_loop_of_a_workflow_asks_in_each_iteration(calls: Calls) -> None:
    """Each iteration is a run of its own of the nodes inside."""
    asks = Step(workflow=inner(calls.step("g", requires_confirmation=True)))
    workflow = flow(Loop([asks], "l", max_iterations=2))
    run = confirm(workflow, workflow.run("x"))
    assert [item.step_id for item in run.step_requirements] == ["root/l/iter-1/inner/g", "root/l/iter-2/inner/g"]
    assert (confirm(workflow, run).status, calls.names) == (RunStatus.COMPLETED, ["g", "g"])


def test_a_router_chooses_among_workflows(calls: Calls) -> None:
    """They are chosen by name and run in the order of the selection, each seeing what the one before left."""
    choices = [inner(calls.step(f"{name}-step"), name=name) for name in ("one", "two", "three")]
    chosen = Router(choices, requires_user_input=True, allow_multiple_selections=True)
    workflow = flow(chosen, calls.step("z"))
    run = workflow.run("x")
    run.steps_requiring_route[0].select("three", "one")
    assert workflow.continue_run(run).content == "z(one-step(three-step(x)))"


def test_two_workflows_side_by_side_ask_at_the_same_time(calls: Calls) -> None:
    """Both questions are open, and each workflow goes on with its own answer."""
    asking = [inner(calls.step(f"{name}-g", requires_confirmation=True), name=name) for name in ("one", "two")]
    workflow = flow(Parallel(*(Step(workflow=item) for item in asking)), calls.step("z"))
    run = workflow.run("x")
    for asked in run.steps_requiring_confirmation:
        asked.confirm() if asked.step_name == "one-g" else asked.reject()
    assert (workflow.continue_run(run).content, calls.names) == ("z(one-g(x))", ["one-g", "z"])


def test_a_workflow_of_which_nothing_ran_passes_nothing_on(calls: Calls) -> None:
    """The step after it sees what came before it, be it empty or rejected; nothing of it is reviewed."""
    empty = Step(workflow=inner(), requires_output_review=True)
    rejected = inner(calls.step("g", requires_confirmation=True), name="rejected")
    workflow = flow(calls.step("a"), empty, rejected, calls.step("z"))
    assert reject(workflow, workflow.run("x")).content == "z(a(x))"


def test_it_runs_by_itself_too(calls: Calls) -> None:
    """Being a step of another one takes nothing from a workflow."""
    own = inner(calls.step("a"))
    flow(own).run("x")
    assert own.run("y").content == "a(y)"


def test_a_step_has_a_function_or_a_workflow() -> None:
    """Both, or neither, is refused when the step is built."""
    with pytest.raises(DefinitionError, match="workflow; give it one"):
        Step("a", repr, workflow=inner())
    with pytest.raises(DefinitionError, match="or a workflow"):
        Step("a")
