"""A run from its first row to its end: starting it, and executing it as far as it goes."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from kernbot.db.base import PauseRecord, RunRecord, Snapshot, Store
from kernbot.engine.authority import MEMBERS, Rule
from kernbot.engine.execution import Cancelled, Execution, StepFailed, Suspended, event_of
from kernbot.engine.fingerprint import problem_with_definition
from kernbot.engine.journal import ROOT
from kernbot.engine.large import load
from kernbot.engine.lease import LEASE_SECONDS, Lease
from kernbot.engine.questions import Asking, ask_about_change
from kernbot.engine.telling import paused_events
from kernbot.engine.values import encode, encode_state
from kernbot.engine.views import run_output
from kernbot.engine.walk import walk_all
from kernbot.errors import ConflictError, NotFoundError, StorageError
from kernbot.run.events import (
    WorkflowCancelledEvent,
    WorkflowCompletedEvent,
    WorkflowErrorEvent,
    WorkflowPausedEvent,
    WorkflowRunOutputEvent,
    WorkflowStartedEvent,
)
from kernbot.run.status import RunStatus
from kernbot.workflow.inputs import checked_input
from kernbot.workflow.node import Node, keyed
from kernbot.workflow.requirement import PauseKind

Events = AsyncGenerator[WorkflowRunOutputEvent, None]

_log = logging.getLogger(__name__)

OWNER = f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What the engine needs of a workflow."""

    workflow_id: str
    name: str
    steps: Sequence[Node]
    session_state: dict[str, Any] = field(default_factory=dict)
    """What a session begins with."""
    overwrites_session_state: bool = False
    """Whether a run that is given a state begins the session's state anew."""
    dependencies: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    """Both are merged, by key, with what a run is started with."""
    input_schema: type[BaseModel] | None = None
    """What every input must fit."""
    num_history_runs: int = 3
    """How many runs of history a step is given that names no number."""
    rule: Rule = MEMBERS
    """Who may answer, where a gate says nothing of its own."""


@dataclass(frozen=True, kw_only=True)
class StartRequest:
    """What a run is started with."""

    input: Any = None
    run_id: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    session_state: dict[str, Any] | None = None
    """Merged by key into the state of the session, unless the workflow says that it takes its place."""
    additional_data: dict[str, Any] | None = None
    dependencies: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    origin: Literal["library", "bot"] = "library"
    notes: dict[str, Any] = field(default_factory=dict)
    """What the door keeps with the run, as JSON; steps don't see it."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Starts and executes runs in one store."""

    store: Store
    clock: Callable[[], float] = time.time
    """What deadlines and records are dated by; leases have their own."""
    lease_seconds: float = LEASE_SECONDS
    inline: bool = False
    """Call plain functions in this thread: for a run that has a thread of its own."""
    live: bool = False
    """Somebody reads the events as they come. Then models are asked for their words one by one, and what agents do that
    a step's function calls is told before it ends."""

    async def start(self, definition: Definition, request: StartRequest) -> str:
        """Store a new run and return its id. It can be found from now on, whatever happens to this process.

        Raises UsageError for an input that does not fit the workflow's schema; then nothing is stored.
        """
        given = checked_input(definition.input_schema, request.input)
        now = self.clock()
        run = RunRecord(
            run_id=request.run_id or uuid.uuid4().hex,
            session_id=request.session_id or uuid.uuid4().hex,
            workflow_id=definition.workflow_id,
            workflow_name=definition.name,
            user_id=request.user_id,
            origin=request.origin,
            status=RunStatus.PENDING,
            request={
                "input": encode(given, "The input"),
                "additional_data": encode(request.additional_data, "additional_data"),
                "dependencies": encode(_merged(definition.dependencies, request.dependencies), "dependencies"),
                "metadata": encode(_merged(definition.metadata, request.metadata), "metadata"),
                "outline": [[key, node.name] for key, node in keyed(definition.steps)],
                "notes": request.notes,
            },
            created_at=now,
            updated_at=now,
        )
        replaces = definition.overwrites_session_state and request.session_state is not None
        state = await self._state_to_merge(definition, request, replaces=replaces)
        await self.store.create_run(run, encode_state(state), replaces_state=replaces)
        return run.run_id

    async def execute(self, definition: Definition, run_id: str) -> Events:
        """Take a run up and carry it as far as it goes: to its end, or to a question.

        Raises ConflictError when there is nothing to do or another worker has it, and what a step with `on_error=fail`
        raised. Abandoned, it leaves the run PENDING.
        """
        goes_on = True
        while goes_on:
            goes_on = False
            async with aclosing(self._claim_and_execute(definition, run_id)) as events:
                async for event in events:
                    goes_on = isinstance(event, WorkflowPausedEvent) and event.status is RunStatus.PENDING
                    if not goes_on:
                        yield event

    async def _claim_and_execute(self, definition: Definition, run_id: str) -> Events:
        """Execute a run until it ends or waits; PENDING in its last event says that it was answered meanwhile."""
        claimed_at = time.monotonic()
        snapshot = await self.store.claim_run(run_id, OWNER, self.lease_seconds)
        if snapshot is None:
            raise await self._why_not(run_id)
        lease = Lease(self.store, run_id, snapshot.run.epoch, self.lease_seconds, claimed_at=claimed_at)
        lease.start()
        try:
            async with aclosing(self._execute(definition, snapshot, lease)) as events:
                async for event in events:
                    yield event
        except BaseException:
            await self._release(run_id, snapshot.run.epoch)
            raise
        finally:
            lease.stop()

    async def _release(self, run_id: str, epoch: int) -> None:
        """Give a run up, for whatever reason; if that fails it is free when its lease has run out."""
        try:
            await asyncio.shield(self.store.release_run(run_id, epoch, self.clock()))
        except StorageError as error:
            _log.warning("run not given up, its lease has to run out: %s", error, extra={"run_id": run_id})

    async def _state_to_merge(self, definition: Definition, request: StartRequest, *, replaces: bool) -> dict[str, Any]:
        """Return what a new run brings into its session; what a session begins with never overwrites what it has."""
        session = await self.store.get_session(request.session_id) if request.session_id and not replaces else None
        there = session.state if session else {}
        initial = {key: value for key, value in definition.session_state.items() if key not in there}
        return {**initial, **(request.session_state or {})}

    async def _execute(self, definition: Definition, snapshot: Snapshot, lease: Lease) -> Events:
        run = Execution(
            self.store,
            snapshot,
            lease,
            self.clock,
            inline=self.inline,
            live=self.live,
            num_history_runs=definition.num_history_runs,
            rule=definition.rule,
        )
        if not snapshot.journal and not snapshot.pauses:
            yield run.event(WorkflowStartedEvent)
        failure = None
        try:
            self._check_definition(definition, snapshot)
            async with aclosing(walk_all(run, definition.steps)) as events:
                async for event in events:
                    yield event
            run.check_may_go_on()
            yield await self._finish(snapshot, RunStatus.COMPLETED, {})
        except Suspended as suspended:
            for event in await self._suspend(snapshot, suspended.pauses):
                yield event
        except Cancelled as cancelled:
            outcome = cancelled.outcome or {"cancelled_by": await self._who_cancelled(snapshot.run.run_id)}
            yield await self._finish(snapshot, RunStatus.CANCELLED, outcome)
        except StepFailed as failed:
            failure = failed.failure
            kind = type(failure.error).__name__
            outcome = {"error": failure.text, "error_type": kind, "step_name": failed.step_name}
            outcome["failed"] = dict(failed.attempts)
            yield await self._finish(snapshot, RunStatus.ERROR, outcome)
        if failure is not None:
            raise failure.error

    def _check_definition(self, definition: Definition, snapshot: Snapshot) -> None:
        if (problem := problem_with_definition(definition.steps, snapshot)) is None:
            return
        asked = [pause for pause in snapshot.pauses if pause.path == ROOT]
        waiting = next((pause for pause in asked if pause.state == "open"), None)
        asking = Asking(run_id=snapshot.run.run_id, path=ROOT, now=self.clock(), rule=definition.rule)
        question = ask_about_change(definition.name, problem, asking, len(asked) + 1)
        raise Suspended([waiting or question])

    async def _suspend(self, snapshot: Snapshot, pauses: list[PauseRecord]) -> list[WorkflowRunOutputEvent]:
        run = snapshot.run
        status = await self.store.suspend(run.run_id, run.epoch, pauses, self.clock())
        if status is RunStatus.CANCELLED:
            return [await self._ending(run.run_id)]
        known = {pause.pause_id for pause in snapshot.pauses}
        new = [pause for pause in pauses if pause.pause_id not in known]
        kind = PauseKind.EXECUTOR if pauses[-1].kind == "tool" else PauseKind.STEP
        name = pauses[-1].step_name
        last = event_of(run, WorkflowPausedEvent, status=status, paused_step_name=name, pause_kind=kind)
        return [*paused_events(run, new), last]

    async def _finish(self, snapshot: Snapshot, status: RunStatus, outcome: dict[str, Any]) -> WorkflowRunOutputEvent:
        run = snapshot.run
        await self.store.finish_run(run.run_id, run.epoch, status, outcome, self.clock())
        return await self._ending(run.run_id)

    async def _ending(self, run_id: str) -> WorkflowRunOutputEvent:
        """Return the last event of a run that has ended."""
        snapshot = await load(self.store, run_id)
        run, output = snapshot.run, run_output(snapshot)
        if run.status is RunStatus.CANCELLED:
            return event_of(run, WorkflowCancelledEvent, reason=output.content, content=output.content)
        if run.status is RunStatus.ERROR:
            return event_of(run, WorkflowErrorEvent, error=output.error, error_type=run.outcome["error_type"])
        return event_of(run, WorkflowCompletedEvent, content=output.content, step_results=output.step_results)

    async def _who_cancelled(self, run_id: str) -> str | None:
        run = await self.store.get_run(run_id)
        return run.cancel_requested_by if run else None

    async def _why_not(self, run_id: str) -> Exception:
        run = await self.store.get_run(run_id)
        if run is None:
            return NotFoundError(f"There is no run {run_id}.")
        if run.status is RunStatus.RUNNING:
            left = max(0.0, (run.lease_until or 0) - time.time())
            return ConflictError(
                f"Run {run_id} is being executed by {run.owner}, whose lease runs {left:.0f} more seconds; "
                "wait, or continue the run after that."
            )
        if run.status is RunStatus.PENDING:
            return ConflictError(f"Run {run_id} was taken up and given up again just now; continue it once more.")
        if run.status is RunStatus.PAUSED:
            return ConflictError(f"Run {run_id} waits for an answer; answer it, then continue.")
        return ConflictError(f"Run {run_id} is {run.status}; there is nothing left to continue.")


def _merged(own: dict[str, Any] | None, given: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if own is None and given is None else {**(own or {}), **(given or {})}
