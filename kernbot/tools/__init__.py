"""Tools: functions that a model may ask for, and what they ask of people first.

Names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernbot.tools.decorators import tool
    from kernbot.tools.function import Function, ToolArgumentError
    from kernbot.tools.toolkit import Toolkit

__all__ = ["Function", "ToolArgumentError", "Toolkit", "tool"]

_HOMES = {"Function": "function", "ToolArgumentError": "function", "Toolkit": "toolkit", "tool": "decorators"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
