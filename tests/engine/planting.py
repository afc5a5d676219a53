"""The engine's own nodes for random trees, with functions that note what they saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernbot.run import RunContext
from kernbot.workflow import (
    Condition,
    HumanReview,
    Loop,
    Parallel,
    Router,
    Step,
    StepInput,
    StepOutput,
    Steps,
    Workflow,
)
from kernbot.workflow.node import Node
from tests.engine.trees import Branches, Choice, Cycle, Flow, Fork, Leaf, Pipe, Shape, is_doubtful, shown


@dataclass
class Plants:
    """Makes nodes; what their functions do is noted here.

    All of these are coroutine functions, so that none is interrupted within where it runs beside others.
    """

    ran: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    def nodes(self, shapes: Sequence[Shape]) -> list[Node]:
        """Return a new node for each shape."""
        return [self._node(shape) for shape in shapes]

    def _node(self, shape: Shape) -> Node:
        named: dict[str, Any] = {"name": shape.name, "human_review": _review(shape)}
        match shape:
            case Leaf():
                return Step(executor=self._body(shape), max_retries=0, **named)
            case Choice():
                branches = self.nodes(shape.inside), self.nodes(shape.otherwise)
                return Condition(branches[0], self._evaluator(shape), branches[1], **named)
            case Fork():
                selector = None if shape.picks is None else self._selector(shape)
                return Router(self.nodes(shape.inside), selector, **named)
        return _plain(shape, self.nodes(shape.inside), named)

    def _body(self, leaf: Leaf) -> Callable[..., Any]:
        async def work(step_input: StepInput, run_context: RunContext) -> StepOutput:
            return StepOutput(content=self._call(leaf, step_input, run_context), stop=leaf.stops)

        return work

    def _evaluator(self, choice: Choice) -> Callable[..., Any]:
        async def evaluate(step_input: StepInput, run_context: RunContext) -> bool:
            self._call(choice, step_input, run_context)
            return choice.holds

        return evaluate

    def _selector(self, fork: Fork) -> Callable[..., Any]:
        async def select(step_input: StepInput, run_context: RunContext) -> list[str]:
            self._call(fork, step_input, run_context)
            return fork.proposal

        return select

    def _call(self, shape: Shape, step_input: StepInput, run_context: RunContext) -> str:
        seen = str(step_input.previous_step_content or step_input.input)
        self.ran.append(f"{shape.name}({shown(seen, step_input.additional_data)})")
        state = run_context.session_state
        state[shape.name] = state.get(shape.name, 0) + 1
        self.calls[shape.name] += 1
        if self.calls[shape.name] <= shape.fails:
            raise ValueError(f"{shape.name} is broken")
        return self.ran[-1]


def _plain(shape: Shape, inside: list[Node], named: dict[str, Any]) -> Node:
    """Return a node that has no function of its own but a pure one."""
    match shape:
        case Flow():
            return Step(workflow=Workflow(name=shape.name, steps=inside), **named)
        case Pipe():
            return Steps(steps=inside, **named)
        case Branches():
            return Parallel(*inside, name=shape.name)
        case Cycle():
            ends, forwards = _is_over if shape.may_end else None, shape.forwards
            return Loop(
                inside, max_iterations=shape.times, end_condition=ends, forward_iteration_output=forwards, **named
            )
    raise NotImplementedError


async def _is_over(iteration: list[StepOutput]) -> bool:
    return is_doubtful(StepOutput(steps=iteration).last_content)


async def _is_doubtful(output: StepOutput) -> bool:
    return is_doubtful(output.last_content)


def _review(shape: Shape) -> HumanReview:
    is_for_values = shape.gate in ("input", "both")
    fork = shape if isinstance(shape, Fork) else Fork()
    asks: Any = _is_doubtful if shape.review == "sometimes" else shape.review == "always"
    return HumanReview(
        requires_confirmation=shape.gate in ("confirm", "both"),
        requires_user_input=is_for_values or fork.selects,
        user_input_schema=[{"name": "value"}] if is_for_values else None,
        allow_multiple_selections=fork.several,
        requires_output_review=asks,
        requires_iteration_review=shape.review == "iteration",
        on_reject=shape.on_reject,
        on_error=shape.on_error,
        max_retries=shape.max_retries,
    )
