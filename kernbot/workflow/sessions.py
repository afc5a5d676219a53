"""The part of a Workflow that reads and changes what is stored of its sessions and runs."""
# ruff: noqa: PLC0415 - a part of the facade, which imports the engine inside its methods, so that both can import types

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from kernbot.errors import NotFoundError, UsageError
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.session.workflow import WorkflowSession

if TYPE_CHECKING:
    from kernbot.db.base import Store

_T = TypeVar("_T")


@dataclass(frozen=True)
class LastSession:
    """The session that a workflow ran in last, and whose run it was."""

    session_id: str
    user_id: str | None


class StoredSessions:
    """Reads and changes sessions and runs in `db`. A session that is not named is the last one of this context.

    Every method has a twin for async code, whose name begins with an `a`.
    """

    name: str
    db: Store
    session_id: str | None
    _last: ContextVar[LastSession | None]

    def get_session(self, session_id: str | None = None, user_id: str | None = None) -> WorkflowSession | None:
        """Return a session; None if it isn't stored, or is not of the user that is named."""
        return _wait_for(lambda: self.aget_session(session_id, user_id))

    async def aget_session(self, session_id: str | None = None, user_id: str | None = None) -> WorkflowSession | None:
        """Do what `get_session` does, from async code."""
        from kernbot.engine.sessions import find_session

        return await find_session(self.db, self._named(session_id), user_id)

    def delete_session(self, session_id: str, user_id: str | None = None) -> bool:
        """Delete a session and its runs; False if it isn't stored, or is not of the user that is named.

        Raises ConflictError, and deletes nothing, while one of its runs has not ended: cancel it first.
        """
        return _wait_for(lambda: self.adelete_session(session_id, user_id))

    async def adelete_session(self, session_id: str, user_id: str | None = None) -> bool:
        """Do what `delete_session` does, from async code."""
        session = await self.aget_session(session_id, user_id)
        return session is not None and await self.db.delete_session(session_id)

    def get_session_state(self, session_id: str | None = None) -> dict[str, Any]:
        """Return a copy of a session's state; NotFoundError if the session isn't stored."""
        return _wait_for(lambda: self.aget_session_state(session_id))

    async def aget_session_state(self, session_id: str | None = None) -> dict[str, Any]:
        """Do what `get_session_state` does, from async code."""
        return _state_of(await self._must_find(session_id))

    def update_session_state(
        self, session_state_updates: dict[str, Any], session_id: str | None = None
    ) -> dict[str, Any]:
        """Merge values into a session's state by key, and return the state; NotFoundError if it isn't stored.

        A step that is running goes on with the state that it began with.
        """
        return _wait_for(lambda: self.aupdate_session_state(session_state_updates, session_id))

    async def aupdate_session_state(
        self, session_state_updates: dict[str, Any], session_id: str | None = None
    ) -> dict[str, Any]:
        """Do what `update_session_state` does, from async code."""
        from kernbot.engine.sessions import change_session

        wanted = self._named(session_id)
        return _state_of(await change_session(self.db, wanted, time.time(), state=session_state_updates))

    def get_session_name(self, session_id: str | None = None) -> str:
        """Return what a session is called, empty if it has no name; NotFoundError if it isn't stored."""
        return _wait_for(lambda: self.aget_session_name(session_id))

    async def aget_session_name(self, session_id: str | None = None) -> str:
        """Do what `get_session_name` does, from async code."""
        session = await self._must_find(session_id)
        return str(session.session_data.get("session_name", ""))

    def set_session_name(
        self, session_id: str | None = None, autogenerate: bool = False, session_name: str | None = None
    ) -> WorkflowSession:
        """Call a session `session_name`, or by its workflow and the time, in UTC; return the session.

        Raises NotFoundError if it isn't stored.
        """
        return _wait_for(lambda: self.aset_session_name(session_id, autogenerate, session_name))

    async def aset_session_name(
        self, session_id: str | None = None, autogenerate: bool = False, session_name: str | None = None
    ) -> WorkflowSession:
        """Do what `set_session_name` does, from async code."""
        from kernbot.engine.sessions import change_session

        name = f"{self.name} {datetime.now(UTC):%Y-%m-%d %H:%M}" if autogenerate else session_name
        if not name:
            raise UsageError("set_session_name needs a session_name, or autogenerate=True.")
        return await change_session(self.db, self._named(session_id), time.time(), name=name)

    def get_run_output(self, run_id: str, session_id: str | None = None) -> WorkflowRunOutput | None:
        """Return a run as it is stored, a new object each time; None if there is none, or in another session."""
        return _wait_for(lambda: self.aget_run_output(run_id, session_id))

    async def aget_run_output(self, run_id: str, session_id: str | None = None) -> WorkflowRunOutput | None:
        """Do what `get_run_output` does, from async code."""
        from kernbot.engine.sessions import load_output

        try:
            output = await load_output(self.db, run_id)
        except NotFoundError:
            return None
        return output if session_id in (None, output.session_id) else None

    def get_run(self, run_id: str) -> WorkflowRunOutput | None:
        """Return a run of any session as it is stored; None if there is none."""
        return self.get_run_output(run_id)

    async def aget_run(self, run_id: str) -> WorkflowRunOutput | None:
        """Do what `get_run` does, from async code."""
        return await self.aget_run_output(run_id)

    def get_last_run_output(self, session_id: str | None = None) -> WorkflowRunOutput | None:
        """Return the run of a session that was started last; None if there is none."""
        return _wait_for(lambda: self.aget_last_run_output(session_id))

    async def aget_last_run_output(self, session_id: str | None = None) -> WorkflowRunOutput | None:
        """Do what `get_last_run_output` does, from async code."""
        from kernbot.engine.sessions import load_output, newest_runs

        run_ids = await newest_runs(self.db, self._named(session_id), 1)
        return await load_output(self.db, run_ids[0]) if run_ids else None

    async def _must_find(self, session_id: str | None) -> WorkflowSession:
        from kernbot.engine.sessions import must_find_session

        return await must_find_session(self.db, self._named(session_id))

    def _named(self, session_id: str | None) -> str:
        """Return the id given, or that of the last session of this context."""
        last = self._last.get()
        wanted = session_id or (last.session_id if last else self.session_id)
        if wanted is None:
            raise UsageError(f"Workflow {self.name!r} has not run in this context yet; name a session_id.")
        return wanted


def _state_of(session: WorkflowSession) -> dict[str, Any]:
    state: dict[str, Any] = session.session_data["session_state"]
    return state


def _wait_for(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    from kernbot.engine.fronts import call_sync

    return call_sync(work)
