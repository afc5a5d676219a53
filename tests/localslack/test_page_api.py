"""The JSON behind the page."""

from __future__ import annotations

import aiohttp

from kernbot.localslack import Actor, App, LocalSlack, Server
from tests.localslack.office import NOON, OPS, Bot, actions, button, modal
from tests.localslack.page_reader import Page


async def test_workspace(app: App, page: Page) -> None:
    """The page learns who is here, who can act, and which commands there are."""
    workspace = await page.read("workspace")
    assert (workspace["team"], workspace["simulation"]) == ({"id": "T01LOCAL", "name": "Local workspace"}, True)
    people = {person["id"]: person for person in workspace["people"]}
    assert people["U03GUS"] == {
        "id": "U03GUS",
        "name": "gus",
        "display_name": "Gus",
        "kind": "guest",
        "can_act": True,
        "is_bot": False,
    }
    assert (people[app.bot_user_id]["is_bot"], people[app.bot_user_id]["can_act"]) == (True, False)
    assert workspace["clock"] == {"now": NOON, "ahead": None}
    assert workspace["commands"] == [{"command": "/kern", "description": "Run workflows", "usage_hint": ""}]


async def test_unread(page: Page, ana: Actor, bob: Actor) -> None:
    """A channel counts what others wrote since it was last read."""
    await ana.say(OPS, "mine")
    await bob.say(OPS, "one")
    await bob.say(OPS, "two")
    assert (await page.read("channels"))["channels"][0]["unread"] == 2
    assert [message["text"] for message in (await page.read("messages", channel=OPS))["messages"]] == [
        "mine",
        "one",
        "two",
    ]
    assert (await page.read("channels"))["channels"][0]["unread"] == 0


async def test_thread(page: Page, ana: Actor, bob: Actor) -> None:
    """A thread is read by its parent's timestamp."""
    await bob.say(OPS, "parent")
    ts = ana.messages(OPS)[0]["ts"]
    await page.send("say", channel=OPS, text="reply", thread_ts=ts)
    thread = (await page.read("messages", channel=OPS, thread_ts=ts))["messages"]
    assert [(message["text"], message["user"]) for message in thread] == [("parent", "U02BOB"), ("reply", "U01ANA")]


async def test_story(page: Page, bot: Bot) -> None:
    """A command, a click, an action in a form, an error, a submission and a closing go through the page."""
    assert (await page.send("command", channel=OPS, text="/kern  run x "))["ok"]
    assert (await bot.told())["text"] == "run x"
    blocks = [actions(button("go"), block_id="b")]
    ts = (await bot.client.chat_postMessage(channel=OPS, text="?", blocks=blocks))["ts"]
    assert (await page.send("action", channel=OPS, ts=ts, block_id="b", action_id="go", option=None))["ok"]
    form = modal(actions(button("go")), *modal()["blocks"])
    await bot.client.views_open(trigger_id=(await bot.told())["trigger_id"], view=form)
    shown = await page.read("view")
    view_id = shown["view"]["id"]
    assert (shown["errors"], shown["busy"]) == ({}, False)
    assert (await page.send("view_action", view_id=view_id, block_id="acts", action_id="go"))["ok"]
    complaint = {"field": "Please complete this required field."}
    assert (await page.send("view_submit", view_id=view_id, values={"field": ""}))["errors"] == complaint
    assert (await page.read("view"))["errors"] == complaint
    assert await page.send("view_submit", view_id=view_id, values={"field": "x"}) == {
        "ok": True,
        "error": None,
        "errors": None,
    }
    assert await page.read("view") == {"view": None, "errors": {}, "busy": False}


async def test_close(page: Page, bot: Bot, ana: Actor) -> None:
    """A form can be closed through the page."""
    await ana.command(OPS, "/kern")
    opened = await bot.client.views_open(trigger_id=(await bot.told())["trigger_id"], view=modal())
    assert (await page.send("view_close", view_id=opened["view"]["id"]))["ok"]
    assert ana.view() is None


async def test_refused(page: Page) -> None:
    """What a person cannot do is answered with a sentence; what they cannot see with 404."""
    answer = await page.send("say", channel="C03EMPTY", text="hi")
    assert (answer["ok"], answer["error"]) == (False, "Ana is not in #empty: join it first.")
    assert "sees no conversation" in (await page.read("messages", status=404, channel="C0NOWHERE"))["error"]
    assert "nobody with the id" in (await page.read("channels", status=404, **{"as": "U0NOBODY"}))["error"]
    assert (await page.send("say", status=400, channel=OPS))["error"] == "The request lacks text."
    async with page.session.post(page.root + "say", data="{") as response:
        assert (await response.json())["error"] == "The request lacks as, channel, text."


async def test_events(slack: LocalSlack, server: Server, page: Page, ana: Actor) -> None:
    """Many changes at once are told as one, and a later one again."""
    address = f"{page.root}events?as=U01ANA&token={server.page_token}"
    async with page.session.ws_connect(address) as socket:
        for text in ("one", "two", "three"):
            await ana.say(OPS, text)
        assert await socket.receive_json() == {"type": "changed"}
        count = slack._scene.workspace.changes.count
        await ana.say(OPS, "four")
        assert await socket.receive_json() == {"type": "changed"}
        assert slack._scene.workspace.changes.count == count + 1


async def test_the_end(slack: LocalSlack) -> None:
    """The end of the server closes the websockets of the page."""
    async with aiohttp.ClientSession() as session:
        async with slack.serve() as server:
            socket = await session.ws_connect(f"{server.origin}/page/api/events?as=U01ANA&token={server.page_token}")
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_what_is_no_file(server: Server, page: Page) -> None:
    """A file that the person does not see is answered with 404, and without the page's token nothing is."""
    assert "sees no file F1" in (await page.read("file", status=404, id="F1", token=server.page_token))["error"]
    async with page.session.get(f"{page.root}file?as=U01ANA&id=F1") as response:
        assert response.status == 403
