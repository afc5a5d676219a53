"""Whether a workflow still matches what one of its runs has done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from kernbot.db.base import Snapshot
from kernbot.engine.journal import ROOT
from kernbot.workflow.condition import Condition
from kernbot.workflow.loop import Loop
from kernbot.workflow.node import Node, keyed
from kernbot.workflow.parallel import Parallel


def problem_with_definition(nodes: Sequence[Node], snapshot: Snapshot) -> str | None:
    """Say what changed under a run, or None.

    Nodes may be added after the last one among its siblings that the run has reached. One that is gone, renamed, of
    another kind, or inserted before one that the run has reached, is a change.
    """
    reached: dict[str, str | None] = {pause.path: None for pause in snapshot.pauses if pause.path != ROOT}
    reached |= {entry.path: entry.node for entry in snapshot.journal}
    entered = reached.keys() | {parent for path in reached for parent in _parents(path)}
    known: set[str] = set()
    for base, siblings, in_order in _sibling_lists(ROOT, nodes, entered):
        if problem := _problem_among(base, siblings, reached, entered, in_order=in_order):
            return problem
        known.update([base, *(f"{base}/{key}" for key, _ in keyed(siblings))])
    gone = next((path for path in reached if path not in known), None)
    return gone and f"This run has been at {gone}, which the workflow no longer has."


def _sibling_lists(
    base: str, nodes: Sequence[Node], entered: AbstractSet[str], *, in_order: bool = True
) -> Iterable[tuple[str, Sequence[Node], bool]]:
    yield base, nodes, in_order
    for key, node in keyed(nodes):
        for where, inside in _inside(node, f"{base}/{key}", entered):
            yield from _sibling_lists(where, inside, entered, in_order=not isinstance(node, Parallel))


def _inside(node: Node, path: str, entered: AbstractSet[str]) -> Iterable[tuple[str, Sequence[Node]]]:
    """Yield the lists of nodes inside a node, each with the path under which it runs; of a loop, once an iteration."""
    if isinstance(node, Condition):
        yield f"{path}/if", node.steps
        yield f"{path}/else", node.else_steps
    elif isinstance(node, Loop):
        for iteration in range(1, node.max_iterations + 1):
            if (where := f"{path}/iter-{iteration}") in entered:
                yield where, node.steps
    else:
        for inside in node.children():
            yield path, inside


def _parents(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _problem_among(
    base: str,
    nodes: Sequence[Node],
    reached: dict[str, str | None],
    entered: AbstractSet[str],
    *,
    in_order: bool,
) -> str | None:
    """Say what changed among siblings; where they run at the same time, none was inserted before another."""
    inserted = None
    for key, node in keyed(nodes):
        path = f"{base}/{key}"
        if (was := reached.get(path)) and was != node.signature:
            return f"At {path} this run has been through {was}; the workflow now has {node.signature} there."
        if path not in entered:
            inserted = inserted or node.signature
        elif inserted and in_order:
            return f"{inserted} was inserted before {node.signature}, which this run has reached."
    return None
