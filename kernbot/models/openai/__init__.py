"""The models of OpenAI, and of every server that speaks one of its two APIs."""

from __future__ import annotations

from kernbot.models.openai.chat import OpenAIChat
from kernbot.models.openai.responses import OpenAIResponses

__all__ = ["OpenAIChat", "OpenAIResponses"]
