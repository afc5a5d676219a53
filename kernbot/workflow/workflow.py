"""A workflow: nodes in sequence, and the methods that run them."""

from __future__ import annotations

import copy
import re
import time
import uuid
from collections.abc import Coroutine, Iterator, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from pydantic import BaseModel

from kernbot.errors import DefinitionError, UsageError
from kernbot.run.events import WorkflowRunOutputEvent
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow.arguments import ContinueArguments, RunArguments, WithoutEffect, check_names, check_steps
from kernbot.workflow.checks import as_nodes
from kernbot.workflow.inputs import check_schema
from kernbot.workflow.node import StepLike
from kernbot.workflow.requirement import Requirement
from kernbot.workflow.requirements import StepRequirement
from kernbot.workflow.sessions import LastSession, StoredSessions
from kernbot.workflow.step import Step

if TYPE_CHECKING:
    from kernbot.db.base import Store
    from kernbot.engine.fronts import Stream
    from kernbot.engine.library import Work
    from kernbot.engine.runner import Definition

Output = WorkflowRunOutput
Event = WorkflowRunOutputEvent


class Workflow(StoredSessions):
    """Nodes in sequence. It may be run as often as you like, also at the same time: no run is kept in the object.

    `db` keeps the runs; without one they live in this process. `session_id` is that of runs that name none; without it
    the first run makes one, and later runs of the same user in the same context (thread, task) go on with it. A session
    begins with `session_state`; what a run is given is merged into it, or takes its place with
    `overwrite_db_session_state`. `dependencies` and `metadata` are merged with those of a run. `id` is made of `name`.

    With an `input_schema`, a pydantic model class, every run's input is an instance of it; it may be given as a dict or
    as JSON text too. `num_history_runs` is how many runs of the session a step gets from
    `step_input.get_workflow_history()` if it does not say itself. `add_workflow_history_to_steps` has no effect on
    functions, which ask for it themselves.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,
        description: str | None = None,
        db: Store | None = None,
        steps: Sequence[StepLike] | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        session_state: dict[str, Any] | None = None,
        overwrite_db_session_state: bool = False,
        dependencies: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        input_schema: type[BaseModel] | None = None,
        add_workflow_history_to_steps: bool = False,
        num_history_runs: int = 3,
        stream: bool | None = None,
        stream_events: bool = False,
        **without_effect: Unpack[WithoutEffect],
    ) -> None:
        check_names(without_effect, WithoutEffect, "Workflow")
        check_steps(steps)
        self.name = name or id or "workflow"
        self.id = id or re.sub(r"[^a-z0-9_]+", "-", self.name.lower()).strip("-")
        if not self.id:
            raise DefinitionError(f"Workflow {self.name!r} needs an id: its name has no letter to make one of.")
        self.description = description
        self.steps = as_nodes(steps or (), f"Workflow {self.name!r}")
        self.user_id = user_id
        self.session_state = session_state
        self.overwrite_db_session_state = overwrite_db_session_state
        self.dependencies = dependencies
        self.metadata = metadata
        check_schema(input_schema, f"Workflow {self.name!r}")
        self.input_schema = input_schema
        self.add_workflow_history_to_steps = add_workflow_history_to_steps
        self.num_history_runs = num_history_runs
        self.stream = stream
        self.stream_events = stream_events
        self.db = db if db is not None else _new_memory()
        self.session_id = session_id
        self._last = ContextVar[LastSession | None]("kernbot_last_session", default=None)

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
        loop too. Raises what a step with `on_error=fail` raised, ConflictError for a run id that is taken, and
        UsageError for an input that does not fit the `input_schema`.
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

    def cancel_run(self, run_id: str) -> bool:
        """Cancel a run: a waiting one at once, one that is executed after its present step.

        False if it has ended, or there is none.
        """
        from kernbot.engine import fronts

        return fronts.call_sync(lambda: self.acancel_run(run_id))

    async def acancel_run(self, run_id: str) -> bool:
        """Do what `cancel_run` does, from async code."""
        from kernbot.engine.library import cancel

        return await cancel(self.db, run_id)

    def expire_paused_runs(self, now: float | datetime | None = None) -> list[Output]:
        """Answer the questions of this workflow whose deadline has come, carry these runs on, and return them.

        Each is answered by its `on_timeout`. `now` is in unix seconds, or a datetime with its time zone; without it,
        the time it is. A run that fails is returned like the others, with its error on it; one that somebody else
        executes, or that a bot serves, is left to them. Nothing needs this where a bot serves the workflow.
        """
        from kernbot.engine import fronts, library

        return fronts.call_sync(lambda: library.expire(self.db, self.definition(), _seconds(now), inline=True))

    async def aexpire_paused_runs(self, now: float | datetime | None = None) -> list[Output]:
        """Do what `expire_paused_runs` does, from async code."""
        from kernbot.engine.library import expire

        return await expire(self.db, self.definition(), _seconds(now), inline=False)

    def print_response(
        self,
        input: Any = None,
        *,
        stream: bool | None = None,  # noqa: ARG002 - has no effect: it is printed as it comes
        markdown: bool = False,
        show_time: bool = False,
        show_step_details: bool = True,
        console: Any = None,
        **given: Unpack[RunArguments],
    ) -> None:
        """Do what `run` does, and print what comes out as it comes; `get_last_run_output()` returns the run then.

        `console` is a rich Console; without it, the one of the terminal. `stream` has no effect.
        """
        from kernbot.utils.pprint import pprint_run_response

        events = self._begin(input, given).streamed_sync(everything=False)
        pprint_run_response(events, markdown, show_time, show_step_details=show_step_details, console=console)

    async def aprint_response(
        self,
        input: Any = None,
        *,
        stream: bool | None = None,  # noqa: ARG002 - as above
        markdown: bool = False,
        show_time: bool = False,
        show_step_details: bool = True,
        console: Any = None,
        **given: Unpack[RunArguments],
    ) -> None:
        """Do what `print_response` does, from async code."""
        from kernbot.utils.pprint import apprint_run_response

        events = self._begin(input, given).streamed(everything=False)
        await apprint_run_response(events, markdown, show_time, show_step_details=show_step_details, console=console)

    def deep_copy(self) -> Workflow:
        """Return another object for the same workflow, which remembers a last session of its own.

        Definitions never change, so the copy shares the steps, and the database.
        """
        copied = copy.copy(self)
        copied._last = ContextVar("kernbot_last_session", default=None)  # noqa: SLF001 - it is of this class
        return copied

    def definition(self) -> Definition:
        """Return what the engine needs of this workflow."""
        from kernbot.engine.runner import Definition

        return Definition(
            workflow_id=self.id,
            name=self.name,
            steps=self.steps,
            session_state=_initial_state(self),
            overwrites_session_state=self.overwrite_db_session_state,
            dependencies=self.dependencies,
            metadata=self.metadata,
            input_schema=self.input_schema,
            num_history_runs=self.num_history_runs,
        )

    def _begin(self, input: Any, given: RunArguments) -> Work:
        from kernbot.engine.library import begin
        from kernbot.engine.runner import StartRequest

        check_names(given, RunArguments, "run")
        run_id = given.get("run_id") or uuid.uuid4().hex
        user_id = given.get("user_id") or self.user_id
        session_id = given.get("session_id") or self._session_for(user_id)
        self._last.set(LastSession(session_id, user_id))
        request = StartRequest(
            input=input,
            run_id=run_id,
            session_id=session_id,
            user_id=user_id,
            session_state=given.get("session_state"),
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
            self._last.set(LastSession(session_id, run_response.user_id if run_response else user_id))
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


def _initial_state(workflow: Workflow) -> dict[str, Any]:
    """Return what a session begins with: a workflow's own state, over that of the workflows that are steps of it."""
    state: dict[str, Any] = {}
    nodes = list(workflow.steps)
    while nodes:
        node = nodes.pop()
        if isinstance(node, Step) and node.workflow is not None:
            state = {**_initial_state(node.workflow), **state}
        elif isinstance(node, Step) and node.agent is not None:
            state = {**node.agent.setup().session_state, **state}
        else:
            nodes += [inner for inside in node.children() for inner in inside]
    return {**state, **(workflow.session_state or {})}


def _requirements(run: Output | None, given: Sequence[StepRequirement] | None) -> list[Requirement]:
    """Return what carries decisions: requirements given, in place of those of the run, and its questions of failure."""
    if run is None:
        return list(given or ())
    return [*(run.step_requirements if given is None else given), *run.error_requirements]


def _new_memory() -> Store:
    from kernbot.db.in_memory import InMemoryDb

    return InMemoryDb()


def _seconds(now: float | datetime | None) -> float:
    if now is None:
        return time.time()
    return now.timestamp() if isinstance(now, datetime) else now
