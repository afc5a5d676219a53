"""Answers: what resolves a pause, whoever gives it and through whatever door."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What is done with an open question."""

    confirm = "confirm"
    reject = "reject"
    provide = "provide"
    """Give the values that were asked for; confirms too where both are asked."""
    retry = "retry"
    skip = "skip"
    cancel = "cancel"
    """Cancel the run."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One decision."""

    action: Action
    values: dict[str, Any] = field(default_factory=dict)
    feedback: str | None = None
    """The reason that came with it."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON; `values` must be JSON already."""
        return {"action": str(self.action), "values": self.values, "feedback": self.feedback}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Answer:
        """Return what `to_dict` wrote."""
        return cls(action=Action(data["action"]), values=data["values"], feedback=data["feedback"])
