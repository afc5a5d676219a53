"""What may be asked of people, and what follows from their answer."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from kernbot.errors import DefinitionError
from kernbot.workflow.fields import UserInputField

_E = TypeVar("_E", bound=StrEnum)


class OnReject(StrEnum):
    """What a person's reject does. It never runs what was gated."""

    skip = "skip"
    """Skip the step; the run goes on."""
    cancel = "cancel"
    """Cancel the run."""
    else_branch = "else"
    """Run the `else_steps` of a Condition."""


class OnTimeout(StrEnum):
    """What happens at the deadline when nobody has answered."""

    approve = "approve"
    skip = "skip"
    cancel = "cancel"
    reject = "reject"
    """What a person's reject would do."""


class OnError(StrEnum):
    """What happens when a step still fails after its retries."""

    fail = "fail"
    """The run ends in ERROR."""
    skip = "skip"
    """The run goes on without the step's output."""
    pause = "pause"
    """People are asked: retry, skip, or cancel the run."""


def as_enum(kind: type[_E], value: _E | str, where: str) -> _E:
    """Return the member for a value, or raise DefinitionError with the values that are allowed."""
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(repr(str(member)) for member in kind)
        raise DefinitionError(f"{where} is {value!r}; it must be one of {allowed}.") from None


@dataclass(kw_only=True)
class HumanReview:
    """All that a node may ask of people, in one object; it wins over flat keywords and `@pause`.

    `timeout` is in seconds from the moment the question is asked. Without it there is no deadline.
    """

    requires_confirmation: bool = False
    confirmation_message: str | None = None
    requires_user_input: bool = False
    user_input_message: str | None = None
    user_input_schema: Sequence[UserInputField | Mapping[str, Any]] | None = None
    on_reject: OnReject | str | None = None
    """None: `skip`, for a Condition `else`."""
    on_error: OnError | str = OnError.skip
    timeout: float | None = None
    on_timeout: OnTimeout | str = OnTimeout.cancel
    fields: tuple[UserInputField, ...] = field(init=False, repr=False, compare=False)
    """The schema, each field checked."""

    def __post_init__(self) -> None:
        if self.on_reject is not None:
            self.on_reject = as_enum(OnReject, self.on_reject, "on_reject")
        self.on_error = as_enum(OnError, self.on_error, "on_error")
        self.on_timeout = as_enum(OnTimeout, self.on_timeout, "on_timeout")
        if self.timeout is not None and not self.timeout > 0:
            raise DefinitionError(f"timeout is {self.timeout!r}; it must be a number of seconds above 0, or None.")
        self.fields = tuple(copy.deepcopy(UserInputField.of(item)) for item in self.user_input_schema or ())
        if self.requires_user_input and not self.fields:
            raise DefinitionError("requires_user_input needs a user_input_schema with at least one field.")
        names = [item.name for item in self.fields]
        if len(set(names)) < len(names):
            raise DefinitionError(f"user_input_schema names a field twice: {', '.join(names)}.")

    @property
    def asks_before(self) -> bool:
        """Whether a pause opens before the node runs."""
        return self.requires_confirmation or self.requires_user_input


def review_of(
    human_review: HumanReview | None, flat: Mapping[str, Any], decorated: Mapping[str, Any] | None = None
) -> HumanReview:
    """Return the review settings of a node: `human_review` if given, else flat keywords over those of `@pause`.

    A flat keyword counts as given when it is not None.
    """
    if human_review is not None:
        return human_review
    given = {name: value for name, value in flat.items() if value is not None}
    return HumanReview(**{**(decorated or {}), **given})
