"""A pipeline: several nodes that run in sequence as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kernbot.workflow.checks import as_nodes
from kernbot.workflow.node import Node, StepLike
from kernbot.workflow.review import HumanReview, OnReject, OnTimeout, review_of


class Steps(Node):
    """Runs its steps one after the other; may ask for a confirmation before the first."""

    kind = "Steps"
    gates = ("requires_confirmation",)

    def __init__(
        self,
        name: str | None = None,
        description: str | None = None,
        steps: Sequence[StepLike] | None = None,
        *,
        step_id: str | None = None,
        human_review: HumanReview | None = None,
        requires_confirmation: bool | None = None,
        confirmation_message: str | None = None,
        on_reject: OnReject | str | None = None,
        timeout: float | None = None,
        on_timeout: OnTimeout | str | None = None,
    ) -> None:
        flat = {
            "requires_confirmation": requires_confirmation,
            "confirmation_message": confirmation_message,
            "on_reject": on_reject,
            "timeout": timeout,
            "on_timeout": on_timeout,
        }
        review = review_of(human_review, flat)
        super().__init__(name or "Steps", description=description, step_id=step_id, human_review=review)
        self.steps = as_nodes(steps or (), f"Steps {self.name!r}")

    def children(self) -> Iterable[Sequence[Node]]:
        """Return the one list of nodes inside."""
        return (self.steps,)
