"""How the nodes inside a pipeline, a condition and a parallel are chosen and chained."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

from kernbot.db.base import StateChanges
from kernbot.engine.attempts import Work, settle_last_attempt, try_until_done
from kernbot.engine.branches import merged
from kernbot.engine.calls import as_bool
from kernbot.engine.execution import Execution, Visit
from kernbot.engine.gates import Decision, Verdict
from kernbot.engine.journal import SKIPPED
from kernbot.engine.live import at_once
from kernbot.engine.outcomes import keep_composite, paths_of
from kernbot.engine.sequence import in_sequence
from kernbot.engine.waiting import Events, Walk
from kernbot.run.events import (
    ConditionExecutionCompletedEvent,
    ConditionExecutionStartedEvent,
    ParallelExecutionCompletedEvent,
    ParallelExecutionStartedEvent,
    StepsExecutionCompletedEvent,
    StepsExecutionStartedEvent,
)
from kernbot.workflow.condition import Condition
from kernbot.workflow.node import keyed
from kernbot.workflow.parallel import Parallel
from kernbot.workflow.steps import Steps


async def steps(run: Execution, node: Steps, visit: Visit, walk: Walk) -> Events:
    """Execute a pipeline."""
    counted = {**visit.names(node), "steps_count": len(node.steps)}
    yield run.event(StepsExecutionStartedEvent, **counted)
    async with aclosing(in_sequence(run, node.steps, visit.path, visit, walk)) as events:
        async for event in events:
            yield event
    done = await keep_composite(run, node, visit, paths_of(visit.path, node.steps))
    yield run.event(StepsExecutionCompletedEvent, executed_steps=len(done), step_results=list(done.values()), **counted)


async def condition(run: Execution, node: Condition, visit: Visit, decision: Decision, walk: Walk) -> Events:
    """Execute the branch that the evaluator, or a person's no, chooses."""
    async with aclosing(_choose_branch(run, node, visit, decision.verdict)) as events:
        async for event in events:
            yield event
    if run.journal.is_over(visit.path):
        return
    result = _chosen(run, visit)
    branch, nodes = ("if", node.steps) if result else ("else", node.else_steps)
    base = f"{visit.path}/{branch}"
    if not nodes:
        await run.append(node, visit.path, "output", SKIPPED)
        return
    chosen = {**visit.names(node), "condition_result": bool(result), "branch": branch}
    yield run.event(ConditionExecutionStartedEvent, **chosen)
    inside = replace(visit, on_error=node.on_error or visit.on_error)
    async with aclosing(in_sequence(run, nodes, base, inside, walk)) as events:
        async for event in events:
            yield event
    done = await keep_composite(run, node, visit, paths_of(base, nodes))
    results = list(done.values())
    yield run.event(ConditionExecutionCompletedEvent, executed_steps=len(done), step_results=results, **chosen)


async def _choose_branch(run: Execution, node: Condition, visit: Visit, verdict: Verdict) -> Events:
    """Journal which branch is to run, unless it is known."""
    if _chosen(run, visit) is not None:
        return
    async for event in settle_last_attempt(run, node, visit):
        yield event
    if run.journal.is_over(visit.path):
        return

    async def evaluate(attempt: int) -> tuple[bool, StateChanges | None]:
        evaluator = False if verdict is Verdict.ELSE else node.evaluator
        if isinstance(evaluator, bool):
            return evaluator, None
        result, changes = await run.called(visit, evaluator, await run.seen(visit), attempt)
        return as_bool(result, node.name), changes

    async def keep(_attempt: int, made: tuple[bool, StateChanges | None]) -> None:
        await run.append(node, visit.path, "decision", {"result": made[0]}, changes=made[1])

    async for event in try_until_done(run, node, visit, Work(lambda attempt: at_once(evaluate(attempt)), keep)):
        yield event


def _chosen(run: Execution, visit: Visit) -> bool | None:
    entry = run.journal.get(visit.path, "decision")
    return bool(entry.payload["result"]) if entry else None


async def parallel(run: Execution, node: Parallel, visit: Visit, walk: Walk) -> Events:
    """Execute all branches at the same time."""
    counted = {**visit.names(node), "parallel_step_count": len(node.steps)}
    yield run.event(ParallelExecutionStartedEvent, **counted)
    branches = [
        walk(run, branch, replace(visit, path=f"{visit.path}/{key}", is_parallel=True, round=1))
        for key, branch in keyed(node.steps)
    ]
    async with aclosing(merged(branches)) as events:
        async for event in events:
            yield event
    done = await keep_composite(run, node, visit, paths_of(visit.path, node.steps))
    yield run.event(ParallelExecutionCompletedEvent, step_results=await run.all_whole(done.values()), **counted)
