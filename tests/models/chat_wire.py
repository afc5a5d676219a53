"""The Chat Completions API, as its server speaks it; what goes out is made of the openai package's own types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from openai.types import CompletionUsage
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    ChatCompletionMessageFunctionToolCall,
)
from openai.types.chat.chat_completion import Choice
from openai.types.chat.chat_completion_chunk import Choice as ChunkChoice
from openai.types.chat.chat_completion_chunk import ChoiceDelta, ChoiceDeltaToolCall, ChoiceDeltaToolCallFunction
from openai.types.chat.chat_completion_message_function_tool_call import Function
from openai.types.chat.completion_create_params import CompletionCreateParamsBase

from kernbot.run.messages import Message, ModelReply, ModelRequest, ToolCall, ToolSpec
from tests.models.wire import Fault, check_calls, check_parameters, check_strict, in_pieces

_Finish = Literal["stop", "length", "tool_calls", "content_filter"]

_REFUSAL = "I can't help with that."
_FAILED = 'data: {"error": {"message": "The server had an error.", "type": "server_error", "code": null}}\n\n'


class ChatWire:
    """The Chat Completions API."""

    def asked(self, body: Mapping[str, Any]) -> ModelRequest:
        """Return a request in kernbot's terms; ValueError for what the API would refuse."""
        check_parameters(body, CompletionCreateParamsBase)
        messages = [_message(message) for message in body["messages"]]
        check_calls(messages)
        functions = [tool["function"] for tool in body.get("tools", ())]
        for one in [*functions, body.get("response_format", {}).get("json_schema", {})]:
            if one.get("strict"):
                check_strict(one.get("parameters") or one["schema"])
        return ModelRequest(messages=messages, tools=[ToolSpec(**function) for function in functions])

    def answer(self, reply: ModelReply, fault: Fault | None) -> str:
        """Return the JSON of a whole answer."""
        is_silent = fault in (Fault.EMPTY, Fault.REFUSED)
        message = ChatCompletionMessage(
            role="assistant",
            content=None if is_silent else reply.content,
            refusal=_REFUSAL if fault is Fault.REFUSED else None,
            tool_calls=None if is_silent else [_tool_call(call) for call in reply.tool_calls] or None,
        )
        return ChatCompletion(
            id="chatcmpl_1",
            object="chat.completion",
            created=1,
            model="gpt-5.4",
            choices=[Choice(index=0, message=message, finish_reason=_finish(reply, fault))],
            usage=_usage(reply),
        ).to_json()

    def events(self, reply: ModelReply, pieces: Sequence[str], fault: Fault | None) -> Iterator[str]:
        """Yield a streamed answer as server-sent events."""
        for delta in _deltas(reply, pieces, fault):
            yield _event(_chunk(ChunkChoice(index=0, delta=delta)))
        if fault is Fault.FAILED:
            yield _FAILED
            return
        if fault is not Fault.UNFINISHED:
            yield _event(_chunk(ChunkChoice(index=0, delta=ChoiceDelta(), finish_reason=_finish(reply, fault))))
        yield _event(_chunk(usage=_usage(reply)))
        yield "data: [DONE]\n\n"


def _message(message: Mapping[str, Any]) -> Message:
    match message:
        case {"role": "tool", "tool_call_id": str(call_id), "content": str(content)}:
            return Message(role="tool", tool_call_id=call_id, content=content)
        case {"role": "assistant"}:
            calls = [(call["id"], call["function"]) for call in message.get("tool_calls", ())]
            return Message(
                role="assistant",
                content=message["content"],
                tool_calls=tuple(ToolCall(id=call_id, **function) for call_id, function in calls),
            )
        case {"role": "system" | "user" as role, "content": str(content)}:
            return Message(role=role, content=content)
        case _:
            raise ValueError(f"Invalid value in 'messages': {message}.")


def _tool_call(call: ToolCall) -> ChatCompletionMessageFunctionToolCall:
    function = Function(name=call.name, arguments=call.arguments)
    return ChatCompletionMessageFunctionToolCall(id=call.id, type="function", function=function)


def _finish(reply: ModelReply, fault: Fault | None) -> _Finish:
    match fault:
        case Fault.TOO_LONG:
            return "length"
        case Fault.FILTERED:
            return "content_filter"
        case _:
            return "tool_calls" if reply.tool_calls else "stop"


def _usage(reply: ModelReply) -> CompletionUsage:
    asked, answered = reply.usage.input_tokens, reply.usage.output_tokens
    return CompletionUsage(prompt_tokens=asked, completion_tokens=answered, total_tokens=asked + answered)


def _deltas(reply: ModelReply, pieces: Sequence[str], fault: Fault | None) -> Iterator[ChoiceDelta]:
    yield ChoiceDelta(role="assistant", content="")
    if fault is Fault.REFUSED:
        yield ChoiceDelta(refusal=_REFUSAL)
    if fault in (Fault.EMPTY, Fault.REFUSED):
        return
    for piece in pieces:
        yield ChoiceDelta(content=piece)
    for index, call in enumerate(reply.tool_calls):
        begun = ChoiceDeltaToolCallFunction(name=call.name, arguments="")
        yield ChoiceDelta(tool_calls=[ChoiceDeltaToolCall(index=index, id=call.id, type="function", function=begun)])
        for piece in in_pieces(call.arguments):
            more = ChoiceDeltaToolCallFunction(arguments=piece)
            yield ChoiceDelta(tool_calls=[ChoiceDeltaToolCall(index=index, function=more)])


def _chunk(*choices: ChunkChoice, usage: CompletionUsage | None = None) -> ChatCompletionChunk:
    return ChatCompletionChunk(
        id="chatcmpl_1",
        object="chat.completion.chunk",
        created=1,
        model="gpt-5.4",
        choices=list(choices),
        usage=usage,
    )


def _event(chunk: ChatCompletionChunk) -> str:
    return f"data: {chunk.to_json(indent=None)}\n\n"
