"""Open questions as the author's program sees them: views of stored pauses, and what was decided about them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kernbot.errors import AnswerError
from kernbot.run.answer import Action, Answer
from kernbot.workflow.fields import UserInputField, checked_values

if TYPE_CHECKING:
    from kernbot.workflow.types import StepInput


class PauseKind(StrEnum):
    """At which level a run is paused."""

    STEP = "step"


@dataclass(kw_only=True)
class Requirement:
    """What every open question has: the pause that it is a view of, and the decision taken on it so far."""

    pause_id: str = ""
    step_id: str = ""
    step_name: str | None = None
    step_index: int | None = None
    """Position among the top-level steps, from 0."""
    timeout_at: datetime | None = None
    """The deadline, UTC."""
    answer: Answer | None = field(default=None, repr=False)
    """The decision; what counts is the first one that was stored for the pause."""
    resolved_at: float | None = field(default=None, repr=False)
    """When it was taken, in unix seconds: compared with the deadline."""
    is_stored: bool = field(default=False, repr=False)
    """Whether the decision is stored, so that it can't be changed any more."""

    @property
    def is_timed_out(self) -> bool:
        """Whether the deadline has passed."""
        return self.timeout_at is not None and datetime.now(UTC) >= self.timeout_at

    def decide(self, action: Action, values: dict[str, Any] | None = None, feedback: str | None = None) -> None:
        """Note a decision; AnswerError when one has been stored already."""
        if self.is_stored:
            given = self.answer and self.answer.action
            raise AnswerError(
                f"The question of step {self.step_name!r} has been answered already ({given}); "
                "load the run again and answer what is open now."
            )
        self.answer = Answer(action=action, values=values or {}, feedback=feedback)
        self.resolved_at = time.time()


@dataclass(kw_only=True)
class StepRequirement(Requirement):
    """A question about a node: may it run, and with which values."""

    step_type: str | None = None
    requires_confirmation: bool = False
    confirmation_message: str | None = None
    on_reject: str = "cancel"
    requires_user_input: bool = False
    user_input_message: str | None = None
    user_input_schema: list[UserInputField] | None = None
    on_timeout: str = "cancel"
    step_input: StepInput | None = field(default=None, repr=False)

    @property
    def confirmed(self) -> bool | None:
        """True or False once decided."""
        if self.answer is None or not self.requires_confirmation:
            return None
        return self.answer.action in (Action.confirm, Action.provide)

    @property
    def user_input(self) -> dict[str, Any] | None:
        """The values given, or None."""
        return self.answer.values if self.answer and self.answer.action is Action.provide else None

    @property
    def rejection_feedback(self) -> str | None:
        """The reason given with a reject."""
        return self.answer.feedback if self.answer else None

    @property
    def is_resolved(self) -> bool:
        """Whether everything that is asked has been decided; a reject decides all of it."""
        if self.answer is None:
            return False
        return not (self.requires_user_input and self.answer.action is Action.confirm)

    @property
    def needs_confirmation(self) -> bool:
        """Whether a yes or no is still to be given."""
        return self.requires_confirmation and self.answer is None

    @property
    def needs_user_input(self) -> bool:
        """Whether values are still to be given; a schema of optional fields is listed too until it is submitted."""
        return self.requires_user_input and not self.is_resolved

    def confirm(self) -> None:
        """Say yes. AnswerError when no confirmation is asked."""
        if not self.requires_confirmation:
            raise AnswerError(
                f"Step {self.step_name!r} asks for no confirmation; it asks for values: set_user_input()."
            )
        if self.answer and self.answer.action is Action.provide:
            return
        self.decide(Action.confirm)

    def reject(self, feedback: str | None = None) -> None:
        """Say no, to whatever is asked; what follows is the step's `on_reject`."""
        self.decide(Action.reject, feedback=feedback)

    def set_user_input(self, **values: Any) -> None:
        """Give the values, all at once; AnswerError lists every problem, and then nothing has changed."""
        if not self.requires_user_input:
            raise AnswerError(
                f"Step {self.step_name!r} asks for no values; it asks for a yes or no: confirm() or reject()."
            )
        complete = checked_values(self.user_input_schema or (), values)
        self.decide(Action.provide, values=complete)
        self.user_input_schema = [replace(item, value=complete.get(item.name)) for item in self.user_input_schema or ()]

    def get_user_input(self, field_name: str) -> Any:
        """Return one of the values given, or None."""
        return (self.user_input or {}).get(field_name)


@dataclass(kw_only=True)
class ErrorRequirement(Requirement):
    """A question about a node that failed, or that may have run already when its process died."""

    error_type: str = ""
    error_message: str = ""
    retry_count: int = 0
    """How often people have had it retried so far."""
    actions: tuple[Action, ...] = (Action.retry, Action.skip)
    """What may be answered; cancelling the run is always possible."""

    @property
    def decision(self) -> str | None:
        """`retry`, `skip` or None."""
        return str(self.answer.action) if self.answer else None

    @property
    def needs_decision(self) -> bool:
        """Whether it is undecided."""
        return self.answer is None

    @property
    def is_resolved(self) -> bool:
        """Whether it is decided."""
        return self.answer is not None

    def retry(self) -> None:
        """Have the step run again."""
        self._choose(Action.retry)

    def skip(self) -> None:
        """Go on without the step."""
        self._choose(Action.skip)

    def _choose(self, action: Action) -> None:
        if action not in self.actions:
            allowed = " or ".join(f"{name}()" for name in self.actions)
            raise AnswerError(
                f"Step {self.step_name!r} cannot be answered with {action}(): {self.error_message} Use {allowed}."
            )
        self.decide(action)


def undecided(requirements: Iterable[StepRequirement | ErrorRequirement]) -> list[str]:
    """Return the names of the steps whose question is not decided."""
    return [item.step_name or item.step_id for item in requirements if not item.is_resolved]
