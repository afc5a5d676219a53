"""Trying what an author wrote: what is retried by itself, what people are asked, and when it is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kernbot.db.base import PauseRecord
from kernbot.engine import gates
from kernbot.engine.execution import Cancelled, Execution, Failure, StepFailed, Suspended, Visit
from kernbot.engine.gates import Verdict
from kernbot.engine.journal import SKIPPED
from kernbot.engine.live import Made, Making
from kernbot.engine.outcomes import give_up, keep_failure
from kernbot.engine.questions import ask_after_crash, ask_after_failure, traceback_text
from kernbot.engine.waiting import Events, answer_to, going_on
from kernbot.run.events import StepErrorEvent
from kernbot.workflow.node import Node
from kernbot.workflow.review import OnError
from kernbot.workflow.step import Step

_T = TypeVar("_T")


@dataclass(frozen=True)
class Work(Generic[_T]):
    """What is tried: `make` calls what the author wrote, and `keep` journals the result; given the attempt's number."""

    make: Callable[[int], Making[_T]]
    keep: Callable[[int, _T], Awaitable[None]]


@dataclass
class _Trial:
    """How the last attempt failed; None if it did not, or if there was none."""

    failure: Failure | None


async def settle_last_attempt(run: Execution, node: Node, visit: Visit) -> Events:
    """Do what people say of an attempt that failed, or that was in flight when its process died.

    Stops the walk while they have not said it. Afterwards the node is over, or may be tried.
    """
    if (question := _question_about_last_attempt(run, node, visit)) is None:
        return
    answered = answer_to(run, question)
    async for event in going_on(run, node, visit, answered):
        yield event
    if answered.decision.verdict is Verdict.CANCEL:
        raise Cancelled({"reason": answered.decision.reason, "path": visit.path})
    if answered.decision.verdict is Verdict.SKIP:
        await _skip_last_attempt(run, node, visit.path)


async def try_until_done(run: Execution, node: Node, visit: Visit, work: Work[Any]) -> Events:
    """Try until it works, or may not be tried again: then stop the walk to ask people, or give the node up."""
    trial = _Trial(_last_failure(run, visit.path))
    async with aclosing(_attempts(run, node, visit, work, trial)) as events:
        async for event in events:
            yield event
    if (failure := trial.failure) is None:
        return
    yield run.event(StepErrorEvent, error=failure.text, **visit.names(node))
    if (question := _question_about_last_attempt(run, node, visit)) is not None:
        raise Suspended([question])
    await give_up(run, node, visit, StepFailed(node.name, failure, {visit.path: run.journal.failures(visit.path)}))


def _question_about_last_attempt(run: Execution, node: Node, visit: Visit) -> PauseRecord | None:
    """Return what people are asked before a node goes on: it was in flight at a crash, or its `on_error` asks."""
    attempt = run.journal.attempts(visit.path)
    if _was_in_flight(run, visit.path):
        return ask_after_crash(node, visit.asking(run, node), attempt)
    failure = _last_failure(run, visit.path)
    if failure is None or visit.on_error_of(node) is not OnError.pause:
        return None
    asked = run.journal.pause(visit.path, "error", attempt)
    is_answered = asked is not None and asked.state == "answered"
    if not is_answered and _may_try_again(run, node, visit):
        return None
    attempts = _attempts_by_itself(node, visit)
    return ask_after_failure(node, visit.asking(run, node), attempt, failure.text, attempts=attempts)


def _attempts_by_itself(node: Node, visit: Visit) -> int:
    """Return how often a node is tried before people are asked about it."""
    if not isinstance(node, Step):
        return 1
    gated, on_error = visit.gated, visit.on_error_of(node)
    failures = range(1, node.max_retries + 1)
    return 1 + sum(1 for count in failures if gates.may_try_again(node, count, gated=gated, on_error=on_error))


async def _skip_last_attempt(run: Execution, node: Node, path: str) -> None:
    """Go on without a node: what is known to have failed stays a failed step, what may have run is just skipped."""
    failure = None if _was_in_flight(run, path) else _last_failure(run, path)
    if failure is None:
        await run.append(node, path, "output", SKIPPED)
    else:
        await keep_failure(run, node, path, failure)


def _was_in_flight(run: Execution, path: str) -> bool:
    """Whether the last attempt was noted when it began, and its end is not known: its process died."""
    return run.journal.attempts(path) > run.journal.ended_attempts(path)


async def _attempts(run: Execution, node: Node, visit: Visit, work: Work[Any], trial: _Trial) -> Events:
    """Try a node until it has an output or may not be tried again. Failures of a process that died count too."""
    while trial.failure is None or _may_try_again(run, node, visit):
        if (failures := _failures_in_a_row(run, visit.path)) > 0:
            await asyncio.sleep(gates.retry_delay(failures))
        async with aclosing(_attempt(run, node, visit, work, trial)) as events:
            async for event in events:
                yield event
        if trial.failure is None:
            return


def _may_try_again(run: Execution, node: Node, visit: Visit) -> bool:
    failures = _failures_in_a_row(run, visit.path)
    if failures == 0 or not isinstance(node, Step):
        return failures == 0
    return gates.may_try_again(node, failures, gated=visit.gated, on_error=visit.on_error_of(node))


def _failures_in_a_row(run: Execution, path: str) -> int:
    """Count the failures since the start, or since a person had the node done again."""
    return max(0, run.journal.failures(path) - run.journal.retried(path))


def _last_failure(run: Execution, path: str) -> Failure | None:
    """Return how the last attempt failed; None if it did not."""
    attempt = run.journal.failures(path)
    entry = run.journal.get(path, "failure", attempt) if attempt == run.journal.ended_attempts(path) else None
    return Failure(RuntimeError(entry.payload["error"]), entry.payload["error"]) if entry else None


async def _attempt(run: Execution, node: Node, visit: Visit, work: Work[Any], trial: _Trial) -> Events:
    await run.read_large()  # before the attempt: what the database can't give is no failure of the node
    run.check_may_go_on()
    attempt = run.journal.attempts(visit.path) + 1
    is_noted = isinstance(node, Step) and gates.asks_after_crash(node, gated=visit.gated)
    if is_noted:
        await run.append(node, visit.path, "started", {}, attempt=attempt)
    made: Made[Any] | None = None
    try:
        async with aclosing(work.make(attempt)) as events:
            async for event in events:
                if isinstance(event, Made):
                    made = event
                else:
                    yield event
    except Suspended:
        if is_noted:
            await run.append(node, visit.path, "waiting", {}, attempt=attempt)
        raise
    except Exception as error:  # whatever an author's code raises, or returns that can't be stored
        if run.is_broken:
            raise
        trial.failure = Failure.of(error)
        failed = {"error": trial.failure.text, "traceback": traceback_text(error)}
        await run.append(node, visit.path, "failure", failed, attempt=attempt)
        return
    assert made is not None  # noqa: S101 - it is what `make` yields last
    await work.keep(attempt, made.value)
    trial.failure = None
