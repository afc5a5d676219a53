"""Which model the agents of the examples have."""

from __future__ import annotations

import os
from collections.abc import Callable

from kernbot.models import Model, ScriptedModel
from kernbot.models.openai import OpenAIResponses


def model_or_script(words: Callable[[str], str]) -> Model:
    """Return a real model if OPENAI_API_KEY is set, else one that answers `words` of what it was told."""
    if os.environ.get("OPENAI_API_KEY"):
        return OpenAIResponses(id="gpt-5.4")
    return ScriptedModel(lambda request: words(request.messages[-1].content or ""))
