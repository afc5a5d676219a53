"""Nodes that run at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kernbot.errors import DefinitionError
from kernbot.workflow.checks import as_nodes
from kernbot.workflow.node import Node, StepLike
from kernbot.workflow.review import HumanReview, review_of


class Parallel(Node):
    """Runs its steps at the same time, each seeing what was there before.

    The first argument may be the name. A Parallel itself asks nothing, but the nodes inside may: then several questions
    are open at once, and each branch goes on with its own answer. The next step sees what the last listed branch left.
    """

    kind = "Parallel"

    def __init__(
        self,
        *steps: StepLike | str,
        name: str | None = None,
        description: str | None = None,
        step_id: str | None = None,
        human_review: HumanReview | None = None,
    ) -> None:
        if steps and isinstance(steps[0], str):
            name, steps = name or steps[0], steps[1:]
        review = review_of(human_review, {})
        super().__init__(name or "Parallel", description=description, step_id=step_id, human_review=review)
        branches = [step for step in steps if not isinstance(step, str)]
        if len(branches) < len(steps):
            raise DefinitionError(f"Parallel {self.name!r}: only the first argument may be a name; the rest are steps.")
        self.steps = as_nodes(branches, f"Parallel {self.name!r}")

    def children(self) -> Iterable[Sequence[Node]]:
        """Return the one list of nodes inside."""
        return (self.steps,)
