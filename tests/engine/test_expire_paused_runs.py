"""Deadlines without anybody who continues a run: `expire_paused_runs`, called now and then."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from kernbot.db.base import Snapshot, Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.engine.ledger import expire_due
from kernbot.engine.runner import Engine, StartRequest
from kernbot.run import RunStatus
from kernbot.workflow import Parallel, Workflow
from tests.engine.bench import Calls, must_load


def _gated(calls: Calls, db: Store, name: str = "w", **settings: Any) -> Workflow:
    gate = calls.step("g", requires_confirmation=True, timeout=60, **settings)
    return Workflow(name=name, db=db, steps=[gate, calls.step("z")])


def _later() -> float:
    return time.time() + 61


def test_what_is_due_is_answered_and_carried_on(db: Store, calls: Calls) -> None:
    """The runs are returned as they are then; one that is not due, or of another workflow, is as it was."""
    workflow, patient = _gated(calls, db, on_timeout="approve"), _gated(calls, db, "patient", on_timeout="approve")
    run, other = workflow.run("x"), patient.run("y")
    assert workflow.expire_paused_runs() == []
    [done] = workflow.expire_paused_runs(_later())
    assert (done.run_id, done.status, done.content) == (run.run_id, RunStatus.COMPLETED, "z(g(x))")
    assert (done == must_load(workflow, run.run_id), must_load(patient, other.run_id) == other) == (True, True)
    assert workflow.expire_paused_runs(_later()) == []


@pytest.mark.parametrize(
    ("on_timeout", "status", "names"),
    [
        ("skip", RunStatus.COMPLETED, ["z"]),
        ("cancel", RunStatus.CANCELLED, []),
        ("approve", RunStatus.COMPLETED, ["g", "z"]),
    ],
)
async def test_silence_answers_as_was_promised(
    db: Store, calls: Calls, on_timeout: str, status: RunStatus, names: list[str]
) -> None:
    """`on_timeout` decides; from async code, with a datetime."""
    workflow = _gated(calls, db, on_timeout=on_timeout)
    await workflow.arun("x")
    done = await workflow.aexpire_paused_runs(datetime.fromtimestamp(_later(), UTC))
    assert ([run.status for run in done], calls.names) == ([status], names)


def test_several_open_questions_of_one_run(db: Store, calls: Calls) -> None:
    """Those that are due are answered; the run goes on as far as it can, and waits for the others."""
    gates = [
        calls.step(name, requires_confirmation=True, timeout=seconds, on_timeout="approve")
        for name, seconds in (("soon", 60), ("late", 600))
    ]
    workflow = Workflow(db=db, steps=[Parallel(*gates, name="both")])
    workflow.run("x")
    [run] = workflow.expire_paused_runs(_later())
    assert (run.status, calls.names) == (RunStatus.PAUSED, ["soon"])
    assert [item.step_name for item in run.active_step_requirements] == ["late"]


def test_one_run_that_fails_holds_up_no_other(db: Store, calls: Calls, caplog: pytest.LogCaptureFixture) -> None:
    """Its error is on it, and in the log."""
    failing = calls.failing("g", 1, requires_confirmation=True, timeout=60, on_timeout="approve", on_error="fail")
    workflow = Workflow(db=db, steps=[failing])
    for given in ("x", "y"):
        workflow.run(given)
    with caplog.at_level(logging.WARNING):
        first, second = workflow.expire_paused_runs(_later())
    assert (first.status, first.error) == (RunStatus.ERROR, "ValueError: g is broken")
    assert (second.status, second.content) == (RunStatus.COMPLETED, "g(y)")
    assert "g is broken" in caplog.text


class _Contested(InMemoryDb):
    """Somebody else is always faster to take up a run, once `is_contested`."""

    is_contested = False

    async def claim_run(self, run_id: str, owner: str, lease_seconds: float) -> Snapshot | None:
        if self.is_contested:
            await super().claim_run(run_id, "somebody else", lease_seconds)
        return await super().claim_run(run_id, owner, lease_seconds)


def test_a_run_that_somebody_else_executes_is_left_to_them(calls: Calls, caplog: pytest.LogCaptureFixture) -> None:
    """It is returned as it is, RUNNING, without a word in the log."""
    db = _Contested()
    workflow = _gated(calls, db, on_timeout="approve")
    workflow.run("x")
    db.is_contested = True
    assert [run.status for run in workflow.expire_paused_runs(_later())] == [RunStatus.RUNNING]
    assert (calls.names, caplog.messages) == ([], [])


async def test_a_run_of_a_bot_is_answered_and_left_to_the_bot(db: Store, calls: Calls) -> None:
    """It is PENDING then, which the bot sees."""
    workflow = _gated(calls, db, on_timeout="approve")
    engine = Engine(store=db)
    run_id = await engine.start(workflow.definition(), StartRequest(input="x", origin="bot"))
    async for _ in engine.execute(workflow.definition(), run_id):
        pass
    [run] = await workflow.aexpire_paused_runs(_later())
    assert (run.run_id, run.status, calls.names) == (run_id, RunStatus.PENDING, [])


async def test_a_run_that_was_answered_and_left_lying_is_carried_on(db: Store, calls: Calls) -> None:
    """By a process that died, say; a run that was given up for another reason is not touched."""
    workflow = _gated(calls, db, on_timeout="approve")
    await workflow.arun("x")
    stream = Workflow(name="w", db=db, steps=[calls.step("a"), calls.step("b")]).arun("y", run_id="R", stream=True)
    async for event in stream:
        if event.event == "StepOutput":
            break
    await stream.aclose()
    await expire_due(db, _later())
    assert [run.content for run in await workflow.aexpire_paused_runs()] == ["z(g(x))"]
    given_up = await workflow.aget_run("R")
    assert given_up is not None
    assert given_up.status is RunStatus.PENDING
