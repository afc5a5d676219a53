"""How a router finds out which of its choices are to run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from kernbot.db.base import PauseRecord, StateChanges
from kernbot.engine.attempts import Work, settle_last_attempt, try_until_done
from kernbot.engine.execution import Execution, Visit
from kernbot.engine.journal import SKIPPED
from kernbot.engine.live import at_once
from kernbot.engine.outcomes import keep_composite
from kernbot.engine.questions import Asked, ask_for_route
from kernbot.engine.sequence import Keyed, keyed_in_sequence
from kernbot.engine.waiting import Answered, Events, Walk, answers, ends, going_on
from kernbot.run.events import RouterExecutionCompletedEvent, RouterExecutionStartedEvent
from kernbot.workflow.node import Node, keyed
from kernbot.workflow.router import Router


async def propose(run: Execution, node: Router, visit: Visit) -> Events:
    """Journal what the selector chooses, before anything is asked; if it fails, do what `on_error` says."""
    if node.selector is None or run.journal.get(visit.path, "decision") is not None:
        return
    async for event in settle_last_attempt(run, node, visit):
        yield event
    if run.journal.is_over(visit.path):
        return

    async def make(attempt: int) -> tuple[list[str], StateChanges | None]:
        choices = list(node.choices)
        assert node.selector is not None  # noqa: S101 - without one nothing is proposed
        seen = await run.seen(visit)
        result, changes = await run.called(visit, node.selector, seen, attempt, step_choices=choices)
        return _names(node, result), changes

    async def keep(_attempt: int, made: tuple[list[str], StateChanges | None]) -> None:
        await run.append(node, visit.path, "decision", {"proposed": made[0]}, changes=made[1])

    async for event in try_until_done(run, node, visit, Work(lambda attempt: at_once(make(attempt)), keep)):
        yield event


def proposed(run: Execution, visit: Visit) -> list[str]:
    """Return the names of what the selector chose; none if there is no selector."""
    entry = run.journal.get(visit.path, "decision")
    return list(entry.payload["proposed"]) if entry else []


async def router(run: Execution, node: Router, visit: Visit, walk: Walk) -> Events:
    """Execute the choices that people select, or else those of the selector."""
    selected, decision = proposed(run, visit), None
    for answered in _selections(run, node, visit):
        decision = answered.decision
        async for event in going_on(run, node, visit, answered):
            yield event
    if decision is not None:
        if await ends(run, node, visit, decision):
            return
        selected = list(decision.routes)
        visit = replace(visit, gated=True)
    if not selected:
        await run.append(node, visit.path, "output", SKIPPED)
        return
    named = {**visit.names(node), "selected_steps": selected}
    yield run.event(RouterExecutionStartedEvent, **named)
    children = _children(node, selected)
    base = visit.base
    async with aclosing(keyed_in_sequence(run, children, base, visit, walk)) as events:
        async for event in events:
            yield event
    done = await keep_composite(run, node, visit, [f"{base}/{key}" for key, _ in children])
    results = list(done.values())
    yield run.event(RouterExecutionCompletedEvent, executed_steps=len(done), step_results=results, **named)


def _selections(run: Execution, node: Router, visit: Visit) -> Iterator[Answered]:
    """Yield what people answered in all rounds; the last one counts. Nothing, if it is the selector's choice.

    The first round is theirs if the author says so, every further one is, as a reviewer rejected what came out.
    """

    def ask(asked: Asked) -> PauseRecord:
        return ask_for_route(node, visit.asking(run, node), asked, proposed(run, visit))

    number = 0
    for _ in range(visit.round if node.human_review.requires_user_input else visit.round - 1):
        for answered in answers(run, ask, Asked(number=number + 1, feedback=visit.feedback)):
            number = answered.asked.number
            yield answered


def _children(node: Router, selected: list[str]) -> Keyed:
    by_name = {choice.name: (key, choice) for key, choice in keyed(node.choices)}
    return [by_name[name] for name in selected]


def _names(node: Router, result: Any) -> list[str]:
    """Return the names of what a selector returned; RuntimeError for what is no choice, or is there twice."""
    if result is None:
        return []
    items = list(result) if isinstance(result, list | tuple) else [result]
    names = [item.name if isinstance(item, Node) else str(item) for item in items]
    known = [choice.name for choice in node.choices]
    for name in names:
        if name not in known:
            raise RuntimeError(f"The selector of Router {node.name!r} chose {name!r}, which is none of: {known}.")
    if len(set(names)) < len(names):
        raise RuntimeError(f"The selector of Router {node.name!r} chose the same twice: {names}.")
    return names
