"""What is checked when a workflow is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kernbot.errors import DefinitionError
from kernbot.workflow.node import Node


def as_nodes(steps: Iterable[Node | Callable[..., Any]], where: str) -> tuple[Node, ...]:
    """Return the nodes of a list of steps; a bare function becomes a Step. DefinitionError names what is neither."""
    if isinstance(steps, str | Node) or callable(steps):
        raise DefinitionError(f"{where}: steps must be a list, not {steps!r}.")
    return tuple(_as_node(item, where) for item in steps)


def _as_node(item: Node | Callable[..., Any], where: str) -> Node:
    from kernbot.workflow.step import Step  # noqa: PLC0415 - Step is a Node, and lists of Nodes hold functions

    if isinstance(item, Node):
        return item
    if callable(item) and not isinstance(item, type):
        return Step(executor=item)
    raise DefinitionError(f"{where} holds {item!r}; a step must be a Step, Steps, Condition or a function.")
