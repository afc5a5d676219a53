"""Language models, and what stands in for one; each provider is a module of its own: `kernbot.models.openai`.

Names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernbot.models.scripted import ScriptedModel, call
    from kernbot.run.messages import Message, Model, ModelReply, ModelRequest, ToolCall, ToolSpec, Usage

__all__ = [
    "Message",
    "Model",
    "ModelReply",
    "ModelRequest",
    "ScriptedModel",
    "ToolCall",
    "ToolSpec",
    "Usage",
    "call",
]

_SCRIPTED = {"ScriptedModel", "call"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "kernbot.models.scripted" if name in _SCRIPTED else "kernbot.run.messages"
    return getattr(importlib.import_module(home), name)
