"""What is checked when a workflow is built."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kernbot.errors import DefinitionError
from kernbot.workflow.node import Node, StepLike


def as_nodes(steps: Iterable[StepLike], where: str) -> tuple[Node, ...]:
    """Return the nodes of a list of steps; a bare function, an agent, a team or a Workflow becomes a Step.

    DefinitionError names what is none of these.
    """
    if isinstance(steps, str | Node) or callable(steps):
        raise DefinitionError(f"{where}: steps must be a list, not {steps!r}.")
    return tuple(as_node(item, where) for item in steps)


def as_node(item: Any, where: str) -> Node:
    """Return one node, as `as_nodes` does."""
    # A Step is a Node, and lists of Nodes hold functions, agents and workflows.
    from kernbot.run.executor import Executor  # noqa: PLC0415
    from kernbot.workflow.step import Step  # noqa: PLC0415
    from kernbot.workflow.workflow import Workflow  # noqa: PLC0415

    if isinstance(item, Node):
        return item
    if isinstance(item, Workflow):
        return Step(workflow=item)
    if isinstance(item, Executor):
        return Step(agent=item)
    if callable(item) and not isinstance(item, type):
        return Step(executor=item)
    raise DefinitionError(
        f"{where} holds {item!r}; a step must be a node, such as a Step, or a function, an agent, a team or a Workflow."
    )
