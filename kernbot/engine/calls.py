"""Calling an author's functions: with what they take, and never in the way of an event loop."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import warnings
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from dataclasses import replace
from typing import Any

from kernbot.errors import UsageError
from kernbot.run.agent import RunOutput
from kernbot.run.context import RunContext
from kernbot.workflow.types import StepOutput


async def call(function: Callable[..., Any], context: RunContext, *, inline: bool, **offered: Any) -> Any:
    """Call a function whose own arguments are bound; it gets what is offered, if it has parameters of these names.

    `run_context` and `session_state` are always offered. A plain function runs in a worker thread, or in this one if
    `inline`. What a generator yields becomes one value. Raises RuntimeError where the function would end more than its
    step: by `sys.exit()` in a worker thread, or as something it waited for was cancelled.
    """
    offered |= {"run_context": context, "session_state": context.session_state}
    taken = inspect.signature(function).parameters
    extra = {name: value for name, value in offered.items() if name in taken}
    try:
        return await _call(function, extra, inline=inline)
    except asyncio.CancelledError as cancelled:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise RuntimeError("Something that it waited for was cancelled.") from cancelled
    except SystemExit as left:
        if inline:
            raise
        raise RuntimeError(f"It called sys.exit({left.code!r}).") from left


async def _call(function: Callable[..., Any], extra: Mapping[str, Any], *, inline: bool) -> Any:
    work = functools.partial(_call_plain, function, extra)
    if inline or inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        result = work()
    else:
        context = contextvars.copy_context()
        result = await asyncio.get_running_loop().run_in_executor(_workers(), context.run, work)
    if inspect.isawaitable(result):
        result = await result
    return _as_one(await _yielded_async(result)) if inspect.isasyncgen(result) else result


def _call_plain(function: Callable[..., Any], extra: Mapping[str, Any]) -> Any:
    result = function(**extra)
    return _as_one(_yielded(result)) if inspect.isgenerator(result) else result


def _yielded(generator: Generator[Any, Any, Any]) -> list[Any]:
    """Return what a generator yields, up to its first StepOutput; what comes after that is not run."""
    values = []
    with closing(generator):
        for value in generator:
            values.append(value)
            if isinstance(value, StepOutput):
                break
    return values


async def _yielded_async(generator: AsyncGenerator[Any, Any]) -> list[Any]:
    values = []
    async with aclosing(generator):
        async for value in generator:
            values.append(value)
            if isinstance(value, StepOutput):
                break
    return values


def _as_one(values: list[Any]) -> Any:
    """Return yielded values as one: the StepOutput that ended them, with the text before it if it has no content."""
    if not values or not isinstance(values[-1], StepOutput):
        return _joined(values)
    *before, output = values
    return output if output.content is not None else replace(output, content=_joined(before))


def _joined(values: list[Any]) -> Any:
    """Return a single value as it is, several as one text, and None if there is nothing."""
    given = [value for value in values if value is not None]
    return "".join(map(str, given)) if len(given) > 1 else next(iter(given), None)


@functools.cache
def _workers() -> ThreadPoolExecutor:
    """Return threads of our own: slow steps must not keep the event loop's own few from its address look-ups."""
    return ThreadPoolExecutor(max_workers=64, thread_name_prefix="kernbot-step")


def as_output(result: Any) -> StepOutput:
    """Return what a step function returned as an output; anything else is its content, of an agent's run its content.

    Raises UsageError for a run of an agent that waits for people: nobody would ask them.
    """
    if isinstance(result, StepOutput):
        return result
    if isinstance(result, RunOutput):
        if result.is_paused:
            raise UsageError(
                f"{result.agent_name!r} waits for people, but it was called where the step is not known, in a thread "
                "of its own; call it in the step's function itself."
            )
        return StepOutput(content=result.content)
    return StepOutput(content=result)


def as_bool(result: Any, name: str) -> bool:
    """Return what an evaluator returned; anything but True or False counts as False, with a warning."""
    if isinstance(result, bool):
        return result
    warnings.warn(
        f"The evaluator of Condition {name!r} returned {result!r}, no bool; it counts as False.", stacklevel=2
    )
    return False
