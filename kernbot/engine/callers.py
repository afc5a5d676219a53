"""An author's function while it is called: the agents that it calls are a part of the run there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from kernbot.db.base import PauseRecord, StateChanges
from kernbot.engine.journal import apply_changes
from kernbot.engine.live import Tell
from kernbot.errors import UsageError
from kernbot.workflow.node import Node

if TYPE_CHECKING:
    from kernbot.engine.execution import Cancelled, Execution, Visit

_T = TypeVar("_T")


@dataclass(kw_only=True, eq=False)
class Caller:
    """A function of a step, or a tool, that is being called."""

    run: Execution
    visit: Visit
    node: Node | None
    """The step; None for what only decides something, as an evaluator does: agents called there run by themselves."""
    states: tuple[dict[str, Any], ...] = ()
    """The function's copies of the session state: one that it may change, one to compare it with."""
    tell: Tell | None = None
    """Takes the events of the agents that it calls."""
    waiting: list[PauseRecord] = field(default_factory=list)
    """What the agents that it called wait for. It stops the walk, whatever the function makes of the exception."""
    cancelled: Cancelled | None = None
    """Why the run is to end, if an agent found that out."""
    _is_over: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def next_path(self) -> str:
        """Return where the next agent that is called stands."""
        return f"{self.visit.base}/agent~{next(self._numbers)}"

    def check_is_called(self, agent: str) -> None:
        """Raise UsageError for an agent that begins when the function has ended: nobody would wait for it."""
        if self._is_over:
            raise UsageError(
                f"{agent!r} was to begin after the function that called it had ended; await it in the function."
            )

    def learn(self, changes: StateChanges | None) -> None:
        """Let the function see what an agent changed in the session state."""
        for state in self.states:
            apply_changes(state, changes)

    async def shielded(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do something that goes on when the function gives it up, as a TaskGroup does when one of its tasks stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        return await asyncio.shield(task)

    async def awaited(self, work: Awaitable[_T]) -> _T:
        """Await the function; what it calls knows this caller."""
        outer = _CALLER.get()
        _CALLER.set(self)
        try:
            return await work
        except asyncio.CancelledError:
            for task in self._tasks:
                task.cancel()
            await self.has_stopped()
            raise
        finally:
            self._is_over = True
            _CALLER.set(outer)

    async def has_stopped(self) -> None:
        """Wait until every agent that was called has ended, or waits for people."""
        here = asyncio.get_running_loop()
        if tasks := [task for task in self._tasks if task.get_loop() is here]:
            await asyncio.gather(*tasks, return_exceptions=True)


_CALLER = ContextVar[Caller | None]("kernbot_caller", default=None)


def current_caller() -> Caller | None:
    """Return the function of a step that this code is a part of; None outside of one."""
    caller = _CALLER.get()
    return None if caller is None or caller.node is None else caller
