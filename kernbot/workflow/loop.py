"""A loop: nodes that run in sequence again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kernbot.errors import DefinitionError
from kernbot.workflow.checks import as_nodes, refuse_settings_of_a_step
from kernbot.workflow.node import Node
from kernbot.workflow.review import HumanReview, OnReject, OnTimeout, review_of


class Loop(Node):
    """Runs its steps up to `max_iterations` times; may ask for a confirmation before the first.

    `end_condition` gets the list of an iteration's outputs and ends the loop by returning True; it may be a coroutine
    function, and one that raises ends nothing. With `forward_iteration_output` an iteration sees what the one before it
    left; otherwise each sees what was there before the loop.
    """

    kind = "Loop"

    def __init__(
        self,
        steps: Sequence[Node | Callable[..., Any]],
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
        super().__init__(name or "Loop", description=description, step_id=step_id, human_review=review)
        refuse_settings_of_a_step(self)
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
