"""The in-process dispatcher: pokes in, executions out."""

from __future__ import annotations

import asyncio

import pytest

from kernbot.runtime.dispatcher import InProcessDispatcher


class Work:
    """Executions that wait for a test."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.go_on = asyncio.Event()

    async def __call__(self, run_id: str) -> None:
        """Begin, then wait."""
        self.begun.append(run_id)
        await self.go_on.wait()


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_pokes_while_a_run_is_executed_are_one_more_execution() -> None:
    """A run is executed once at a time; however often it was poked meanwhile, it is looked at once more."""
    work = Work()
    dispatcher = InProcessDispatcher(work)
    for _ in range(5):
        dispatcher.poke("a")
        await settle()
    assert work.begun == ["a"]
    work.go_on.set()
    await settle()
    assert work.begun == ["a", "a"]
    await dispatcher.close()


async def test_at_most_so_many_run_at_once() -> None:
    """The third run waits until one of two has ended."""
    work = Work()
    dispatcher = InProcessDispatcher(work, limit=2)
    for run_id in "abc":
        dispatcher.poke(run_id)
    await settle()
    assert work.begun == ["a", "b"]
    work.go_on.set()
    await settle()
    assert work.begun == ["a", "b", "c"]
    await dispatcher.close()


async def test_a_run_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """What goes wrong is logged with the run, and the next poke is served."""
    seen: list[str] = []

    async def fail(run_id: str) -> None:
        seen.append(run_id)
        raise RuntimeError("broken")

    dispatcher = InProcessDispatcher(fail)
    for _ in range(2):
        dispatcher.poke("a")
        await settle()
    assert seen == ["a", "a"]
    assert "could not be carried on" in caplog.text
    await dispatcher.close()


async def test_a_closed_dispatcher_has_let_go_and_takes_nothing_more() -> None:
    """What was under way is cancelled before `close` returns, and later pokes do nothing."""
    work = Work()
    dispatcher = InProcessDispatcher(work)
    dispatcher.poke("a")
    await settle()
    await dispatcher.close()
    dispatcher.poke("b")
    await settle()
    assert work.begun == ["a"]
