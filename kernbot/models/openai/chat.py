"""Models behind the Chat Completions API, which many other servers speak too."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from openai import AsyncOpenAI
from openai.types import CompletionUsage
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionChunk,
    ChatCompletionFunctionToolParam,
    ChatCompletionMessage,
    ChatCompletionMessageParam,
)
from openai.types.chat.chat_completion_chunk import ChoiceDelta
from openai.types.shared_params import FunctionDefinition

from kernbot.models.openai.model import OpenAIModel, given
from kernbot.models.openai.replies import BROKEN_OFF, UnusableReplyError, known_form, tool_call, whole_reply
from kernbot.models.openai.schemas import output_format, strict_form
from kernbot.run.messages import Message, ModelReply, ModelRequest, ToolSpec, Usage


@dataclass(eq=False, repr=False, kw_only=True)
class OpenAIChat(OpenAIModel):
    """A model behind the Chat Completions API."""

    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    """The older name of the same, for servers that know only this one."""

    async def _turn(
        self, client: AsyncOpenAI, request: ModelRequest, *, stream: bool
    ) -> AsyncGenerator[str | ModelReply, None]:
        params = self._params(request)
        turn = _Turn()
        if not stream:
            turn.add(await client.chat.completions.create(**params))
            yield turn.reply()
            return
        params |= {"stream": True, "stream_options": {"include_usage": True}}
        async with await client.chat.completions.create(**params) as chunks:
            async for chunk in chunks:
                if piece := turn.add_chunk(chunk):
                    yield piece
        yield turn.reply()

    def _params(self, request: ModelRequest) -> dict[str, Any]:
        return given(
            model=self.id,
            messages=[_message(message) for message in request.messages],
            tools=[_tool(spec) for spec in request.tools] or None,
            response_format=_response_format(request),
            reasoning_effort=self.reasoning_effort,
            max_completion_tokens=self.max_completion_tokens,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
        )


def _message(message: Message) -> ChatCompletionMessageParam:
    match message.role:
        case "tool":
            return {"role": "tool", "tool_call_id": message.tool_call_id or "", "content": message.content or ""}
        case "assistant":
            return _assistant_message(message)
        case "user":
            return {"role": "user", "content": message.content or ""}
        case "system":
            return {"role": "system", "content": message.content or ""}


def _assistant_message(message: Message) -> ChatCompletionAssistantMessageParam:
    said: ChatCompletionAssistantMessageParam = {"role": "assistant", "content": message.content}
    if message.tool_calls:  # an empty list is refused
        said["tool_calls"] = [
            {"type": "function", "id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return said


def _tool(spec: ToolSpec) -> ChatCompletionFunctionToolParam:
    function = FunctionDefinition(name=spec.name, description=spec.description, parameters=spec.parameters)
    if spec.strict:
        function |= {"strict": True, "parameters": strict_form(spec.parameters) or spec.parameters}
    return {"type": "function", "function": function}


def _response_format(request: ModelRequest) -> dict[str, Any] | None:
    if request.output_schema is None:
        return None
    return {"type": "json_schema", "json_schema": output_format(request.output_schema)}


@dataclass
class _Call:
    """A call of a tool as far as it has come."""

    id: str = ""
    name: str = ""
    arguments: str = ""


class _Turn:
    """A reply as far as it has come."""

    def __init__(self) -> None:
        self._text = ""
        self._refusal = ""
        self._calls: dict[int, _Call] = {}
        self._usage = Usage()
        self._finish_reason: str | None = None

    @known_form()
    def add(self, completion: ChatCompletion) -> None:
        """Take note of a reply that came as a whole."""
        choice = completion.choices[0]
        self._hear(choice.message)
        self._finish_reason = choice.finish_reason
        self._count(completion.usage)

    @known_form()
    def add_chunk(self, chunk: ChatCompletionChunk) -> str:
        """Take note of a piece of a reply, and return the text in it; the piece that counts tokens has no choice."""
        for choice in chunk.choices:
            self._hear(choice.delta)
            self._finish_reason = choice.finish_reason or self._finish_reason
        self._count(chunk.usage)
        return "".join(choice.delta.content or "" for choice in chunk.choices)

    @known_form()
    def reply(self) -> ModelReply:
        """Return the whole, once it has all come."""
        if self._finish_reason is None:
            raise UnusableReplyError(BROKEN_OFF)
        if self._finish_reason in ("length", "content_filter"):
            raise UnusableReplyError(f"did not finish its reply ({self._finish_reason}).")
        calls = [tool_call(call.id, call.name, call.arguments) for _, call in sorted(self._calls.items())]
        return whole_reply(self._text, self._refusal, calls, self._usage)

    def _hear(self, said: ChatCompletionMessage | ChoiceDelta) -> None:
        self._text += said.content or ""
        self._refusal += said.refusal or ""
        for position, piece in enumerate(said.tool_calls or ()):
            if piece.type == "custom" or piece.function is None:
                continue
            call = self._calls.setdefault(getattr(piece, "index", position), _Call())
            call.id = piece.id or call.id
            call.name = piece.function.name or call.name
            call.arguments += piece.function.arguments or ""

    def _count(self, usage: CompletionUsage | None) -> None:
        if usage:
            self._usage = Usage(input_tokens=usage.prompt_tokens, output_tokens=usage.completion_tokens)
