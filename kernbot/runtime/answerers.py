"""Who answers the questions of a workflow, as its author wrote it: what is wrong with that, and what is doubtful."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kernbot.engine.authority import Ids, Rule
from kernbot.errors import ConfigurationError, DefinitionError
from kernbot.workflow.node import Node
from kernbot.workflow.review import OnTimeout, checked_ids
from kernbot.workflow.step import Step


@dataclass(frozen=True)
class Named:
    """Somebody who is named, or a group."""

    name: str
    """As people call them: `Ana`, `@release-managers`."""
    members: int | None = None
    """How many people a group has; None for a person."""


def named_ids(ids: Iterable[str] | None, where: str) -> Ids | None:
    """Return the ids in a list, or None for none; ConfigurationError unless it is a list that names somebody."""
    try:
        return None if ids is None else frozenset(checked_ids(ids, where))
    except DefinitionError as error:
        raise ConfigurationError(str(error)) from None


def all_nodes(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield the nodes of a workflow, also those inside of others."""
    for node in nodes:
        yield node
        for inside in node.children():
            yield from all_nodes(inside)


def named_on_gates(nodes: Sequence[Node]) -> Ids:
    """Return everybody who is named as an approver on a gate."""
    return frozenset().union(*(node.human_review.approvers or () for node in all_nodes(nodes)))


def check_silence(name: str, rule: Rule, nodes: Sequence[Node]) -> None:
    """Raise ConfigurationError for a gate with approvers that lets something run when none of them says a word."""
    for node in all_nodes(nodes):
        if _approves_by_silence(node) and rule.at(node.human_review).approvers is not None:
            raise ConfigurationError(
                f"Workflow {name!r} has approvers, and {node.kind} {node.name!r} runs without any of them at its "
                "deadline (on_timeout='approve'); give it another on_timeout, or register the workflow with "
                "allow_silent_approval=True."
            )


def doubts(name: str, nodes: Sequence[Node], rules: Iterable[Rule], members: Mapping[str, int]) -> Iterator[str]:
    """Yield what may not be meant, each with what to do; `members` is how many people there are in each group."""
    for node in all_nodes(nodes):
        if isinstance(node, Step) and _approves_by_silence(node):
            yield (
                f"Workflow {name!r}: step {node.name!r} runs by itself at its deadline if nobody answers; "
                "give it on_timeout='skip' or 'cancel' unless that is meant."
            )
    for rule in dict.fromkeys(rules):
        if rule.approvers and not rule.requester_may_approve and _most(rule.approvers, members) <= 1:
            yield (
                f"Workflow {name!r}: only one person may answer ({', '.join(sorted(rule.approvers))}), and nobody can "
                "approve what that person asks for; name somebody else too, or set requester_may_approve=True."
            )


def _most(ids: Ids, members: Mapping[str, int]) -> int:
    """Return how many people are named at most; somebody may be named twice."""
    return sum(members.get(name, 1) for name in ids)


def _approves_by_silence(node: Node) -> bool:
    review = node.human_review
    asks = bool(review.asks) or isinstance(node, Step)
    return asks and review.timeout is not None and review.on_timeout is OnTimeout.approve
