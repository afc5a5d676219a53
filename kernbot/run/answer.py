"""Answers: what resolves a pause, whoever gives it and through whatever door."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What is done with an open question."""

    confirm = "confirm"
    """Yes: run it, or take what came out."""
    reject = "reject"
    provide = "provide"
    """Give the values that were asked for; confirms too where both are asked."""
    select = "select"
    """Choose among the choices of a Router."""
    edit = "edit"
    """Take what came out, in other words."""
    supply = "supply"
    """Give the result of what was done elsewhere."""
    retry = "retry"
    skip = "skip"
    cancel = "cancel"
    """Cancel the run."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One decision."""

    action: Action
    values: dict[str, Any] = field(default_factory=dict)
    routes: tuple[str, ...] = ()
    """The names of the choices, in the order in which they are to run."""
    output: Any = None
    """What an edit puts in the place of the content under review; or the result that is supplied."""
    feedback: str | None = None
    """The reason that came with it."""

    def repeats(self, stored: Answer) -> bool:
        """Whether it says what was said before: then it is none the more, for programs that answer all over again."""
        return self == replace(stored, feedback=self.feedback) and self.feedback in (None, stored.feedback)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON; `values` and `output` must be JSON already."""
        return {**vars(self), "action": str(self.action), "routes": list(self.routes)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Answer:
        """Return what `to_dict` wrote."""
        return cls(**{**data, "action": Action(data["action"]), "routes": tuple(data.get("routes", ()))})
