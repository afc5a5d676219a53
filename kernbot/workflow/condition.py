"""A condition: one of two branches, chosen by a function and, if asked, by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kernbot.errors import DefinitionError
from kernbot.workflow.checks import as_nodes
from kernbot.workflow.node import Node, StepLike
from kernbot.workflow.review import HumanReview, OnError, OnReject, OnTimeout, review_of


class Condition(Node):
    """Runs `steps` if the evaluator says so, else `else_steps`.

    The evaluator is a bool or a function of the step input (and `run_context`, if it takes one) that returns a bool. A
    confirmation is asked before it is called; a reject runs `else_steps` unless `on_reject` says otherwise. `on_error`
    says what happens when the evaluator raises, and then neither branch runs; and it holds for the steps inside that
    have none of their own.
    """

    kind = "Condition"
    default_on_reject = OnReject.else_branch
    gates = ("requires_confirmation",)
    has_on_error = True

    def __init__(
        self,
        steps: Sequence[StepLike],
        evaluator: bool | Callable[..., Any] = True,
        else_steps: Sequence[StepLike] | None = None,
        name: str | None = None,
        description: str | None = None,
        *,
        step_id: str | None = None,
        human_review: HumanReview | None = None,
        requires_confirmation: bool | None = None,
        confirmation_message: str | None = None,
        on_reject: OnReject | str | None = None,
        on_error: OnError | str | None = None,
        timeout: float | None = None,
        on_timeout: OnTimeout | str | None = None,
    ) -> None:
        flat = {
            "requires_confirmation": requires_confirmation,
            "confirmation_message": confirmation_message,
            "on_reject": on_reject,
            "on_error": on_error,
            "timeout": timeout,
            "on_timeout": on_timeout,
        }
        review = review_of(human_review, flat)
        super().__init__(name or "Condition", description=description, step_id=step_id, human_review=review)
        if not isinstance(evaluator, bool) and not callable(evaluator):
            raise DefinitionError(
                f"Condition {self.name!r}: evaluator must be a bool or a function, not {evaluator!r}."
            )
        self.evaluator = evaluator
        self.steps = as_nodes(steps, f"Condition {self.name!r}")
        self.else_steps = as_nodes(else_steps or (), f"Condition {self.name!r}")

    def children(self) -> Iterable[Sequence[Node]]:
        """Return both branches."""
        return (self.steps, self.else_steps)
