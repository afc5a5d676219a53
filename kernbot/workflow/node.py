"""What every node of a workflow has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from kernbot.errors import DefinitionError
from kernbot.workflow.review import FLAT_NAMES, HumanReview, OnError, OnReject

if TYPE_CHECKING:
    from kernbot.run.executor import Executor
    from kernbot.workflow.workflow import Workflow

StepLike: TypeAlias = "Node | Workflow | Executor | Callable[..., Any]"
"""What a list of steps may hold."""


class Node:
    """A part of a workflow's tree: it has a name, a place among its siblings, and says what it asks of people.

    Nodes are definitions: nothing about a run is ever kept in them.
    """

    kind: str
    default_on_reject = OnReject.skip
    gates: tuple[str, ...] = ()
    """The settings of HumanReview, of those that ask something, that a node of this kind can honour."""
    has_on_error = False
    """Whether the node calls an author's function, so that it can fail by itself."""

    def __init__(
        self, name: str, *, description: str | None = None, step_id: str | None = None, human_review: HumanReview
    ) -> None:
        if not isinstance(name, str) or not name.strip():
            raise DefinitionError(f"A {self.kind} needs a name that is not empty, not {name!r}.")
        self.name = name
        self.description = description
        self.step_id = step_id
        self.human_review = human_review
        self._refuse_what_does_not_fit()

    @property
    def on_reject(self) -> OnReject:
        """What a reject does here."""
        return OnReject(self.human_review.on_reject or self.default_on_reject)

    @property
    def on_error(self) -> OnError | None:
        """What a failure does here; None leaves it to what is around the node."""
        on_error = self.human_review.on_error
        return None if on_error is None else OnError(on_error)

    @property
    def asks_before(self) -> bool:
        """Whether a pause opens before the node does anything."""
        return self.human_review.requires_confirmation

    @property
    def signature(self) -> str:
        """Kind and name, as `Step:fetch`: what the journal knows the node by."""
        return f"{self.kind}:{self.step_id or self.name}"

    def children(self) -> Iterable[Sequence[Node]]:
        """Return the lists of nodes inside, each of which runs in sequence."""
        return ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return a setting of `human_review` by the name of its flat keyword."""
            if name in FLAT_NAMES:
                return getattr(self.human_review, FLAT_NAMES[name])
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _refuse_what_does_not_fit(self) -> None:
        """Raise DefinitionError for a gate or policy that this kind of node could not honour."""
        where = f"{self.kind} {self.name!r}"
        for gate in self.human_review.asks:
            if gate not in self.gates:
                able = " and ".join(self.gates) or "nothing; give the gate to a node inside"
                raise DefinitionError(f"{where} can't honour {gate}: it can ask for {able}.")
        if self.on_reject is OnReject.else_branch and self.default_on_reject is not OnReject.else_branch:
            raise DefinitionError(f"{where}: on_reject='else' is for a Condition; use 'skip', 'cancel' or 'retry'.")
        if self.on_error is not None and not self.has_on_error:
            raise DefinitionError(f"{where} has no on_error of its own; give it to the steps inside.")


def keyed(nodes: Iterable[Node]) -> list[tuple[str, Node]]:
    """Return each node with its key among its siblings: `step_id` or name, a repeated one with `~2` and so on."""
    seen: dict[str, int] = {}
    result = []
    for node in nodes:
        key = (node.step_id or node.name).replace("/", "_").replace("~", "_")
        seen[key] = seen.get(key, 0) + 1
        result.append((key if seen[key] == 1 else f"{key}~{seen[key]}", node))
    return result
