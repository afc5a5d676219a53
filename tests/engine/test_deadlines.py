"""Deadlines: when silence answers, and that a decision made in time counts however late it is continued."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from kernbot.db.base import Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.engine.large import load
from kernbot.engine.ledger import TooLateError, expire_due, give_answer
from kernbot.engine.runner import Definition, Engine, StartRequest
from kernbot.engine.views import run_output
from kernbot.errors import AnswerError, NotFoundError, UsageError
from kernbot.run import RunStatus
from kernbot.run.answer import Action, Answer
from kernbot.workflow import Condition, HumanReview, Loop, Router, Step, Steps, Workflow
from kernbot.workflow.node import Node
from kernbot.workflow.requirement import Requirement
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
    return await _begin(store, _gated(calls, timeout=60, **settings).steps)


async def _begin(store: Store, steps: Sequence[Node]) -> tuple[Engine, Definition, str, str]:
    """Carry a run as far as its question, asked at 1000."""
    definition = Definition(workflow_id="w", name="w", steps=steps)
    engine = Engine(store=store, clock=_Clock())
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


YES: dict[str, Any] = {"requires_confirmation": True}
VALUES = {"requires_user_input": True, "user_input_schema": [{"name": "n", "field_type": "int"}]}
DEFAULTS: dict[str, Any] = {
    "requires_user_input": True,
    "user_input_schema": [{"name": "n", "field_type": "int", "value": 3}],
}
REVIEW = {"requires_output_review": True}
ITERATION = {"requires_iteration_review": True}
ROUTE = {"requires_user_input": True}
FAILURE = {"on_error": "pause"}
CANCELLED = "Nobody answered the question of step 'g' in time."


def _step(calls: Calls, review: HumanReview) -> Node:
    return calls.step("g", human_review=review)


def _values(calls: Calls, review: HumanReview) -> Node:
    body = calls.body("g")
    return Step("g", lambda given: f"{given.user_input.get('n')}{body(given)}", human_review=review)


def _workflow(calls: Calls, review: HumanReview) -> Node:
    return Step("g", workflow=Workflow(steps=[calls.step("inner")]), human_review=review)


def _steps(calls: Calls, review: HumanReview) -> Node:
    return Steps("g", steps=[calls.step("inner")], human_review=review)


def _condition(calls: Calls, review: HumanReview) -> Node:
    return Condition([calls.step("inner")], True, [calls.step("else")], "g", human_review=review)


def _loop(calls: Calls, review: HumanReview) -> Node:
    """Return a loop that would go on for a second iteration, unless it is its output that is reviewed."""
    ends = bool(review.requires_output_review)
    return Loop([calls.step("inner")], "g", max_iterations=2, end_condition=lambda _: ends, human_review=review)


def _router(calls: Calls, review: HumanReview) -> Node:
    return Router([calls.step("inner")], lambda _: "inner", "g", human_review=review)


def _open_router(calls: Calls, review: HumanReview) -> Node:
    return Router([calls.step("inner")], None, "g", human_review=review)


def _failing(calls: Calls, review: HumanReview) -> Node:
    return calls.failing("g", human_review=review)


def _failing_once(calls: Calls, review: HumanReview) -> Node:
    return calls.failing("g", 1, human_review=review)


RAN = "z(inner(a(x)))"
LEFT_OUT = "z(a(x))"


class Asks(NamedTuple):
    """A node that asks something, and what comes of a yes and of a reject by silence."""

    make: Callable[[Calls, HumanReview], Node]
    settings: dict[str, Any]
    approved: str
    rejected: str = LEFT_OUT

    def steps(self, calls: Calls, **more: Any) -> list[Node]:
        """Return the node between two steps."""
        return [calls.step("a"), self.make(calls, HumanReview(**self.settings, **more)), calls.step("z")]


every_question = pytest.mark.parametrize(
    "asks",
    [
        Asks(_step, YES, "z(g(a(x)))"),
        Asks(_workflow, YES, RAN),
        Asks(_steps, YES, RAN),
        Asks(_condition, YES, RAN, rejected="z(else(a(x)))"),
        Asks(_loop, YES, RAN),
        Asks(_router, YES, RAN),
        Asks(_values, VALUES, CANCELLED),
        Asks(_values, DEFAULTS, "z(3g(a(x)))"),
        Asks(_values, {**YES, **DEFAULTS}, "z(3g(a(x)))"),
        Asks(_router, ROUTE, RAN),
        Asks(_open_router, ROUTE, CANCELLED),
        Asks(_step, REVIEW, "z(g(a(x)))"),
        Asks(_workflow, REVIEW, RAN),
        Asks(_loop, REVIEW, RAN),
        Asks(_router, REVIEW, RAN),
        Asks(_loop, ITERATION, RAN),
        Asks(_failing, FAILURE, LEFT_OUT),
    ],
    ids=lambda asks: f"{asks.make.__name__}-{'-'.join(asks.settings)}",
)


async def _after_the_deadline(steps: Sequence[Node]) -> Any:
    """Return the content of a run whose question nobody has answered."""
    store = InMemoryDb()
    engine, definition, run_id, pause_id = await _begin(store, steps)
    (expired,) = await expire_due(store, 1060.0)
    assert (expired.pause_id, expired.deadline) == (pause_id, 1060.0)
    await _go_on(engine, definition, run_id)
    return run_output(await load(store, run_id)).content


@every_question
@pytest.mark.parametrize("on_timeout", ["approve", "reject", "skip", "cancel"])
async def test_every_question_has_a_deadline(calls: Calls, asks: Asks, on_timeout: str) -> None:
    """At it, `on_timeout` answers: a yes without values or choices cancels, and a failure is never retried."""
    content = await _after_the_deadline(asks.steps(calls, timeout=60, on_timeout=on_timeout))
    expected = {"approve": asks.approved, "reject": asks.rejected, "skip": LEFT_OUT, "cancel": CANCELLED}
    assert content == expected[on_timeout]


@every_question
async def test_silence_never_asks_again(calls: Calls, asks: Asks) -> None:
    """With `on_reject=retry`, `on_timeout=reject` leaves the node out at the first deadline."""
    steps = asks.steps(calls, timeout=60, on_timeout="reject", on_reject="retry")
    assert await _after_the_deadline(steps) == LEFT_OUT


@pytest.mark.parametrize(
    ("asks", "decide", "content"),
    [
        (Asks(_values, VALUES, ""), lambda run: run.step_requirements[0].set_user_input(n=1), "z(1g(a(x)))"),
        (Asks(_open_router, ROUTE, ""), lambda run: run.step_requirements[0].select("inner"), RAN),
        (Asks(_step, REVIEW, ""), lambda run: run.step_requirements[0].edit("edited"), "z(edited)"),
        (Asks(_loop, ITERATION, ""), lambda run: run.step_requirements[0].confirm(), RAN),
        (Asks(_condition, YES, ""), lambda run: run.step_requirements[0].reject(), "z(else(a(x)))"),
        (Asks(_failing_once, FAILURE, ""), lambda run: run.error_requirements[0].retry(), "z(g(a(x)))"),
    ],
)
def test_every_decision_made_in_time_counts(calls: Calls, asks: Asks, decide: Any, content: str) -> None:
    """However late the run is continued, and whatever the timeout would have done; the requirement told its end."""
    workflow = Workflow(steps=asks.steps(calls, timeout=SOON, on_timeout="cancel"))
    run = workflow.run("x")
    decide(run)
    questions: list[Requirement] = [*run.step_requirements, *run.error_requirements]
    (asked,) = questions
    assert asked.timeout_at is not None
    _pass(SOON)
    assert asked.is_timed_out
    assert workflow.continue_run(run).content == content


def test_a_deadline_belongs_to_one_question(calls: Calls) -> None:
    """That of an answered question does nothing to a later one of the same run, which has none."""
    workflow = Workflow(
        steps=[calls.step("a", requires_output_review=True, timeout=SOON), calls.failing("b", 1, on_error="pause")]
    )
    run = workflow.run("x")
    run.step_requirements[-1].confirm()
    run = workflow.continue_run(run)
    _pass(SOON)
    (failed,) = run.steps_with_errors
    assert failed.timeout_at is None
    failed.retry()
    assert workflow.continue_run(run).content == "b(a(x))"


async def test_a_question_that_is_asked_again_has_its_own_deadline(db: Store, calls: Calls) -> None:
    """It is counted from the moment it is asked."""
    engine, definition, run_id, pause_id = await _ask(db, calls, on_reject="retry")
    await give_answer(db, pause_id, Answer(action=Action.reject), at=1030.0, by="ann", door="button")
    later = replace(engine, clock=lambda: 1030.0)
    assert await _go_on(later, definition, run_id) is RunStatus.PAUSED
    assert [pause.deadline for pause in (await load(db, run_id)).pauses] == [1060.0, 1090.0]
    assert await expire_due(db, 1089.0) == []
