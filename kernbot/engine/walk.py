"""The walk: the one way in which everything is executed.

For each node, in this order: what the journal knows is replayed, what must be asked is asked, then its body runs and
its output is journaled. A resume, or a restart after a crash, is the same call: it goes on at the first thing that is
not known.
"""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from kernbot.db.base import PauseRecord, StateChanges
from kernbot.engine import gates
from kernbot.engine.branches import merged
from kernbot.engine.calls import as_bool, as_output, call
from kernbot.engine.execution import Cancelled, EvaluatorFailed, Execution, Failure, StepFailed, Suspended, Visit
from kernbot.engine.gates import Decision, Verdict
from kernbot.engine.journal import SKIPPED, output_payload, state_changes
from kernbot.engine.questions import ask_after_crash, ask_after_failure, ask_before, error_text
from kernbot.run.context import RunContext
from kernbot.run.events import (
    ConditionExecutionCompletedEvent,
    ConditionExecutionStartedEvent,
    LoopExecutionCompletedEvent,
    LoopExecutionStartedEvent,
    LoopIterationCompletedEvent,
    LoopIterationStartedEvent,
    ParallelExecutionCompletedEvent,
    ParallelExecutionStartedEvent,
    StepCompletedEvent,
    StepContinuedEvent,
    StepErrorEvent,
    StepOutputEvent,
    StepsExecutionCompletedEvent,
    StepsExecutionStartedEvent,
    StepStartedEvent,
    WorkflowRunEvent,
)
from kernbot.workflow.condition import Condition
from kernbot.workflow.loop import Loop
from kernbot.workflow.node import Node, keyed
from kernbot.workflow.parallel import Parallel
from kernbot.workflow.review import OnError
from kernbot.workflow.step import Step
from kernbot.workflow.steps import Steps
from kernbot.workflow.types import StepOutput

Events = AsyncGenerator[WorkflowRunEvent, None]

_log = logging.getLogger(__name__)


async def walk(run: Execution, node: Node, visit: Visit) -> Events:
    """Execute a node, and leave its output in the journal.

    Raises Suspended where people must be asked, Cancelled where the run is to end, StepFailed for `on_error=fail`.
    """
    if run.journal.is_over(visit.path):
        return
    run.check_may_go_on()
    decision = Decision(Verdict.PROCEED)
    if node.human_review.asks_before:
        decision = _answer_to(run, ask_before(node, visit.asking(run)))
        visit = replace(visit, gated=True)
        if not run.journal.has_begun(visit.path):
            yield run.event(StepContinuedEvent, **visit.names(node))
    if decision.verdict is Verdict.CANCEL:
        raise Cancelled({"reason": decision.reason, "path": visit.path})
    if decision.verdict is Verdict.SKIP:
        await run.append(node, visit.path, "output", SKIPPED)
        return
    async with aclosing(_body(run, node, visit, decision)) as events:
        async for event in events:
            yield event


async def walk_all(run: Execution, nodes: Sequence[Node], base: str, visit: Visit) -> Events:
    """Execute nodes under the path `base`, each seeing what the ones before it left; a `stop` ends the sequence."""
    children = keyed(nodes)
    chain = visit.chain
    for number, (key, node) in enumerate(children):
        following = children[number + 1][1].name if number + 1 < len(children) else visit.next_step
        here = replace(visit, path=f"{base}/{key}", chain=chain, next_step=following)
        if visit.of is None:
            here = replace(here, index=number, of=len(children))
        async with aclosing(walk(run, node, here)) as events:
            async for event in events:
                yield event
        output = run.journal.output(here.path)
        if output is not None and output.stop:
            return
        if output is not None:
            chain = chain.then(output, here.path)


def _body(run: Execution, node: Node, visit: Visit, decision: Decision) -> Events:
    match node:
        case Step():
            return _step(run, node, visit, decision.values)
        case Steps():
            return _steps(run, node, visit)
        case Condition():
            return _condition(run, node, visit, decision.verdict)
        case Loop():
            return _loop(run, node, visit)
        case Parallel():
            return _parallel(run, node, visit)
    raise NotImplementedError(f"The walk knows no node of class {type(node).__name__}.")


def _answer_to(run: Execution, question: PauseRecord) -> Decision:
    """Return what follows from the answer to a question, or stop the walk until there is one."""
    pause = run.journal.pause(question.path, question.kind, question.number)
    if pause is None or pause.state != "answered":
        raise Suspended([pause or question])
    return gates.decide(pause)


async def _step(run: Execution, step: Step, visit: Visit, values: dict[str, Any]) -> Events:
    if (question := _question_about_last_attempt(run, step, visit)) is not None:
        decision = _answer_to(run, question)
        yield run.event(StepContinuedEvent, **visit.names(step))
        if decision.verdict is Verdict.CANCEL:
            raise Cancelled({"reason": decision.reason, "path": visit.path})
        if decision.verdict is Verdict.SKIP:
            await _skip_last_attempt(run, step, visit.path)
            return
    yield run.event(StepStartedEvent, **visit.names(step))
    failure = await _attempts(run, step, visit, values)
    if failure is not None:
        yield run.event(StepErrorEvent, error=failure.text, **visit.names(step))
        if (question := _question_about_last_attempt(run, step, visit)) is not None:
            raise Suspended([question])
        await _give_up(run, step, visit.path, failure)
    output = run.journal.output(visit.path)
    yield run.event(StepOutputEvent, step_output=output, **visit.names(step))
    yield run.event(StepCompletedEvent, content=output and output.content, step_response=output, **visit.names(step))


def _question_about_last_attempt(run: Execution, step: Step, visit: Visit) -> PauseRecord | None:
    """Return what people must be asked before a step goes on: it was in flight at a crash, or its `on_error` asks."""
    attempt = run.journal.attempts(visit.path)
    if _was_in_flight(run, visit.path):
        return ask_after_crash(step, visit.asking(run), attempt)
    failure = _last_failure(run, visit.path)
    if failure is None or step.human_review.on_error is not OnError.pause or _may_try_again(run, step, visit):
        return None
    return ask_after_failure(step, visit.asking(run), attempt, failure.text)


async def _skip_last_attempt(run: Execution, step: Step, path: str) -> None:
    """Go on without a step: what is known to have failed stays a failed step, what may have run is just skipped."""
    failure = None if _was_in_flight(run, path) else _last_failure(run, path)
    if failure is None:
        await run.append(step, path, "output", SKIPPED)
    else:
        await _store_failed(run, step, path, failure)


def _was_in_flight(run: Execution, path: str) -> bool:
    """Whether the last attempt behind a gate was begun, and its end is not known: its process died."""
    return run.journal.attempts(path) > run.journal.failures(path)


async def _attempts(run: Execution, step: Step, visit: Visit, values: dict[str, Any]) -> Failure | None:
    """Try a step until it has an output or may not be tried again; return its last failure.

    Failures of a process that died count too.
    """
    failure = _last_failure(run, visit.path)
    while failure is None or _may_try_again(run, step, visit):
        if (failures := _failures_in_a_row(run, visit.path)) > 0:
            await asyncio.sleep(gates.retry_delay(failures))
        failure = await _attempt(run, step, visit, values)
        if failure is None:
            return None
    return failure


def _may_try_again(run: Execution, step: Step, visit: Visit) -> bool:
    failures = _failures_in_a_row(run, visit.path)
    return failures == 0 or gates.may_try_again(step, failures, gated=visit.gated)


def _failures_in_a_row(run: Execution, path: str) -> int:
    """Count the failures since the start, or since a person had the step retried."""
    return max(0, run.journal.failures(path) - run.journal.retried(path))


def _last_failure(run: Execution, path: str) -> Failure | None:
    entry = run.journal.get(path, "failure", run.journal.failures(path))
    return Failure(RuntimeError(entry.payload["error"]), entry.payload["error"]) if entry else None


async def _attempt(run: Execution, step: Step, visit: Visit, values: dict[str, Any]) -> Failure | None:
    run.check_may_go_on()
    attempt = run.journal.attempts(visit.path) + 1
    if visit.gated:
        await run.append(step, visit.path, "started", {}, attempt=attempt)
    try:
        payload, changes = await _execute(run, step, visit, values, run.context(visit.path, attempt))
    except Exception as error:  # noqa: BLE001 - whatever an author's code raises, or returns that can't be stored
        failure = Failure.of(error)
        await run.append(step, visit.path, "failure", {"error": failure.text}, attempt=attempt)
        return failure
    await run.append(step, visit.path, "output", payload, changes=changes)
    return None


async def _execute(
    run: Execution, step: Step, visit: Visit, values: dict[str, Any], context: RunContext
) -> tuple[dict[str, Any], StateChanges | None]:
    """Call a step's function; return its output and what it changed in the session state, as they are stored."""
    result, changes = await _called(run, visit, step.executor, visit.chain.step_input(values), context)
    output = as_output(result)
    if not output.success and step.human_review.on_error is OnError.fail:
        raise RuntimeError(output.error or f"Step {step.name!r} returned success=False.")
    executor_name = getattr(step.executor, "__name__", type(step.executor).__name__)
    named = replace(output, **_labels(step), executor_type="function", executor_name=executor_name)
    return output_payload(named), changes


async def _called(
    run: Execution, visit: Visit, function: Callable[..., Any], argument: Any, context: RunContext
) -> tuple[Any, StateChanges | None]:
    """Call an author's function; return its result and what it changed in the session state."""
    before = copy.deepcopy(context.session_state)
    result = await call(function, argument, context, inline=run.runs_inline(visit))
    return result, state_changes(before, context.session_state)


async def _give_up(run: Execution, node: Node, path: str, failure: Failure) -> None:
    """Do what a node's `on_error` says: raise StepFailed, or store a failed output and go on."""
    if node.human_review.on_error is OnError.fail:
        raise StepFailed(node.name, failure) from failure.error
    await _store_failed(run, node, path, failure)


async def _store_failed(run: Execution, node: Node, path: str, failure: Failure) -> None:
    failed = StepOutput(**_labels(node), success=False, error=failure.text)
    await run.append(node, path, "output", output_payload(failed))


def _labels(node: Node) -> dict[str, Any]:
    return {"step_name": node.name, "step_id": node.step_id, "step_type": node.kind}


async def _steps(run: Execution, node: Steps, visit: Visit) -> Events:
    counted = {**visit.names(node), "steps_count": len(node.steps)}
    yield run.event(StepsExecutionStartedEvent, **counted)
    async with aclosing(walk_all(run, node.steps, visit.path, visit)) as events:
        async for event in events:
            yield event
    done = await _store_composite(run, node, visit.path, _paths(visit.path, node.steps))
    yield run.event(StepsExecutionCompletedEvent, executed_steps=len(done), **counted)


async def _condition(run: Execution, node: Condition, visit: Visit, verdict: Verdict) -> Events:
    try:
        result = await _choose_branch(run, node, visit, verdict)
    except EvaluatorFailed as failed:
        yield run.event(StepErrorEvent, error=failed.failure.text, **visit.names(node))
        await _give_up(run, node, visit.path, failed.failure)
        return
    branch, nodes = ("if", node.steps) if result else ("else", node.else_steps)
    if not nodes:
        await run.append(node, visit.path, "output", SKIPPED)
        return
    chosen = {**visit.names(node), "condition_result": result, "branch": branch}
    yield run.event(ConditionExecutionStartedEvent, **chosen)
    async with aclosing(walk_all(run, nodes, f"{visit.path}/{branch}", visit)) as events:
        async for event in events:
            yield event
    done = await _store_composite(run, node, visit.path, _paths(f"{visit.path}/{branch}", nodes))
    yield run.event(ConditionExecutionCompletedEvent, executed_steps=len(done), **chosen)


async def _choose_branch(run: Execution, node: Condition, visit: Visit, verdict: Verdict) -> bool:
    """Return the journaled decision; if there is none, make it and journal it before it is acted on."""
    if (entry := run.journal.get(visit.path, "decision")) is not None:
        return bool(entry.payload["result"])
    evaluator = False if verdict is Verdict.ELSE else node.evaluator
    result, changes = (evaluator, None) if isinstance(evaluator, bool) else await _evaluate(run, node, evaluator, visit)
    await run.append(node, visit.path, "decision", {"result": result}, changes=changes)
    return result


async def _evaluate(
    run: Execution, node: Condition, evaluator: Callable[..., Any], visit: Visit
) -> tuple[bool, StateChanges | None]:
    """Call an evaluator; return its result and what it changed in the session state."""
    try:
        result, changes = await _called(run, visit, evaluator, visit.chain.step_input({}), run.context(visit.path, 1))
        return as_bool(result, node.name), changes
    except Exception as error:
        raise EvaluatorFailed(Failure.of(error)) from error


async def _loop(run: Execution, node: Loop, visit: Visit) -> Events:
    limit = {**visit.names(node), "max_iterations": node.max_iterations}
    yield run.event(LoopExecutionStartedEvent, **limit)
    here = replace(visit, next_step=None)
    results: list[list[StepOutput]] = []
    goes_on = True
    while goes_on and len(results) < node.max_iterations:
        number = len(results) + 1
        base = f"{visit.path}/iter-{number}"
        is_known = run.journal.get(base, "decision") is not None
        if not is_known:
            yield run.event(LoopIterationStartedEvent, iteration=number, **limit)
        async with aclosing(walk_all(run, node.steps, base, here)) as events:
            async for event in events:
                yield event
        outputs = _outputs(run, _paths(base, node.steps))
        results.append(list(outputs.values()))
        goes_on = await _decide_again(run, node, base, visit, results[-1])
        if not is_known:
            ended = {"iteration_results": results[-1], "should_continue": goes_on}
            yield run.event(LoopIterationCompletedEvent, iteration=number, **ended, **limit)
        if node.forward_iteration_output:
            here = replace(here, chain=here.chain.after(outputs))
    paths = [path for number in range(len(results)) for path in _paths(f"{visit.path}/iter-{number + 1}", node.steps)]
    await _store_composite(run, node, visit.path, paths)
    yield run.event(LoopExecutionCompletedEvent, total_iterations=len(results), all_results=results, **limit)


async def _decide_again(run: Execution, node: Loop, base: str, visit: Visit, outputs: list[StepOutput]) -> bool:
    """Return whether another iteration is wanted, as journaled; if it isn't yet, journal it before it is acted on."""
    if (entry := run.journal.get(base, "decision")) is not None:
        return bool(entry.payload["again"])
    ends, changes = any(output.stop for output in outputs), None
    if not ends and node.end_condition is not None:
        ends, changes = await _says_so(run, node, node.end_condition, replace(visit, path=base), outputs)
    await run.append(node, base, "decision", {"again": not ends}, changes=changes)
    return not ends


async def _says_so(
    run: Execution, node: Loop, end_condition: Callable[..., Any], visit: Visit, outputs: list[StepOutput]
) -> tuple[bool, StateChanges | None]:
    """Ask an end condition; one that raises does not end the loop."""
    try:
        ends, changes = await _called(run, visit, end_condition, copy.deepcopy(outputs), run.context(visit.path, 1))
    except Exception as error:  # noqa: BLE001 - whatever an author's code raises
        _log.warning("end_condition of %s raised, the loop goes on: %s", node.name, error_text(error))
        return False, None
    return bool(ends), changes


async def _parallel(run: Execution, node: Parallel, visit: Visit) -> Events:
    counted = {**visit.names(node), "parallel_step_count": len(node.steps)}
    yield run.event(ParallelExecutionStartedEvent, **counted)
    branches = [
        walk(run, branch, replace(visit, path=f"{visit.path}/{key}", is_parallel=True))
        for key, branch in keyed(node.steps)
    ]
    async with aclosing(merged(branches)) as events:
        async for event in events:
            yield event
    done = await _store_composite(run, node, visit.path, _paths(visit.path, node.steps))
    yield run.event(ParallelExecutionCompletedEvent, step_results=list(done.values()), **counted)


def _paths(base: str, nodes: Sequence[Node]) -> list[str]:
    return [f"{base}/{key}" for key, _ in keyed(nodes)]


def _outputs(run: Execution, paths: Sequence[str]) -> dict[str, StepOutput]:
    """Return the outputs at these paths; a node that was skipped has none."""
    return {path: output for path in paths if (output := run.journal.output(path)) is not None}


async def _store_composite(run: Execution, node: Node, path: str, inside: Sequence[str]) -> dict[str, StepOutput]:
    """Journal a composite's output, which only names the outputs inside it, and return these."""
    outputs = _outputs(run, inside)
    summary = StepOutput(
        **_labels(node),
        success=all(output.success for output in outputs.values()),
        stop=any(output.stop for output in outputs.values()),
    )
    await run.append(node, path, "output", output_payload(summary, list(outputs)))
    return outputs
