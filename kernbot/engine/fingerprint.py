"""Whether a workflow still matches what one of its runs has done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import count, takewhile

from kernbot.db.base import Snapshot
from kernbot.engine.journal import ROOT
from kernbot.workflow.condition import Condition
from kernbot.workflow.loop import Loop
from kernbot.workflow.node import Node, keyed
from kernbot.workflow.parallel import Parallel
from kernbot.workflow.router import Router


def problem_with_definition(nodes: Sequence[Node], snapshot: Snapshot) -> str | None:
    """Say what changed under a run, or None.

    Nodes may be added after the last one among its siblings that the run has reached. One that is gone, renamed, of
    another kind, or inserted before one that the run has reached, is a change; and so is a choice of a router that the
    run is to go on with, and that is gone.
    """
    reached: dict[str, str | None] = {pause.path: None for pause in snapshot.pauses if pause.path != ROOT}
    reached |= {entry.path: entry.node for entry in snapshot.journal}
    entered = reached.keys() | {parent for path in reached for parent in _parents(path)}
    known: set[str] = set()
    lists = list(_sibling_lists(ROOT, nodes, entered))
    for base, siblings, in_order in lists:
        if problem := _problem_among(base, siblings, reached, entered, in_order=in_order):
            return problem
        known.update([base, *(f"{base}/{key}" for key, _ in keyed(siblings))])
    leaves = _leaves(lists)
    gone = next((path for path in reached if path not in known and not _is_part_of(path, leaves)), None)
    if gone:
        return f"This run has been at {gone}, which the workflow no longer has."
    chosen = _chosen(snapshot)
    return next(filter(None, (_problem_with_choices(base, siblings, chosen) for base, siblings, _ in lists)), None)


def node_at(nodes: Sequence[Node], path: str) -> Node | None:
    """Return the node of a workflow that a path of one of its runs leads to, or inside of; None if it is gone."""
    in_first_round = "/".join(part for part in path.split("/") if not part.startswith("~"))
    entered = {in_first_round, *_parents(in_first_round)}
    lists = _sibling_lists(ROOT, nodes, entered)
    found = {f"{base}/{key}": node for base, siblings, _ in lists for key, node in keyed(siblings)}
    at = max(entered & found.keys(), key=len, default=None)
    if at is None or (at != in_first_round and any(found[at].children())):
        return None
    return found[at]


def _sibling_lists(
    base: str, nodes: Sequence[Node], entered: AbstractSet[str], *, in_order: bool = True
) -> Iterable[tuple[str, Sequence[Node], bool]]:
    yield base, nodes, in_order
    for key, node in keyed(nodes):
        for where, inside in _inside(node, f"{base}/{key}", entered):
            yield from _sibling_lists(where, inside, entered, in_order=not isinstance(node, Parallel | Router))


def _leaves(lists: Iterable[tuple[str, Sequence[Node], bool]]) -> AbstractSet[str]:
    """Return where nodes stand that have none inside."""
    return {f"{base}/{key}" for base, nodes, _ in lists for key, node in keyed(nodes) if not any(node.children())}


def _is_part_of(path: str, leaves: AbstractSet[str]) -> bool:
    """Whether a path is that of a model's turn, a tool's call or an agent's work inside one of these nodes."""
    leaf = next((parent for parent in _parents(path) if parent in leaves), None)
    if leaf is None:
        return False
    parts = (part for part in path.removeprefix(f"{leaf}/").split("/") if not part.startswith("~"))
    return next(parts, "").startswith(("model~", "call:", "agent~"))


def _inside(node: Node, path: str, entered: AbstractSet[str]) -> Iterable[tuple[str, Sequence[Node]]]:
    """Yield the lists of nodes inside a node, each with the path under which it runs.

    Those of a loop once for each iteration; those of a router or a workflow once for each time that it was done.
    """
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
            for number in _rounds(path, entered):
                yield f"{path}/~{number}", inside


def _rounds(path: str, entered: AbstractSet[str]) -> Iterable[int]:
    return takewhile(lambda number: f"{path}/~{number}" in entered, count(2))


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


def _chosen(snapshot: Snapshot) -> dict[str, list[str]]:
    """Return the names of the choices that routers which aren't over go on with, by the routers' paths."""
    proposed = {
        entry.path: entry.payload["proposed"]
        for entry in snapshot.journal
        if entry.kind == "decision" and "proposed" in entry.payload
    }
    selected = {
        pause.path: pause.answered.answer["routes"]
        for pause in snapshot.pauses
        if pause.kind == "route" and pause.state == "answered" and pause.answered
    }
    over = {entry.path for entry in snapshot.journal if entry.kind == "output"}
    return {path: names for path, names in (proposed | selected).items() if path not in over}


def _problem_with_choices(base: str, nodes: Sequence[Node], chosen: dict[str, list[str]]) -> str | None:
    for key, node in keyed(nodes):
        names = [choice.name for choice in node.choices] if isinstance(node, Router) else []
        gone = [name for name in chosen.get(f"{base}/{key}", ()) if name not in names]
        if gone:
            return f"{node.signature} goes on with {gone[0]!r} in this run, which is no longer one of its choices."
    return None
