"""The clock and the traffic behind the page."""

from __future__ import annotations

import aiohttp

from kernbot.localslack import Actor, App
from kernbot.localslack import Clock as MovableClock
from tests.localslack.office import NOON, OPS, Bot, Clock, Json, actions, button, refusal, section, workspace
from tests.localslack.page_reader import Page


async def test_jump() -> None:
    """A clock that can be moved is moved through the page, and messages are dated by it."""
    slack = workspace(MovableClock(Clock()))
    async with (
        slack.serve() as server,
        aiohttp.ClientSession(headers={"X-Local-Slack-Token": server.page_token}) as session,
    ):
        page = Page(session, server)
        assert (await page.send("jump", seconds=90))["ok"]
        assert (await page.read("workspace"))["clock"] == {"now": NOON + 90, "ahead": 90}
        assert "only forward" in (await page.send("jump", seconds="soon"))["error"]
        await page.send("say", channel=OPS, text="later")
        assert (await page.read("messages", channel=OPS))["messages"][0]["ts"] == f"{NOON + 90:.6f}"


async def test_a_clock_that_stands(page: Page) -> None:
    """Any other clock is not moved."""
    assert (await page.send("jump", seconds=90))["error"] == "This clock cannot be moved."


async def newest(page: Page) -> Json:
    """Return the newest line of the traffic."""
    line: Json = (await page.read("traffic"))["entries"][-1]
    return line


async def test_traffic(page: Page, bot: Bot, ana: Actor) -> None:
    """Each request both ways is a line; opened, it shows what was in it and what was answered."""
    await ana.command(OPS, "/kern", "run x")
    command = await newest(page)
    assert (command["direction"], command["name"], command["verdict"]) == ("to app", "/kern", "ok")
    assert command["can_repeat"]
    await bot.client.chat_postMessage(channel=OPS, text="hi")
    post = await newest(page)
    assert (post["direction"], post["name"], post["can_repeat"]) == ("from app", "chat.postMessage", False)
    opened = await page.read("traffic_entry", number=str(post["number"]))
    assert (opened["payload"]["text"], opened["answer"]["message"]["text"]) == ("hi", "hi")


async def test_problems(page: Page, bot: Bot) -> None:
    """What was refused says why, with all that the validator has found."""
    long = [section("x" * 3001), section("y" * 3001)]
    answer = await refusal(bot.client.chat_postMessage(channel=OPS, text="?", blocks=long))
    line = await newest(page)
    assert line["verdict"].startswith("invalid_blocks: ")
    opened = await page.read("traffic_entry", number=str(line["number"]))
    assert opened["answer"] == answer
    assert len(opened["answer"]["response_metadata"]["messages"]) == 2


async def test_response_url(page: Page, bot: Bot, ana: Actor) -> None:
    """What an app posts to a response URL is a line of its own, refused or not."""
    await ana.command(OPS, "/kern")
    address = (await bot.told())["response_url"]
    for sent, verdict in (({"text": "done"}, "ok"), ({"words": "x"}, "invalid_arguments: ")):
        async with page.session.post(address, json=sent):
            line = await newest(page)
        assert line["name"] == "response_url"
        assert line["verdict"].startswith(verdict)


async def test_no_secrets(page: Page, app: App, bot: Bot, ana: Actor) -> None:
    """No token, ticket, trigger or address that would let somebody act is shown."""
    await ana.command(OPS, "/kern")
    told = await bot.told()
    await bot.client.chat_postMessage(channel=OPS, text=f"my token is {app.bot_token}")
    lines = (await page.read("traffic"))["entries"]
    shown = str([await page.read("traffic_entry", number=str(line["number"])) for line in lines])
    assert "apps.connections.open" in shown
    assert "ticket=[redacted]" in shown
    secrets = (app.bot_token, app.app_token, app.signing_secret, app.verification_token, told["response_url"])
    assert not [secret for secret in (*secrets, told["trigger_id"]) if secret in shown]


async def test_repeat(page: Page, bot: Bot, ana: Actor) -> None:
    """What was sent to the app can be sent once more, the same to the letter; nothing else can."""
    ts = (await bot.client.chat_postMessage(channel=OPS, text="?", blocks=[actions(button("go"))]))["ts"]
    await ana.click(OPS, ts, "go")
    first = await bot.told()
    number = (await newest(page))["number"]
    assert (await page.send("repeat", number=number))["ok"]
    assert await bot.told() == first
    assert [line["name"] for line in (await page.read("traffic"))["entries"]][-2:] == ["block_actions"] * 2
    assert "Only what was sent to an app" in (await page.send("repeat", number=number - 1))["error"]
    await page.send("mishap", kind="interactive", lose_ack=True)
    assert (await page.send("repeat", number=number))["error"] == "operation_timeout"


async def test_mishaps(page: Page, bot: Bot, ana: Actor) -> None:
    """The next delivery of a kind is made to come twice, once; what makes no sense is refused."""
    assert (await page.send("mishap", kind="slash_commands", twice=True))["ok"]
    assert (await page.read("traffic"))["mishaps"] == 1
    await ana.command(OPS, "/kern")
    assert await bot.told() == await bot.told()
    assert (await page.read("traffic"))["mishaps"] == 0
    await ana.command(OPS, "/kern")
    await bot.told()
    assert bot.was_told_nothing()
    assert "up to 60 seconds" in (await page.send("mishap", late=-1))["error"]
    assert "no kind of delivery" in (await page.send("mishap", kind="letters"))["error"]


async def test_forgotten(page: Page) -> None:
    """What is not kept any more is told."""
    assert "not kept any more" in (await page.read("traffic_entry", status=404, number="7"))["error"]
