"""What every node of a workflow has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kernbot.errors import DefinitionError
from kernbot.workflow.review import HumanReview, OnReject


class Node:
    """A part of a workflow's tree: it has a name, a place among its siblings, and says what it asks of people.

    Nodes are definitions: nothing about a run is ever kept in them.
    """

    kind: str
    default_on_reject = OnReject.skip

    def __init__(
        self, name: str, *, description: str | None = None, step_id: str | None = None, human_review: HumanReview
    ) -> None:
        if not isinstance(name, str) or not name.strip():
            raise DefinitionError(f"A {self.kind} needs a name that is not empty, not {name!r}.")
        self.name = name
        self.description = description
        self.step_id = step_id
        self.human_review = human_review

    @property
    def on_reject(self) -> OnReject:
        """What a reject does here."""
        return OnReject(self.human_review.on_reject or self.default_on_reject)

    @property
    def signature(self) -> str:
        """Kind and name, as `Step:fetch`: what the journal knows the node by."""
        return f"{self.kind}:{self.step_id or self.name}"

    def children(self) -> Iterable[Sequence[Node]]:
        """Return the lists of nodes inside, each of which runs in sequence."""
        return ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def keyed(nodes: Iterable[Node]) -> list[tuple[str, Node]]:
    """Return each node with its key among its siblings: `step_id` or name, a repeated one with `~2` and so on."""
    seen: dict[str, int] = {}
    result = []
    for node in nodes:
        key = (node.step_id or node.name).replace("/", "_").replace("~", "_")
        seen[key] = seen.get(key, 0) + 1
        result.append((key if seen[key] == 1 else f"{key}~{seen[key]}", node))
    return result
