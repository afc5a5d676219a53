"""What agents have done in a run, as facts to be shown: pure."""

from __future__ import annotations

from collections.abc import Iterator

from kernbot.engine.agent_views import executor_runs, first_turn
from kernbot.engine.values import digest
from kernbot.run.agent import RunOutput
from kernbot.run.status import RunStatus
from kernbot.run.team import TeamRunOutput
from kernbot.slack.reading.subject import Rows
from kernbot.slack.render.facts import TalkFacts, TalkState

_STATES: dict[RunStatus, TalkState] = {
    RunStatus.PAUSED: "waiting",
    RunStatus.COMPLETED: "done",
    RunStatus.ERROR: "failed",
    RunStatus.CANCELLED: "stopped",
}


def talks_of(rows: Rows, *, hides_words: bool) -> Iterator[TalkFacts]:
    """Yield what there is to show of each agent and team, in the order in which they began."""
    written_at = {entry.path: entry.created_at for entry in rows.snapshot.journal}
    for run in executor_runs(rows.snapshot, rows.journal):
        yield TalkFacts(
            talk_id=talk_id_of(run.run_id),
            kind="team" if isinstance(run, TeamRunOutput) else "agent",
            agent=run.agent_name or "agent",
            step_name=step_name_of(run.run_id),
            state=_STATES.get(run.status, "working"),
            text="" if hides_words else rows.shown(_words_of(run)),
            calls=[] if hides_words else [call.tool_name or "" for call in run.tools],
            began_at=written_at[first_turn(_path_of(run.run_id))],
            hides_words=hides_words,
        )


def talk_id_of(executor_run_id: str) -> str:
    """Return the id under which the message of an agent is kept."""
    return digest(executor_run_id)[:32]


def step_name_of(executor_run_id: str) -> str:
    """Return the name of the step in which an agent works, as its path has it."""
    parts = _path_of(executor_run_id).split("/")
    named = [part for part in parts if not part.startswith(("~", "agent~", "call:"))]
    return named[-1]


def _path_of(executor_run_id: str) -> str:
    return executor_run_id.partition(":")[2]


def _words_of(run: RunOutput) -> str:
    said = [message.content for message in run.messages if message.role == "assistant" and message.content]
    return "\n\n".join(said)
