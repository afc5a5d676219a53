"""What agents and models say to each other, independent of any model's own format."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import BaseModel


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """One call that a model asks for."""

    id: str
    """The model's id for it."""
    name: str
    arguments: str
    """JSON as the model wrote it: it may be wrong."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant: what it asks for."""
    tool_call_id: str | None = None
    """Of a tool: which call this is the result of."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens that a model counted."""

    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Both together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens, output_tokens=self.output_tokens + other.output_tokens
        )


@dataclass(frozen=True, kw_only=True)
class ModelReply:
    """One turn of a model: text, calls of tools, or both."""

    content: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()


@dataclass(frozen=True, kw_only=True)
class ToolSpec:
    """A tool as a model is told of it."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON schema of an object."""
    strict: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ModelRequest:
    """What a model is asked."""

    messages: Sequence[Message]
    tools: Sequence[ToolSpec] = ()
    output_schema: type[BaseModel] | None = None
    """The form in which it is to answer: then `content` is JSON of it."""


class Model(Protocol):
    """A language model, or what stands in for one."""

    id: str

    def reply(self, request: ModelRequest, *, stream: bool) -> AsyncGenerator[str | ModelReply, None]:
        """Yield pieces of text as they come, if `stream`, and the whole reply last.

        Raises what it can't mend by itself: a timeout, a refusal, a reply that is cut off.
        """
