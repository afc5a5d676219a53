"""A step: one function, and what is asked before it runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from kernbot.errors import DefinitionError
from kernbot.workflow.decorators import get_pause_metadata
from kernbot.workflow.fields import UserInputField
from kernbot.workflow.node import Node
from kernbot.workflow.review import HumanReview, OnError, OnReject, OnTimeout, review_of

DEFAULT_RETRIES = 3
_INJECTED = ("run_context", "session_state")


class Step(Node):
    """Calls `executor(step_input)` and stores what it returns.

    A function may also take `run_context` (a RunContext) and `session_state` (a dict). It may be a coroutine function;
    a plain one never blocks an event loop. It is retried up to `max_retries` times when it raises (after 0.5 s, doubled
    each time, at most 8 s); a step that a person had to approve is tried once per approval, unless `max_retries` is
    given. What is asked of people may be given flat, by `human_review`, which wins, or by `@pause` on the function.
    """

    kind = "Step"

    def __init__(
        self,
        name: str | None = None,
        executor: Callable[..., Any] | None = None,
        *,
        description: str | None = None,
        step_id: str | None = None,
        max_retries: int | None = None,
        human_review: HumanReview | None = None,
        requires_confirmation: bool | None = None,
        confirmation_message: str | None = None,
        requires_user_input: bool | None = None,
        user_input_message: str | None = None,
        user_input_schema: Sequence[UserInputField | dict[str, Any]] | None = None,
        on_reject: OnReject | str | None = None,
        on_error: OnError | str | None = None,
        timeout: float | None = None,
        hitl_timeout: float | None = None,
        on_timeout: OnTimeout | str | None = None,
    ) -> None:
        flat = {
            "requires_confirmation": requires_confirmation,
            "confirmation_message": confirmation_message,
            "requires_user_input": requires_user_input,
            "user_input_message": user_input_message,
            "user_input_schema": user_input_schema,
            "on_reject": on_reject,
            "on_error": on_error,
            "timeout": hitl_timeout if timeout is None else timeout,
            "on_timeout": on_timeout,
        }
        executor = _checked_executor(name, executor)
        decorated = get_pause_metadata(executor)
        own_name = decorated.pop("name", None)
        super().__init__(
            name or own_name or getattr(executor, "__name__", ""),
            description=description,
            step_id=step_id,
            human_review=review_of(human_review, flat, decorated),
        )
        if self.on_reject is OnReject.else_branch:
            raise DefinitionError(f"Step {self.name!r}: on_reject='else' is for a Condition; use 'skip' or 'cancel'.")
        if max_retries is not None and max_retries < 0:
            raise DefinitionError(f"Step {self.name!r}: max_retries is {max_retries}; it must be 0 or more.")
        self.executor = executor
        self.max_retries = DEFAULT_RETRIES if max_retries is None else max_retries
        self.retries_were_asked_for = max_retries is not None
        """Whether the author set `max_retries`, so that it holds behind a gate too."""


def _checked_executor(name: str | None, executor: Callable[..., Any] | None) -> Callable[..., Any]:
    where = f"Step {name!r}" if name else "A Step"
    if not callable(executor):
        raise DefinitionError(f"{where} needs an executor, a function that takes a StepInput; it has {executor!r}.")
    if inspect.isgeneratorfunction(executor) or inspect.isasyncgenfunction(executor):
        raise DefinitionError(f"{where}: the executor is a generator; return the whole value instead.")
    try:
        signature = inspect.signature(executor)
        signature.bind(None, **dict.fromkeys(name for name in _INJECTED if name in signature.parameters))
    except (TypeError, ValueError) as error:
        raise DefinitionError(
            f"{where}: the executor must take (step_input), and may take run_context and session_state: {error}."
        ) from None
    return executor
