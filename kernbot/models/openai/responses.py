"""Models behind the Responses API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Any

from openai import AsyncOpenAI
from openai.types.responses import (
    FunctionToolParam,
    Response,
    ResponseInputItemParam,
    ResponseStreamEvent,
)

from kernbot.models.openai.model import OpenAIModel, given
from kernbot.models.openai.replies import BROKEN_OFF, UnusableReplyError, known_form, tool_call, whole_reply
from kernbot.models.openai.schemas import output_format, strict_form
from kernbot.run.messages import Message, ModelReply, ModelRequest, ToolSpec, Usage


@dataclass(eq=False, repr=False, kw_only=True)
class OpenAIResponses(OpenAIModel):
    """A model behind the Responses API; each request carries the whole conversation."""

    max_output_tokens: int | None = None

    async def _turn(
        self, client: AsyncOpenAI, request: ModelRequest, *, stream: bool
    ) -> AsyncGenerator[str | ModelReply, None]:
        params = self._params(request)
        if not stream:
            yield _read(await client.responses.create(**params))
            return
        turn = _Turn()
        async with await client.responses.create(**params, stream=True) as events:
            async for event in events:
                if piece := turn.add(event):
                    yield piece
        yield turn.reply()

    def _params(self, request: ModelRequest) -> dict[str, Any]:
        return given(
            model=self.id,
            input=[item for message in request.messages for item in _items(message)],
            tools=[_tool(spec) for spec in request.tools] or None,
            text=_text(request),
            reasoning={"effort": self.reasoning_effort} if self.reasoning_effort else None,
            max_output_tokens=self.max_output_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
        )


def _items(message: Message) -> Iterator[ResponseInputItemParam]:
    """Yield a message as the API has it: a call, and what a tool gave, are items of their own."""
    if message.role == "tool":
        call_id = message.tool_call_id or ""
        yield {"type": "function_call_output", "call_id": call_id, "output": message.content or ""}
        return
    if message.content is not None:
        yield {"role": message.role, "content": message.content}
    for call in message.tool_calls:
        yield {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}


def _tool(spec: ToolSpec) -> FunctionToolParam:
    """Return a tool with a plain word on strictness: left out, the API would make every parameter required."""
    strict = strict_form(spec.parameters) if spec.strict else None
    return {
        "type": "function",
        "name": spec.name,
        "description": spec.description,
        "parameters": strict or spec.parameters,
        "strict": bool(spec.strict),
    }


def _text(request: ModelRequest) -> dict[str, Any] | None:
    if request.output_schema is None:
        return None
    return {"format": {"type": "json_schema", **output_format(request.output_schema)}}


class _Turn:
    """A reply that is being streamed."""

    def __init__(self) -> None:
        self._response: Response | None = None

    @known_form()
    def add(self, event: ResponseStreamEvent) -> str:
        """Take note of an event, and return the text in it."""
        match event.type:
            case "response.output_text.delta":
                return event.delta
            case "response.completed" | "response.incomplete" | "response.failed":
                self._response = event.response
            case "error":
                raise UnusableReplyError(f"failed: {event.message}")
            case _:
                pass
        return ""

    def reply(self) -> ModelReply:
        """Return the whole, once the stream has ended."""
        if self._response is None:
            raise UnusableReplyError(BROKEN_OFF)
        return _read(self._response)


@known_form()
def _read(response: Response) -> ModelReply:
    if response.status not in (None, "completed"):
        raise UnusableReplyError(_unfinished(response))
    refusals = [
        part.refusal
        for item in response.output
        if item.type == "message"
        for part in item.content
        if part.type == "refusal"
    ]
    calls = [
        tool_call(item.call_id, item.name, item.arguments) for item in response.output if item.type == "function_call"
    ]
    usage = response.usage
    counted = Usage(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens) if usage else Usage()
    return whole_reply(response.output_text, " ".join(refusals), calls, counted)


def _unfinished(response: Response) -> str:
    if response.error:
        return f"failed: {response.error.message}"
    reason = response.incomplete_details and response.incomplete_details.reason
    return f"did not finish its reply ({reason or response.status})."
