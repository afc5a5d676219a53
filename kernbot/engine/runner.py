"""A run from its first row to its end: starting it, and executing it as far as it goes."""

from __future__ import annotations

import asyncio
import os
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from kernbot.db.base import PauseRecord, RunRecord, Snapshot, Store
from kernbot.engine.execution import Cancelled, Execution, StepFailed, Suspended, event_of
from kernbot.engine.fingerprint import problem_with_definition
from kernbot.engine.journal import ROOT
from kernbot.engine.lease import LEASE_SECONDS, Lease
from kernbot.engine.questions import Asking, ask_about_change, error_text
from kernbot.engine.values import encode
from kernbot.engine.views import run_output
from kernbot.engine.walk import walk_all
from kernbot.errors import ConflictError, NotFoundError
from kernbot.run.events import (
    StepPausedEvent,
    WorkflowCancelledEvent,
    WorkflowCompletedEvent,
    WorkflowErrorEvent,
    WorkflowPausedEvent,
    WorkflowRunEvent,
    WorkflowStartedEvent,
)
from kernbot.run.status import RunStatus
from kernbot.workflow.node import Node, keyed

OWNER = f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What the engine needs of a workflow."""

    workflow_id: str
    name: str
    steps: Sequence[Node]


@dataclass(frozen=True, kw_only=True)
class StartRequest:
    """What a run is started with."""

    input: Any = None
    run_id: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    session_state: dict[str, Any] = field(default_factory=dict)
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

    async def start(self, definition: Definition, request: StartRequest) -> str:
        """Store a new run and return its id. It can be found from now on, whatever happens to this process."""
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
                "input": encode(request.input, "The input"),
                "additional_data": encode(request.additional_data, "additional_data"),
                "dependencies": encode(request.dependencies, "dependencies"),
                "metadata": encode(request.metadata, "metadata"),
                "outline": [[key, node.name] for key, node in keyed(definition.steps)],
                "notes": request.notes,
            },
            created_at=now,
            updated_at=now,
        )
        await self.store.create_run(run, encode(request.session_state, "session_state"))
        return run.run_id

    async def execute(self, definition: Definition, run_id: str) -> AsyncIterator[WorkflowRunEvent]:
        """Take a run up and carry it as far as it goes: to its end, or to a question.

        Raises ConflictError when there is nothing to do or another worker has it, and what a step with `on_error=fail`
        raised. Abandoned, it leaves the run PENDING.
        """
        snapshot = await self.store.claim_run(run_id, OWNER, self.lease_seconds)
        if snapshot is None:
            raise await self._why_not(run_id)
        lease = Lease(self.store, run_id, snapshot.run.epoch, self.lease_seconds)
        lease.start()
        try:
            async for event in self._execute(definition, snapshot, lease):
                yield event
        except BaseException:
            await asyncio.shield(self.store.release_run(run_id, snapshot.run.epoch, self.clock()))
            raise
        finally:
            lease.stop()

    async def _execute(
        self, definition: Definition, snapshot: Snapshot, lease: Lease
    ) -> AsyncIterator[WorkflowRunEvent]:
        run = Execution(self.store, snapshot, lease, self.clock, inline=self.inline)
        if not snapshot.journal and not snapshot.pauses:
            yield run.event(WorkflowStartedEvent)
        try:
            self._check_definition(definition, snapshot)
            async for event in walk_all(run, definition.steps, ROOT, run.begin()):
                yield event
            yield await self._finish(snapshot, RunStatus.COMPLETED, {})
        except Suspended as suspended:
            for event in await self._suspend(snapshot, suspended.pauses):
                yield event
        except Cancelled as cancelled:
            yield await self._finish(snapshot, RunStatus.CANCELLED, cancelled.outcome)
        except StepFailed as failed:
            outcome = {"error": error_text(failed.error), "step_name": failed.step_name}
            yield await self._finish(snapshot, RunStatus.ERROR, outcome)
            raise failed.error from None

    def _check_definition(self, definition: Definition, snapshot: Snapshot) -> None:
        if (problem := problem_with_definition(definition.steps, snapshot)) is None:
            return
        asked = [pause for pause in snapshot.pauses if pause.path == ROOT]
        waiting = next((pause for pause in asked if pause.state == "open"), None)
        asking = Asking(run_id=snapshot.run.run_id, path=ROOT, now=self.clock())
        question = ask_about_change(definition.name, problem, asking, len(asked) + 1)
        raise Suspended([waiting or question])

    async def _suspend(self, snapshot: Snapshot, pauses: list[PauseRecord]) -> list[WorkflowRunEvent]:
        run = snapshot.run
        status = await self.store.suspend(run.run_id, run.epoch, pauses, self.clock())
        if status is RunStatus.CANCELLED:
            return [event_of(run, WorkflowCancelledEvent, reason="The run was cancelled.")]
        events: list[WorkflowRunEvent] = [event_of(run, StepPausedEvent, **_paused_fields(pause)) for pause in pauses]
        last = event_of(
            run, WorkflowPausedEvent, status=status, paused_step_name=pauses[-1].step_name, pause_kind="step"
        )
        return [*events, last]

    async def _finish(self, snapshot: Snapshot, status: RunStatus, outcome: dict[str, Any]) -> WorkflowRunEvent:
        run = snapshot.run
        await self.store.finish_run(run.run_id, run.epoch, status, outcome, self.clock())
        output = run_output(await load(self.store, run.run_id))
        if status is RunStatus.CANCELLED:
            return event_of(run, WorkflowCancelledEvent, reason=outcome["reason"], content=output.content)
        if status is RunStatus.ERROR:
            return event_of(run, WorkflowErrorEvent, error=outcome["error"], error_type=outcome["error"].split(":")[0])
        return event_of(run, WorkflowCompletedEvent, content=output.content, step_results=output.step_results)

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
        if run.status is RunStatus.PAUSED:
            return ConflictError(f"Run {run_id} waits for an answer; answer it, then continue.")
        return ConflictError(f"Run {run_id} is {run.status}; there is nothing left to continue.")


async def load(store: Store, run_id: str) -> Snapshot:
    """Return all that is known of a run; NotFoundError if there is none."""
    snapshot = await store.load_run(run_id)
    if snapshot is None:
        raise NotFoundError(f"There is no run {run_id}.")
    return snapshot


def _paused_fields(pause: PauseRecord) -> dict[str, Any]:
    question = pause.question
    return {
        "step_name": pause.step_name,
        "step_index": question["index"],
        "step_id": pause.path,
        "requires_confirmation": question.get("requires_confirmation", False),
        "confirmation_message": question["message"],
        "requires_user_input": question.get("requires_user_input", False),
        "user_input_message": question.get("user_input_message"),
        "user_input_schema": question.get("fields"),
    }
