"""A loop: nodes that run in sequence again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kernbot.errors import DefinitionError
from kernbot.workflow.checks import as_nodes
from kernbot.workflow.node import Node, StepLike
from kernbot.workflow.review import HumanReview, OnReject, OnTimeout, review_of

if TYPE_CHECKING:
    from kernbot.workflow.types import StepOutput


class Loop(Node):
    """Runs its steps up to `max_iterations` times.

    `end_condition` gets the list of an iteration's outputs and ends the loop by returning True; it may be a coroutine
    function, and one that raises ends nothing. With `forward_iteration_output` an iteration sees what the one before it
    left; otherwise each sees what was there before the loop.

    It may ask for a confirmation before the first iteration; and for a review, of each iteration that isn't the last
    possible one (a yes ends the loop) or of what came out in the end. `on_reject="retry"` asks for one more iteration,
    whose steps find the feedback as `rejection_feedback` in their `additional_data`.
    """

    kind = "Loop"
    gates = ("requires_confirmation", "requires_output_review", "requires_iteration_review")

    def __init__(
        self,
        steps: Sequence[StepLike],
        name: str | None = None,
        description: str | None = None,
        max_iterations: int = 3,
        end_condition: Callable[..., Any] | None = None,
        *,
        forward_iteration_output: bool = False,
        step_id: str | None = None,
        human_review: HumanReview | None = None,
        requires_confirmation: bool | None = None,
        confirmation_message: str | None = None,
        requires_iteration_review: bool | None = None,
        iteration_review_message: str | None = None,
        requires_output_review: bool | Callable[[StepOutput], bool] | None = None,
        output_review_message: str | None = None,
        hitl_max_retries: int | None = None,
        on_reject: OnReject | str | None = None,
        timeout: float | None = None,
        on_timeout: OnTimeout | str | None = None,
    ) -> None:
        flat = {
            "requires_confirmation": requires_confirmation,
            "confirmation_message": confirmation_message,
            "requires_iteration_review": requires_iteration_review,
            "iteration_review_message": iteration_review_message,
            "requires_output_review": requires_output_review,
            "output_review_message": output_review_message,
            "max_retries": hitl_max_retries,
            "on_reject": on_reject,
            "timeout": timeout,
            "on_timeout": on_timeout,
        }
        review = review_of(human_review, flat)
        super().__init__(name or "Loop", description=description, step_id=step_id, human_review=review)
        if isinstance(max_iterations, bool) or not isinstance(max_iterations, int) or max_iterations < 1:
            raise DefinitionError(f"Loop {self.name!r}: max_iterations is {max_iterations!r}; it must be 1 or more.")
        if end_condition is not None and not callable(end_condition):
            raise DefinitionError(f"Loop {self.name!r}: end_condition must be a function, not {end_condition!r}.")
        self.steps = as_nodes(steps, f"Loop {self.name!r}")
        self.max_iterations = max_iterations
        self.end_condition = end_condition
        self.forward_iteration_output = forward_iteration_output

    def children(self) -> Iterable[Sequence[Node]]:
        """Return the one list of nodes inside."""
        return (self.steps,)
