"""What every open question has, as the author sees it: the pause that it is a view of, and the decision so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any, Self

from kernbot.errors import AnswerError
from kernbot.run.answer import Answer
from kernbot.workflow.dicts import (
    as_dict,
    fields_in,
    read,
    read_moment,
    read_past,
)


class PauseKind(StrEnum):
    """At which level a run is paused."""

    STEP = "step"
    EXECUTOR = "executor"


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

    def answer_to_store(self) -> Answer | None:
        """Return the decision as it goes to the ledger."""
        return self.answer

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, with the decision taken so far: under `answer`, and in parts under plain names."""
        return as_dict(self, **self._written())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was called on; it may be decided, and given to `continue_run`.

        Other keys are left out, and nothing is checked before a decision is stored: a question is what its pause says,
        whatever the dictionary makes of it. Without an `answer` a decision may stand in the dictionary under its plain
        names; of a step's question
            `confirmed`          True for yes (values that are asked for are needed beside it), False for no
            `rejection_feedback` the reason of a no
            `user_input`         the values, by name
            `selected_choices`   the names of a router's choices
            `edited_output`      what takes the place of a content under review; implies the yes
        and of a failure `decision`: `retry`, `skip` or `cancel`. It counts as taken at `resolved_at` (unix seconds), or
        now where that is missing or yet to come.

        Calls of tools are decided in `executor_requirements`, as `RunRequirement.from_dict` says.
        """
        item = cls(**fields_in(cls, data, **cls._readers()))
        if item.is_stored:
            return item
        if data.get("answer") is None:
            item._take_decision(data)
        elif item.answer is None:
            item._forget_decision()
        if item.answer is not None:
            item.resolved_at = read_past(item.resolved_at) or time.time()
        return item

    def _written(self) -> dict[str, Any]:
        """Return what is written in a way of its own."""
        return {"timeout_at": self.timeout_at and self.timeout_at.astimezone(UTC).isoformat()}

    @classmethod
    def _readers(cls) -> dict[str, Callable[[Any], Any]]:
        return {"timeout_at": read_moment, "answer": partial(read, Answer)}

    def _take_decision(self, data: Mapping[str, Any]) -> None:
        """Take a decision that stands in a dictionary under its plain names."""

    def _decide(self, answer: Answer | None) -> None:
        """Note a decision, or that there is none yet."""
        self._check_is_open()
        self.answer = answer
        self.resolved_at = time.time() if answer else None

    def _forget_decision(self) -> None:
        """Leave nothing of a decision that can't be read."""

    def note_what_was_set(self) -> None:
        """Take a decision that a program has set on the attributes itself, where no method was told one."""
        if self.answer is None and not self.is_stored:
            self._take_decision({})
            self.resolved_at = time.time() if self.answer else None

    def _says_again(self, answer: Answer) -> bool:
        """Whether this is what is stored; AnswerError if something else is."""
        if self.is_stored and self.answer and answer.repeats(self.answer):
            return True
        self._check_is_open()
        return False

    def _check_is_open(self) -> None:
        if self.is_stored:
            given = self.answer and self.answer.action
            raise AnswerError(
                f"The question of step {self.step_name!r} has been answered already ({given}); "
                "load the run again and answer what is open now."
            )
