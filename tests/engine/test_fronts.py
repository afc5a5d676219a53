"""The ways to consume a run: sync and async, collected and streamed, to its end or abandoned."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

import pytest

from kernbot.db.base import Store
from kernbot.errors import ConflictError
from kernbot.run import RunStatus
from kernbot.run.workflow import StepOutputEvent, WorkflowCompletedEvent, WorkflowErrorEvent, WorkflowRunOutputEvent
from kernbot.workflow import StepInput, Steps, Workflow
from tests.engine.bench import Calls, last_run


def _names(events: list[WorkflowRunOutputEvent]) -> list[str]:
    return [event.event for event in events]


SHORT = ["WorkflowStarted", "StepOutput", "WorkflowCompleted"]


async def test_run_works_inside_a_running_loop(calls: Calls) -> None:
    """Collected and streamed, from plain code that async code calls."""
    workflow = Workflow(steps=[calls.step("a")])
    assert workflow.run("x").content == "a(x)"
    assert _names(list(workflow.run("x", stream=True))) == SHORT


async def test_an_async_stream_may_be_awaited_or_not(calls: Calls) -> None:
    """`arun` and `acontinue_run` give the same kind of object, which is iterated as it is or awaited first."""
    workflow = Workflow(steps=[calls.step("a", requires_confirmation=True)])
    for awaited in (True, False):
        stream = workflow.arun("x", stream=True)
        events = [event async for event in (await stream if awaited else stream)]
        assert _names(events) == ["WorkflowStarted", "StepPaused", "WorkflowPaused"]
        run = await workflow.aget_run_output(events[0].run_id or "")
        assert run is not None
        run.step_requirements[-1].confirm()
        more = workflow.acontinue_run(run, stream=True)
        assert _names([event async for event in (await more if awaited else more)]) == [
            "StepContinued",
            "StepOutput",
            "WorkflowCompleted",
        ]


def test_a_workflow_may_stream_by_default(calls: Calls) -> None:
    """`Workflow(stream=True)` streams unless a call says otherwise."""
    workflow = Workflow(steps=[calls.step("a")], stream=True, stream_events=True)
    assert _names(list(workflow.run("x"))) == [  # type: ignore[call-overload]
        "WorkflowStarted",
        "StepStarted",
        "StepOutput",
        "StepCompleted",
        "WorkflowCompleted",
    ]
    assert workflow.run("x", stream=False).content == "a(x)"


def test_nothing_happens_before_a_stream_is_iterated(calls: Calls) -> None:
    """No step has run, and the run is not stored."""
    workflow = Workflow(steps=[calls.step("a")])
    stream = workflow.run("x", run_id="R", stream=True)
    assert (calls.names, workflow.get_run_output("R")) == ([], None)
    assert isinstance(list(stream)[-1], WorkflowCompletedEvent)


def _deep(calls: Calls, db: Store) -> Workflow:
    inner = Steps(name="t", steps=[calls.step("a"), calls.step("b")])
    return Workflow(name="w", db=db, steps=[Steps(name="s", steps=[inner]), calls.step("z")])


def test_an_abandoned_stream_leaves_a_run_that_can_be_continued(db: Store, calls: Calls) -> None:
    """PENDING at once, at any depth; continuing repeats nothing."""
    workflow = _deep(calls, db)
    for event in workflow.run("x", stream=True, stream_events=True):
        if isinstance(event, StepOutputEvent):
            break
    del event
    run = last_run(workflow)
    assert (run.status, calls.names) == (RunStatus.PENDING, ["a"])
    assert (workflow.continue_run(run).content, calls.names) == ("z(b(a(x)))", ["a", "b", "z"])


PROGRAM = """
import asyncio
from kernbot.db.sqlite import SqliteDb
from kernbot.workflow import Step, Workflow

def watch():
    steps = [Step("a", lambda _: "a"), Step("b", lambda _: "b")]
    workflow = Workflow(id="w", name="w", db=SqliteDb(db_file="w.db"), steps=steps)
    for event in workflow.run("x", run_id="R", stream=True):
        raise KeyError("what the program does wrong")

async def watch_in_a_loop():
    watch()
"""


@pytest.mark.parametrize("watch", ["watch()", "asyncio.run(watch_in_a_loop())"])
def test_a_program_that_fails_in_the_middle_of_a_stream_ends(tmp_path: Path, watch: str) -> None:
    """Its error is shown and it is over, though the error's traceback holds the stream."""
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM + watch],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == "KeyError: 'what the program does wrong'"


async def test_an_abandoned_async_stream_leaves_a_run_that_can_be_continued(db: Store, calls: Calls) -> None:
    """PENDING as soon as the stream is closed."""
    workflow = _deep(calls, db)
    stream = workflow.arun("x", run_id="R", stream=True, stream_events=True)
    async for event in stream:
        if isinstance(event, StepOutputEvent):
            break
    await stream.aclose()
    run = await workflow.aget_run_output("R")
    assert run is not None
    assert run.status is RunStatus.PENDING
    assert ((await workflow.acontinue_run(run)).content, calls.names) == ("z(b(a(x)))", ["a", "b", "z"])


def test_a_forgotten_async_stream_is_closed_with_its_loop(
    db: Store, calls: Calls, caplog: pytest.LogCaptureFixture
) -> None:
    """PENDING once `asyncio.run` has ended, without a word in the log."""
    workflow = _deep(calls, db)

    async def forget() -> None:
        async for event in workflow.arun("x", run_id="R", stream=True, stream_events=True):
            if isinstance(event, StepOutputEvent):
                return

    with caplog.at_level(logging.WARNING):
        asyncio.run(forget())
        gc.collect()
    run = workflow.get_run_output("R")
    assert run is not None
    assert (run.status, caplog.messages) == (RunStatus.PENDING, [])


async def test_a_cancelled_task_leaves_a_run_that_can_be_continued(db: Store) -> None:
    """Cancelling the task that awaits `arun` gives the run up."""
    begun = asyncio.Event()

    async def wait(_: StepInput) -> str:
        if begun.is_set():
            return "done"
        begun.set()
        await asyncio.sleep(60)
        return "never"

    workflow = Workflow(db=db, steps=[wait])
    task = asyncio.ensure_future(workflow.arun("x", run_id="R"))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await workflow.acontinue_run(run_id="R")).content == "done"


def _press_ctrl_c_soon() -> None:
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()


@pytest.fixture
def ctrl_c_is_heard() -> Iterator[None]:
    """Hear it, also where a shell that started the tests in the background had them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a process of its own")
@pytest.mark.usefixtures("ctrl_c_is_heard")
@pytest.mark.parametrize("is_async", [True, False])
def test_ctrl_c_ends_a_run_at_once(db: Store, caplog: pytest.LogCaptureFixture, *, is_async: bool) -> None:
    """A step that sleeps is left, and the run is PENDING."""

    def sleep(_: StepInput) -> None:
        _press_ctrl_c_soon()
        time.sleep(5)

    async def asleep(_: StepInput) -> None:
        _press_ctrl_c_soon()
        await asyncio.sleep(5)

    workflow = Workflow(db=db, steps=[asleep if is_async else sleep])
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        workflow.run("x")
    assert time.monotonic() - begun < 3
    assert (last_run(workflow).status, caplog.messages) == (RunStatus.PENDING, [])


def test_a_context_variable_holds_from_step_to_step() -> None:
    """What an async step sets is there for the next one, streamed too."""
    variable = ContextVar("variable", default="unset")

    async def put(_: StepInput) -> None:
        variable.set("set")

    async def get(_: StepInput) -> str:
        return variable.get()

    workflow = Workflow(steps=[put, get])
    assert workflow.run("x").content == "set"
    outputs = [event for event in workflow.run("x", stream=True) if isinstance(event, StepOutputEvent)]
    assert outputs[-1].content == "set"


def test_a_stream_that_fails_ends_with_the_exception(calls: Calls) -> None:
    """WorkflowError says what it was, then the exception follows."""
    stream = Workflow(steps=[calls.failing("a", max_retries=0, on_error="fail")]).run("x", stream=True)
    last = [next(stream) for _ in ("WorkflowStarted", "StepError", "WorkflowError")][-1]
    assert isinstance(last, WorkflowErrorEvent)
    assert (last.error, last.error_type) == ("ValueError: a is broken", "ValueError")
    with pytest.raises(ValueError, match="a is broken"):
        next(stream)


def test_a_refused_stream_yields_nothing(calls: Calls) -> None:
    """The error comes with the first event that is asked for."""
    workflow = Workflow(steps=[calls.step("a")])
    run = workflow.run("x")
    with pytest.raises(ConflictError):
        next(iter(workflow.continue_run(run, stream=True)))
