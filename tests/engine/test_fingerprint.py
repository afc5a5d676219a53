"""Workflows that change while one of their runs is under way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kernbot.db.in_memory import InMemoryDb
from kernbot.engine.fingerprint import node_at
from kernbot.errors import DefinitionError
from kernbot.run import RunStatus
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Condition, Loop, Parallel, Router, Step, Steps, Workflow
from kernbot.workflow.node import Node
from tests.engine.bench import Calls, confirm, must_load, reject


class _Redeploy:
    """One workflow after the other, under one name and in one store."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.db = InMemoryDb()

    def workflow(self, *steps: Node) -> Workflow:
        return Workflow(name="w", db=self.db, steps=steps)

    def paused(self) -> WorkflowRunOutput:
        """Return a run that has done `a`, and waits at `g` in `s`; its answer has been given."""
        run = self.workflow(*self.before()).run("x")
        run.step_requirements[-1].confirm()
        return run

    def before(self) -> Sequence[Node]:
        return (self.step("a"), Steps(name="s", steps=[self.gated()]))

    def gated(self, name: str = "g", step_id: str | None = None) -> Step:
        return self.calls.step(name, step_id=step_id, requires_confirmation=True)

    def step(self, name: str) -> Step:
        return self.calls.step(name)


@pytest.fixture
def redeploy(calls: Calls) -> _Redeploy:
    """Nothing is deployed yet."""
    return _Redeploy(calls)


def test_what_is_added_behind_runs(redeploy: _Redeploy) -> None:
    """Nodes after the last one that a run has reached, also inside a pipeline, are part of it."""
    a, s = redeploy.step("a"), Steps(name="s", steps=[redeploy.gated(), redeploy.step("h")])
    run = redeploy.workflow(a, s, redeploy.step("z")).continue_run(redeploy.paused())
    assert run.content == "z(h(g(a(x))))"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("inserted before", "Step:new was inserted before Step:a"),
        ("inserted inside", "Step:new was inserted before Step:g"),
        ("gone", "root/a, which the workflow no longer has"),
        ("renamed", "root/s/g, which the workflow no longer has"),
        ("another kind", "At root/a this run has been through Step:a; the workflow now has Condition:a"),
    ],
)
def test_a_change_under_a_run_is_refused(redeploy: _Redeploy, change: str, message: str) -> None:
    """DefinitionError names what changed, nothing runs, and the run waits with the same message."""
    a, g, new = redeploy.step("a"), redeploy.gated(), redeploy.step("new")
    s = Steps(name="s", steps=[g])
    nodes: dict[str, list[Node]] = {
        "inserted before": [new, a, s],
        "inserted inside": [a, Steps(name="s", steps=[new, g])],
        "gone": [s],
        "renamed": [a, Steps(name="s", steps=[redeploy.gated("other")])],
        "another kind": [Condition([a], name="a"), s],
    }
    run = redeploy.paused()
    workflow = redeploy.workflow(*nodes[change])
    with pytest.raises(DefinitionError, match=message):
        workflow.continue_run(run)
    stored = must_load(workflow, run.run_id)
    assert (stored.status, redeploy.calls.names) == (RunStatus.PAUSED, ["a"])
    assert message in stored.steps_with_errors[0].error_message


def test_a_run_goes_on_when_its_workflow_is_back(redeploy: _Redeploy) -> None:
    """Retry looks again: still changed, the error is raised again; back as it was, the given answer counts."""
    run = redeploy.paused()
    changed, back = redeploy.workflow(redeploy.step("a")), redeploy.workflow(*redeploy.before())
    with pytest.raises(DefinitionError):
        changed.continue_run(run)
    for workflow, fails in ((changed, True), (back, False)):
        stored = must_load(workflow, run.run_id)
        stored.error_requirements[0].retry()
        if fails:
            with pytest.raises(DefinitionError):
                workflow.continue_run(stored)
        else:
            assert workflow.continue_run(stored).content == "g(a(x))"


def test_a_step_id_survives_a_rename(redeploy: _Redeploy) -> None:
    """It stands in the path in place of the name."""
    run = redeploy.workflow(redeploy.gated("old", step_id="send")).run("x")
    renamed = redeploy.workflow(redeploy.gated("new", step_id="send"))
    assert confirm(renamed, run).content == "new(x)"


def test_steps_of_one_name_are_told_apart(redeploy: _Redeploy) -> None:
    """Each has a place of its own in the journal, and each gate is asked."""
    workflow = redeploy.workflow(redeploy.gated(), redeploy.gated())
    run = confirm(workflow, workflow.run("x"))
    assert [item.step_id for item in run.step_requirements] == ["root/g", "root/g~2"]
    assert confirm(workflow, run).content == "g(g(x))"


def test_a_name_can_not_reach_into_another_path(redeploy: _Redeploy) -> None:
    """`s/g` and `g~2` are names, and no places."""
    nodes = [redeploy.gated("g~2"), redeploy.gated("s/g"), Steps(name="s", steps=[redeploy.step("g")])]
    workflow = redeploy.workflow(*nodes)
    run = confirm(workflow, confirm(workflow, workflow.run("x")))
    assert [item.step_id for item in run.step_requirements] == ["root/g_2", "root/s_g"]
    assert run.content == "g(s/g(g~2(x)))"


@pytest.mark.parametrize(("name", "times", "is_change"), [("h", 2, True), ("g", 1, True), ("g", 3, False)])
def test_a_changed_loop(redeploy: _Redeploy, name: str, times: int, *, is_change: bool) -> None:
    """A step that is gone from a loop, or an iteration that is no longer allowed, is a change; one more is none."""

    def loop(name: str, times: int) -> Workflow:
        return redeploy.workflow(Loop(name="l", steps=[redeploy.gated(name)], max_iterations=times))

    run = confirm(loop("g", 2), loop("g", 2).run("x"))
    run.step_requirements[-1].confirm()
    if is_change:
        with pytest.raises(DefinitionError, match="iter-"):
            loop(name, times).continue_run(run)
    else:
        assert loop(name, times).continue_run(run).is_paused


def test_a_branch_that_is_gone_from_a_parallel_is_a_change(redeploy: _Redeploy) -> None:
    """What it did would be lost."""
    run = redeploy.workflow(Parallel(redeploy.gated("g"), redeploy.step("a"))).run("x")
    run.step_requirements[-1].confirm()
    with pytest.raises(DefinitionError, match="no longer has"):
        redeploy.workflow(Parallel(redeploy.gated("g"))).continue_run(run)


def test_a_branch_may_be_added_to_a_parallel(redeploy: _Redeploy) -> None:
    """None comes before another, so a new one is no change, wherever it stands."""
    run = redeploy.workflow(Parallel(redeploy.gated("g"), redeploy.step("a"))).run("x")
    run.step_requirements[-1].confirm()
    grown = Parallel(redeploy.step("new"), redeploy.gated("g"), redeploy.step("a"))
    assert redeploy.workflow(grown).continue_run(run).status is RunStatus.COMPLETED
    assert sorted(redeploy.calls.names) == ["a", "g", "new"]


def _inside(*nodes: Node, **settings: Any) -> Step:
    """Return a step that runs these nodes as a workflow."""
    return Step("inner", workflow=Workflow(name="i", steps=nodes), **settings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("inserted", "Step:new was inserted before Step:a"),
        ("gone", "root/inner/a, which the workflow no longer has"),
        ("renamed", "root/inner/g, which the workflow no longer has"),
        ("a function", "root/inner/g, which the workflow no longer has"),
    ],
)
def test_a_change_inside_a_workflow_that_is_a_step_is_refused(redeploy: _Redeploy, change: str, message: str) -> None:
    """The definition is that of all nodes, at any depth."""
    a, g = redeploy.step("a"), redeploy.gated()
    nodes: dict[str, Node] = {
        "inserted": _inside(redeploy.step("new"), a, g),
        "gone": _inside(g),
        "renamed": _inside(a, redeploy.gated("other")),
        "a function": redeploy.step("inner"),
    }
    run = redeploy.workflow(_inside(a, g)).run("x")
    run.step_requirements[-1].confirm()
    with pytest.raises(DefinitionError, match=message):
        redeploy.workflow(nodes[change]).continue_run(run)
    assert redeploy.calls.names == ["a"]


def test_what_is_added_behind_inside_a_workflow_that_is_a_step_runs(redeploy: _Redeploy) -> None:
    """It is part of the run."""
    run = redeploy.workflow(_inside(redeploy.step("a"), redeploy.gated())).run("x")
    grown = _inside(redeploy.step("a"), redeploy.gated(), redeploy.step("h"))
    assert confirm(redeploy.workflow(grown), run).content == "h(g(a(x)))"


@pytest.mark.parametrize("change", [False, True])
def test_a_change_is_seen_in_what_was_done_again(redeploy: _Redeploy, *, change: bool) -> None:
    """What a reviewer had done again is compared with the workflow too, in each round."""

    def reviewed(*nodes: Node) -> Workflow:
        return redeploy.workflow(_inside(*nodes, requires_output_review=True, on_reject="retry"))

    workflow = reviewed(redeploy.gated())
    run = confirm(workflow, reject(workflow, confirm(workflow, workflow.run("x"))))
    assert [item.step_id for item in run.step_requirements][1:] == ["root/inner", "root/inner/~2/g", "root/inner"]
    run.step_requirements[-1].confirm()
    if change:
        with pytest.raises(DefinitionError, match="root/inner/g, which"):
            reviewed(redeploy.gated("other")).continue_run(run)
    else:
        assert reviewed(redeploy.gated()).continue_run(run).content == "g(x)"


def test_a_choice_that_is_gone_is_a_change_once_it_has_run(redeploy: _Redeploy) -> None:
    """A Router may lose a choice that nobody has taken, and gain any."""

    def router(*names: str) -> Workflow:
        choices = [redeploy.gated(name) for name in names]
        return redeploy.workflow(Router(choices, name="r", requires_user_input=True))

    run = router("b", "c").run("x")
    run.steps_requiring_route[0].select("c")
    run = router("b", "c").continue_run(run)
    run.step_requirements[-1].confirm()
    with pytest.raises(DefinitionError, match="root/r/c"):
        router("b", "d").continue_run(run)
    run = must_load(router("c"), run.run_id)
    run.steps_with_errors[0].retry()
    assert router("a", "c", "d").continue_run(run).content == "c(x)"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("root/a", "a"),
        ("root/a/model~1", "a"),
        ("root/a/agent~1/call:send~2", "a"),
        ("root/c", "c"),
        ("root/c/if/x", "x"),
        ("root/c/else/x", "y"),
        ("root/l/iter-2/~3/a~2", "z"),
        ("root/r/~2/y", "y"),
        ("root", None),
        ("root/gone", None),
        ("root/l/iter-2/gone", None),
        ("root/c/if/gone/a", None),
    ],
)
def test_the_node_of_a_path_is_the_one_that_runs_there(path: str, name: str | None) -> None:
    """In whichever branch, iteration or round; what is inside a step is the step's; what is gone is nobody's."""

    def step(name: str, step_id: str | None = None) -> Step:
        return Step(name=name, step_id=step_id, executor=lambda _: name)

    steps = [
        step("a"),
        Condition(name="c", evaluator=True, steps=[step("x")], else_steps=[step("y", "x")]),
        Loop(name="l", max_iterations=3, steps=[step("a"), step("z", "a")]),
        Router(name="r", choices=[step("x"), step("y")], selector=lambda _: "x"),
    ]
    node = node_at(Workflow(name="w", steps=steps).steps, path)
    assert (node and node.name) == name
