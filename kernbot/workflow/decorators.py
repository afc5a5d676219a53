"""The `@pause` decorator: a function says itself what is asked before it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from kernbot.workflow.fields import UserInputField
from kernbot.workflow.review import HumanReview

_F = TypeVar("_F", bound=Callable[..., Any])
_ATTRIBUTE = "__kernbot_pause__"


def pause(
    *,
    name: str | None = None,
    requires_confirmation: bool = False,
    confirmation_message: str | None = None,
    requires_user_input: bool = False,
    user_input_message: str | None = None,
    user_input_schema: Sequence[UserInputField | dict[str, Any]] | None = None,
) -> Callable[[_F], _F]:
    """Mark a step function with what is asked of people before it runs.

    A Step that is made from the function takes these settings over, and `name` unless it has one of its own. Raises
    DefinitionError when the settings don't fit together.
    """
    settings: dict[str, Any] = {
        "requires_confirmation": requires_confirmation,
        "confirmation_message": confirmation_message,
        "requires_user_input": requires_user_input,
        "user_input_message": user_input_message,
        "user_input_schema": user_input_schema,
    }
    HumanReview(**settings)

    def mark(function: _F) -> _F:
        setattr(function, _ATTRIBUTE, {"name": name, **settings})
        return function

    return mark


def has_pause_metadata(function: Callable[..., Any]) -> bool:
    """Whether a function was marked by `@pause`."""
    return hasattr(function, _ATTRIBUTE)


def get_pause_metadata(function: Callable[..., Any] | None) -> dict[str, Any]:
    """Return the settings that `@pause` noted on a function; empty if it is not marked."""
    return dict(getattr(function, _ATTRIBUTE, {}))
