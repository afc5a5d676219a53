"""Random workflows, answered at random and restarted at random, against the model."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kernbot.db.in_memory import InMemoryDb
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Condition, Loop, Step, Steps, Workflow
from kernbot.workflow.node import Node
from tests.engine.bench import Calls
from tests.engine.model import Choice, Cycle, Leaf, Pipe, Shape, expected, names

_GATES = st.sampled_from(["none", "none", "skip", "cancel"])
_LEAVES = st.builds(Leaf, _GATES, works=st.sampled_from([True, True, True, False]), fails_the_run=st.booleans())


def _composites(inside: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
    several = st.lists(inside, max_size=3).map(tuple)
    choices = st.builds(Choice, st.sampled_from(["none", "else", "skip", "cancel"]), st.booleans(), several, several)
    cycles = st.builds(Cycle, _GATES, st.integers(1, 3), st.booleans(), several)
    return st.builds(Pipe, _GATES, several) | choices | cycles


_TREES = st.lists(st.recursive(_LEAVES, _composites, max_leaves=8), min_size=1, max_size=4)
_LEGS = st.lists(st.integers(0, 6), min_size=1, max_size=12)
"""For each leg of a run: after how many events its stream is abandoned; 0 for one that is collected instead."""


@dataclass
class _Trial:
    """One run, each leg of it by a workflow object that has seen nothing before."""

    tree: list[Shape]
    says_yes: Callable[[str], bool]
    legs: Iterator[int]
    calls: Calls = field(default_factory=Calls)
    db: InMemoryDb = field(default_factory=InMemoryDb)

    def workflow(self) -> Workflow:
        """Return the workflow, built anew."""
        return Workflow(name="w", db=self.db, steps=self._nodes("n", self.tree))

    def carry_out(self) -> WorkflowRunOutput:
        """Start the run, answer it and continue it until it has ended."""
        self._leg(lambda stream: self.workflow().run("x", run_id="R", stream=stream))
        while not (run := self.load()).status.has_ended:
            for asked in run.active_step_requirements:
                asked.confirm() if self.says_yes(str(asked.step_name)) else asked.reject()
            self._leg(lambda stream, run=run: self.workflow().continue_run(run, stream=stream))
        return run

    def load(self) -> WorkflowRunOutput:
        """Return the run as it is stored."""
        run = self.workflow().get_run_output("R")
        assert run is not None
        return run

    def _leg(self, begin: Callable[..., Any]) -> None:
        try:
            if events := next(self.legs):
                deque(islice(begin(stream=True), events))
            else:
                begin(stream=False)
        except (ValueError, RuntimeError) as error:
            assert "is broken" in str(error)  # noqa: PT017 - an author's exception, which may or may not come

    def _nodes(self, prefix: str, shapes: list[Shape] | tuple[Shape, ...]) -> list[Node]:
        return [self._node(name, shape) for name, shape in names(prefix, shapes)]

    def _node(self, name: str, shape: Shape) -> Node:
        gate: dict[str, Any] = {} if shape.gate == "none" else {"requires_confirmation": True, "on_reject": shape.gate}
        match shape:
            case Leaf():
                return self._step(name, shape, gate)
            case Pipe():
                return Steps(name=name, steps=self._nodes(f"{name}p", shape.inside), **gate)
            case Cycle():
                inside = self._nodes(f"{name}l", shape.inside)
                gate["forward_iteration_output"] = shape.forwards
                return Loop(name=name, steps=inside, max_iterations=shape.times, **gate)
            case Choice():
                branches = (self._nodes(f"{name}i", shape.inside), self._nodes(f"{name}e", shape.otherwise))
                return Condition(branches[0], lambda _: shape.holds, branches[1], name=name, **gate)

    def _step(self, name: str, leaf: Leaf, gate: dict[str, Any]) -> Step:
        on_error = "fail" if leaf.fails_the_run else "skip"
        fails = 0 if leaf.works else 1_000
        return self.calls.failing(name, fails, max_retries=0, on_error=on_error, **gate)


@settings(max_examples=100, deadline=None)
@given(_TREES, st.sets(st.integers(0, 40)), _LEGS)
def test_a_run_does_what_its_workflow_says(tree: list[Shape], noes: set[int], legs: list[int]) -> None:
    """Whatever is nested in what, answered how and interrupted where: every step runs as often as it should."""

    def says_yes(name: str) -> bool:
        return sum(map(ord, name)) % 41 not in noes

    trial = _Trial(tree, says_yes, cycle([*legs, 0]))
    run = trial.carry_out()
    model = expected(tree, says_yes)
    assert (run.status, trial.calls.names) == (model.status, model.ran)
    assert [asked.step_name for asked in run.step_requirements] == model.asked
    if run.status == "COMPLETED":
        assert ([failed.step_name for failed in run.failed_steps], run.content) == (model.failed, model.content)
