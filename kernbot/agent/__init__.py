"""Agents: a language model with instructions and tools.

Names are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernbot.agent.agent import Agent

__all__ = ["Agent"]


def __getattr__(name: str) -> Any:
    if name != "Agent":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kernbot.agent.agent import Agent  # noqa: PLC0415 - loaded when it is used

    return Agent
