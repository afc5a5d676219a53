"""Socket Mode frame by frame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import Actor, App, LocalSlack, Server
from tests.localslack.office import (
    MANIFEST,
    OPS,
    Bot,
    Clock,
    Json,
    actions,
    button,
    manifest_for,
    modal,
    refusal,
    workspace,
)


async def new_url(app: App, server: Server) -> str:
    """Return the address of a new connection."""
    client = AsyncWebClient(base_url=server.base_url)
    return str((await client.apps_connections_open(app_token=app.app_token))["url"])


@asynccontextmanager
async def connection(app: App, server: Server) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open one connection by hand; its first frame is not read yet."""
    async with aiohttp.ClientSession() as session, session.ws_connect(await new_url(app, server)) as socket:
        yield socket


async def test_frames(slack: LocalSlack, app: App, server: Server, ana: Actor) -> None:
    """After hello come envelopes, which are acknowledged by their id."""
    async with connection(app, server) as socket:
        hello = await socket.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        assert hello["connection_info"] == {"app_id": app.app_id}
        typing = asyncio.create_task(ana.command(OPS, "/kern", "run"))
        envelope = await socket.receive_json()
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        assert envelope["payload"]["text"] == "run"
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "done"}})
        assert (await typing).body == {"text": "done"}
        assert slack.connected(app) == 1
    await slack.until(lambda: slack.connected(app) == 0)


async def test_url_works_once(app: App, server: Server) -> None:
    """The address of a connection opens one connection."""
    url = await new_url(app, server)
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            await socket.receive_json()
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(url)


async def test_url_is_short_lived(app: App, server: Server, clock: Clock) -> None:
    """The address of a connection does not work for long."""
    url = await new_url(app, server)
    clock.now += 31
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(url)


async def test_socket_mode_is_off(slack: LocalSlack, server: Server) -> None:
    """An app whose manifest does not switch Socket Mode on cannot connect."""
    app = slack.install(manifest_for("http://127.0.0.1:9/"))
    client = AsyncWebClient(base_url=server.base_url)
    assert (await refusal(client.apps_connections_open(app_token=app.app_token)))["error"] == "invalid_auth"


async def test_each_envelope_goes_to_one(app: App, server: Server, ana: Actor) -> None:
    """Of two connections, one gets an envelope."""
    async with connection(app, server) as first, connection(app, server) as second:
        assert [(await each.receive_json())["num_connections"] for each in (first, second)] == [1, 2]
        typing = asyncio.create_task(ana.command(OPS, "/kern"))
        waiting = {asyncio.create_task(each.receive_json()): each for each in (first, second)}
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        await waiting[done.pop()].send_json({"envelope_id": _envelope_id(waiting)})
        assert (await typing).ok
        for task in waiting:
            task.cancel()


def _envelope_id(waiting: dict[asyncio.Task[Json], aiohttp.ClientWebSocketResponse]) -> str:
    return next(str(task.result()["envelope_id"]) for task in waiting if task.done())


async def test_ten_connections(slack: LocalSlack, app: App, server: Server) -> None:
    """An eleventh connection is told that there are too many, and closed."""
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(await new_url(app, server)) for _ in range(11)]
        frames = [await socket.receive_json() for socket in sockets]
        assert frames[10] == {"type": "disconnect", "reason": "too_many_websockets"}
        assert slack.connected(app) == 10
        for socket in sockets:
            await socket.close()


@pytest.mark.usefixtures("app", "server")
async def test_no_connection(ana: Actor) -> None:
    """dispatch_failed is what the person reads when the app is not connected."""
    delivery = await ana.command(OPS, "/kern")
    assert (delivery.ok, delivery.error) == (False, "dispatch_failed")
    assert ana.messages(OPS)[-1]["text"] == '/kern failed with the error "dispatch_failed"'


async def test_no_ack_in_time() -> None:
    """operation_timeout is what the person reads when the app does not acknowledge in time; a late ack is logged."""
    slack = workspace(Clock(), ack_seconds=0.05)
    app = slack.install(MANIFEST)
    ana = slack.person("U01ANA")
    async with slack.serve() as server, connection(app, server) as socket:
        await socket.receive_json()
        delivery = await ana.command(OPS, "/kern")
        assert (delivery.ok, delivery.error) == (False, "operation_timeout")
        assert ana.messages(OPS)[-1]["text"] == '/kern failed with the error "operation_timeout"'
        await socket.send_json({"envelope_id": (await socket.receive_json())["envelope_id"]})
        await slack.until(lambda: slack.log[-1].name == "acknowledgement")
        assert slack.log[-1].verdict.startswith("refused")


async def test_silent_app_and_a_form() -> None:
    """A form stays open, and can be submitted again, when the app does not answer."""
    slack = workspace(Clock(), ack_seconds=1)
    app = slack.install(MANIFEST)
    ana = slack.person("U01ANA")
    async with slack.serve() as server, Bot(app, server.base_url).connected() as bot:
        await ana.command(OPS, "/kern")
        await bot.client.views_open(trigger_id=(await bot.told())["trigger_id"], view=modal())
        view = await slack.until(ana.view)
        bot.silent = True
        assert (await ana.submit(view["id"], {"field": "x"})).error == "operation_timeout"
        bot.silent = False
        assert (await ana.submit(view["id"], {"field": "x"})).ok


@pytest.mark.parametrize("frame", ["{", "[]", '"x"', "{}", '{"envelope_id": "nonsense"}', '{"envelope_id": []}'])
async def test_nonsense_from_the_app(slack: LocalSlack, app: App, server: Server, frame: str) -> None:
    """A frame that acknowledges nothing is logged, and the connection lives on."""
    async with connection(app, server) as socket:
        await socket.receive_json()
        await socket.send_str(frame)
        await slack.until(lambda: slack.log[-1].name == "acknowledgement")
        assert slack.connected(app) == 1


async def test_answer_where_none_is_taken(slack: LocalSlack, bot: Bot, ana: Actor) -> None:
    """The body in the ack of a click is not looked at, and the log says so."""
    blocks = [actions(button("go"))]
    ts = (await bot.client.chat_postMessage(channel=OPS, text="x", blocks=blocks))["ts"]
    bot.answers["block_actions"] = {"text": "thanks"}
    assert (await ana.click(OPS, ts, "go")).ok
    assert slack.log[-1].verdict == "ok, but Slack does not look at a body in this ack"


async def test_pings(app: App, server: Server) -> None:
    """A ping is answered with its own content, as the SDK expects."""
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(await new_url(app, server), autoping=False)
        await socket.receive_json()
        await socket.ping(b"sdk-ping-pong:1")
        pong = await socket.receive()
        assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1")
        await socket.close()


async def test_the_end(slack: LocalSlack, app: App) -> None:
    """The end of the server closes every connection."""
    async with aiohttp.ClientSession() as session:
        async with slack.serve() as server:
            socket = await session.ws_connect(await new_url(app, server))
            await socket.receive_json()
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert slack.connected(app) == 0
