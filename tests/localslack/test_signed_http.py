"""Delivery by signed HTTP, seen from the app's side."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import Actor, App, LocalSlack
from kernbot.localslack.signed_http import signed_headers
from tests.localslack.office import (
    OPS,
    PATIENCE,
    Clock,
    actions,
    button,
    manifest_for,
    modal,
    whole_manifest,
    workspace,
)


class Receiver:
    """A web server that keeps the last request and answers what a test wants."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = b""
        self.answer: dict[str, Any] = {}
        """What the next response is made of."""
        self.delay = 0.0
        """Seconds before it."""

    async def take(self, request: web.Request) -> web.Response:
        """Take one request."""
        self.headers, self.body = dict(request.headers), await request.read()
        await asyncio.sleep(self.delay)
        return web.Response(**self.answer)


@pytest.fixture
def ack_seconds() -> float:
    """Return how long the workspace waits for its app."""
    return PATIENCE


@pytest.fixture
def slack(ack_seconds: float) -> LocalSlack:
    """Return a workspace."""
    return workspace(Clock(), ack_seconds)


@pytest.fixture
def receiver() -> Receiver:
    """Return the app's web server."""
    return Receiver()


@pytest.fixture
async def app(slack: LocalSlack, receiver: Receiver) -> AsyncIterator[App]:
    """Install the app with the address of its web server."""
    application = web.Application()
    application.router.add_post("/slack/events", receiver.take)
    async with TestServer(application, host="127.0.0.1") as server, slack.serve():
        app = slack.install(manifest_for(str(server.make_url("/slack/events"))))
        slack.invite(app, OPS)
        yield app


def client_of(slack: LocalSlack, app: App) -> AsyncWebClient:
    """Return the app's client."""
    return AsyncWebClient(token=app.bot_token, base_url=f"{slack._scene.workspace.origin}/api/")


async def test_command(app: App, receiver: Receiver, ana: Actor) -> None:
    """A command is a signed form."""
    delivery = await ana.command(OPS, "/kern", "run it & more")
    assert (delivery.ok, delivery.status, delivery.body) == (True, 200, None)
    fields = parse_qs(receiver.body.decode())
    assert (fields["command"], fields["text"], fields["api_app_id"]) == (["/kern"], ["run it &amp; more"], [app.app_id])
    assert receiver.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert SignatureVerifier(app.signing_secret).is_valid_request(receiver.body, receiver.headers)


async def test_click(app: App, receiver: Receiver, slack: LocalSlack, ana: Actor) -> None:
    """An interaction is a form with one field of JSON."""
    ts = (await client_of(slack, app).chat_postMessage(channel=OPS, text="x", blocks=[actions(button("go"))]))["ts"]
    assert (await ana.click(OPS, ts, "go")).ok
    fields = parse_qs(receiver.body.decode())
    assert list(fields) == ["payload"]
    assert json.loads(fields["payload"][0])["type"] == "block_actions"


async def test_text_in_the_ack(app: App, receiver: Receiver, ana: Actor) -> None:
    """A plain text is shown to the person."""
    receiver.answer = {"text": "On it"}
    assert (await ana.command(OPS, "/kern")).body == "On it"
    assert ana.messages(OPS)[-1]["text"] == "On it"
    assert app.interactive


@pytest.mark.usefixtures("app")
async def test_json_in_the_ack(receiver: Receiver, ana: Actor, bob: Actor) -> None:
    """A message in JSON is shown as it says."""
    message = '{"text": "hi", "response_type": "in_channel"}'
    receiver.answer = {"text": message, "content_type": "application/json"}
    await ana.command(OPS, "/kern")
    assert bob.messages(OPS)[-1]["text"] == "hi"


async def test_text_in_the_ack_of_a_form(app: App, receiver: Receiver, slack: LocalSlack, ana: Actor) -> None:
    """A text in the ack of a submission is refused, and the form stays."""
    await ana.command(OPS, "/kern")
    trigger_id = parse_qs(receiver.body.decode())["trigger_id"][0]
    await client_of(slack, app).views_open(trigger_id=trigger_id, view=modal())
    view = await slack.until(ana.view)
    receiver.answer = {"text": "thanks"}
    delivery = await ana.submit(view["id"], {"field": "x"})
    assert "is empty or has a response_action" in str(delivery.error)
    assert ana.view() is not None


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404, "text": "unhandled request"},
        {"status": 500},
        {"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}},
        {"text": "{", "content_type": "application/json"},
    ],
)
async def test_bad_answers(receiver: Receiver, ana: Actor, answer: dict[str, Any]) -> None:
    """dispatch_failed is what the person reads for anything but 200 and a body that can be read."""
    receiver.answer = answer
    delivery = await ana.command(OPS, "/kern")
    assert (delivery.ok, delivery.error) == (False, "dispatch_failed")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("ack_seconds", [0.2])
async def test_no_ack_in_time(receiver: Receiver, ana: Actor) -> None:
    """operation_timeout is what the person reads when the app answers too late."""
    receiver.delay = 0.4
    assert (await ana.command(OPS, "/kern")).error == "operation_timeout"


async def test_nobody_listens(slack: LocalSlack, ana: Actor) -> None:
    """dispatch_failed is what the person reads when nothing listens at the address."""
    slack.install(manifest_for("http://127.0.0.1:9/"))
    assert (await ana.command(OPS, "/kern")).error == "dispatch_failed"


@pytest.mark.parametrize(
    ("answer", "sent", "reason"),
    [
        ({"status": 202}, ["ok"], None),
        ({"status": 500}, ["dispatch_failed"] * 4, "http_error"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}, ["dispatch_failed"] * 4, "http_error"),
        ({"status": 500, "headers": {"x-slack-no-retry": "1"}}, ["dispatch_failed"], None),
    ],
)
async def test_events(receiver: Receiver, answer: dict[str, Any], sent: list[str], reason: str | None) -> None:
    """An event is JSON; any 2xx is enough, and what else comes is retried unless the app says not to."""
    slack = workspace(Clock(), event_retry_seconds=(0, 0, 0))
    receiver.answer = answer
    application = web.Application()
    application.router.add_post("/slack/events", receiver.take)
    async with TestServer(application, host="127.0.0.1") as server, slack.serve():
        manifest = whole_manifest(str(server.make_url("/slack/events")))
        app = slack.install(manifest)
        slack.deactivate("U02BOB")
        await slack.until(lambda: len(slack.log) == len(sent))
        slack.deactivate("U03GUS")
        await slack.until(lambda: len(slack.log) == 2 * len(sent))
    told = [(entry.payload["event"]["user"]["id"], entry.verdict) for entry in slack.log]
    assert told == [(person, verdict) for person in ("U02BOB", "U03GUS") for verdict in sent]
    assert receiver.headers["Content-Type"] == "application/json"
    assert json.loads(receiver.body)["event"]["type"] == "user_change"
    assert receiver.headers.get("X-Slack-Retry-Num") == (str(len(sent) - 1) if reason else None)
    assert receiver.headers.get("X-Slack-Retry-Reason") == reason
    assert SignatureVerifier(app.signing_secret).is_valid_request(receiver.body, receiver.headers)


async def test_official_signature() -> None:
    """The signature is the one of Slack's own example."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = signed_headers("8f742231b10e8888abcd99yyyzzz85a5", body, 1531420618)
    assert headers["X-Slack-Signature"] == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
