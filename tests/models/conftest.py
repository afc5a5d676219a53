"""Each kind of model, following a script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, TypeAlias

import pytest

from kernbot.models.openai import OpenAIChat, OpenAIResponses
from kernbot.models.scripted import Item, ScriptedModel
from kernbot.run.messages import Model, ModelRequest
from tests.models.openai_server import KEY, OpenAIServer, openai_server
from tests.models.wire import Fault

Script: TypeAlias = Sequence[Item] | Callable[[ModelRequest], Item]
OpenAIKind: TypeAlias = type[OpenAIResponses] | type[OpenAIChat]
Follow: TypeAlias = Callable[[Script], tuple[Model, list[ModelRequest]]]
"""Gives a model that follows a script, and the list of what it is asked."""
Serve: TypeAlias = Callable[..., OpenAIServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Give a function that starts servers, which end with the test."""
    with ExitStack() as stack:

        def start(script: Script = ("Hello there",), faults: Iterable[Fault | None] = ()) -> OpenAIServer:
            return stack.enter_context(openai_server(script, faults))

        yield start


@pytest.fixture(params=[OpenAIResponses, OpenAIChat])
def kind(request: pytest.FixtureRequest) -> OpenAIKind:
    """Give each class of model that is reached over HTTP."""
    found: OpenAIKind = request.param
    return found


@pytest.fixture(params=[ScriptedModel, OpenAIResponses, OpenAIChat])
def follow(request: pytest.FixtureRequest, serve: Serve) -> Follow:
    """Give, for each class of model, a function that makes one follow a script."""

    def made(script: Script) -> tuple[Model, list[ModelRequest]]:
        if request.param is ScriptedModel:
            scripted = ScriptedModel(script)
            return scripted, scripted.requests
        server = serve(script)
        return request.param(base_url=server.base_url, api_key=KEY), server.model.requests

    return made


def connected(kind: OpenAIKind, server: OpenAIServer, **settings: Any) -> OpenAIResponses | OpenAIChat:
    """Return a model behind a server; it tries once, unless told otherwise."""
    return kind(base_url=server.base_url, api_key=KEY, **{"max_retries": 0, **settings})
