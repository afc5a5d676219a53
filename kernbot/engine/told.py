"""What is journaled of a conversation: what an agent is told when it begins, and what its model says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernbot.engine.journal import Journal
from kernbot.run.messages import Message, ModelReply, ToolCall, Usage


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an agent is told when it begins; journaled with its first turn, so that it goes on with the same words."""

    message: str
    history_run_ids: tuple[str, ...] = ()
    """The earlier runs whose messages it is told, oldest first."""
    history: Sequence[Message] = ()

    @property
    def payload(self) -> dict[str, Any]:
        """What is journaled of it: of the history, only where it is."""
        return {"message": self.message, "history": list(self.history_run_ids)}


def told_at(journal: Journal, path: str) -> Told | None:
    """Return what the agent under a path was told, without the history itself; None if it has not begun."""
    entry = journal.get(f"{path}/model~1", "output")
    if entry is None:
        return None
    told = entry.payload["told"]
    return Told(message=told["message"], history_run_ids=tuple(told["history"]))


def named_at(journal: Journal, path: str) -> dict[str, str]:
    """Return the kind, id and name of the agent, or team, that has begun under a path; empty if that isn't known."""
    entry = journal.get(f"{path}/model~1", "output")
    who: dict[str, str] = entry.payload.get("executor", {}) if entry else {}
    return who


def reply_at(journal: Journal, path: str) -> ModelReply | None:
    """Return what a model said in a turn, as journaled."""
    entry = journal.get(path, "output")
    if entry is None:
        return None
    reply = entry.payload["reply"]
    calls = tuple(ToolCall(**call) for call in reply["tool_calls"])
    return ModelReply(content=reply["content"], tool_calls=calls, usage=Usage(**reply["usage"]))
