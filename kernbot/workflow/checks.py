"""What is checked when a workflow is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kernbot.errors import DefinitionError
from kernbot.workflow.node import Node
from kernbot.workflow.review import OnError, OnReject


def as_nodes(steps: Iterable[Node | Callable[..., Any]], where: str) -> tuple[Node, ...]:
    """Return the nodes of a list of steps; a bare function becomes a Step. DefinitionError names what is neither."""
    if isinstance(steps, str | Node) or callable(steps):
        raise DefinitionError(f"{where}: steps must be a list, not {steps!r}.")
    return tuple(_as_node(item, where) for item in steps)


def refuse_settings_of_a_step(node: Node) -> None:
    """Raise DefinitionError where a composite is given what only a Step, or only a Condition, can do."""
    where = f"{node.kind} {node.name!r}"
    if node.on_reject is OnReject.else_branch:
        raise DefinitionError(f"{where}: on_reject='else' is for a Condition; use 'skip' or 'cancel'.")
    if node.human_review.on_error is not OnError.skip:
        raise DefinitionError(f"{where} has no on_error of its own; give it to the steps inside.")
    if node.human_review.requires_user_input:
        raise DefinitionError(f"{where} can't ask for user input; let its first Step ask.")


def _as_node(item: Node | Callable[..., Any], where: str) -> Node:
    from kernbot.workflow.step import Step  # noqa: PLC0415 - Step is a Node, and lists of Nodes hold functions

    if isinstance(item, Node):
        return item
    if callable(item) and not isinstance(item, type):
        return Step(executor=item)
    raise DefinitionError(f"{where} holds {item!r}; a step must be a node, such as a Step, or a function.")
