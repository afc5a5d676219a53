"""Deadlines: when silence answers, and that a decision made in time counts however late it is continued."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.engine.ledger import TooLateError, expire_due, give_answer
from kernbot.engine.runner import Definition, Engine, StartRequest, load
from kernbot.errors import AnswerError, NotFoundError, UsageError
from kernbot.run import RunStatus
from kernbot.run.answer import Action, Answer
from kernbot.workflow import Workflow
from tests.engine.bench import Calls

SOON = 0.2


def _gated(calls: Calls, **settings: Any) -> Workflow:
    return Workflow(steps=[calls.step("a"), calls.step("g", requires_confirmation=True, **settings), calls.step("z")])


def _pass(seconds: float) -> None:
    time.sleep(seconds + 0.01)


def test_a_question_tells_its_deadline(calls: Calls) -> None:
    """`timeout_at` is the moment it was asked plus the timeout, in UTC; without a timeout there is none."""
    before = datetime.now(UTC)
    asked = _gated(calls, timeout=60).run("x").step_requirements[-1]
    assert asked.timeout_at is not None
    assert 60 <= (asked.timeout_at - before).total_seconds() < 65
    assert not asked.is_timed_out
    assert _gated(calls).run("x").step_requirements[-1].timeout_at is None


@pytest.mark.parametrize(
    ("on_timeout", "status", "content"),
    [
        ("cancel", RunStatus.CANCELLED, "Nobody answered the question of step 'g' in time."),
        ("skip", RunStatus.COMPLETED, "z(a(x))"),
        ("approve", RunStatus.COMPLETED, "z(g(a(x)))"),
        ("reject", RunStatus.COMPLETED, "z(a(x))"),
    ],
)
def test_silence_answers_at_the_deadline(calls: Calls, on_timeout: str, status: RunStatus, content: str) -> None:
    """A run that nobody decided is continued as `on_timeout` says."""
    workflow = _gated(calls, timeout=SOON, on_timeout=on_timeout)
    run = workflow.run("x")
    _pass(SOON)
    done = workflow.continue_run(run)
    assert (done.status, done.content) == (status, content)


def test_silence_rejects_as_a_person_would(calls: Calls) -> None:
    """`on_timeout=reject` does what `on_reject` says, while `skip` skips whatever it says."""
    for on_timeout, status in (("reject", RunStatus.CANCELLED), ("skip", RunStatus.COMPLETED)):
        workflow = _gated(calls, timeout=SOON, on_timeout=on_timeout, on_reject="cancel")
        run = workflow.run("x")
        _pass(SOON)
        assert workflow.continue_run(run).status is status


@pytest.mark.parametrize(("decision", "content"), [("confirm", "z(g(a(x)))"), ("reject", "z(a(x))")])
def test_a_decision_made_in_time_counts(calls: Calls, decision: str, content: str) -> None:
    """It is compared with the deadline when it is made, not when the run is continued."""
    workflow = _gated(calls, timeout=SOON, on_timeout="cancel")
    run = workflow.run("x")
    getattr(run.step_requirements[-1], decision)()
    _pass(SOON)
    assert workflow.continue_run(run).content == content


def test_a_decision_made_too_late_does_not_count(calls: Calls) -> None:
    """The deadline has answered, whatever is said after it."""
    workflow = _gated(calls, timeout=SOON, on_timeout="skip")
    run = workflow.run("x")
    _pass(SOON)
    run.step_requirements[-1].confirm()
    assert (workflow.continue_run(run).content, calls.names) == ("z(a(x))", ["a", "z"])


def test_before_its_deadline_an_undecided_run_waits(calls: Calls) -> None:
    """UsageError: silence answers at the deadline and not before."""
    workflow = _gated(calls, timeout=60, on_timeout="approve")
    with pytest.raises(UsageError, match="waits for an answer about g"):
        workflow.continue_run(workflow.run("x"))


class _Clock:
    """Stands still until a test moves it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def _ask(store: Store, calls: Calls, **settings: Any) -> tuple[Engine, Definition, str, str]:
    clock = _Clock()
    definition = Definition(workflow_id="w", name="w", steps=_gated(calls, timeout=60, **settings).steps)
    engine = Engine(store=store, clock=clock)
    run_id = await engine.start(definition, StartRequest(input="x"))
    async for _ in engine.execute(definition, run_id):
        pass
    return engine, definition, run_id, (await load(store, run_id)).pauses[-1].pause_id


async def _go_on(engine: Engine, definition: Definition, run_id: str) -> RunStatus:
    async for _ in engine.execute(definition, run_id):
        pass
    return (await load(engine.store, run_id)).run.status


async def test_the_clock_answers_what_is_due(db: Store, calls: Calls) -> None:
    """`expire_due` gives every due question its promised answer once, dated at the deadline, by the timeout."""
    engine, definition, run_id, pause_id = await _ask(db, calls, on_timeout="skip")
    assert await expire_due(db, 1059.9) == []
    expired = await expire_due(db, 1100.0)
    assert [pause.pause_id for pause in expired] == [pause_id]
    assert expired[0].answered is not None
    assert (expired[0].answered.at, expired[0].answered.by, expired[0].answered.door) == (1060.0, "timeout", "clock")
    assert await expire_due(db, 1100.0) == []
    assert await _go_on(engine, definition, run_id) is RunStatus.COMPLETED
    assert calls.names == ["a", "z"]


CONFIRM = Answer(action=Action.confirm)


async def test_an_answer_in_time_wins_over_a_late_clock(db: Store, calls: Calls) -> None:
    """An answer dated before the deadline is taken after it, as long as the clock has not answered."""
    engine, definition, run_id, pause_id = await _ask(db, calls)
    await give_answer(db, pause_id, CONFIRM, at=1059.0, by="ann", door="button")
    assert await expire_due(db, 1100.0) == []
    assert await _go_on(engine, definition, run_id) is RunStatus.COMPLETED


async def test_an_answer_after_the_deadline_is_refused_with_what_happened(db: Store, calls: Calls) -> None:
    """TooLateError carries the question as it was closed, and silence has been stored as its answer."""
    engine, definition, run_id, pause_id = await _ask(db, calls)
    with pytest.raises(TooLateError, match="nobody answered in time") as late:
        await give_answer(db, pause_id, CONFIRM, at=1060.0, by="ann", door="button")
    assert late.value.pause.answered is not None
    assert late.value.pause.answered.by == "timeout"
    assert await _go_on(engine, definition, run_id) is RunStatus.CANCELLED


async def test_the_first_answer_wins(db: Store, calls: Calls) -> None:
    """Everyone else is told who answered what."""
    *_, pause_id = await _ask(db, calls)
    closed = await give_answer(db, pause_id, CONFIRM, at=1001.0, by="ann", door="button")
    with pytest.raises(TooLateError, match="ann answered 'confirm' first") as late:
        await give_answer(db, pause_id, Answer(action=Action.reject), at=1000.5, by="bob", door="modal")
    assert late.value.pause == closed


async def test_an_answer_that_does_not_fit_is_not_stored(db: Store, calls: Calls) -> None:
    """AnswerError, and the question is still open."""
    *_, pause_id = await _ask(db, calls)
    with pytest.raises(AnswerError, match="can't be answered with"):
        await give_answer(
            db, pause_id, Answer(action=Action.provide, values={"n": 1}), at=1001.0, by="ann", door="modal"
        )
    pause = await db.get_pause(pause_id)
    assert pause is not None
    assert pause.state == "open"


async def test_a_question_that_does_not_exist_is_not_answered() -> None:
    """NotFoundError."""
    with pytest.raises(NotFoundError):
        await give_answer(InMemoryDb(), "nobody", CONFIRM, at=1.0, by="ann", door="button")


async def test_the_run_can_be_cancelled_by_an_answer(db: Store, calls: Calls) -> None:
    """`cancel` answers every question."""
    engine, definition, run_id, pause_id = await _ask(db, calls)
    await give_answer(db, pause_id, Answer(action=Action.cancel), at=1001.0, by="ann", door="button")
    assert await _go_on(engine, definition, run_id) is RunStatus.CANCELLED
