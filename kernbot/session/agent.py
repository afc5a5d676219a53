"""A session of an agent, or of a team, as the author's program sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from kernbot.session.workflow import Runs

_Output = TypeVar("_Output")


@dataclass(kw_only=True)
class AgentSession(Generic[_Output]):
    """What the runs of one session share; of the runs, only those of the agent, or team, itself."""

    session_id: str
    agent_id: str
    user_id: str | None = None
    session_data: dict[str, Any] = field(default_factory=dict)
    """`session_state` is in here."""
    created_at: int = 0
    updated_at: int = 0
    """Unix seconds, both."""
    runs: Runs[_Output] = field(repr=False, compare=False)
