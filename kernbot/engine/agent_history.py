"""What an agent is told of earlier runs."""

from __future__ import annotations

from kernbot.db.base import RunFilter
from kernbot.engine.agent_views import Place, messages_at
from kernbot.engine.execution import Execution
from kernbot.engine.journal import Journal
from kernbot.engine.large import load
from kernbot.engine.told import Told, told_at
from kernbot.run.executor import AgentSetup
from kernbot.run.messages import Message
from kernbot.run.status import RunStatus


async def told_to(run: Execution, path: str, setup: AgentSetup, message: str) -> Told:
    """Return what the agent under a path is told when it begins; of one that has begun, what it was told then.

    That is the message, and before it what was said at the same place in the newest COMPLETED runs of the session.
    """
    began = told_at(run.journal, path)
    run_ids = began.history_run_ids if began else await _newest_runs(run, setup.history_runs)
    history = [said for run_id in run_ids for said in await _said(run, run_id, path, setup)]
    return Told(message=began.message if began else message, history_run_ids=tuple(run_ids), history=history)


async def _newest_runs(run: Execution, most: int) -> list[str]:
    if most == 0:
        return []
    wanted = RunFilter(
        workflow_ids=[run.record.workflow_id],
        session_id=run.record.session_id,
        statuses=[RunStatus.COMPLETED],
        limit=most,
    )
    return [earlier.run_id for earlier in reversed(await run.store.list_runs(wanted))]


async def _said(run: Execution, run_id: str, path: str, setup: AgentSetup) -> list[Message]:
    snapshot = await load(run.store, run_id)
    return messages_at(Place(snapshot.run, Journal(snapshot), path, setup))
