"""What every kind of model does: one suite over the scripted one and those that are reached over HTTP."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from pydantic import BaseModel

from kernbot.models import Message, ModelReply, ModelRequest, ToolCall, ToolSpec, Usage, call
from tests.models.asking import HELLO, ask, ask_so, ask_streamed
from tests.models.conftest import Follow

WEATHER = ToolSpec(
    name="get_weather",
    description="Tell the weather.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
TOKYO = ToolCall(id="call_1", name="get_weather", arguments='{"city": "Tokyo"}')
OSAKA = ToolCall(id="call_2", name="get_weather", arguments='{"city": "Osaka"}')


class Plan(BaseModel):
    """A form for a reply."""

    steps: list[str]
    is_risky: bool = False


async def test_a_reply_is_the_text_and_what_it_cost(follow: Follow) -> None:
    """A reply that isn't streamed comes alone, with the tokens that were counted."""
    said = ModelReply(content="It is sunny.", usage=Usage(input_tokens=7, output_tokens=4))
    model, _ = follow([said])
    assert await ask(model) == said


async def test_a_streamed_reply_comes_in_pieces_and_then_whole(follow: Follow) -> None:
    """The pieces make up the text of the reply that ends the stream."""
    said = ModelReply(content="It is\nsunny in Tōkyō.", usage=Usage(input_tokens=7, output_tokens=4))
    model, _ = follow([said])
    pieces, reply = await ask_streamed(model)
    assert (len(pieces), "".join(pieces), reply) == (5, said.content, said)


@pytest.mark.parametrize("stream", [False, True])
async def test_calls_of_one_turn_come_together(follow: Follow, *, stream: bool) -> None:
    """Several calls come in their order, each with its id and arguments; there is no text."""
    model, _ = follow([[call("get_weather", city="Tokyo"), call("get_weather", city="Osaka")]])
    assert await ask_so(model, stream=stream) == ModelReply(tool_calls=(TOKYO, OSAKA))


@pytest.mark.parametrize("stream", [False, True])
async def test_text_and_calls_come_in_one_reply(follow: Follow, *, stream: bool) -> None:
    """A model may say something and call a tool in one turn."""
    said = ModelReply(content="I'll look.", tool_calls=(TOKYO,))
    model, _ = follow([said])
    assert await ask_so(model, stream=stream) == said


@pytest.mark.parametrize("stream", [False, True])
async def test_arguments_that_are_no_json_arrive_as_they_are(follow: Follow, *, stream: bool) -> None:
    """Whether arguments are right is not the model's to judge."""
    wrong = ToolCall(id="call_1", name="get_weather", arguments='{"city": Tok')
    model, _ = follow([[wrong]])
    assert (await ask_so(model, stream=stream)).tool_calls == (wrong,)


async def test_the_whole_conversation_is_sent(follow: Follow) -> None:
    """Every message and every tool arrives as it was given."""
    request = ModelRequest(
        messages=(
            Message(role="system", content="Be brief."),
            Message(role="user", content="And the weather?"),
            Message(role="assistant", content="I'll look.", tool_calls=(TOKYO, OSAKA)),
            Message(role="tool", tool_call_id="call_1", content="sunny"),
            Message(role="tool", tool_call_id="call_2", content=""),
            Message(role="assistant", tool_calls=(ToolCall(id="call_3", name="get_weather", arguments="{"),)),
            Message(role="tool", tool_call_id="call_3", content="Error: no JSON"),
            Message(role="assistant", content="Sunny."),
            Message(role="user", content="Thanks"),
        ),
        tools=(WEATHER,),
    )
    model, asked = follow(lambda _: "You're welcome.")
    await ask(model, request)
    [arrived] = asked
    assert (list(arrived.messages), list(arrived.tools)) == (list(request.messages), list(request.tools))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_reply_in_a_form_is_json(follow: Follow, *, stream: bool) -> None:
    """The text of a reply in a given form is JSON of it."""
    model, _ = follow([Plan(steps=["look"]).model_dump_json()])
    request = ModelRequest(messages=HELLO.messages, output_schema=Plan)
    replies = [piece async for piece in model.reply(request, stream=stream) if isinstance(piece, ModelReply)]
    assert [Plan.model_validate_json(reply.content or "") for reply in replies] == [Plan(steps=["look"])]


async def test_conversations_go_on_at_once(follow: Follow) -> None:
    """Each of many requests at once gets its own reply."""
    model, _ = follow(lambda request: f"You said {request.messages[-1].content}")
    said = [Message(role="user", content=str(number)) for number in range(8)]
    replies = await asyncio.gather(*(ask(model, ModelRequest(messages=[message])) for message in said))
    assert [reply.content for reply in replies] == [f"You said {number}" for number in range(8)]


async def test_a_stream_may_be_abandoned(follow: Follow) -> None:
    """Whoever stops listening in the middle may ask again."""
    model, _ = follow(["One two three four"])
    async with aclosing(model.reply(HELLO, stream=True)) as pieces:
        assert await anext(pieces) == "One "
    assert (await ask(model)).content == "One two three four"


async def test_a_model_knows_its_name(follow: Follow) -> None:
    """The id stands in what is shown of a model, and no setting beside it."""
    model, _ = follow([])
    assert repr(model) == f"{type(model).__name__}(id={model.id!r})"
