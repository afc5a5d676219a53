"""What agents and teams have in common: the methods that run them."""
# ruff: noqa: PLC0415, A002 - a facade, which imports the engine inside its methods; the documents name an argument `input`

from __future__ import annotations

import uuid
from collections.abc import Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack, cast, overload

from kernbot.agent.arguments import ABSENT, ContinueArguments, RunArguments
from kernbot.agent.sessions import Output, StoredRuns
from kernbot.errors import UsageError
from kernbot.run.agent import AsksPeople, RunEvent, RunPausedEvent
from kernbot.workflow.arguments import check_names
from kernbot.workflow.sessions import LastSession

if TYPE_CHECKING:
    from kernbot.engine.agent_runs import AgentWork, Telling
    from kernbot.engine.fronts import Stream


class Runnable(StoredRuns[Output]):
    """Runs an agent or a team: by itself, or, called in the function of a step, as a part of the workflow's run."""

    dependencies: dict[str, Any] | None
    metadata: dict[str, Any] | None

    @overload
    def run(
        self,
        input: Any = ...,
        *,
        stream: Literal[True],
        stream_events: bool = ...,
        yield_run_output: bool = ...,
        **given: Unpack[RunArguments],
    ) -> Iterator[RunEvent | Output]: ...
    @overload
    def run(
        self, input: Any = ..., *, stream: Literal[False] | None = ..., **given: Unpack[RunArguments]
    ) -> Output: ...
    def run(
        self,
        input: Any = None,
        *,
        stream: bool | None = None,
        stream_events: bool = False,
        yield_run_output: bool = False,
        **given: Unpack[RunArguments],
    ) -> Output | Iterator[RunEvent | Output]:
        """Start a run and carry it as far as it goes: to its last word, or to a question.

        With `stream`, yield what is said as it comes, that it pauses and how it fails; with `stream_events` all that
        happens, members' doings too; with `yield_run_output` the run, last. Nothing happens before it is iterated.
        Works inside a running event loop too. Raises what the model raised, and ConflictError for a run id that is
        taken.

        In the function of a step it is a part of the workflow's run: people are asked there, the function runs again
        when they have answered, and an agent that had ended is not asked again.
        """
        return self._sync(self._begin(input, given), stream, _telling(stream_events, yield_run_output))

    @overload
    def arun(
        self,
        input: Any = ...,
        *,
        stream: Literal[True],
        stream_events: bool = ...,
        yield_run_output: bool = ...,
        **given: Unpack[RunArguments],
    ) -> Stream[RunEvent | Output]: ...
    @overload
    def arun(
        self, input: Any = ..., *, stream: Literal[False] | None = ..., **given: Unpack[RunArguments]
    ) -> Coroutine[Any, Any, Output]: ...
    def arun(
        self,
        input: Any = None,
        *,
        stream: bool | None = None,
        stream_events: bool = False,
        yield_run_output: bool = False,
        **given: Unpack[RunArguments],
    ) -> Coroutine[Any, Any, Output] | Stream[RunEvent | Output]:
        """Do what `run` does, from async code; plain tools run in worker threads. A stream may be awaited first."""
        return self._async(self._begin(input, given), stream, _telling(stream_events, yield_run_output))

    @overload
    def continue_run(
        self,
        run_response: Output | RunPausedEvent | None = ...,
        *,
        stream: Literal[True],
        stream_events: bool = ...,
        yield_run_output: bool = ...,
        **given: Unpack[ContinueArguments],
    ) -> Iterator[RunEvent | Output]: ...
    @overload
    def continue_run(
        self,
        run_response: Output | RunPausedEvent | None = ...,
        *,
        stream: Literal[False] | None = ...,
        **given: Unpack[ContinueArguments],
    ) -> Output: ...
    def continue_run(
        self,
        run_response: Output | RunPausedEvent | None = None,
        *,
        stream: bool | None = None,
        stream_events: bool = False,
        yield_run_output: bool = False,
        **given: Unpack[ContinueArguments],
    ) -> Output | Iterator[RunEvent | Output]:
        """Store the decisions taken on a run's requirements, and carry the run on.

        The run is named by the object, or by `run_id`. Raises UsageError naming the calls that are undecided (then
        nothing is stored), ConflictError when somebody was faster or the run is being executed elsewhere. A run that
        ended in ERROR is tried once more.
        """
        return self._sync(self._resume(run_response, given), stream, _telling(stream_events, yield_run_output))

    @overload
    def acontinue_run(
        self,
        run_response: Output | RunPausedEvent | None = ...,
        *,
        stream: Literal[True],
        stream_events: bool = ...,
        yield_run_output: bool = ...,
        **given: Unpack[ContinueArguments],
    ) -> Stream[RunEvent | Output]: ...
    @overload
    def acontinue_run(
        self,
        run_response: Output | RunPausedEvent | None = ...,
        *,
        stream: Literal[False] | None = ...,
        **given: Unpack[ContinueArguments],
    ) -> Coroutine[Any, Any, Output]: ...
    def acontinue_run(
        self,
        run_response: Output | RunPausedEvent | None = None,
        *,
        stream: bool | None = None,
        stream_events: bool = False,
        yield_run_output: bool = False,
        **given: Unpack[ContinueArguments],
    ) -> Coroutine[Any, Any, Output] | Stream[RunEvent | Output]:
        """Do what `continue_run` does, from async code. A stream may be awaited first."""
        return self._async(self._resume(run_response, given), stream, _telling(stream_events, yield_run_output))

    def print_response(
        self,
        input: Any = None,
        *,
        stream: bool | None = None,  # noqa: ARG002 - has no effect: it is printed as it comes
        markdown: bool = False,
        show_time: bool = False,
        console: Any = None,
        **given: Unpack[RunArguments],
    ) -> None:
        """Do what `run` does, and print what is said; `get_last_run_output()` returns the run then.

        `console` is a rich Console; without it, the one of the terminal. `stream` has no effect.
        """
        from kernbot.utils.pprint import pprint_run_response

        pprint_run_response(self.run(input, stream=True, **given), markdown, show_time, console=console)

    async def aprint_response(
        self,
        input: Any = None,
        *,
        stream: bool | None = None,  # noqa: ARG002 - as above
        markdown: bool = False,
        show_time: bool = False,
        console: Any = None,
        **given: Unpack[RunArguments],
    ) -> None:
        """Do what `print_response` does, from async code."""
        from kernbot.utils.pprint import apprint_run_response

        await apprint_run_response(self.arun(input, stream=True, **given), markdown, show_time, console=console)

    def cancel_run(self, run_id: str) -> bool:
        """Cancel a run: a waiting one at once, one that is executed after the present turn or call.

        False if it has ended, or there is none.
        """
        from kernbot.engine import fronts

        return fronts.call_sync(lambda: self.acancel_run(run_id))

    async def acancel_run(self, run_id: str) -> bool:
        """Do what `cancel_run` does, from async code."""
        from kernbot.engine.library import cancel

        return await cancel(self.db, run_id)

    def _begin(self, input: Any, given: RunArguments) -> AgentWork:
        from kernbot.engine import agent_runs, nested_agents
        from kernbot.engine.callers import current_caller
        from kernbot.engine.runner import StartRequest

        check_names(given, RunArguments, "run", ABSENT)
        if (caller := current_caller()) is not None:
            self._refuse_dependencies(given)
            return nested_agents.nested(caller, self.setup(), input)
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
            dependencies=given.get("dependencies"),
            metadata=given.get("metadata"),
        )
        definition = agent_runs.definition_of(self, dependencies=self.dependencies, metadata=self.metadata)
        return agent_runs.begin(self.db, self, definition, request, run_id)

    def _refuse_dependencies(self, given: RunArguments) -> None:
        if given.get("dependencies"):
            raise UsageError(
                f"{self.name!r} is a part of the workflow's run here, and its tools get the dependencies of that: "
                "give them to the run of the workflow."
            )

    def _session_for(self, user_id: str | None) -> str:
        last = self._last.get()
        remembered = last.session_id if last and last.user_id == user_id else None
        return remembered or self.session_id or uuid.uuid4().hex

    def _resume(self, run_response: Output | RunPausedEvent | None, given: ContinueArguments) -> AgentWork:
        from kernbot.engine import agent_runs

        check_names(given, ContinueArguments, "continue_run", ABSENT)
        run_id = run_response.run_id if run_response else given.get("run_id")
        if not run_id:
            raise UsageError("continue_run needs the run, or its run_id.")
        session_id = given.get("session_id") or (run_response.session_id if run_response else None)
        user_id = given.get("user_id")
        if session_id:
            self._last.set(LastSession(session_id, user_id or self.user_id))
        return agent_runs.resume(
            self.db,
            self,
            agent_runs.definition_of(self),
            run_id,
            _decided(run_response, given.get("requirements")),
            session_id=session_id,
            user_id=user_id,
        )

    def _sync(self, work: AgentWork, stream: bool | None, telling: Telling) -> Output | Iterator[RunEvent | Output]:
        if stream:
            return cast("Iterator[RunEvent | Output]", work.streamed_sync(telling))
        return cast("Output", work.collected_sync())

    def _async(
        self, work: AgentWork, stream: bool | None, telling: Telling
    ) -> Coroutine[Any, Any, Output] | Stream[RunEvent | Output]:
        if stream:
            return cast("Stream[RunEvent | Output]", work.streamed(telling))
        return cast("Coroutine[Any, Any, Output]", work.collected())


def _decided(run: AsksPeople | None, given: Sequence[Any] | None) -> list[Any]:
    """Return what carries decisions: requirements given, in place of those of the run, and what it asks of failures."""
    if run is None:
        return list(given or ())
    return [*(run.requirements if given is None else given), *run.error_requirements]


def _telling(stream_events: bool, yield_run_output: bool) -> Telling:
    from kernbot.engine.agent_runs import Telling

    return Telling(everything=stream_events, output=yield_run_output)
