"""A model that follows a script: for the first example, for demos, and for authors' own tests."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from kernbot.errors import UsageError
from kernbot.run.messages import ModelReply, ModelRequest, ToolCall

Item: TypeAlias = str | ModelReply | Sequence[ToolCall] | Exception
"""One turn of a script: a text, calls of tools, both in a ModelReply, or what is raised instead."""


def call(name: str, /, **arguments: Any) -> ToolCall:
    """Return a call of a tool for a script; the model that follows it gives the call its id."""
    return ToolCall(id="", name=name, arguments=json.dumps(arguments))


class ScriptedModel:
    """A model whose replies are read from a list, or given by a function of the request.

    A list is the script of one conversation: its first item answers a request that holds no message of the assistant
    yet, its second a request that holds one, and so on. What comes depends on nothing but the request. So the script
    goes on where it was when a restarted process takes the turns before from the journal, and many conversations may
    go on at once; one that begins anew, as each run without history and each iteration of a loop does, begins at the
    first item. For anything else give a function, of the request too: no process knows how often another called it.
    """

    def __init__(
        self,
        replies: Sequence[Item] | Callable[[ModelRequest], Item],
        id: str = "scripted",  # noqa: A002 - every model has an id
    ) -> None:
        self.id = id
        self.requests: list[ModelRequest] = []
        """All that this object was asked, for tests."""
        self._replies = replies if callable(replies) else tuple(replies)

    def __repr__(self) -> str:
        return f"ScriptedModel(id={self.id!r})"

    async def reply(self, request: ModelRequest, *, stream: bool) -> AsyncGenerator[str | ModelReply, None]:
        """Yield the reply's text word by word, if `stream`, and the reply last.

        Raises what the script has in its place; UsageError where the list has run out.
        """
        self.requests.append(replace(request, messages=tuple(request.messages)))
        reply = self._as_reply(self._item(request), request)
        if stream:
            for word in re.findall(r"\S+\s*|\s+", reply.content or ""):
                yield word
        yield reply

    def _item(self, request: ModelRequest) -> Item:
        if callable(self._replies):
            return self._replies(request)
        said = sum(message.role == "assistant" for message in request.messages)
        if said >= len(self._replies):
            raise UsageError(
                f"The replies of the model {self.id} have run out: there were {len(self._replies)}, and this "
                f"conversation needs number {said + 1}. Add it to the list, or give a function of the request."
            )
        return self._replies[said]

    def _as_reply(self, item: object, request: ModelRequest) -> ModelReply:
        match item:
            case Exception():
                raise item
            case str():
                return ModelReply(content=item)
            case ModelReply():
                return replace(item, tool_calls=_numbered(item.tool_calls, request))
            case list() | tuple():
                return ModelReply(tool_calls=_numbered(item, request))
            case _:
                raise UsageError(
                    f"The script of the model {self.id} gave a {type(item).__name__}: give a text, a list of calls, "
                    "a ModelReply or an error."
                )


def _numbered(calls: Sequence[ToolCall], request: ModelRequest) -> tuple[ToolCall, ...]:
    """Give an id to each call that has none: its number in the conversation."""
    before = sum(len(message.tool_calls) for message in request.messages)
    return tuple(replace(one, id=one.id or f"call_{before + n}") for n, one in enumerate(calls, start=1))
