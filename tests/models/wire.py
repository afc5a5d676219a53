"""What both of OpenAI's APIs have in common, seen from the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from itertools import takewhile
from typing import Any, Protocol

from kernbot.run.messages import Message, ModelReply, ModelRequest


class Fault(Enum):
    """How an answer goes wrong."""

    BUSY = auto()
    """429, which asks to come again at once."""
    BROKEN = auto()
    """500, the same."""
    WRONG_KEY = auto()
    """401, with the key in its text."""
    SILENT = auto()
    """No answer at all."""
    STALLED = auto()
    """An answer that begins, and no more."""
    DROPPED = auto()
    """A connection that is lost in the middle of the answer."""
    UNFINISHED = auto()
    """A stream that ends before its last event."""
    NOT_JSON = auto()
    HTML = auto()
    """A page in place of the answer, as a proxy would send it."""
    OTHER_JSON = auto()
    """JSON, but none of the API's."""
    FAILED = auto()
    """An answer that tells of an error; streamed, it comes in the middle."""
    EMPTY = auto()
    TOO_LONG = auto()
    """Cut at the limit of tokens."""
    FILTERED = auto()
    REFUSED = auto()


class Wire(Protocol):
    """One of the two APIs."""

    def asked(self, body: Mapping[str, Any]) -> ModelRequest:
        """Return a request in kernbot's terms; ValueError for what the API would refuse."""

    def answer(self, reply: ModelReply, fault: Fault | None) -> str:
        """Return the JSON of a whole answer."""

    def events(self, reply: ModelReply, pieces: Sequence[str], fault: Fault | None) -> Iterator[str]:
        """Yield a streamed answer as server-sent events."""


def check_parameters(body: Mapping[str, Any], params: type) -> None:
    """Raise ValueError for a parameter that the API does not have."""
    unknown = body.keys() - params.__annotations__.keys() - {"stream"}
    if unknown:
        raise ValueError(f"Unknown parameter: {', '.join(sorted(unknown))}.")


def check_calls(messages: Sequence[Message]) -> None:
    """Raise ValueError unless every call of a tool is followed by its result, and every result follows its call."""
    for place, message in enumerate(messages):
        results = list(takewhile(lambda later: later.role == "tool", messages[place + 1 :]))
        if message.role == "assistant" and {call.id for call in message.tool_calls} != {
            result.tool_call_id for result in results
        }:
            raise ValueError("No tool output found for a function call, or no function call for a tool output.")


def check_strict(schema: Any) -> None:
    """Raise ValueError if a schema that is said to be strict isn't, as far as required and free keys go."""
    if isinstance(schema, Mapping):
        if schema.get("type") == "object" and (
            schema.get("additionalProperties") is not False or set(schema["required"]) != set(schema["properties"])
        ):
            raise ValueError("Invalid schema: every property is required, and 'additionalProperties' is false.")
        if "$ref" in schema and len(schema) > 1:
            raise ValueError("Invalid schema: $ref cannot have other keywords beside it.")
        for inner in schema.values():
            check_strict(inner)
    elif isinstance(schema, list):
        for inner in schema:
            check_strict(inner)


def in_pieces(text: str, size: int = 5) -> Iterator[str]:
    """Yield a text in pieces, as arguments are streamed."""
    for start in range(0, len(text), size):
        yield text[start : start + size]
