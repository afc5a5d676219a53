"""A workflow: nodes in sequence, and the methods that run them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from kernbot.errors import DefinitionError, UsageError
from kernbot.run.events import WorkflowRunEvent
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.session.workflow import Runs, WorkflowSession
from kernbot.workflow.arguments import ContinueArguments, RunArguments, WithoutEffect, check_names
from kernbot.workflow.checks import as_nodes
from kernbot.workflow.node import Node
from kernbot.workflow.requirements import Requirement, StepRequirement

if TYPE_CHECKING:
    from kernbot.db.base import Store
    from kernbot.engine.fronts import Stream
    from kernbot.engine.library import Work
    from kernbot.engine.runner import Definition

Output = WorkflowRunOutput
Event = WorkflowRunEvent


@dataclass(frozen=True)
class _Session:
    session_id: str
    user_id: str | None


class Workflow:
    """Nodes in sequence. It may be run as often as you like, also at the same time: no run is kept in the object.

    `db` keeps the runs; without one they live in this process. `session_id` is that of runs that name none; without it
    the first run makes one, and later runs of the same user in the same context (thread, task) go on with it. A session
    begins with `session_state`; `dependencies` and `metadata` are merged with those of a run. `id` is made of `name`.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,
        description: str | None = None,
        db: Store | None = None,
        steps: Sequence[Node | Callable[..., Any]] | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        session_state: dict[str, Any] | None = None,
        dependencies: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        stream: bool = False,
        stream_events: bool = False,
        **without_effect: Unpack[WithoutEffect],
    ) -> None:
        check_names(without_effect, WithoutEffect, "Workflow")
        self.name = name or id or "workflow"
        self.id = id or re.sub(r"[^a-z0-9_]+", "-", self.name.lower()).strip("-")
        if not self.id:
            raise DefinitionError(f"Workflow {self.name!r} needs an id: its name has no letter to make one of.")
        self.description = description
        self.steps = as_nodes(steps or (), f"Workflow {self.name!r}")
        self.user_id = user_id
        self.session_state = session_state
        self.dependencies = dependencies
        self.metadata = metadata
        self.stream = stream
        self.stream_events = stream_events
        self.db = db if db is not None else _new_memory()
        self.session_id = session_id
        self._last: ContextVar[_Session | None] = ContextVar("kernbot_last_session", default=None)

    @overload
    def run(
        self, input: Any = ..., *, stream: Literal[True], stream_events: bool = ..., **given: Unpack[RunArguments]
    ) -> Iterator[Event]: ...
    @overload
    def run(self, input: Any = ..., *, stream: Literal[False] = ..., **given: Unpack[RunArguments]) -> Output: ...
    def run(
        self,
        input: Any = None,
        *,
        stream: bool | None = None,
        stream_events: bool | None = None,
        **given: Unpack[RunArguments],
    ) -> Output | Iterator[Event]:
        """Start a run and carry it as far as it goes: to its end, or to a question.

        With `stream`, yield its events instead; nothing happens before they are iterated. Works inside a running event
        loop too. Raises what a step with `on_error=fail` raised, and ConflictError for a run id that is taken.
        """
        return self._sync(self._begin(input, given), stream, stream_events)

    @overload
    def arun(
        self, input: Any = ..., *, stream: Literal[True], stream_events: bool = ..., **given: Unpack[RunArguments]
    ) -> Stream[Event]: ...
    @overload
    def arun(
        self, input: Any = ..., *, stream: Literal[False] = ..., **given: Unpack[RunArguments]
    ) -> Coroutine[Any, Any, Output]: ...
    def arun(
        self,
        input: Any = None,
        *,
        stream: bool | None = None,
        stream_events: bool | None = None,
        **given: Unpack[RunArguments],
    ) -> Coroutine[Any, Any, Output] | Stream[Event]:
        """Do what `run` does, from async code; plain functions run in worker threads. A stream may be awaited first."""
        return self._async(self._begin(input, given), stream, stream_events)

    @overload
    def continue_run(
        self,
        run_response: Output | None = ...,
        *,
        stream: Literal[True],
        stream_events: bool = ...,
        **given: Unpack[ContinueArguments],
    ) -> Iterator[Event]: ...
    @overload
    def continue_run(
        self, run_response: Output | None = ..., *, stream: Literal[False] = ..., **given: Unpack[ContinueArguments]
    ) -> Output: ...
    def continue_run(
        self,
        run_response: Output | None = None,
        *,
        stream: bool | None = None,
        stream_events: bool | None = None,
        **given: Unpack[ContinueArguments],
    ) -> Output | Iterator[Event]:
        """Store the decisions taken on a run's requirements, and carry the run on.

        The run is named by the object, or by `run_id`. A decision counts as of the moment it was taken; a question
        whose deadline passed before is answered by its `on_timeout`. Raises UsageError naming what is undecided (then
        nothing is stored), ConflictError when somebody was faster or the run is being executed elsewhere.
        """
        return self._sync(self._resume(run_response, given), stream, stream_events)

    @overload
    def acontinue_run(
        self,
        run_response: Output | None = ...,
        *,
        stream: Literal[True],
        stream_events: bool = ...,
        **given: Unpack[ContinueArguments],
    ) -> Stream[Event]: ...
    @overload
    def acontinue_run(
        self, run_response: Output | None = ..., *, stream: Literal[False] = ..., **given: Unpack[ContinueArguments]
    ) -> Coroutine[Any, Any, Output]: ...
    def acontinue_run(
        self,
        run_response: Output | None = None,
        *,
        stream: bool | None = None,
        stream_events: bool | None = None,
        **given: Unpack[ContinueArguments],
    ) -> Coroutine[Any, Any, Output] | Stream[Event]:
        """Do what `continue_run` does, from async code. A stream may be awaited first."""
        return self._async(self._resume(run_response, given), stream, stream_events)

    def get_session(self, session_id: str | None = None) -> WorkflowSession | None:
        """Return a session, or the last one that this context ran in; None if it isn't stored."""
        from kernbot.engine import fronts

        return fronts.call_sync(lambda: self.aget_session(session_id))

    async def aget_session(self, session_id: str | None = None) -> WorkflowSession | None:
        """Do what `get_session` does, from async code."""
        from kernbot.engine.library import load_session

        last = self._last.get()
        wanted = session_id or (last.session_id if last else self.session_id)
        if wanted is None:
            raise UsageError(f"Workflow {self.name!r} has not run in this context yet; name a session_id.")
        found = await load_session(self.db, wanted)
        if found is None:
            return None
        record, run_ids = found
        return WorkflowSession(
            session_id=record.session_id,
            workflow_id=record.workflow_id,
            user_id=record.user_id,
            session_data={"session_state": record.state},
            created_at=int(record.created_at),
            updated_at=int(record.updated_at),
            runs=Runs(run_ids, self._must_load),
        )

    def get_run_output(self, run_id: str, session_id: str | None = None) -> Output | None:
        """Return a run as it is stored, a new object each time; None if there is none, or in another session."""
        from kernbot.engine import fronts

        return fronts.call_sync(lambda: self.aget_run_output(run_id, session_id))

    async def aget_run_output(self, run_id: str, session_id: str | None = None) -> Output | None:
        """Do what `get_run_output` does, from async code."""
        from kernbot.engine.views import run_output

        snapshot = await self.db.load_run(run_id)
        if snapshot is None or session_id not in (None, snapshot.run.session_id):
            return None
        return run_output(snapshot)

    def cancel_run(self, run_id: str) -> bool:
        """Cancel a run: a waiting one at once, one that is executed before its next step. False if it has ended."""
        from kernbot.engine import fronts

        return fronts.call_sync(lambda: self.acancel_run(run_id))

    async def acancel_run(self, run_id: str) -> bool:
        """Do what `cancel_run` does, from async code."""
        from kernbot.engine.library import cancel

        return await cancel(self.db, run_id)

    def definition(self) -> Definition:
        """Return what the engine needs of this workflow."""
        from kernbot.engine.runner import Definition

        return Definition(
            workflow_id=self.id,
            name=self.name,
            steps=self.steps,
            session_state=self.session_state or {},
            dependencies=self.dependencies,
            metadata=self.metadata,
        )

    def _begin(self, input: Any, given: RunArguments) -> Work:
        from kernbot.engine.library import begin
        from kernbot.engine.runner import StartRequest

        check_names(given, RunArguments, "run")
        run_id = given.get("run_id") or uuid.uuid4().hex
        user_id = given.get("user_id") or self.user_id
        session_id = given.get("session_id") or self._session_for(user_id)
        self._last.set(_Session(session_id, user_id))
        request = StartRequest(
            input=input,
            run_id=run_id,
            session_id=session_id,
            user_id=user_id,
            session_state=given.get("session_state") or {},
            additional_data=given.get("additional_data"),
            dependencies=given.get("dependencies"),
            metadata=given.get("metadata"),
        )
        return begin(self.db, self.definition(), request, run_id)

    def _session_for(self, user_id: str | None) -> str:
        last = self._last.get()
        remembered = last.session_id if last and last.user_id == user_id else None
        return remembered or self.session_id or uuid.uuid4().hex

    def _resume(self, run_response: Output | None, given: ContinueArguments) -> Work:
        from kernbot.engine.library import resume

        check_names(given, ContinueArguments, "continue_run")
        run_id = run_response.run_id if run_response else given.get("run_id")
        if not run_id:
            raise UsageError("continue_run needs the run, or its run_id.")
        session_id = given.get("session_id") or (run_response.session_id if run_response else None)
        user_id = given.get("user_id")
        if session_id:
            self._last.set(_Session(session_id, run_response.user_id if run_response else user_id))
        requirements = _requirements(run_response, given.get("step_requirements"))
        return resume(self.db, self.definition(), run_id, requirements, session_id=session_id, user_id=user_id)

    def _sync(self, work: Work, stream: bool | None, stream_events: bool | None) -> Output | Iterator[Event]:
        if self.stream if stream is None else stream:
            return work.streamed_sync(everything=self._everything(stream_events))
        return work.collected_sync()

    def _async(
        self, work: Work, stream: bool | None, stream_events: bool | None
    ) -> Coroutine[Any, Any, Output] | Stream[Event]:
        if self.stream if stream is None else stream:
            return work.streamed(everything=self._everything(stream_events))
        return work.collected()

    def _everything(self, stream_events: bool | None) -> bool:
        return self.stream_events if stream_events is None else stream_events

    def _must_load(self, run_id: str) -> Output:
        output = self.get_run_output(run_id)
        if output is None:
            raise UsageError(f"Run {run_id} is no longer stored.")
        return output


def _requirements(run: Output | None, given: Sequence[StepRequirement] | None) -> list[Requirement]:
    """Return what carries decisions: requirements given, in place of those of the run, and its questions of failure."""
    if run is None:
        return list(given or ())
    return [*(run.step_requirements if given is None else given), *run.error_requirements]


def _new_memory() -> Store:
    from kernbot.db.in_memory import InMemoryDb

    return InMemoryDb()
