"""A router: some of its choices, chosen by a function, by people, or proposed by the one and decided by the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kernbot.errors import DefinitionError
from kernbot.workflow.checks import as_node
from kernbot.workflow.node import Node
from kernbot.workflow.review import HumanReview, OnError, OnReject, OnTimeout, review_of
from kernbot.workflow.steps import Steps

if TYPE_CHECKING:
    from kernbot.workflow.fields import UserInputField
    from kernbot.workflow.types import StepOutput


class Router(Node):
    """Runs the choices that were selected, one after the other, in the order of the selection.

    `selector` is a function of the step input (and `run_context`, `step_choices`, if it takes them) that returns a
    choice, its name, a list of these, or None for no choice at all. With `requires_user_input` people select among all
    choices; what the selector returned is then a proposal. A list among the choices is one choice, a pipeline named
    `steps_group_<position>`, from 0. A confirmation is asked after the selector was called, and shows what it chose. A
    review is of what came out; `on_reject="retry"` has people select anew. If the selector raises, or names no choice,
    nothing runs and `on_error` says what happens.
    """

    kind = "Router"
    gates = ("requires_confirmation", "requires_user_input", "requires_output_review")
    has_on_error = True

    def __init__(
        self,
        choices: Sequence[Any],
        selector: Callable[..., Any] | None = None,
        name: str | None = None,
        description: str | None = None,
        *,
        step_id: str | None = None,
        human_review: HumanReview | None = None,
        requires_confirmation: bool | None = None,
        confirmation_message: str | None = None,
        requires_user_input: bool | None = None,
        user_input_message: str | None = None,
        user_input_schema: Sequence[UserInputField | dict[str, Any]] | None = None,
        allow_multiple_selections: bool | None = None,
        requires_output_review: bool | Callable[[StepOutput], bool] | None = None,
        output_review_message: str | None = None,
        hitl_max_retries: int | None = None,
        on_reject: OnReject | str | None = None,
        on_error: OnError | str | None = None,
        timeout: float | None = None,
        on_timeout: OnTimeout | str | None = None,
    ) -> None:
        flat = {
            "requires_confirmation": requires_confirmation,
            "confirmation_message": confirmation_message,
            "requires_user_input": requires_user_input,
            "user_input_message": user_input_message,
            "user_input_schema": user_input_schema,
            "allow_multiple_selections": allow_multiple_selections,
            "requires_output_review": requires_output_review,
            "output_review_message": output_review_message,
            "max_retries": hitl_max_retries,
            "on_reject": on_reject,
            "on_error": on_error,
            "timeout": timeout,
            "on_timeout": on_timeout,
        }
        review = review_of(human_review, flat)
        super().__init__(name or "Router", description=description, step_id=step_id, human_review=review)
        if selector is None and not review.requires_user_input:
            raise DefinitionError(f"Router {self.name!r} needs a selector, or requires_user_input: who chooses?")
        if selector is not None and not callable(selector):
            raise DefinitionError(f"Router {self.name!r}: selector must be a function, not {selector!r}.")
        self.selector = selector
        self.choices = tuple(_choice(item, number, f"Router {self.name!r}") for number, item in enumerate(choices))
        self._refuse_unclear_choices()

    def children(self) -> Iterable[Sequence[Node]]:
        """Return the choices."""
        return (self.choices,)

    def _refuse_unclear_choices(self) -> None:
        names = [choice.name for choice in self.choices]
        if not names:
            raise DefinitionError(f"Router {self.name!r} has no choices.")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise DefinitionError(
                f"Router {self.name!r} has several choices named {twice[0]!r}; give each its own name."
            )


def _choice(item: Any, number: int, where: str) -> Node:
    if isinstance(item, list | tuple):
        return Steps(name=f"steps_group_{number}", steps=list(item))
    return as_node(item, where)
