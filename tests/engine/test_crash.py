"""Processes that die: what is repeated, what is asked, and who takes over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from kernbot.db.base import FencedError, JournalEntry, Store
from kernbot.engine.large import load
from kernbot.engine.ledger import expire_due
from kernbot.engine.runner import Engine, StartRequest
from kernbot.engine.views import run_output
from kernbot.errors import ConflictError
from kernbot.run import RunContext, RunStatus
from kernbot.run.answer import Action
from kernbot.run.workflow import StepCompletedEvent, StepErrorEvent, WorkflowStartedEvent
from kernbot.workflow import Step, StepInput, Steps, Workflow
from tests.engine.bench import Calls, confirm, last_run
from tests.engine.places import AROUND
from tests.engine.worker import answer, definition_of, die_in, go_on, start

PATH = "root/send"


async def _died_in_an_approved_step(db: Store, calls: Calls) -> tuple[str, Step]:
    """Return a run whose worker was killed inside its approved step, and was taken up by another."""
    step = calls.step("send", requires_confirmation=True)
    definition = definition_of(step, calls.step("z"))
    run_id = await start(db, definition)
    await answer(db, run_id, Action.confirm)
    await die_in(db, run_id, PATH, step)
    await go_on(db, definition, run_id)
    return run_id, step


async def test_an_approved_step_is_never_repeated_silently(db: Store, calls: Calls) -> None:
    """The run stops at a question, `MayHaveRunAlready`, that offers retry, skip and cancel."""
    run_id, _ = await _died_in_an_approved_step(db, calls)
    run = run_output(await load(db, run_id))
    assert (run.status, run.paused_step_name, calls.names) == (RunStatus.PAUSED, "send", [])
    asked = run.steps_with_errors[0]
    assert (asked.error_type, asked.actions, asked.retry_count) == (
        "MayHaveRunAlready",
        (Action.retry, Action.skip),
        0,
    )


@pytest.mark.parametrize(
    ("action", "status", "ran"),
    [
        (Action.retry, RunStatus.COMPLETED, ["send", "z"]),
        (Action.skip, RunStatus.COMPLETED, ["z"]),
        (Action.cancel, RunStatus.CANCELLED, []),
    ],
)
async def test_people_decide_what_becomes_of_it(
    db: Store, calls: Calls, action: Action, status: RunStatus, ran: list[str]
) -> None:
    """Retry runs it once more, skip goes on without it, cancel ends the run."""
    run_id, step = await _died_in_an_approved_step(db, calls)
    await answer(db, run_id, action)
    await go_on(db, definition_of(step, calls.step("z")), run_id)
    run = run_output(await load(db, run_id))
    assert (run.status, calls.names, run.has_failed_steps) == (status, ran, False)


async def test_it_is_asked_after_every_crash(db: Store, calls: Calls) -> None:
    """A worker that dies in the retry leaves a second question, which knows of the first retry."""
    run_id, step = await _died_in_an_approved_step(db, calls)
    await answer(db, run_id, Action.retry)
    await die_in(db, run_id, PATH, step)
    await go_on(db, definition_of(step, calls.step("z")), run_id)
    run = run_output(await load(db, run_id))
    assert ([item.retry_count for item in run.steps_with_errors], calls.names) == ([1], [])


async def test_a_step_inside_an_approved_pipeline_is_asked_about_too(db: Store, calls: Calls) -> None:
    """The gate may be further out."""
    step = calls.step("send")
    definition = definition_of(Steps(name="s", steps=[step], requires_confirmation=True))
    run_id = await start(db, definition)
    await answer(db, run_id, Action.confirm)
    await die_in(db, run_id, "root/s/send", step)
    await go_on(db, definition, run_id)
    assert [item.step_name for item in run_output(await load(db, run_id)).steps_with_errors] == ["send"]


class DiedError(BaseException):
    """What a process dies of, in these tests."""


def _dying(calls: Calls, name: str, in_call: int = 1) -> Callable[[StepInput, RunContext], str]:
    """Return a step function during one of whose calls the process dies; it notes the key of each."""

    def work(_: StepInput, run_context: RunContext) -> str:
        calls.names.append(run_context.idempotency_key.partition(":")[2])
        if len(calls.names) == in_call:
            raise DiedError
        return name

    return work


def _dies(work: Callable[[], object]) -> None:
    with pytest.raises(DiedError):
        work()


@pytest.mark.parametrize("place", AROUND)
def test_on_crash_ask_holds_without_a_gate(db: Store, calls: Calls, place: str) -> None:
    """A step that must not be repeated unasked is asked about wherever it is, and goes on there."""
    step = Step("send", _dying(calls, "sent"), on_crash="ask")
    workflow = Workflow(db=db, steps=[AROUND[place]("outer", [Step("a", lambda _: "a"), step])])
    _dies(lambda: workflow.run("x", run_id="R"))
    run = workflow.continue_run(run_id="R")
    assert [(item.step_name, item.error_type) for item in run.steps_with_errors] == [("send", "MayHaveRunAlready")]
    run.steps_with_errors[0].retry()
    assert workflow.continue_run(run).content == "sent"
    assert [key.rpartition(":")[2] for key in calls.names] == ["1", "2"]


def test_on_crash_repeat_holds_behind_a_gate(db: Store, calls: Calls) -> None:
    """A step that may be repeated is, under the same idempotency key, and nobody is asked."""
    step = Step("send", _dying(calls, "sent"), requires_confirmation=True, on_crash="repeat")
    workflow = Workflow(db=db, steps=[step])
    run = workflow.run("x")
    run.step_requirements[-1].confirm()
    _dies(lambda: workflow.continue_run(run))
    assert (workflow.continue_run(run_id=run.run_id).content, calls.names) == ("sent", ["root/send:1"] * 2)


@pytest.mark.parametrize(("gated", "keys"), [(True, ["1", "2", "3"]), (False, ["1", "2", "2"])])
def test_a_crash_after_a_review_is_one_of_its_own_attempt(
    db: Store, calls: Calls, gated: bool, keys: list[str]
) -> None:
    """Done again for a reviewer, a step that died is asked about behind a gate, else repeated; its draft stands."""
    step = Step(
        "send",
        _dying(calls, "sent", in_call=2),
        requires_confirmation=gated,
        requires_output_review=True,
        on_reject="retry",
    )
    workflow = Workflow(db=db, steps=[step])
    run = workflow.run("x", run_id="R")
    if gated:
        run = confirm(workflow, run)
    run.step_requirements[-1].reject("again")
    _dies(lambda: workflow.continue_run(run))
    run = workflow.continue_run(run_id="R")
    if gated:
        run.steps_with_errors[0].retry()
        run = workflow.continue_run(run)
    assert run.steps_requiring_output_review[0].retry_count == 1
    assert (confirm(workflow, run).content, calls.names) == ("sent", [f"root/send:{key}" for key in keys])


def test_what_came_out_before_the_crash_is_reviewed_as_it_is(db: Store, calls: Calls) -> None:
    """A worker that dies between the step and the question about its output leaves nothing to be done again."""
    workflow = Workflow(db=db, steps=[calls.step("a", requires_output_review=True)])
    for event in workflow.run("x", run_id="R", stream=True, stream_events=True):
        if isinstance(event, StepCompletedEvent):
            break
    run = workflow.continue_run(run_id="R")
    assert ([item.step_name for item in run.steps_requiring_output_review], calls.names) == (["a"], ["a"])


async def test_silence_never_repeats_what_may_have_run(db: Store, calls: Calls) -> None:
    """At the deadline of the question the step is skipped, though `on_timeout` says approve."""
    step = calls.step("send", requires_confirmation=True, timeout=60, on_timeout="approve")
    definition = definition_of(step, calls.step("z"))
    run_id = await start(db, definition)
    await answer(db, run_id, Action.confirm)
    await die_in(db, run_id, PATH, step)
    await go_on(db, definition, run_id)
    assert len(await expire_due(db, time.time() + 61)) == 1
    await go_on(db, definition, run_id)
    assert ((await load(db, run_id)).run.status, calls.names) == (RunStatus.COMPLETED, ["z"])


async def test_an_answer_outlives_the_process_that_took_it(db: Store, calls: Calls) -> None:
    """A run whose worker died between the answer and the step goes on without asking again."""
    step = calls.step("send", requires_confirmation=True)
    definition = definition_of(calls.step("a"), step)
    run_id = await start(db, definition)
    await answer(db, run_id, Action.confirm)
    assert await db.claim_run(run_id, "dead", 0.01) is not None
    await asyncio.sleep(0.02)
    await go_on(db, definition, run_id)
    assert ((await load(db, run_id)).run.status, calls.names) == (RunStatus.COMPLETED, ["a", "send"])


async def test_an_ungated_step_is_repeated_with_the_same_key(db: Store) -> None:
    """A worker that is killed inside it is replaced, and the step sees the idempotency key that it saw before."""
    keys: list[str] = []
    begun = asyncio.Event()

    async def work(_: StepInput, run_context: RunContext) -> None:
        keys.append(run_context.idempotency_key)
        begun.set()
        await asyncio.sleep(0 if len(keys) > 1 else 60)

    definition = definition_of(Step("work", work))
    run_id = await Engine(store=db).start(definition, StartRequest())
    killed = asyncio.create_task(go_on(db, definition, run_id))
    await begun.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    assert (await load(db, run_id)).run.status is RunStatus.PENDING
    await go_on(db, definition, run_id)
    assert keys == [f"{run_id}:root/work:1"] * 2


def test_a_failure_outlives_its_process(db: Store, calls: Calls) -> None:
    """An approved step that failed is not run again by a worker that comes after the failure was stored."""
    workflow = Workflow(name="w", db=db, steps=[calls.failing("send", requires_confirmation=True), calls.step("z")])
    run = workflow.run("x")
    run.step_requirements[-1].confirm()
    for event in workflow.continue_run(run, stream=True):
        if isinstance(event, StepErrorEvent):
            break
    done = workflow.continue_run(run_id=run.run_id)
    assert ([failed.error for failed in done.failed_steps], calls.names) == (
        ["ValueError: send is broken"],
        ["send", "z"],
    )


def test_a_run_whose_worker_died_is_taken_over(db: Store, calls: Calls) -> None:
    """`continue_run(run_id=...)` goes on once the lease has run out; what was done is not repeated."""
    workflow = Workflow(name="w", db=db, steps=[calls.step("a"), calls.step("z")])
    definition = workflow.definition()

    async def die_after_a() -> None:
        engine = Engine(store=db)
        await engine.start(definition, StartRequest(run_id="R", input="x"))
        snapshot = await db.claim_run("R", "dead", 0.3)
        assert snapshot is not None
        done = {"skipped": False, "output": {"step_name": "a", "content": "a(x)"}}
        entry = JournalEntry(path="root/a", kind="output", node="Step:a", payload=done, created_at=1.0)
        await db.append("R", snapshot.run.epoch, entry)

    asyncio.run(die_after_a())
    with pytest.raises(ConflictError, match=r"executed by dead, whose lease runs \d+ more seconds"):
        workflow.continue_run(run_id="R")
    time.sleep(0.31)
    assert (workflow.continue_run(run_id="R").content, calls.names) == ("z(a(x))", ["z"])


async def test_a_lease_is_held_through_a_long_plain_step(db: Store) -> None:
    """A step of three leases, which blocks its thread, keeps its claim: nobody else gets the run meanwhile."""
    claims: list[object] = []

    def sleep(_: StepInput, run_context: RunContext) -> str:
        for _turn in range(3):
            time.sleep(0.3)
            claims.append(asyncio.run(db.claim_run(run_context.run_id, "thief", 1)))
        return "slept"

    definition = definition_of(Step("sleep", sleep))
    engine = Engine(store=db, lease_seconds=0.3)
    run_id = await engine.start(definition, StartRequest())
    async for _ in engine.execute(definition, run_id):
        pass
    run = run_output(await load(db, run_id))
    assert (run.content, claims) == ("slept", [None, None, None])


async def test_a_worker_that_was_replaced_writes_nothing(db: Store, calls: Calls) -> None:
    """Its step's result is lost, the run belongs to the other worker, and no further step starts."""

    async def lose_the_run(_: StepInput, run_context: RunContext) -> None:
        run = (await load(db, run_context.run_id)).run
        await db.release_run(run.run_id, run.epoch, 1.0)
        assert await db.claim_run(run.run_id, "other", 30) is not None

    definition = definition_of(Step("a", lose_the_run), calls.step("z"))
    run_id = await Engine(store=db).start(definition, StartRequest())
    with pytest.raises(FencedError):
        await go_on(db, definition, run_id)
    stored = await load(db, run_id)
    assert (stored.run.owner, stored.journal, calls.names) == ("other", (), [])


async def test_a_worker_whose_lease_ran_out_starts_no_step(db: Store, calls: Calls) -> None:
    """A process that was frozen for longer than its lease gives the run up as PENDING."""
    definition = definition_of(calls.step("a"))
    engine = Engine(store=db, lease_seconds=0.0)
    run_id = await engine.start(definition, StartRequest())
    stream = engine.execute(definition, run_id)
    assert isinstance(await anext(stream), WorkflowStartedEvent)
    with pytest.raises(ConflictError, match="lease"):
        await anext(stream)
    assert ((await load(db, run_id)).run.status, calls.names) == (RunStatus.PENDING, [])


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_ctrl_c_leaves_a_run_that_can_be_continued(
    db: Store, calls: Calls, caplog: pytest.LogCaptureFixture, kind: type[BaseException], *, live: bool
) -> None:
    """A KeyboardInterrupt or `sys.exit()` inside a step leaves `run` at once, streamed too, and the run PENDING."""
    interrupted = iter([True])

    def interrupt(_: StepInput) -> str:
        if next(interrupted, False):
            raise kind
        return "done"

    workflow = Workflow(name="w", db=db, steps=[calls.step("a"), interrupt])
    with pytest.raises(kind):
        list(workflow.run("x", stream=True)) if live else workflow.run("x")
    assert caplog.messages == []
    run = last_run(workflow)
    assert run.status is RunStatus.PENDING
    assert (workflow.continue_run(run).content, calls.names) == ("done", ["a"])
