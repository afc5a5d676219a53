"""Teams: an agent that hands tasks on to others.

Names are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernbot.team.team import Team

__all__ = ["Team"]


def __getattr__(name: str) -> Any:
    if name != "Team":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kernbot.team.team import Team  # noqa: PLC0415 - loaded when it is used

    return Team
