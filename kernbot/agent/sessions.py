"""The part of an agent, or team, that reads what is stored of its runs and sessions."""
# ruff: noqa: PLC0415 - a part of the facade, which imports the engine inside its methods

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from kernbot.errors import NotFoundError, UsageError
from kernbot.run.agent import RunOutput
from kernbot.run.executor import AgentSetup
from kernbot.session.agent import AgentSession
from kernbot.workflow.sessions import LastSession

if TYPE_CHECKING:
    from kernbot.db.base import Store

_T = TypeVar("_T")
Output = TypeVar("Output", bound=RunOutput)


class StoredRuns(ABC, Generic[Output]):
    """Reads sessions and runs in `db`. A session that is not named is the last one of this context.

    Every method has a twin for async code, whose name begins with an `a`.
    """

    name: str
    id: str
    db: Store
    session_id: str | None
    user_id: str | None
    _last: ContextVar[LastSession | None]

    @abstractmethod
    def setup(self) -> AgentSetup:
        """Return it as it is now."""

    def get_session(self, session_id: str | None = None, user_id: str | None = None) -> AgentSession[Output] | None:
        """Return a session; None if it isn't stored, or is not of the user that is named."""
        return _wait_for(lambda: self.aget_session(session_id, user_id))

    async def aget_session(
        self, session_id: str | None = None, user_id: str | None = None
    ) -> AgentSession[Output] | None:
        """Do what `get_session` does, from async code."""
        from kernbot.engine.agent_sessions import find_session

        found = await find_session(self.db, self, self._named(session_id), user_id)
        return cast("AgentSession[Output] | None", found)

    def get_session_state(self, session_id: str | None = None) -> dict[str, Any]:
        """Return a copy of a session's state; NotFoundError if the session isn't stored."""
        return _wait_for(lambda: self.aget_session_state(session_id))

    async def aget_session_state(self, session_id: str | None = None) -> dict[str, Any]:
        """Do what `get_session_state` does, from async code."""
        session = await self.aget_session(session_id)
        if session is None:
            raise NotFoundError(f"There is no session {self._named(session_id)}.")
        state: dict[str, Any] = session.session_data["session_state"]
        return state

    def get_run_output(self, run_id: str, session_id: str | None = None) -> Output | None:
        """Return a run as it is stored, a new object each time; None if there is none, or in another session."""
        return _wait_for(lambda: self.aget_run_output(run_id, session_id))

    async def aget_run_output(self, run_id: str, session_id: str | None = None) -> Output | None:
        """Do what `get_run_output` does, from async code."""
        from kernbot.engine.agent_sessions import find_run

        output = cast("Output | None", await find_run(self.db, self, run_id))
        return output if output and session_id in (None, output.session_id) else None

    def get_last_run_output(self, session_id: str | None = None) -> Output | None:
        """Return the run of a session that was started last; None if there is none."""
        return _wait_for(lambda: self.aget_last_run_output(session_id))

    async def aget_last_run_output(self, session_id: str | None = None) -> Output | None:
        """Do what `get_last_run_output` does, from async code."""
        from kernbot.engine.agent_sessions import newest_runs

        run_ids = await newest_runs(self.db, self, self._named(session_id), 1)
        return await self.aget_run_output(run_ids[0]) if run_ids else None

    def _named(self, session_id: str | None) -> str:
        """Return the id given, or that of the last session of this context."""
        last = self._last.get()
        wanted = session_id or (last.session_id if last else self.session_id)
        if wanted is None:
            raise UsageError(f"{self.name!r} has not run in this context yet; name a session_id.")
        return wanted


def _wait_for(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    from kernbot.engine.fronts import call_sync

    return call_sync(work)
