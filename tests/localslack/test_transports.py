"""A real Bolt app against the local Slack, the same story over Socket Mode and over signed HTTP."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import App, LocalSlack, Server
from tests.localslack.office import MANIFEST, OPS, Clock, Json, actions, button, manifest_for, modal, workspace


def bolt(app: App, server: Server) -> AsyncApp:
    """Return a Bolt app: a command posts a card, a click opens a form, the form changes the card."""
    client = AsyncWebClient(token=app.bot_token, base_url=server.base_url)
    listeners = AsyncApp(client=client, signing_secret=app.signing_secret)

    @listeners.command("/kern")
    async def start(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack(f"Asked for {body['text']}")
        await client.chat_postMessage(channel=body["channel_id"], text="Approve?", blocks=[actions(button("approve"))])

    @listeners.action("approve")
    async def approve(ack: AsyncAck, body: Json, client: AsyncWebClient, respond: AsyncRespond) -> None:
        await ack()
        where = body["container"]["message_ts"]
        await client.views_open(trigger_id=body["trigger_id"], view=modal(private_metadata=where))
        await respond(text="You are being asked")

    @listeners.view("form")
    async def submit(ack: AsyncAck, view: Json, client: AsyncWebClient) -> None:
        city = view["state"]["values"]["field"]["line"]["value"]
        if city == "nowhere":
            await ack(response_action="errors", errors={"field": "No such city"})
            return
        await ack()
        await client.chat_update(channel=OPS, ts=view["private_metadata"], text=f"Approved: {city}", blocks=[])

    return listeners


@asynccontextmanager
async def over_socket_mode(slack: LocalSlack) -> AsyncIterator[App]:
    """Run the Bolt app over Socket Mode."""
    app = slack.install(MANIFEST)
    async with slack.serve() as server:
        handler = AsyncSocketModeHandler(bolt(app, server), app.app_token)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        yield app
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def over_http(slack: LocalSlack) -> AsyncIterator[App]:
    """Run the Bolt app as a web server."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = slack.install(manifest_for(f"http://127.0.0.1:{listening.getsockname()[1]}/slack/events"))
        async with slack.serve() as server:
            runner = web.AppRunner(bolt(app, server).web_app("/slack/events"))
            await runner.setup()
            await web.SockSite(runner, listening).start()
            yield app
            await runner.cleanup()


TRANSPORTS = pytest.mark.parametrize("transport", [over_socket_mode, over_http], ids=["socket", "http"])


@TRANSPORTS
async def test_story(transport: object) -> None:
    """A command, a click, a form with an error and its correction work, whatever carries them."""
    slack = workspace(Clock())
    ana = slack.person("U01ANA")
    async with transport(slack) as app:  # type: ignore[operator]
        slack.invite(app, OPS)
        assert (await ana.command(OPS, "/kern", "a report")).ok
        card = await slack.until(lambda: next((seen for seen in ana.messages(OPS) if seen["blocks"]), None))
        assert (await ana.click(OPS, card["ts"], "approve")).ok
        view = await slack.until(ana.view)
        assert (await ana.submit(view["id"], {"field": "nowhere"})).errors == {"field": "No such city"}
        assert (await ana.submit(view["id"], {"field": "Tokyo"})).ok
        texts = {"Asked for a report", "Approved: Tokyo", "You are being asked"}
        await slack.until(lambda: {seen["text"] for seen in ana.messages(OPS)} == texts)
