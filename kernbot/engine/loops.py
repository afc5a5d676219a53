"""How a loop goes from iteration to iteration."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from kernbot.db.base import StateChanges
from kernbot.engine.execution import Execution, Visit
from kernbot.engine.gates import Verdict
from kernbot.engine.outcomes import keep_composite, outputs_at, paths_of, reference_to
from kernbot.engine.questions import Asked, ask_about_iteration, error_text
from kernbot.engine.sequence import in_sequence
from kernbot.engine.waiting import Events, Walk, answer_to, ends, going_on
from kernbot.run.events import (
    LoopExecutionCompletedEvent,
    LoopExecutionStartedEvent,
    LoopIterationCompletedEvent,
    LoopIterationStartedEvent,
)
from kernbot.workflow.loop import Loop
from kernbot.workflow.types import StepOutput

_log = logging.getLogger(__name__)


@dataclass
class _Progress:
    """How far a loop is."""

    here: Visit
    """What the next iteration sees."""
    stops_to_pass: int
    """How often a reviewer of what came out wanted one more iteration."""
    results: list[dict[str, StepOutput]] = field(default_factory=list)
    """The outputs of each iteration, by path."""
    is_over: bool = False
    edited_in: tuple[str, int] | None = None
    """The review in which the last output was edited."""


async def loop(run: Execution, node: Loop, visit: Visit, walk: Walk) -> Events:
    """Execute iterations until one is the last."""
    limit = {**visit.names(node), "max_iterations": node.max_iterations}
    yield run.event(LoopExecutionStartedEvent, **limit)
    progress = _Progress(replace(visit, next_step=None), stops_to_pass=visit.round - 1)
    while len(progress.results) < node.max_iterations and not progress.is_over:
        async with aclosing(_iterate(run, node, visit, walk, progress)) as events:
            async for event in events:
                yield event
        if not progress.is_over and node.human_review.requires_iteration_review:
            async with aclosing(_review(run, node, visit, progress)) as events:
                async for event in events:
                    yield event
        if run.journal.is_over(visit.path):
            return
    paths = [path for outputs in progress.results for path in outputs]
    # A reviewer who wanted one more iteration has passed over the `stop` of those before it.
    stop = any(output.stop for output in progress.results[-1].values())
    await keep_composite(run, node, visit, paths, edited_in=progress.edited_in, stop=stop)
    results = [await run.all_whole(outputs.values()) for outputs in progress.results]
    yield run.event(LoopExecutionCompletedEvent, total_iterations=len(results), all_results=results, **limit)


async def _iterate(run: Execution, node: Loop, visit: Visit, walk: Walk, progress: _Progress) -> Events:
    number = len(progress.results) + 1
    base = f"{visit.path}/iter-{number}"
    numbered = {**visit.names(node), "max_iterations": node.max_iterations, "iteration": number}
    is_known = run.journal.get(base, "decision") is not None
    if not is_known:
        yield run.event(LoopIterationStartedEvent, **numbered)
    async with aclosing(in_sequence(run, node.steps, base, progress.here, walk)) as events:
        async for event in events:
            yield event
    outputs = outputs_at(run, paths_of(base, node.steps))
    goes_on = await _decide_again(run, node, base, visit, list(outputs.values()))
    if not is_known:
        ended = {"iteration_results": await run.all_whole(outputs.values()), "should_continue": goes_on}
        yield run.event(LoopIterationCompletedEvent, **ended, **numbered)
    _note(progress, node, outputs, goes_on=goes_on)


def _note(progress: _Progress, node: Loop, outputs: dict[str, StepOutput], *, goes_on: bool) -> None:
    """Take in an iteration; its end is passed over when a reviewer wanted one more."""
    progress.results.append(outputs)
    if node.forward_iteration_output:
        progress.here = replace(progress.here, chain=progress.here.chain.after(outputs))
    if not goes_on and progress.stops_to_pass > 0:
        progress.stops_to_pass -= 1
    else:
        progress.is_over = not goes_on or len(progress.results) == node.max_iterations


async def _review(run: Execution, node: Loop, visit: Visit, progress: _Progress) -> Events:
    """Have people review the last iteration: a yes ends the loop, a retry has it go on with their feedback."""
    path, last = next(reversed(progress.results[-1].items()), (None, None))
    number = len(progress.results)
    asked = Asked(number=number, retries=number - 1, feedback=progress.here.feedback)
    question = ask_about_iteration(node, visit.asking(run, node), asked, {"path": path, **reference_to(last)})
    answered = answer_to(run, question, asked)
    async for event in going_on(run, node, visit, answered):
        yield event
    if answered.decision.verdict is Verdict.RETRY:
        left = None if last is None else (await run.whole(last)).last_content
        progress.here = progress.here.reviewed(answered.decision.feedback, left)
    elif not await ends(run, node, visit, answered.decision):
        progress.is_over = True
        progress.edited_in = ("iteration_review", number) if answered.decision.is_edit else None


async def _decide_again(run: Execution, node: Loop, base: str, visit: Visit, outputs: list[StepOutput]) -> bool:
    """Return whether another iteration is wanted, as journaled; if it isn't yet, journal it before it is acted on."""
    if (entry := run.journal.get(base, "decision")) is not None:
        return bool(entry.payload["again"])
    ends_here, changes = any(output.stop for output in outputs), None
    if not ends_here and node.end_condition is not None:
        ends_here, changes = await _says_so(run, node, node.end_condition, replace(visit, path=base), outputs)
    await run.append(node, base, "decision", {"again": not ends_here}, changes=changes)
    return not ends_here


async def _says_so(
    run: Execution, node: Loop, end_condition: Callable[..., Any], visit: Visit, outputs: list[StepOutput]
) -> tuple[bool, StateChanges | None]:
    """Ask an end condition; one that raises does not end the loop."""
    whole = await run.all_whole(outputs)
    try:
        says, changes = await run.called(visit, end_condition, lambda _: copy.deepcopy(whole))
    except Exception as error:  # noqa: BLE001 - whatever an author's code raises
        _log.warning("end_condition of %s raised, the loop goes on: %s", node.name, error_text(error))
        return False, None
    return bool(says), changes
