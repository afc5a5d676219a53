"""Stored sessions as the author's program sees them, and what it may change in them."""

from __future__ import annotations

from typing import Any

from kernbot.db.base import RunFilter, SessionRecord, StateChanges, Store
from kernbot.engine.fronts import call_sync
from kernbot.engine.large import load
from kernbot.engine.values import decode_state, encode_state
from kernbot.engine.views import run_output
from kernbot.errors import NotFoundError, UsageError
from kernbot.run.status import RunStatus
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.session.workflow import History, Runs, WorkflowSession

MOST_RUNS = 10_000
"""How many runs of a session are listed: the newest ones."""


def session_view(store: Store, record: SessionRecord, state: dict[str, Any], most: int | None) -> WorkflowSession:
    """Return a session with `state` as its state; its runs are read when they are asked for.

    `most` is how many runs of history are returned to who names no number; None for all.
    """
    session_id = record.session_id
    named = {} if record.name is None else {"session_name": record.name}
    return WorkflowSession(
        session_id=session_id,
        workflow_id=record.workflow_id,
        user_id=record.user_id,
        session_data={"session_state": state, **named},
        created_at=int(record.created_at),
        updated_at=int(record.updated_at),
        runs=Runs(
            lambda limit: call_sync(lambda: newest_runs(store, session_id, limit)),
            lambda run_id: call_sync(lambda: load_output(store, run_id)),
        ),
        load_history=lambda number: call_sync(lambda: _history(store, session_id, most if number is None else number)),
    )


async def find_session(store: Store, session_id: str, user_id: str | None = None) -> WorkflowSession | None:
    """Return a session; None if it isn't stored, or is not of the user that is named."""
    record = await store.get_session(session_id)
    if record is None or user_id not in (None, record.user_id):
        return None
    return session_view(store, record, decode_state(record.state), None)


async def must_find_session(store: Store, session_id: str) -> WorkflowSession:
    """Return a session; NotFoundError if it isn't stored."""
    if (session := await find_session(store, session_id)) is None:
        raise _no_session(session_id)
    return session


async def change_session(
    store: Store, session_id: str, now: float, *, name: str | None = None, state: dict[str, Any] | None = None
) -> WorkflowSession:
    """Rename a session, or merge values into its state by key, and return it; NotFoundError if it isn't stored."""
    changes = None if state is None else StateChanges(set=encode_state(state))
    if not await store.update_session(session_id, now, name=name, state=changes):
        raise _no_session(session_id)
    return await must_find_session(store, session_id)


async def newest_runs(store: Store, session_id: str, limit: int | None, *statuses: RunStatus) -> list[str]:
    """Return the ids of the newest runs of a session, oldest first; with statuses, only of runs that have one."""
    wanted = RunFilter(session_id=session_id, statuses=statuses or None, limit=MOST_RUNS if limit is None else limit)
    return [run.run_id for run in reversed(await store.list_runs(wanted))]


async def load_output(store: Store, run_id: str) -> WorkflowRunOutput:
    """Return a run as it is stored; NotFoundError if it isn't."""
    return run_output(await load(store, run_id))


async def _history(store: Store, session_id: str, most: int | None) -> History:
    if most is not None and most < 0:
        raise UsageError(f"num_runs, or num_history_runs, is {most}; it must be 0 or more.")
    run_ids = await newest_runs(store, session_id, most, RunStatus.COMPLETED)
    runs = [await load_output(store, run_id) for run_id in run_ids]
    return [(run.input, run.content) for run in runs]


def _no_session(session_id: str) -> NotFoundError:
    return NotFoundError(f"There is no session {session_id}.")
