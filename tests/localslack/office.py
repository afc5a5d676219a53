"""A small workspace for the tests: people, channels, a clock, blocks, and an app that does what a test tells it."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kernbot.localslack import App, Kind, LocalSlack

Json = dict[str, Any]

OPS = "C01OPS"
SECRET = "C02SECRET"
EMPTY = "C03EMPTY"
NOON = 1_795_000_000.0

SCOPES = ["chat:write", "commands", "users:read", "im:write", "im:read", "channels:read", "groups:read"]
MANIFEST: Json = {
    "display_information": {"name": "Kern"},
    "features": {
        "bot_user": {"display_name": "kern"},
        "slash_commands": [{"command": "/kern", "description": "Run workflows", "should_escape": True}],
    },
    "oauth_config": {"scopes": {"bot": SCOPES}},
    "settings": {"socket_mode_enabled": True, "interactivity": {"is_enabled": True}},
}


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        """Return unix seconds."""
        return self.now


def workspace(clock: Callable[[], float], ack_seconds: float = 3.0) -> LocalSlack:
    """Return a workspace with people of every kind; #ops holds most of them, #secret only Ana, #empty nobody."""
    slack = LocalSlack(clock, ack_seconds=ack_seconds)
    slack.add_person("U01ANA", name="ana", display_name="Ana", tz="Europe/Berlin")
    slack.add_person("U02BOB", name="bob", display_name="Bob")
    slack.add_person("U03GUS", name="gus", display_name="Gus", kind=Kind.GUEST)
    slack.add_person("U04SIG", name="sig", display_name="Sig", kind=Kind.SINGLE_CHANNEL_GUEST)
    slack.add_person("U05STR", name="str", display_name="Stranger", kind=Kind.STRANGER)
    slack.add_channel(OPS, name="ops", members=["U01ANA", "U02BOB", "U03GUS", "U05STR"], topic="Releases")
    slack.add_channel(SECRET, name="secret", members=["U01ANA"], private=True)
    slack.add_channel(EMPTY, name="empty")
    return slack


def manifest_for(url: str) -> Json:
    """Return the manifest of the same app without Socket Mode, everything sent to this URL."""
    manifest = copy.deepcopy(MANIFEST)
    manifest["features"]["slash_commands"][0]["url"] = url
    manifest["settings"] = {"interactivity": {"is_enabled": True, "request_url": url}}
    return manifest


class Bot:
    """An app on Slack's own SDK that keeps what it is told and acknowledges it with what stands in `answers`."""

    def __init__(self, app: App, base_url: str) -> None:
        self.client = AsyncWebClient(token=app.bot_token, base_url=base_url)
        self.answers: Json = {}
        """By the type of the payload, `command` for a slash command."""
        self.silent = False
        """Whether it acknowledges nothing."""
        self._told: asyncio.Queue[Json] = asyncio.Queue()
        self._socket = SocketModeClient(app_token=app.app_token, web_client=self.client)
        self._socket.socket_mode_request_listeners.append(self._hear)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Bot]:
        """Hold one connection."""
        await self._socket.connect()  # type: ignore[no-untyped-call]
        yield self
        await self._socket.close()  # type: ignore[no-untyped-call]

    async def told(self) -> Json:
        """Return the next payload, the oldest first."""
        return await asyncio.wait_for(self._told.get(), timeout=5)

    def was_told_nothing(self) -> bool:
        """Return whether no payload is left to look at."""
        return self._told.empty()

    async def _hear(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        answer = self.answers.get(str(request.payload.get("type", "command")))
        if not self.silent:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload=answer))
        self._told.put_nowait(request.payload)


async def refusal(call: Awaitable[AsyncSlackResponse]) -> Json:
    """Return the body with which a call of the Web API is refused."""
    with pytest.raises(SlackApiError) as caught:
        await call
    body: Json = caught.value.response.data
    return body


def plain(text: str) -> Json:
    """Return a plain_text object."""
    return {"type": "plain_text", "text": text}


def button(action_id: str, **more: Any) -> Json:
    """Return a button."""
    return {"type": "button", "action_id": action_id, "text": plain("Press"), **more}


def actions(*elements: Json, block_id: str = "acts") -> Json:
    """Return an actions block."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def section(text: str = "Hello", **more: Any) -> Json:
    """Return a section."""
    return {"type": "section", "text": plain(text), **more}


def option(value: str) -> Json:
    """Return an option of a menu."""
    return {"text": plain(value.title()), "value": value}


def field(element: Json, block_id: str = "field", **more: Any) -> Json:
    """Return an input block."""
    return {"type": "input", "block_id": block_id, "label": plain("Field"), "element": element, **more}


def line(**more: Any) -> Json:
    """Return a text field of one line."""
    return {"type": "plain_text_input", "action_id": "line", **more}


def modal(*blocks: Json, title: str = "Form", **more: Any) -> Json:
    """Return a modal that can be submitted, with one text field unless blocks are given."""
    form = {"type": "modal", "callback_id": "form", "title": plain(title), "submit": plain("Send")}
    return {**form, "blocks": list(blocks or (field(line()),)), **more}
