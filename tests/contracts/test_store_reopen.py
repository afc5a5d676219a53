"""What every store does when a run that ended in ERROR is to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kernbot.run.status import RunStatus

if TYPE_CHECKING:
    from tests.contracts.conftest import Bench


async def fail(bench: Bench) -> None:
    """Store run r1 that ended in ERROR while pause p2 was open, and after p1 was answered."""
    await bench.ask(bench.pause("p1"), bench.pause("p2"))
    await bench.store.close_pause("p1", bench.answer())
    epoch = (await bench.claim()).run.epoch
    await bench.store.finish_run("r1", epoch, RunStatus.ERROR, {"error": "no network"}, 1002.0)


async def test_a_failed_run_is_reopened(bench: Bench) -> None:
    """True is returned; the run is PENDING, keeps what had failed as its outcome, and can be claimed."""
    await fail(bench)
    assert await bench.store.reopen_run("r1", 1003.0) is True
    run = await bench.run_now()
    assert (run.status, run.outcome, run.updated_at) == (RunStatus.PENDING, {"error": "no network"}, 1003.0)
    assert await bench.store.list_work(9) == ["r1"]
    assert (await bench.claim()).run.epoch == run.epoch + 1


async def test_a_run_is_reopened_once(bench: Bench) -> None:
    """False is returned to whoever comes second, and nothing changes."""
    await fail(bench)
    await bench.store.reopen_run("r1", 1003.0)
    before = await bench.store.load_run("r1")
    assert await bench.store.reopen_run("r1", 1004.0) is False
    assert await bench.store.load_run("r1") == before


@pytest.mark.parametrize("status", [status for status in RunStatus if status is not RunStatus.ERROR])
async def test_only_a_failed_run_is_reopened(bench: Bench, status: RunStatus) -> None:
    """False is returned, and nothing changes, in any other status, and for a run that does not exist."""
    run = await bench.create(status=status)
    assert await bench.store.reopen_run("r1", 1003.0) is False
    assert await bench.store.reopen_run("nobody", 1003.0) is False
    assert await bench.run_now() == run


async def test_questions_are_asked_again(bench: Bench) -> None:
    """A pause that the end had closed is open, as it was asked, and can be answered; an answer given stays."""
    await fail(bench)
    await bench.store.reopen_run("r1", 1003.0)
    assert await bench.pause_now("p1") == bench.pause("p1", state="answered", answered=bench.answer())
    assert await bench.pause_now("p2") == bench.pause("p2")
    assert await bench.store.close_pause("p2", bench.answer()) is not None


async def test_a_reopened_run_is_unsettled(bench: Bench) -> None:
    """A run of the bot is listed as unsettled again; one of the library never is."""
    await fail(bench)
    await bench.create("library", status=RunStatus.ERROR, origin="library")
    await bench.store.settle_run("r1")
    for run_id in ("r1", "library"):
        assert await bench.store.reopen_run(run_id, 1003.0) is True
    assert await bench.store.list_unsettled(9) == ["r1"]


async def test_a_cancel_that_came_too_late_is_forgotten(bench: Bench) -> None:
    """A reopened run goes on, though a cancel was asked for before it ended."""
    epoch = await bench.start()
    await bench.store.cancel_run("r1", "ana", "button", 1001.0)
    await bench.store.finish_run("r1", epoch, RunStatus.ERROR, {"error": "no network"}, 1002.0)
    await bench.store.reopen_run("r1", 1003.0)
    run = (await bench.claim()).run
    assert run.cancel_requested_by is None
    assert await bench.store.append("r1", run.epoch, bench.entry()) is False
