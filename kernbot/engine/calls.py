"""Calling an author's functions: with what they take, and never in the way of an event loop."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kernbot.run.context import RunContext
from kernbot.workflow.types import StepOutput


async def call(function: Callable[..., Any], argument: Any, context: RunContext, *, inline: bool) -> Any:
    """Call a function of one argument; it gets `run_context` and `session_state` if it has parameters of these names.

    A plain function runs in a worker thread, or in this one if `inline`. Raises RuntimeError where the function would
    end more than its step: by `sys.exit()` in a worker thread, or as something it waited for was cancelled.
    """
    try:
        return await _call(function, argument, context, inline=inline)
    except asyncio.CancelledError as cancelled:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise RuntimeError("Something that it waited for was cancelled.") from cancelled
    except SystemExit as left:
        if inline:
            raise
        raise RuntimeError(f"It called sys.exit({left.code!r}).") from left


async def _call(function: Callable[..., Any], argument: Any, context: RunContext, *, inline: bool) -> Any:
    offered: dict[str, Any] = {"run_context": context, "session_state": context.session_state}
    taken = inspect.signature(function).parameters
    extra = {name: value for name, value in offered.items() if name in taken}
    if inspect.iscoroutinefunction(function):
        return await function(argument, **extra)
    if inline:
        result = function(argument, **extra)
    else:
        work = functools.partial(contextvars.copy_context().run, function, argument, **extra)
        result = await asyncio.get_running_loop().run_in_executor(_workers(), work)
    return await result if inspect.isawaitable(result) else result


@functools.cache
def _workers() -> ThreadPoolExecutor:
    """Return threads of our own: slow steps must not keep the event loop's own few from its address look-ups."""
    return ThreadPoolExecutor(max_workers=64, thread_name_prefix="kernbot-step")


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
