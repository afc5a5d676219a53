"""What an agent is told when it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernbot.engine.journal import Journal
from kernbot.run.messages import Message


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
