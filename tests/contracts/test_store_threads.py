"""Every store serves 40 threads, with an event loop each, at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from kernbot.db.base import RunExistsError, RunFilter, StateChanges
from kernbot.errors import ConflictError
from kernbot.run.status import RunStatus

if TYPE_CHECKING:
    from tests.contracts.conftest import Bench

T = TypeVar("T")

THREADS = 40


async def in_threads(call: Callable[[int], Coroutine[Any, Any, T]]) -> list[T]:
    """Make 40 calls at the same moment, each on a loop of its own, and return what they returned."""
    together = Barrier(THREADS)

    def run(number: int) -> T:
        together.wait()
        return asyncio.run(call(number))

    with ThreadPoolExecutor(THREADS) as pool:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(loop.run_in_executor(pool, run, number) for number in range(THREADS)))


async def test_one_claim_of_many_wins(bench: Bench) -> None:
    """Exactly one of 40 workers gets the run."""
    await bench.create()
    claims = await in_threads(lambda number: bench.store.claim_run("r1", f"w{number}", 30.0))
    winners = [snapshot.run for snapshot in claims if snapshot is not None]
    assert winners == [await bench.run_now()]
    assert winners[0].epoch == 1


async def test_one_answer_of_many_wins(bench: Bench) -> None:
    """Exactly one of 40 answers closes the pause."""
    await bench.ask(bench.pause())
    answers = await in_threads(lambda number: bench.store.close_pause("p1", bench.answer(by=f"person {number}")))
    assert [pause for pause in answers if pause is not None] == [await bench.pause_now()]


async def test_one_of_many_gets_the_run_id(bench: Bench) -> None:
    """Exactly one of 40 runs of the same id is created."""

    async def create(number: int) -> bool:
        try:
            await bench.create(user_id=f"U{number}")
        except ConflictError:
            return False
        return True

    assert Counter(await in_threads(create)) == {True: 1, False: THREADS - 1}


async def test_a_run_that_is_created_again_does_not_hinder_the_first(bench: Bench) -> None:
    """Every entry and every state change lands while others try to create a run of the same id and session."""
    epoch = await bench.start()

    async def work(number: int) -> None:
        if number % 2:
            with pytest.raises(RunExistsError):
                await bench.store.create_run(bench.run(), {"count": number})
        else:
            changes = StateChanges(set={str(number): number})
            await bench.store.append("r1", epoch, bench.entry(f"root/{number}", state_changes=changes))

    await in_threads(work)
    assert await bench.state_now() == {str(number): number for number in range(0, THREADS, 2)}


async def test_runs_do_not_hinder_each_other(bench: Bench) -> None:
    """All of 40 runs of one session go from start to end, and every entry and every state change lands."""

    async def work(number: int) -> None:
        run_id = f"r{number}"
        epoch = await bench.start(run_id)
        for step in range(5):
            changes = StateChanges(set={f"{run_id}/{step}": step})
            await bench.store.append(run_id, epoch, bench.entry(f"root/{step}", state_changes=changes))
        await bench.store.finish_run(run_id, epoch, RunStatus.COMPLETED, None, 1001.0)

    await in_threads(work)
    for number in range(THREADS):
        snapshot = await bench.store.load_run(f"r{number}")
        assert snapshot is not None
        assert snapshot.run.status is RunStatus.COMPLETED
        assert [entry.path for entry in snapshot.journal] == [f"root/{step}" for step in range(5)]
    assert len(await bench.state_now()) == 5 * THREADS


async def test_a_pause_expires_once(bench: Bench) -> None:
    """40 clocks that go off at once answer each pause once."""
    for number in range(20):
        run_id = f"r{number}"
        await bench.ask(bench.pause(f"p{number}", run_id, deadline=1500.0), run_id=run_id)
    batches = await in_threads(lambda _: bench.store.expire_pauses(1500.0, 3))
    expired = Counter(pause.pause_id for batch in batches for pause in batch)
    assert expired == {f"p{number}": 1 for number in range(20)}


async def test_one_large_value_of_many(bench: Bench) -> None:
    """40 runs store the same large values at once, in any order, and every entry lands."""
    digests = [f"d{number}" for number in range(10)]

    async def work(number: int) -> None:
        epoch = await bench.start(f"r{number}", session_id=f"s{number}")
        turned = digests[number % 10 :] + digests[: number % 10]
        await bench.store.append(f"r{number}", epoch, bench.entry(), dict.fromkeys(turned, "large"))

    await in_threads(work)
    assert await bench.store.get_blobs(digests) == dict.fromkeys(digests, "large")
    for number in range(THREADS):
        snapshot = await bench.store.load_run(f"r{number}")
        assert snapshot is not None
        assert len(snapshot.journal) == 1


async def test_a_session_is_deleted_while_runs_join_it(bench: Bench) -> None:
    """Every run joins the session or begins it anew, and every delete takes all of it or nothing."""

    async def work(number: int) -> None:
        if number % 2:
            await bench.create(f"r{number}", status=RunStatus.COMPLETED)
            return
        try:
            await bench.store.delete_session("s1")
        except ConflictError as conflict:
            assert "because its run r" in str(conflict)  # noqa: PT017 - one of several outcomes

    await in_threads(work)
    left = [run.run_id for run in await bench.store.list_runs(RunFilter(session_id="s1"))]
    assert (await bench.store.get_session("s1") is not None) == bool(left)
    assert await bench.store.delete_session("s1") == bool(left)


async def test_everybody_gets_the_same_key(bench: Bench) -> None:
    """40 first uses of a name get one secret."""
    assert len(set(await in_threads(lambda _: bench.store.get_key("modal")))) == 1


async def test_a_store_is_closed_while_it_is_used(bench: Bench) -> None:
    """Every call returns, and every write lands, though the store is closed again and again."""

    async def write(number: int) -> None:
        await bench.store.put_inbox(number, 1000.0)
        if number % 5 == 0:
            await bench.store.close()
        await bench.store.put_inbox(number, 1000.0)

    await in_threads(write)
    assert len(await bench.store.list_inbox(99)) == 2 * THREADS
