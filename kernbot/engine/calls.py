"""Calling an author's functions: with what they take, and never in the way of an event loop."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from kernbot.run.context import RunContext
from kernbot.workflow.types import StepInput, StepOutput


async def call(function: Callable[..., Any], step_input: StepInput, context: RunContext, *, inline: bool) -> Any:
    """Call a function of the step input; it gets `run_context` and `session_state` if it has parameters of these names.

    A plain function runs in a worker thread, or in this one if `inline`.
    """
    offered: dict[str, Any] = {"run_context": context, "session_state": context.session_state}
    taken = inspect.signature(function).parameters
    extra = {name: value for name, value in offered.items() if name in taken}
    if inspect.iscoroutinefunction(function):
        return await function(step_input, **extra)
    if inline:
        result = function(step_input, **extra)
    else:
        result = await asyncio.to_thread(function, step_input, **extra)
    return await result if inspect.isawaitable(result) else result


def as_output(result: Any) -> StepOutput:
    """Return what a step function returned as an output; anything that is no StepOutput is its content."""
    if isinstance(result, StepOutput):
        return result
    return StepOutput(content=result)


def as_bool(result: Any, name: str) -> bool:
    """Return what an evaluator returned; anything but True or False counts as False, with a warning."""
    if isinstance(result, bool):
        return result
    warnings.warn(
        f"The evaluator of Condition {name!r} returned {result!r}, no bool; it counts as False.", stacklevel=2
    )
    return False
