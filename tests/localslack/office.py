"""A small workspace for the tests: people, channels, a clock, blocks, and an app that does what a test tells it."""

from __future__ import annotations

import asyncio
import copy
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kernbot.localslack import Actor, App, Kind, LocalSlack
from kernbot.localslack.subscriptions import SCOPES as SUBSCRIPTIONS

Json = dict[str, Any]

OPS = "C01OPS"
SECRET = "C02SECRET"
EMPTY = "C03EMPTY"
NOON = 1_795_000_000.0
PATIENCE = 30.0
"""Seconds for which no test waits: an app on a slow machine is not a silent one."""

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


WHOLE_SCOPES = [*SCOPES, "app_mentions:read", "im:history", "usergroups:read", "files:write", "files:read"]


def whole_manifest(url: str | None = None) -> Json:
    """Return the manifest of an app that uses everything; with a URL, everything is sent there over HTTP."""
    manifest = copy.deepcopy(MANIFEST) if url is None else manifest_for(url)
    manifest["oauth_config"]["scopes"]["bot"] = list(WHOLE_SCOPES)
    manifest["features"] |= {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "shortcuts": [
            {"name": "Start", "type": "global", "callback_id": "start", "description": "Start a workflow"},
            {"name": "Use", "type": "message", "callback_id": "use", "description": "Start from a message"},
        ],
    }
    never = {"app_uninstalled", "tokens_revoked"}
    subscriptions: Json = {"bot_events": sorted(set(SUBSCRIPTIONS) - never)}
    manifest["settings"]["event_subscriptions"] = subscriptions
    if url is not None:
        subscriptions["request_url"] = url
        manifest["settings"]["interactivity"]["message_menu_options_url"] = url
    return manifest


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        """Return unix seconds."""
        return self.now


def workspace(clock: Callable[[], float], ack_seconds: float = PATIENCE, **more: Any) -> LocalSlack:
    """Return a workspace with people of every kind; #ops holds most of them, #secret only Ana, #empty nobody."""
    slack = LocalSlack(clock, ack_seconds=ack_seconds, **more)
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
        self.retries: list[tuple[int, str]] = []
        """Of each event that was heard: how many times it was sent before, and why again."""
        self._told: asyncio.Queue[Json] = asyncio.Queue()
        self._app_token = app.app_token

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Bot]:
        """Hold one connection."""
        client = SocketModeClient(app_token=self._app_token, web_client=self.client)
        client.socket_mode_request_listeners.append(self._hear)
        await client.connect()  # type: ignore[no-untyped-call]
        try:
            yield self
        finally:
            await client.close()  # type: ignore[no-untyped-call]

    async def told(self) -> Json:
        """Return the next payload, the oldest first."""
        return await asyncio.wait_for(self._told.get(), timeout=5)

    def was_told_nothing(self) -> bool:
        """Return whether no payload is left to look at."""
        return self._told.empty()

    async def _hear(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if not self.silent:
            answer = self.answers.get(_kind(request.payload))
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload=answer))
        if request.type == "events_api":
            self.retries.append((request.retry_attempt or 0, request.retry_reason or ""))
        self._told.put_nowait(request.payload)


class HttpBot(Bot):
    """The same app as a web server, which takes only what is signed with its secret."""

    def __init__(self, app: App, base_url: str) -> None:
        super().__init__(app, base_url)
        self._verifier = SignatureVerifier(app.signing_secret)

    @asynccontextmanager
    async def listening(self, listener: socket.socket) -> AsyncIterator[HttpBot]:
        """Answer on this socket."""
        application = web.Application()
        application.router.add_post("/slack/events", self._take)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        assert self._verifier.is_valid_request(body, dict(request.headers))
        payload = _payload(request, body)
        if payload["type"] == "event_callback":
            headers = request.headers
            again = (int(headers.get("X-Slack-Retry-Num", 0)), headers.get("X-Slack-Retry-Reason", ""))
            self.retries.append(again)
        self._told.put_nowait(payload)
        if self.silent:
            await asyncio.Event().wait()
        answer = self.answers.get(_kind(payload))
        return web.Response() if answer is None else web.json_response(answer)


def _kind(payload: Json) -> str:
    return str(payload.get("type", "command"))


def _payload(request: web.Request, body: bytes) -> Json:
    if request.content_type == "application/json":
        payload: Json = json.loads(body)
        return payload
    fields = dict(parse_qsl(body.decode()))
    return json.loads(fields["payload"]) if "payload" in fields else {"type": "command", **fields}


@dataclass
class Wired:
    """A workspace that is up, with an app that is reached over one of the two transports."""

    slack: LocalSlack
    app: App
    bot: Bot

    @property
    def ana(self) -> Actor:
        """Ana, a member of #ops and of #secret."""
        return self.slack.person("U01ANA")

    async def hears(self, kind: str) -> Json:
        """Return the next event that the app hears, which is of this type; the inner one only."""
        told = await self.bot.told()
        assert told["type"] == "event_callback", told
        event: Json = told["event"]
        assert event["type"] == kind, event
        return event


@asynccontextmanager
async def wired(
    slack: LocalSlack, transport: str, bot_events: list[str] | None = None, **changes: Any
) -> AsyncIterator[Wired]:
    """Serve a workspace with the app that uses everything, in #ops; `changes` replace parts of its manifest."""
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
        manifest = whole_manifest(url if transport == "http" else None) | changes
        if bot_events is not None:
            manifest["settings"]["event_subscriptions"]["bot_events"] = bot_events
        app = slack.install(manifest)
        slack.invite(app, OPS)
        server = await stack.enter_async_context(slack.serve())
        connection = (
            HttpBot(app, server.base_url).listening(listener)
            if transport == "http"
            else Bot(app, server.base_url).connected()
        )
        yield Wired(slack, app, await stack.enter_async_context(connection))


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
