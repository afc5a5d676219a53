"""How a model that is reached over HTTP is set up, and what it sends."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel, Field

from kernbot.errors import ConfigurationError, DefinitionError
from kernbot.models.openai import OpenAIChat, OpenAIResponses
from kernbot.run.messages import ModelRequest, ToolSpec
from tests.models.asking import HELLO, ask, ask_streamed
from tests.models.conftest import OpenAIKind, Serve, connected
from tests.models.openai_server import KEY


class Verdict(BaseModel):
    """A form that can be held to strictly."""

    is_good: bool
    why: str = "no reason"


class Tags(BaseModel):
    """A form that can't: its keys are free."""

    tags: dict[str, str] = Field(default_factory=dict)


async def test_server_and_key_come_from_the_environment(
    serve: Serve, kind: OpenAIKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that is given nothing but its name asks the server that the environment names."""
    server = serve()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    assert (await ask(kind(id="gpt-5.4"))).content == "Hello there"


async def test_a_missing_key_is_missed_at_the_first_use(kind: OpenAIKind, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model may be made without a key; when it is asked, the error names the variable."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model = kind()
    with pytest.raises(
        ConfigurationError, match="There is no API key: set OPENAI_API_KEY in the environment, or give api_key="
    ):
        await ask(model)


async def test_a_client_may_be_given(serve: Serve, kind: OpenAIKind) -> None:
    """It is used as it is, and left open."""
    server = serve()
    async with AsyncOpenAI(api_key=KEY, base_url=server.base_url) as client:
        assert (await ask(kind(client=client))).content == "Hello there"
        assert not client.is_closed()


async def test_a_client_and_its_settings_are_not_given_both(kind: OpenAIKind) -> None:
    """What would have no effect is refused."""
    async with AsyncOpenAI(api_key=KEY) as client:
        with pytest.raises(DefinitionError, match="give key, address and timeout to the client"):
            kind(client=client, timeout=3)


async def test_requests_of_one_loop_share_a_connection(serve: Serve, kind: OpenAIKind) -> None:
    """Two models with the same settings ask over the same connection, streamed or not."""
    server = serve()
    await ask(connected(kind, server))
    await ask_streamed(connected(kind, server))
    await ask(connected(kind, server))
    assert len(server.ports) == 1


def test_a_model_may_be_used_from_one_loop_after_another(serve: Serve, kind: OpenAIKind) -> None:
    """Nothing of a loop that has ended is used or kept, and nothing is left open."""
    model = connected(kind, serve())
    loops = []

    async def life() -> str | None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        return (await ask(model)).content

    assert [asyncio.run(life()) for _ in range(3)] == ["Hello there"] * 3
    gc.collect()
    assert [loop() for loop in loops] == [None] * 3


def test_a_model_may_be_used_from_many_threads(serve: Serve, kind: OpenAIKind) -> None:
    """Each thread has a loop of its own; all get their replies at once."""
    model = connected(kind, serve())
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: asyncio.run(ask(model)).content, range(16)))
    assert replies == ["Hello there"] * 16


async def test_settings_are_sent_under_the_names_of_the_api(serve: Serve) -> None:
    """What is set is sent, and nothing else."""
    server = serve()
    await ask(connected(OpenAIResponses, server, temperature=0.5, top_p=1, max_output_tokens=9, reasoning_effort="low"))
    await ask(connected(OpenAIChat, server, id="local", temperature=0, max_completion_tokens=9))
    await ask(connected(OpenAIChat, server, max_tokens=9, reasoning_effort="high"))
    hello = [{"role": "user", "content": "Hello"}]
    assert server.bodies == [
        {
            "model": "gpt-5.4",
            "input": hello,
            "temperature": 0.5,
            "top_p": 1,
            "max_output_tokens": 9,
            "reasoning": {"effort": "low"},
        },
        {"model": "local", "messages": hello, "temperature": 0, "max_completion_tokens": 9},
        {"model": "gpt-5.4", "messages": hello, "max_tokens": 9, "reasoning_effort": "high"},
    ]


@pytest.mark.parametrize(("form", "is_strict"), [(Verdict, True), (Tags, False)])
async def test_a_form_is_held_to_where_it_can_be(serve: Serve, form: type[BaseModel], *, is_strict: bool) -> None:
    """The schema is sent to both APIs under the class's name, strict if it has a strict form."""
    server = serve()
    for kind in (OpenAIResponses, OpenAIChat):
        await ask(connected(kind, server), ModelRequest(messages=HELLO.messages, output_schema=form))
    responses, chat = server.bodies
    told = chat["response_format"]["json_schema"]
    assert responses["text"] == {"format": {"type": "json_schema", **told}}
    assert (told["name"], told["strict"], told["schema"]["type"]) == (form.__name__, is_strict, "object")


async def test_a_tool_is_strict_only_if_it_asks_for_it(serve: Serve, kind: OpenAIKind) -> None:
    """Parameters with a default stay the model's to leave out, unless the tool is strict."""
    parameters = {"type": "object", "properties": {"city": {"type": "string", "default": "Rome"}}}
    free = ToolSpec(name="free", description="", parameters=parameters)
    strict = ToolSpec(name="strict", description="", parameters=parameters, strict=True)
    server = serve()
    await ask(connected(kind, server), ModelRequest(messages=HELLO.messages, tools=(free, strict)))
    [asked] = server.model.requests
    assert asked.tools[0] == free
    assert asked.tools[1].parameters == {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize("path", ["kernbot.models", "kernbot.models.scripted", "kernbot.run.messages"])
def test_openai_is_loaded_for_its_own_models_only(path: str) -> None:
    """Whoever uses no model of OpenAI's does not wait for its package."""
    program = f"import {path}, sys; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
