"""Which model the agents of the examples have."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from kernbot.models import Model, ScriptedModel
from kernbot.models.openai import OpenAIResponses
from kernbot.run.messages import ModelRequest, ToolCall

Turn = Callable[[str], str | Sequence[ToolCall]]
"""What is said, or which tools are called, for what was told since the last turn: a task, or what came of the calls."""


def model_or_script(*turns: Turn) -> Model:
    """Return a real model if OPENAI_API_KEY is set, else one that takes these turns, one after the other."""
    if os.environ.get("OPENAI_API_KEY"):
        return OpenAIResponses(id="gpt-5.4")
    return ScriptedModel(lambda request: _turn(turns, request))


def _turn(turns: Sequence[Turn], request: ModelRequest) -> str | Sequence[ToolCall]:
    told: list[str] = []
    taken = 0
    for message in request.messages:
        if message.role == "assistant":
            told.clear()
            taken += 1
        elif message.role != "system":
            told.append(message.content or "")
    return turns[taken]("; ".join(told))
