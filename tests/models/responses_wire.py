"""The Responses API, as its server speaks it; what goes out is made of the openai package's own types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Literal

from openai import BaseModel
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseContentPartAddedEvent,
    ResponseContentPartDoneEvent,
    ResponseCreatedEvent,
    ResponseErrorEvent,
    ResponseFunctionCallArgumentsDeltaEvent,
    ResponseFunctionCallArgumentsDoneEvent,
    ResponseFunctionToolCall,
    ResponseIncompleteEvent,
    ResponseOutputItem,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseOutputMessage,
    ResponseOutputRefusal,
    ResponseOutputText,
    ResponseTextDeltaEvent,
    ResponseTextDoneEvent,
    ResponseUsage,
)
from openai.types.responses.response import IncompleteDetails
from openai.types.responses.response_create_params import ResponseCreateParamsBase
from openai.types.responses.response_error import ResponseError
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails

from kernbot.run.messages import Message, ModelReply, ModelRequest, ToolCall, ToolSpec
from tests.models.wire import Fault, check_calls, check_parameters, check_strict, in_pieces

_Status = Literal["in_progress", "completed", "failed", "incomplete"]


class ResponsesWire:
    """The Responses API."""

    def asked(self, body: Mapping[str, Any]) -> ModelRequest:
        """Return a request in kernbot's terms; ValueError for what the API would refuse."""
        check_parameters(body, ResponseCreateParamsBase)
        messages: list[Message] = []
        for item in body["input"]:
            _add(messages, item)
        check_calls(messages)
        for one in [*body.get("tools", ()), body.get("text", {}).get("format", {})]:
            if one.get("strict"):
                check_strict(one.get("parameters") or one["schema"])
        return ModelRequest(messages=messages, tools=[_spec(tool) for tool in body.get("tools", ())])

    def answer(self, reply: ModelReply, fault: Fault | None) -> str:
        """Return the JSON of a whole answer."""
        return _response(reply, fault).to_json()

    def events(self, reply: ModelReply, pieces: Sequence[str], fault: Fault | None) -> Iterator[str]:
        """Yield a streamed answer as server-sent events."""
        for event in _events(reply, pieces, fault):
            yield f"event: {event.type}\ndata: {event.to_json(indent=None)}\n\n"  # type: ignore[attr-defined]


def _add(messages: list[Message], item: Mapping[str, Any]) -> None:
    match item:
        case {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}:
            if not (messages and messages[-1].role == "assistant"):
                messages.append(Message(role="assistant"))
            call = ToolCall(id=call_id, name=name, arguments=arguments)
            messages[-1] = replace(messages[-1], tool_calls=(*messages[-1].tool_calls, call))
        case {"type": "function_call_output", "call_id": call_id, "output": output}:
            messages.append(Message(role="tool", tool_call_id=call_id, content=output))
        case {"role": role, "content": content}:
            messages.append(Message(role=role, content=content))
        case _:
            raise ValueError(f"Invalid value in 'input': {item}.")


def _spec(tool: Mapping[str, Any]) -> ToolSpec:
    return ToolSpec(
        name=tool["name"],
        description=tool["description"],
        parameters=tool["parameters"],
        strict=tool["strict"] or None,
    )


def _response(reply: ModelReply, fault: Fault | None, status: _Status = "completed") -> Response:
    cut = {Fault.TOO_LONG: "max_output_tokens", Fault.FILTERED: "content_filter"}.get(fault) if fault else None
    return Response(
        id="resp_1",
        object="response",
        created_at=1.0,
        model="gpt-5.4",
        status="failed" if fault is Fault.FAILED else "incomplete" if cut else status,
        error=ResponseError(code="server_error", message="The server had an error.") if fault is Fault.FAILED else None,
        incomplete_details=IncompleteDetails.model_validate({"reason": cut}) if cut else None,
        output=[] if status == "in_progress" else _output(reply, fault),
        parallel_tool_calls=True,
        tool_choice="auto",
        tools=[],
        usage=ResponseUsage(
            input_tokens=reply.usage.input_tokens,
            input_tokens_details=InputTokensDetails(cache_write_tokens=0, cached_tokens=0),
            output_tokens=reply.usage.output_tokens,
            output_tokens_details=OutputTokensDetails(reasoning_tokens=0),
            total_tokens=reply.usage.input_tokens + reply.usage.output_tokens,
        ),
    )


def _output(reply: ModelReply, fault: Fault | None) -> list[ResponseOutputItem]:
    if fault is Fault.EMPTY:
        return []
    output: list[ResponseOutputItem] = []
    if reply.content is not None:
        output.append(_message(reply.content, fault))
    return [*output, *(_call(call, n) for n, call in enumerate(reply.tool_calls))]


def _message(text: str, fault: Fault | None) -> ResponseOutputMessage:
    said: ResponseOutputText | ResponseOutputRefusal = ResponseOutputText(type="output_text", text=text, annotations=[])
    if fault is Fault.REFUSED:
        said = ResponseOutputRefusal(type="refusal", refusal="I can't help with that.")
    return ResponseOutputMessage(id="msg_1", type="message", role="assistant", status="completed", content=[said])


def _call(call: ToolCall, n: int) -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(
        id=f"fc_{n}",
        type="function_call",
        call_id=call.id,
        name=call.name,
        arguments=call.arguments,
        status="completed",
    )


def _events(reply: ModelReply, pieces: Sequence[str], fault: Fault | None) -> Iterator[BaseModel]:
    numbers = count()
    yield ResponseCreatedEvent(
        type="response.created", response=_response(reply, None, "in_progress"), sequence_number=next(numbers)
    )
    response = _response(reply, fault)
    for index, item in enumerate(response.output):
        yield ResponseOutputItemAddedEvent(
            type="response.output_item.added", item=item, output_index=index, sequence_number=next(numbers)
        )
        if isinstance(item, ResponseOutputMessage):
            yield from _message_events(item, pieces, index, numbers)
        elif isinstance(item, ResponseFunctionToolCall):
            yield from _call_events(item, index, numbers)
        yield ResponseOutputItemDoneEvent(
            type="response.output_item.done", item=item, output_index=index, sequence_number=next(numbers)
        )
    if fault is Fault.FAILED:
        yield ResponseErrorEvent(type="error", message="The server had an error.", sequence_number=next(numbers))
    elif response.status == "incomplete":
        yield ResponseIncompleteEvent(type="response.incomplete", response=response, sequence_number=next(numbers))
    elif fault is not Fault.UNFINISHED:
        yield ResponseCompletedEvent(type="response.completed", response=response, sequence_number=next(numbers))


def _message_events(
    item: ResponseOutputMessage, pieces: Sequence[str], index: int, numbers: Iterator[int]
) -> Iterator[BaseModel]:
    [part] = item.content
    yield ResponseContentPartAddedEvent(
        type="response.content_part.added",
        part=part,
        content_index=0,
        item_id=item.id,
        output_index=index,
        sequence_number=next(numbers),
    )
    if isinstance(part, ResponseOutputText):
        yield from _text_events(part, item, pieces, index, numbers)
    yield ResponseContentPartDoneEvent(
        type="response.content_part.done",
        part=part,
        content_index=0,
        item_id=item.id,
        output_index=index,
        sequence_number=next(numbers),
    )


def _text_events(
    part: ResponseOutputText, item: ResponseOutputMessage, pieces: Sequence[str], index: int, numbers: Iterator[int]
) -> Iterator[BaseModel]:
    for piece in pieces:
        yield ResponseTextDeltaEvent(
            type="response.output_text.delta",
            delta=piece,
            logprobs=[],
            content_index=0,
            item_id=item.id,
            output_index=index,
            sequence_number=next(numbers),
        )
    yield ResponseTextDoneEvent(
        type="response.output_text.done",
        text=part.text,
        logprobs=[],
        content_index=0,
        item_id=item.id,
        output_index=index,
        sequence_number=next(numbers),
    )


def _call_events(item: ResponseFunctionToolCall, index: int, numbers: Iterator[int]) -> Iterator[BaseModel]:
    for piece in in_pieces(item.arguments):
        yield ResponseFunctionCallArgumentsDeltaEvent(
            type="response.function_call_arguments.delta",
            delta=piece,
            item_id=item.id or "",
            output_index=index,
            sequence_number=next(numbers),
        )
    yield ResponseFunctionCallArgumentsDoneEvent(
        type="response.function_call_arguments.done",
        arguments=item.arguments,
        item_id=item.id or "",
        output_index=index,
        sequence_number=next(numbers),
    )
