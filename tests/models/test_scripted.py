"""What only the scripted model does."""

from __future__ import annotations

from typing import cast

import pytest

from kernbot.errors import ModelError, UsageError
from kernbot.models import Message, ModelReply, ModelRequest, ScriptedModel, ToolCall, call
from kernbot.models.scripted import Item
from tests.models.asking import HELLO, ask, ask_streamed


def _answered(request: ModelRequest, reply: ModelReply, *results: str) -> ModelRequest:
    """Return the request that follows a reply and the results of its calls."""
    said = Message(role="assistant", content=reply.content, tool_calls=reply.tool_calls)
    given = [
        Message(role="tool", tool_call_id=call.id, content=result)
        for call, result in zip(reply.tool_calls, results, strict=True)
    ]
    return ModelRequest(messages=(*request.messages, said, *given))


async def test_a_list_is_the_script_of_one_conversation() -> None:
    """Each turn gets the next reply, and calls have numbers that go on."""
    model = ScriptedModel([[call("look"), call("look")], [call("send_alert", city="Tokyo")], "Done."])
    first = await ask(model)
    second = await ask(model, then := _answered(HELLO, first, "sun", "rain"))
    third = await ask(model, _answered(then, second, "sent"))
    assert [one.id for one in (*first.tool_calls, *second.tool_calls)] == ["call_1", "call_2", "call_3"]
    assert third == ModelReply(content="Done.")


async def test_the_script_goes_on_in_another_process() -> None:
    """A new object with the same list answers the second turn as the first object would have."""
    script: list[Item] = [[call("send_alert", city="Tokyo")], "Done."]
    then = _answered(HELLO, await ask(ScriptedModel(script)), "sent")
    assert (await ask(ScriptedModel(script), then)).content == "Done."


async def test_a_conversation_that_begins_anew_begins_the_script_anew() -> None:
    """The same object gives the same first reply to each conversation."""
    model = ScriptedModel(["First.", "Second."])
    assert [(await ask(model)).content for _ in range(2)] == ["First.", "First."]


async def test_a_script_that_has_run_out_says_so() -> None:
    """The error tells how many replies there were, and which one is missing."""
    model = ScriptedModel(["Only."], id="leader")
    then = _answered(HELLO, await ask(model))
    with pytest.raises(
        UsageError, match=r"replies of the model leader have run out: there were 1, .* number 2\. Add it"
    ):
        await ask(model, then)


async def test_a_function_of_the_request_may_answer() -> None:
    """It sees what the model is asked."""
    model = ScriptedModel(lambda request: f"{len(request.messages)} messages")
    assert (await ask(model)).content == "1 messages"


async def test_what_is_no_reply_is_refused() -> None:
    """A function that forgot to return, and a call outside a list, are told what a script may hold."""
    for item, name in ((None, "NoneType"), (call("look"), "ToolCall")):
        with pytest.raises(UsageError, match=f"gave a {name}: give a text, a list of calls"):
            await ask(ScriptedModel(cast("list[Item]", [item])))


async def test_an_error_in_the_script_is_raised() -> None:
    """It stands for a turn, whether the reply is streamed or not."""
    model = ScriptedModel([ModelError("The model scripted is away.")])
    for asked in (ask, ask_streamed):
        with pytest.raises(ModelError, match="away"):
            await asked(model)


async def test_requests_are_kept_as_they_were() -> None:
    """What is said later in a conversation does not change what was asked before."""
    model = ScriptedModel(["Hi."])
    messages = [*HELLO.messages]
    await ask(model, ModelRequest(messages=messages))
    messages.append(Message(role="user", content="Later"))
    assert model.requests == [HELLO]


def test_a_call_takes_any_argument() -> None:
    """Arguments are written as JSON, one called `name` too."""
    assert call("greet", name="Ann", often=2) == ToolCall(id="", name="greet", arguments='{"name": "Ann", "often": 2}')
