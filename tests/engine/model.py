"""A small model of what a workflow must do: no journal, no pauses, all answers known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Gate = Literal["none", "skip", "cancel", "else"]
"""Whether people are asked before a node, and what a no does."""


@dataclass(frozen=True)
class Leaf:
    """A step."""

    gate: Gate
    works: bool
    fails_the_run: bool
    """What a step that doesn't work does."""


@dataclass(frozen=True)
class Pipe:
    """A pipeline."""

    gate: Gate
    inside: tuple[Shape, ...]


@dataclass(frozen=True)
class Choice:
    """A condition, and what its evaluator says."""

    gate: Gate
    holds: bool
    inside: tuple[Shape, ...]
    otherwise: tuple[Shape, ...]


@dataclass(frozen=True)
class Cycle:
    """A loop without an end condition."""

    gate: Gate
    times: int
    forwards: bool
    inside: tuple[Shape, ...]


Shape = Leaf | Pipe | Choice | Cycle


class _EndedError(Exception):
    """The run ends here."""


@dataclass
class Expected:
    """What must come of a run."""

    status: str = "COMPLETED"
    asked: list[str] = field(default_factory=list)
    """Names of the nodes that people were asked about, in order."""
    ran: list[str] = field(default_factory=list)
    """Names of the steps that ran, in order."""
    worked: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    content: str | None = None


def expected(nodes: Sequence[Shape], says_yes: Callable[[str], bool]) -> Expected:
    """Return what must come of a run whose input is `x`, with people who answer as given."""
    outcome = Expected()
    try:
        _run_all(nodes, "n", says_yes, outcome)
    except _EndedError:
        outcome.content = None
        return outcome
    if outcome.content is None and not outcome.failed:
        outcome.content = "No steps were executed."
    return outcome


def names(prefix: str, nodes: Sequence[Shape]) -> list[tuple[str, Shape]]:
    """Return each node with a name that no other node of the tree has."""
    return [(f"{prefix}{number}", node) for number, node in enumerate(nodes)]


def _run_all(nodes: Sequence[Shape], prefix: str, says_yes: Callable[[str], bool], outcome: Expected) -> None:
    for name, node in names(prefix, nodes):
        _run(node, name, says_yes, outcome)


def _run(node: Shape, name: str, says_yes: Callable[[str], bool], outcome: Expected) -> None:
    rejected = node.gate != "none" and not _ask(name, says_yes, outcome)
    if rejected and node.gate == "cancel":
        outcome.status = "CANCELLED"
        raise _EndedError
    if rejected and node.gate == "skip":
        return
    match node:
        case Leaf():
            _call(node, name, outcome)
        case Pipe():
            _run_all(node.inside, f"{name}p", says_yes, outcome)
        case Cycle():
            _repeat(node, name, says_yes, outcome)
        case Choice() if node.holds and not rejected:
            _run_all(node.inside, f"{name}i", says_yes, outcome)
        case Choice():
            _run_all(node.otherwise, f"{name}e", says_yes, outcome)


def _repeat(node: Cycle, name: str, says_yes: Callable[[str], bool], outcome: Expected) -> None:
    before = left = outcome.content
    for _ in range(node.times):
        outcome.content = left if node.forwards else before
        worked = len(outcome.worked)
        _run_all(node.inside, f"{name}l", says_yes, outcome)
        left = outcome.content if len(outcome.worked) > worked else left
    outcome.content = left


def _ask(name: str, says_yes: Callable[[str], bool], outcome: Expected) -> bool:
    outcome.asked.append(name)
    return says_yes(name)


def _call(leaf: Leaf, name: str, outcome: Expected) -> None:
    outcome.ran.append(name)
    if leaf.works:
        outcome.worked.append(name)
        outcome.content = f"{name}({outcome.content or 'x'})"
        return
    if leaf.fails_the_run:
        outcome.status = "ERROR"
        raise _EndedError
    outcome.failed.append(name)
