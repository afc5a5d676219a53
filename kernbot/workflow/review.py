"""What may be asked of people, and what follows from their answer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from kernbot.errors import DefinitionError
from kernbot.workflow.fields import UserInputField

if TYPE_CHECKING:
    from kernbot.workflow.types import StepOutput

_E = TypeVar("_E", bound=StrEnum)


class OnReject(StrEnum):
    """What a person's reject does. It never runs what was gated."""

    skip = "skip"
    """Skip the step; the run goes on."""
    cancel = "cancel"
    """Cancel the run."""
    else_branch = "else"
    """Run the `else_steps` of a Condition."""
    retry = "retry"
    """Of a review: have it done again, with the feedback. Before a node runs: ask again. Up to `max_retries` times."""


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


class OnCrash(StrEnum):
    """What happens to a step that was in flight when its process died."""

    ask = "ask"
    """People are asked, as it may have run already: the rule behind a gate."""
    repeat = "repeat"
    """It runs again with the same idempotency key: the rule where no gate stands before it."""


class AskReason(StrEnum):
    """For which answers people must give a reason."""

    never = "never"
    """No reason is asked for, even where one could be used."""
    reject = "reject"
    """For a no."""
    always = "always"
    """For a no and for a yes."""


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

    `timeout` is in seconds from the moment the question is asked. Without it there is no deadline. Which node can ask
    what is checked when the node is made.
    """

    requires_confirmation: bool = False
    confirmation_message: str | None = None
    requires_user_input: bool = False
    """Of a Step: the values of `user_input_schema`, any where there is none. Of a Router: which choices to run."""
    user_input_message: str | None = None
    user_input_schema: Sequence[UserInputField | Mapping[str, Any]] | None = None
    allow_multiple_selections: bool = False
    requires_output_review: bool | Callable[[StepOutput], bool] = False
    """Or a function of the output that says whether people are to review it; one that raises means yes."""
    output_review_message: str | None = None
    requires_iteration_review: bool = False
    iteration_review_message: str | None = None
    on_reject: OnReject | str | None = None
    """None: `skip`, for a Condition `else`."""
    on_error: OnError | str | None = None
    """None: what the Condition around it says, else `skip`."""
    max_retries: int = 3
    """How often people may have it retried by a reject; 0 means never."""
    timeout: float | None = None
    on_timeout: OnTimeout | str = OnTimeout.cancel
    reason: AskReason | str | None = None
    """None: one may be given with a no that reaches who can make use of it."""
    reasons: Sequence[str] = ()
    """Reasons to choose from, up to nine, in the place of words of one's own; those can still be added."""
    approve_label: str | None = None
    """What a yes is called on its button, in up to 30 characters."""
    reject_label: str | None = None
    """What a no is called."""
    irreversible: bool = False
    """Whether people are asked back before a yes, and before a retry."""
    approvers: Sequence[str] | None = None
    """In a bot, the ids of those who alone may answer here (people or groups); None: what its workflow says."""
    requester_may_approve: bool | None = None
    """In a bot, whether one of them who asked for the run may answer too; None: what the workflow says."""
    accept_changes: bool = False
    """Whether an answer counts though the code that it is about has changed since people were asked."""
    fields: tuple[UserInputField, ...] = field(init=False, repr=False, compare=False)
    """The schema, each field checked."""

    def __post_init__(self) -> None:
        if self.on_reject is not None:
            self.on_reject = as_enum(OnReject, self.on_reject, "on_reject")
        if self.on_error is not None:
            self.on_error = as_enum(OnError, self.on_error, "on_error")
        self.on_timeout = as_enum(OnTimeout, self.on_timeout, "on_timeout")
        self._check_gates()
        self._check_wording()
        if self.timeout is not None and not _is_time_span(self.timeout):
            raise DefinitionError(
                f"timeout is {self.timeout!r}; it must be a number of seconds above 0, at most a century, or None."
            )
        if isinstance(self.max_retries, bool) or not isinstance(self.max_retries, int) or self.max_retries < 0:
            raise DefinitionError(f"max_retries is {self.max_retries!r}; it must be 0 or more.")
        if self.approvers is not None:
            self.approvers = tuple(checked_ids(self.approvers, "approvers"))
        if self.requires_output_review and self.requires_iteration_review:
            raise DefinitionError("requires_output_review and requires_iteration_review exclude each other.")
        self.fields = tuple(copy.deepcopy(UserInputField.of(item)) for item in self.user_input_schema or ())
        names = [item.name for item in self.fields]
        if len(set(names)) < len(names):
            raise DefinitionError(f"user_input_schema names a field twice: {', '.join(names)}.")

    def _check_gates(self) -> None:
        for name in GATES:
            value = getattr(self, name)
            if isinstance(value, bool) or (name == "requires_output_review" and callable(value)):
                continue
            also = ", or a function of the output" if name == "requires_output_review" else ""
            raise DefinitionError(f"{name} is {value!r}; it must be True or False{also}.")

    def _check_wording(self) -> None:
        if self.reason is not None:
            self.reason = as_enum(AskReason, self.reason, "reason")
        for name in ("approve_label", "reject_label"):
            label = getattr(self, name)
            if label is not None and not _is_text(label, _LONGEST_LABEL):
                raise DefinitionError(f"{name} is {label!r}; it must be a text of up to {_LONGEST_LABEL} characters.")
        self.reasons = tuple(self.reasons) if not isinstance(self.reasons, str) else (self.reasons,)
        if not all(_is_text(reason, _LONGEST_REASON) for reason in self.reasons):
            raise DefinitionError(f"reasons must be texts of up to {_LONGEST_REASON} characters, not {self.reasons!r}.")
        if len(set(self.reasons)) < len(self.reasons) or len(self.reasons) > _MOST_REASONS:
            raise DefinitionError(f"reasons must be up to {_MOST_REASONS}, each another one, not {self.reasons!r}.")
        if self.reasons and self.reason not in (AskReason.reject, AskReason.always):
            raise DefinitionError("reasons are for reason='reject' or reason='always'; set one of them.")
        for name in ("irreversible", "accept_changes"):
            if not isinstance(getattr(self, name), bool):
                raise DefinitionError(f"{name} is {getattr(self, name)!r}; it must be True or False.")

    @property
    def asks(self) -> list[str]:
        """The names of the gates that are set."""
        return [name for name in GATES if getattr(self, name)]


_WORDING = ("reason", "reasons", "approve_label", "reject_label", "irreversible", "accept_changes")
_ONLY_IN_REVIEW = ("fields", "max_retries", "on_error", "approvers", "requester_may_approve", *_WORDING)

FLAT_NAMES = {item.name: item.name for item in fields(HumanReview) if item.name not in _ONLY_IN_REVIEW} | {
    "hitl_max_retries": "max_retries",
    "hitl_timeout": "timeout",
}
"""The keywords by which nodes take these settings, and by which they can be read from a node."""

GATES = ("requires_confirmation", "requires_user_input", "requires_output_review", "requires_iteration_review")
_LONGEST_LABEL = 30
_LONGEST_REASON = 75
_MOST_REASONS = 9
_CENTURY = 100 * 365 * 86_400.0


def _is_text(value: object, at_most: int) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= at_most


def checked_ids(ids: object, where: str) -> Sequence[str]:
    """Return ids of people and groups, each once; DefinitionError unless it is a list of texts, with at least one."""
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        raise DefinitionError(f"{where} is {ids!r}; it must be a list of ids, such as ['U…', '@group'].")
    listed = list(ids)
    if wrong := [item for item in listed if not isinstance(item, str) or not item.strip("@ ")]:
        raise DefinitionError(f"{where} names {wrong[0]!r}, which is no id of a person or a group.")
    if not listed:
        raise DefinitionError(f"{where} is an empty list, so nobody could; name somebody, or leave it out.")
    return list(dict.fromkeys(listed))


def _is_time_span(seconds: object) -> bool:
    return isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds <= _CENTURY


def review_of(
    human_review: HumanReview | None, flat: Mapping[str, Any], decorated: Mapping[str, Any] | None = None
) -> HumanReview:
    """Return the review settings of a node: `human_review` if given, else flat keywords over those of `@pause`.

    A flat keyword counts as given when it is not None. DefinitionError if `human_review` is no HumanReview.
    """
    if human_review is not None and not isinstance(human_review, HumanReview):
        raise DefinitionError(f"human_review is {human_review!r}; it must be a HumanReview.")
    if human_review is not None:
        return human_review
    given = {name: value for name, value in flat.items() if value is not None}
    return HumanReview(**{**(decorated or {}), **given})
