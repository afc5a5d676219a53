"""Open questions as the author's program sees them: views of stored pauses, and what was decided about them."""

from __future__ import annotations

import time
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
    def is_resolved(self) -> bool:
        """Whether everything that is asked has been decided; a reject decides all of it."""
        return self.answer is not None

    @property
    def is_timed_out(self) -> bool:
        """Whether the deadline has passed."""
        return self.timeout_at is not None and datetime.now(UTC) >= self.timeout_at

    def _decide(self, answer: Answer | None) -> None:
        """Note a decision, or that there is none yet."""
        self._check_is_open()
        self.answer = answer
        self.resolved_at = time.time() if answer else None

    def _check_is_open(self) -> None:
        if self.is_stored:
            given = self.answer and self.answer.action
            raise AnswerError(
                f"The question of step {self.step_name!r} has been answered already ({given}); "
                "load the run again and answer what is open now."
            )


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
    confirmed: bool | None = None
    """True or False once somebody said so."""
    user_input: dict[str, Any] | None = None
    """The values given."""

    @property
    def rejection_feedback(self) -> str | None:
        """The reason given with a reject."""
        return self.answer.feedback if self.answer else None

    @property
    def needs_confirmation(self) -> bool:
        """Whether a yes or no is still to be given."""
        return self.requires_confirmation and not self.is_resolved and not self.confirmed

    @property
    def needs_user_input(self) -> bool:
        """Whether values are still to be given; a schema of optional fields is listed too until it is submitted."""
        return self.requires_user_input and not self.is_resolved and self.user_input is None

    def confirm(self) -> None:
        """Say yes. AnswerError when no confirmation is asked."""
        if not self.requires_confirmation:
            raise AnswerError(
                f"Step {self.step_name!r} asks for no confirmation; it asks for values: set_user_input()."
            )
        self._check_is_open()
        self.confirmed = True
        self._decide(self._answer_so_far())

    def reject(self, feedback: str | None = None) -> None:
        """Say no, to whatever is asked; what follows is the step's `on_reject`."""
        self._check_is_open()
        self.confirmed = False
        self._decide(Answer(action=Action.reject, feedback=feedback))

    def set_user_input(self, /, **values: Any) -> None:
        """Give the values, all at once; AnswerError lists every problem, and then nothing has changed."""
        if not self.requires_user_input:
            raise AnswerError(
                f"Step {self.step_name!r} asks for no values; it asks for a yes or no: confirm() or reject()."
            )
        self._check_is_open()
        schema = self.user_input_schema or []
        self.user_input = checked_values(schema, values)
        self.user_input_schema = [replace(item, value=self.user_input.get(item.name)) for item in schema]
        self._decide(self._answer_so_far())

    def get_user_input(self, field_name: str) -> Any:
        """Return one of the values given, or None."""
        return (self.user_input or {}).get(field_name)

    def _answer_so_far(self) -> Answer | None:
        """Return the answer that the parts given make; None while one is missing, the reject while it stands."""
        if self.requires_confirmation and not self.confirmed:
            return self.answer
        if not self.requires_user_input:
            return Answer(action=Action.confirm)
        return None if self.user_input is None else Answer(action=Action.provide, values=self.user_input)


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
        return not self.is_resolved

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
        self._decide(Answer(action=action))
