"""Pipelines: several nodes as one."""

from __future__ import annotations

import pytest

from kernbot.errors import DefinitionError
from kernbot.run import RunStatus
from kernbot.workflow import HumanReview, Step, StepInput, StepOutput, Steps, Workflow
from tests.engine.bench import Calls, confirm, reject


def test_a_pipeline_runs_in_sequence(calls: Calls) -> None:
    """Its steps see each other's content, and the step after it sees that of its last step."""
    run = Workflow(steps=[Steps(name="s", steps=[calls.step("a"), calls.step("b")]), calls.step("c")]).run("x")
    assert run.content == "c(b(a(x)))"
    assert [inner.step_name for inner in run.step_results[0].steps or ()] == ["a", "b"]


def test_a_gate_before_a_pipeline_holds_for_all_of_it(calls: Calls) -> None:
    """Nothing inside runs before the confirmation, and all of it after."""
    workflow = Workflow(steps=[Steps(name="s", steps=[calls.step("a"), calls.step("b")], requires_confirmation=True)])
    run = workflow.run("x")
    assert (run.paused_step_name, calls.names) == ("s", [])
    assert confirm(workflow, run).content == "b(a(x))"


def test_a_rejected_pipeline_is_skipped(calls: Calls) -> None:
    """The step after a rejected pipeline sees what came before it."""
    pipeline = Steps(name="s", steps=[calls.step("b")], requires_confirmation=True)
    workflow = Workflow(steps=[calls.step("a"), pipeline, calls.step("c")])
    assert (reject(workflow, workflow.run("x")).content, calls.names) == ("c(a(x))", ["a", "c"])


def test_gates_hold_at_every_depth(calls: Calls) -> None:
    """A gate three pipelines deep pauses, and the run goes on right there, repeating nothing."""
    gated = calls.step("g", requires_confirmation=True)
    deep = Steps(name="s", steps=[calls.step("a"), Steps(name="t", steps=[Steps(name="u", steps=[gated])])])
    workflow = Workflow(steps=[deep, calls.step("z")])
    run = workflow.run("x")
    assert (run.paused_step_name, run.paused_step_index, calls.names) == ("g", 0, ["a"])
    assert (confirm(workflow, run).content, calls.names) == ("z(g(a(x)))", ["a", "g", "z"])


def test_a_pipeline_of_which_nothing_ran_passes_nothing_on(calls: Calls) -> None:
    """The step after a pipeline whose only step was rejected sees what came before the pipeline."""
    pipeline = Steps(name="s", steps=[calls.step("g", requires_confirmation=True)])
    workflow = Workflow(steps=[calls.step("a"), pipeline, calls.step("z")])
    assert reject(workflow, workflow.run("x")).content == "z(a(x))"


def test_a_failure_inside_is_a_failed_step_of_the_run(calls: Calls) -> None:
    """The failed step is named, and the step after it, and after the pipeline, see the last success."""
    pipeline = Steps(name="s", steps=[calls.step("a"), calls.failing("b", max_retries=0), calls.step("c")])
    run = Workflow(steps=[pipeline, calls.step("d")]).run("x")
    assert (run.content, [failed.step_name for failed in run.failed_steps]) == ("d(c(a(x)))", ["b"])


def test_on_error_holds_inside_a_pipeline(calls: Calls) -> None:
    """`on_error=fail` on a step inside ends the run."""
    workflow = Workflow(steps=[Steps(name="s", steps=[calls.failing("a", max_retries=0, on_error="fail")])])
    with pytest.raises(ValueError, match="a is broken"):
        workflow.run("x")


def test_a_stop_inside_ends_the_run(calls: Calls) -> None:
    """Neither the rest of the pipeline runs nor what comes after it."""
    stop = Step("stop", lambda _: StepOutput(content="enough", stop=True))
    run = Workflow(steps=[Steps(name="s", steps=[stop, calls.step("a")]), calls.step("b")]).run("x")
    assert (run.status, run.content, calls.names) == (RunStatus.COMPLETED, "enough", [])


def test_one_approval_of_a_pipeline_is_one_execution_of_each_step(calls: Calls) -> None:
    """A step inside an approved pipeline is not retried by itself."""
    workflow = Workflow(steps=[Steps(name="s", steps=[calls.failing("a")], requires_confirmation=True)])
    assert confirm(workflow, workflow.run("x")).has_failed_steps
    assert calls.names == ["a"]


def test_outputs_are_found_by_name_at_any_depth(calls: Calls) -> None:
    """`get_step_content` finds a step in a pipeline, and for the pipeline the content of its last step."""

    def look(seen: StepInput) -> list[object]:
        return [seen.get_step_content("a"), seen.get_step_content("s"), seen.get_step_output("nobody")]

    run = Workflow(steps=[Steps(name="s", steps=[calls.step("a"), calls.step("b")]), look]).run("x")
    assert run.content == ["a(x)", "b(a(x))", None]


@pytest.mark.parametrize(
    "review",
    [
        HumanReview(requires_user_input=True, user_input_schema=[{"name": "n"}]),
        HumanReview(on_reject="else"),
        HumanReview(on_error="fail"),
    ],
)
def test_what_a_pipeline_can_not_do_is_refused_when_it_is_built(review: HumanReview) -> None:
    """It asks for no values, has no else branch, and fails only as its steps do."""
    with pytest.raises(DefinitionError):
        Steps(name="s", steps=[], human_review=review)


def test_a_list_holds_steps_and_functions_only() -> None:
    """Anything else is refused when the pipeline is built, and named."""
    with pytest.raises(DefinitionError, match="'fetch'"):
        Steps(name="s", steps=["fetch"])  # type: ignore[list-item]
