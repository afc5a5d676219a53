"""Whether a workflow still matches what one of its runs has done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from kernbot.db.base import Snapshot
from kernbot.engine.journal import ROOT
from kernbot.workflow.condition import Condition
from kernbot.workflow.node import Node, keyed


def problem_with_definition(nodes: Sequence[Node], snapshot: Snapshot) -> str | None:
    """Say what changed under a run, or None.

    Nodes may be added after the last one among its siblings that the run has reached. One that is gone, renamed, of
    another kind, or inserted before one that the run has reached, is a change.
    """
    reached: dict[str, str | None] = {pause.path: None for pause in snapshot.pauses if pause.path != ROOT}
    reached |= {entry.path: entry.node for entry in snapshot.journal}
    entered = reached.keys() | {parent for path in reached for parent in _parents(path)}
    known: set[str] = set()
    for base, siblings in _sibling_lists(ROOT, nodes):
        if problem := _problem_among(base, siblings, reached, entered):
            return problem
        known.update(f"{base}/{key}" for key, _ in keyed(siblings))
    gone = next((path for path in reached if path not in known), None)
    return gone and f"This run has been at {gone}, which the workflow no longer has."


def _sibling_lists(base: str, nodes: Sequence[Node]) -> Iterable[tuple[str, Sequence[Node]]]:
    yield base, nodes
    for key, node in keyed(nodes):
        branches = ("/if", "/else") if isinstance(node, Condition) else ("",)
        for branch, inside in zip(branches, node.children(), strict=False):
            yield from _sibling_lists(f"{base}/{key}{branch}", inside)


def _parents(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _problem_among(
    base: str, nodes: Sequence[Node], reached: dict[str, str | None], entered: AbstractSet[str]
) -> str | None:
    inserted = None
    for key, node in keyed(nodes):
        path = f"{base}/{key}"
        if (was := reached.get(path)) and was != node.signature:
            return f"At {path} this run has been through {was}; the workflow now has {node.signature} there."
        if path not in entered:
            inserted = inserted or node.signature
        elif inserted:
            return f"{inserted} was inserted before {node.signature}, which this run has reached."
    return None
