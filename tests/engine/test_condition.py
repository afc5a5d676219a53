"""Conditions: two branches, chosen by a function and, if asked, by a person."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.db.in_memory import InMemoryDb
from kernbot.errors import DefinitionError
from kernbot.run import RunContext, RunStatus
from kernbot.workflow import Condition, HumanReview, StepInput, Steps, Workflow
from kernbot.workflow.node import Node
from tests.engine.bench import Calls, confirm, reject


def _branches(calls: Calls, evaluator: Any = True, **settings: Any) -> Workflow:
    condition = Condition([calls.step("yes")], evaluator, [calls.step("no")], name="which", **settings)
    return Workflow(db=InMemoryDb(), steps=[calls.step("a"), condition, calls.step("z")])


@pytest.mark.parametrize(("result", "content"), [(True, "z(yes(a(x)))"), (False, "z(no(a(x)))")])
def test_the_evaluator_chooses_the_branch(calls: Calls, result: bool, content: str) -> None:
    """True runs `steps`, False runs `else_steps`, whether it is given or returned."""
    assert _branches(calls, result).run("x").content == content
    assert _branches(calls, lambda _: result).run("x").content == content


async def test_an_evaluator_may_be_async_and_see_the_run(calls: Calls) -> None:
    """A coroutine function chooses too, and gets what was done before, and the run context."""

    async def is_ann(seen: StepInput, run_context: RunContext) -> bool:
        return seen.previous_step_content == "a(x)" and run_context.user_id == "ann"

    assert (await _branches(calls, is_ann).arun("x", user_id="ann")).content == "z(yes(a(x)))"


def test_no_branch_passes_nothing_on(calls: Calls) -> None:
    """Without `else_steps` a condition that does not hold is skipped: absent from the results, and not handed on."""
    run = Workflow(steps=[calls.step("a"), Condition([calls.step("yes")], False), calls.step("z")]).run("x")
    assert (run.content, len(run.step_results)) == ("z(a(x))", 2)


def test_a_confirmation_comes_before_the_evaluator(calls: Calls) -> None:
    """Nothing is evaluated while the question is open; after a yes the evaluator decides."""

    def evaluate(_: StepInput) -> bool:
        calls.names.append("evaluator")
        return False

    workflow = _branches(calls, evaluate, requires_confirmation=True)
    run = workflow.run("x")
    assert calls.names == ["a"]
    assert (confirm(workflow, run).content, calls.names) == ("z(no(a(x)))", ["a", "evaluator", "no", "z"])


@pytest.mark.parametrize(
    ("settings", "content"),
    [
        ({}, "z(no(a(x)))"),
        ({"on_reject": "else"}, "z(no(a(x)))"),
        ({"human_review": HumanReview(requires_confirmation=True)}, "z(no(a(x)))"),
        ({"on_reject": "skip"}, "z(a(x))"),
        ({"on_reject": "cancel"}, "Step 'which' was rejected."),
    ],
)
def test_what_a_reject_does(calls: Calls, settings: dict[str, Any], content: str) -> None:
    """By default it runs the else branch, however the confirmation was set; it never runs the other."""
    workflow = _branches(calls, requires_confirmation=True, **settings)
    assert reject(workflow, workflow.run("x")).content == content
    assert "yes" not in calls.names


def test_a_decision_is_taken_once(calls: Calls) -> None:
    """A run that paused inside a branch goes on in it; the evaluator is not asked again."""
    answers = iter([True])
    condition = Condition([calls.step("g", requires_confirmation=True)], lambda _: next(answers), [calls.step("no")])
    workflow = Workflow(steps=[condition])
    assert confirm(workflow, workflow.run("x")).content == "g(x)"


def test_a_truthy_result_is_no_yes(calls: Calls) -> None:
    """Anything but a bool counts as False, with a warning that shows it."""
    with pytest.warns(UserWarning, match="'maybe'"):
        assert _branches(calls, lambda _: "maybe").run("x").content == "z(no(a(x)))"


def _broken(_: StepInput) -> bool:
    raise ZeroDivisionError("no way")


def test_a_broken_evaluator_is_a_failed_step(calls: Calls) -> None:
    """Neither branch runs, the run goes on, and the condition is named as failed."""
    run = _branches(calls, _broken).run("x")
    assert (run.content, [failed.step_name for failed in run.failed_steps]) == ("z(a(x))", ["which"])


def test_a_broken_evaluator_ends_the_run_where_the_author_says_so(calls: Calls) -> None:
    """With `on_error=fail` its exception leaves `run`."""
    with pytest.raises(ZeroDivisionError, match="no way"):
        _branches(calls, _broken, on_error="fail").run("x")


def test_an_evaluator_may_change_the_session_state(calls: Calls) -> None:
    """What it changed is stored with its decision, and seen by the steps after it."""

    def count(_: StepInput, session_state: dict[str, Any]) -> bool:
        session_state["n"] = 1
        return True

    workflow = Workflow(steps=[Condition([calls.step("yes")], count)])
    workflow.run("x", session_id="s")
    session = workflow.get_session("s")
    assert session is not None
    assert session.session_data == {"session_state": {"n": 1}}


def test_conditions_nest(calls: Calls) -> None:
    """A tree of confirmations asks one question after the other, each depending on the answer before."""
    inner = Condition([calls.step("b")], else_steps=[calls.step("c")], name="inner", requires_confirmation=True)
    workflow = Workflow(
        steps=[Condition([calls.step("a")], else_steps=[inner], name="outer", requires_confirmation=True)]
    )
    run = reject(workflow, workflow.run("x"))
    assert (run.status, run.paused_step_name) == (RunStatus.PAUSED, "inner")
    assert [item.step_name for item in run.step_requirements] == ["outer", "inner"]
    assert reject(workflow, run).content == "c(x)"


def _around(*nodes: Node, on_error: str) -> Workflow:
    """Return a workflow of a condition around a pipeline."""
    return Workflow(steps=[Condition([Steps(name="s", steps=nodes)], name="c", on_error=on_error)])


def test_on_error_of_a_condition_holds_for_the_steps_inside(calls: Calls) -> None:
    """With `skip` the failed step is left out and the next ones run; with `fail` its exception leaves `run`."""
    fails = calls.failing("f", max_retries=0)
    assert _around(calls.step("a"), fails, calls.step("b"), on_error="skip").run("x").content == "b(a(x))"
    with pytest.raises(ValueError, match="f is broken"):
        _around(calls.step("a"), fails, on_error="fail").run("x")


def test_a_step_inside_with_its_own_on_error_keeps_it(calls: Calls) -> None:
    """The nearest one counts: that of the step, else that of the innermost condition around it."""
    own = _around(calls.failing("f", max_retries=0, on_error="skip"), calls.step("b"), on_error="fail")
    assert own.run("x").content == "b(x)"
    inner = Condition([calls.failing("g", max_retries=0), calls.step("b")], on_error="skip")
    assert _around(inner, on_error="fail").run("x").content == "b(x)"


def test_only_the_failed_step_inside_is_retried(calls: Calls) -> None:
    """Neither the evaluator nor the steps before it run again (T18)."""

    def evaluate(_: StepInput) -> bool:
        calls.names.append("evaluator")
        return True

    nodes = [calls.step("a"), calls.failing("f", times=1), calls.step("b")]
    workflow = Workflow(steps=[Condition(nodes, evaluate, name="c", on_error="pause"), calls.step("z")])
    run = workflow.run("x")
    assert [item.step_id for item in run.steps_with_errors] == ["root/c/if/f"]
    run.steps_with_errors[0].retry()
    assert workflow.continue_run(run).content == "z(b(f(a(x))))"
    assert calls.names == ["evaluator", "a", "f", "f", "b", "z"]


def test_what_a_condition_can_not_do_is_refused_when_it_is_built() -> None:
    """It asks for no values, and its evaluator is a bool or a function."""
    with pytest.raises(DefinitionError, match="evaluator"):
        Condition([], "input.n > 1")  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="requires_user_input"):
        Condition([], human_review=HumanReview(requires_user_input=True, user_input_schema=[{"name": "n"}]))
