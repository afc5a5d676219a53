"""What a Step does: it calls a function, or runs the nodes of another workflow as a part of this run."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

from kernbot.db.base import StateChanges
from kernbot.engine.agents import agent_work
from kernbot.engine.attempts import Work, settle_last_attempt, try_until_done
from kernbot.engine.calls import as_output
from kernbot.engine.execution import Chain, Execution, StepFailed, Suspended, Visit
from kernbot.engine.gates import Decision
from kernbot.engine.journal import output_payload
from kernbot.engine.live import Making, Tell, at_once, told_afterwards, told_live
from kernbot.engine.outcomes import give_up, keep, keep_composite, labels, paths_of
from kernbot.engine.sequence import in_sequence
from kernbot.engine.values import decode
from kernbot.engine.waiting import Events, Walk
from kernbot.run.events import StepCompletedEvent, StepErrorEvent, StepOutputEvent, StepStartedEvent
from kernbot.workflow.inputs import checked_input
from kernbot.workflow.review import OnError
from kernbot.workflow.step import Step
from kernbot.workflow.types import StepOutput
from kernbot.workflow.workflow import Workflow

_Made = tuple[StepOutput, dict[str, Any], StateChanges | None]


async def step(run: Execution, node: Step, visit: Visit, decision: Decision, walk: Walk) -> Events:
    """Execute a step that people allowed, or that asks nothing."""
    values = decision.values
    body = _function(run, node, visit, values) if node.workflow is None else _workflow(run, node, visit, values, walk)
    async with aclosing(body) as events:
        async for event in events:
            yield event


async def _function(run: Execution, node: Step, visit: Visit, values: dict[str, Any]) -> Events:
    async for event in settle_last_attempt(run, node, visit):
        yield event
    if run.journal.is_over(visit.path):
        return
    if run.journal.get(f"{visit.base}/model~1", "output") is None:
        yield run.event(StepStartedEvent, **visit.names(node))

    def make(attempt: int) -> Making[_Made]:
        if node.agent is not None:
            return agent_work(run, node, visit, node.agent.setup(), values)
        made = partial(_made, run, node, visit, values, attempt)
        if visit.is_parallel:
            return told_afterwards(lambda tell: made(tell=tell), live=run.live)
        return told_live(lambda tell: made(tell=tell), live=run.live, context=run.live_context)

    async def keep_it(attempt: int, made: _Made) -> None:
        output, payload, changes = made
        await keep(run, node, visit, output, payload, attempt=attempt, changes=changes)

    async for event in try_until_done(run, node, visit, Work(make, keep_it)):
        yield event
    for event in await _completed(run, node, visit):
        yield event


async def _made(
    run: Execution, node: Step, visit: Visit, values: dict[str, Any], attempt: int, *, tell: Tell | None
) -> _Made:
    """Call a step's function once; what the agents do that it calls is told."""
    assert node.executor is not None  # noqa: S101 - a step has a function or a workflow
    seen = await run.seen(visit, values, node.num_history_runs)
    result, changes = await run.called(visit, node.executor, seen, attempt, node=node, tell=tell)
    output = as_output(result)
    if not output.success and visit.wanted_on_error(node) is OnError.fail:
        raise RuntimeError(output.error or f"Step {node.name!r} returned success=False.")
    executor_name = getattr(node.executor, "__name__", type(node.executor).__name__)
    named = replace(output, **labels(node), executor_type="function", executor_name=executor_name)
    return named, output_payload(named), changes


async def _workflow(run: Execution, node: Step, visit: Visit, values: dict[str, Any], walk: Walk) -> Events:
    assert node.workflow is not None  # noqa: S101 - a step has a function or a workflow
    async for event in settle_last_attempt(run, node, visit):
        yield event
    if run.journal.is_over(visit.path):
        return
    yield run.event(StepStartedEvent, **visit.names(node))
    inner = node.workflow
    begun: list[Visit] = []

    async def begin(_attempt: int) -> Visit:
        return await _inside(run, node, inner, visit, values)

    async def note(_attempt: int, within: Visit) -> None:
        begun.append(within)

    async for event in try_until_done(run, node, visit, Work(lambda attempt: at_once(begin(attempt)), note)):
        yield event
    for within in begun:
        async with aclosing(_inner(run, node, visit, within, walk)) as events:
            async for event in events:
                yield event
    for event in await _completed(run, node, visit):
        yield event


async def _inner(run: Execution, node: Step, visit: Visit, within: Visit, walk: Walk) -> Events:
    """Execute the nodes of a step's workflow."""
    assert node.workflow is not None  # noqa: S101 - a step has a function or a workflow
    inner, base = node.workflow, visit.base
    try:
        async with aclosing(in_sequence(run, inner.steps, base, within, walk)) as events:
            async for event in events:
                yield event
    except StepFailed as failed:
        if failed.waiting and visit.on_error_of(node) is not OnError.fail:
            raise Suspended(list(failed.waiting)) from None
        yield run.event(StepErrorEvent, error=failed.failure.text, **visit.names(node))
        await give_up(run, node, visit, failed)
    else:
        # A `stop` inside ends the inner workflow only.
        await keep_composite(run, node, visit, paths_of(base, inner.steps), of_workflow=inner.name, stop=False)


async def _inside(run: Execution, node: Step, inner: Workflow, visit: Visit, values: dict[str, Any]) -> Visit:
    """Return the place before the first node of a workflow that is a step: a run of its own, inside this one.

    Its nodes see the `values` that a person filled in for it. Raises UsageError for an input that it does not take.
    """
    chain = visit.chain
    begins_with, where = (
        (chain.input, chain.input_reference) if chain.content is None else (chain.content, chain.reference())
    )
    if inner.input_schema is not None:
        begins_with = await run.read(begins_with)
    given = checked_input(inner.input_schema, begins_with)
    extra = {"user_input": decode(values)} if values else {}
    within = Chain(input=given, input_reference=where, additional_data={**chain.additional_data, **extra})
    asks = visit.on_error_of(node) is OnError.pause
    return replace(visit, chain=within, on_error=None, asks_for_fail=asks)


async def _completed(run: Execution, node: Step, visit: Visit) -> list[Any]:
    output = run.journal.output(visit.path) or run.journal.last_draft(visit.path)
    whole = output and await run.whole(output)
    named = visit.names(node)
    return [
        run.event(StepOutputEvent, step_output=whole, **named),
        run.event(StepCompletedEvent, content=whole and whole.content, step_response=whole, **named),
    ]
