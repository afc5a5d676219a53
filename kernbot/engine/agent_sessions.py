"""Stored runs and sessions of an agent, or team, that runs by itself."""

from __future__ import annotations

from kernbot.db.base import RunFilter, Store
from kernbot.engine.agent_runs import step_of, workflow_id_of
from kernbot.engine.fronts import call_sync
from kernbot.engine.large import load
from kernbot.engine.own_runs import agent_run
from kernbot.engine.sessions import MOST_RUNS
from kernbot.engine.values import decode_state
from kernbot.run.agent import RunOutput
from kernbot.run.executor import Executor
from kernbot.session.agent import AgentSession
from kernbot.session.workflow import Runs


async def find_session(
    store: Store, executor: Executor, session_id: str, user_id: str | None
) -> AgentSession[RunOutput] | None:
    """Return a session; None if it isn't stored, or is not of the user that is named."""
    record = await store.get_session(session_id)
    if record is None or user_id not in (None, record.user_id):
        return None
    return AgentSession(
        session_id=session_id,
        agent_id=executor.setup().executor_id,
        user_id=record.user_id,
        session_data={"session_state": decode_state(record.state)},
        created_at=int(record.created_at),
        updated_at=int(record.updated_at),
        runs=Runs(
            lambda most: call_sync(lambda: newest_runs(store, executor, session_id, most)),
            lambda run_id: call_sync(lambda: _load(store, executor, run_id)),
        ),
    )


async def find_run(store: Store, executor: Executor, run_id: str) -> RunOutput | None:
    """Return a run as it is stored; None if there is none, or it is of another."""
    record = await store.get_run(run_id)
    is_own = record is not None and record.workflow_id == workflow_id_of(executor.setup())
    return await _load(store, executor, run_id) if is_own else None


async def newest_runs(store: Store, executor: Executor, session_id: str, most: int | None) -> list[str]:
    """Return the ids of the newest runs in a session, oldest first."""
    wanted = RunFilter(
        workflow_ids=[workflow_id_of(executor.setup())],
        session_id=session_id,
        limit=MOST_RUNS if most is None else most,
    )
    return [run.run_id for run in reversed(await store.list_runs(wanted))]


async def _load(store: Store, executor: Executor, run_id: str) -> RunOutput:
    return agent_run(await load(store, run_id), step_of(executor))
