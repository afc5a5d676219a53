"""Response URLs, through Slack's own webhook client."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from kernbot.localslack import Actor, LocalSlack
from tests.localslack.office import EMPTY, OPS, Bot, Clock, Json, actions, button, section


async def of_command(bot: Bot, actor: Actor, channel: str = OPS) -> AsyncWebhookClient:
    """Return the response URL of a slash command."""
    await actor.command(channel, "/kern", "run")
    return AsyncWebhookClient((await bot.told())["response_url"])


async def of_click(bot: Bot, actor: Actor, ts: str) -> AsyncWebhookClient:
    """Return the response URL of a click."""
    await actor.click(OPS, ts, "go")
    return AsyncWebhookClient((await bot.told())["response_url"])


async def posted(bot: Bot) -> str:
    """Post a message with a button and return its timestamp."""
    answer = await bot.client.chat_postMessage(channel=OPS, text="Approve?", blocks=[actions(button("go"))])
    return str(answer["ts"])


async def test_ephemeral_by_default(bot: Bot, ana: Actor, bob: Actor) -> None:
    """An answer is seen only by the person who did something."""
    url = await of_command(bot, ana)
    answer = await url.send(text="psst")
    assert (answer.status_code, answer.body) == (200, "ok")
    assert [(message["text"], message["ephemeral"]) for message in ana.messages(OPS)] == [("psst", True)]
    assert bob.messages(OPS) == []


async def test_in_channel(bot: Bot, ana: Actor, bob: Actor) -> None:
    """An answer in_channel is seen by everybody."""
    await (await of_command(bot, ana)).send(text="all", response_type="in_channel")
    assert bob.messages(OPS)[-1]["text"] == "all"


async def test_where_the_bot_is_not(slack: LocalSlack, bot: Bot, ana: Actor) -> None:
    """An answer reaches a channel that the bot has not joined."""
    slack.join("U01ANA", EMPTY)
    await (await of_command(bot, ana, EMPTY)).send(text="here too", response_type="in_channel")
    assert ana.messages(EMPTY)[-1]["text"] == "here too"


async def test_replace(bot: Bot, ana: Actor) -> None:
    """replace_original changes the message that was clicked, without marking it as edited."""
    ts = await posted(bot)
    await (await of_click(bot, ana, ts)).send(text="Approved", blocks=[section()], replace_original=True)
    message = ana.messages(OPS)[0]
    assert (message["ts"], message["text"], message["edited"]) == (ts, "Approved", False)


async def test_replace_an_ephemeral(bot: Bot, ana: Actor) -> None:
    """replace_original changes an ephemeral message, which stays ephemeral."""
    blocks = [actions(button("go"))]
    ts = (await bot.client.chat_postEphemeral(channel=OPS, user="U01ANA", text="x", blocks=blocks))["message_ts"]
    await (await of_click(bot, ana, ts)).send(text="after", replace_original=True)
    assert [(message["text"], message["ephemeral"]) for message in ana.messages(OPS)] == [("after", True)]


async def test_delete(bot: Bot, ana: Actor) -> None:
    """delete_original deletes the message that was clicked."""
    ts = await posted(bot)
    await (await of_click(bot, ana, ts)).send(delete_original=True)
    assert ana.messages(OPS) == []


async def test_delete_and_post(bot: Bot, ana: Actor) -> None:
    """delete_original with a text deletes the message and posts another."""
    ts = await posted(bot)
    await (await of_click(bot, ana, ts)).send(text="instead", delete_original=True, response_type="in_channel")
    assert [(message["text"], message["ts"] != ts) for message in ana.messages(OPS)] == [("instead", True)]


async def test_five_uses(bot: Bot, ana: Actor) -> None:
    """The sixth use is answered with 404 and used_url; what was refused does not count."""
    url = await of_command(bot, ana)
    assert (await url.send_dict({})).status_code == 400
    for _ in range(5):
        assert (await url.send(text="hi")).status_code == 200
    sixth = await url.send(text="hi")
    assert (sixth.status_code, sixth.body) == (404, '{"ok": false, "error": "used_url"}')


async def test_thirty_minutes(bot: Bot, ana: Actor, clock: Clock) -> None:
    """A URL is good for 30 minutes, and answers 404 and expired_url after that."""
    url = await of_command(bot, ana)
    clock.now += 30 * 60
    assert (await url.send(text="hi")).status_code == 200
    clock.now += 1
    late = await url.send(text="hi")
    assert (late.status_code, late.body) == (404, '{"ok": false, "error": "expired_url"}')


async def test_thread(bot: Bot, ana: Actor) -> None:
    """An answer in a thread must be in_channel, and say that it replaces nothing."""
    ts = await posted(bot)
    url = await of_click(bot, ana, ts)
    body: Json = {"text": "reply", "thread_ts": ts, "response_type": "in_channel", "replace_original": False}
    assert (await url.send_dict(body)).status_code == 200
    assert ana.messages(OPS, ts)[-1]["text"] == "reply"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"text": "x", "response_type": "loud"}, "invalid_arguments"),
        ({"text": "x", "nonsense": 1}, "invalid_arguments"),
        ({"text": "x", "replace_original": True}, "invalid_arguments"),
        ({"delete_original": True}, "invalid_arguments"),
        ({"text": "x", "thread_ts": "1.000001"}, "invalid_arguments"),
        ({"text": "x", "thread_ts": "1.000001", "response_type": "in_channel"}, "invalid_arguments"),
        ([], "invalid_payload"),
    ],
)
async def test_refused(bot: Bot, ana: Actor, body: Any, error: str) -> None:
    """What Slack does not document is refused with 400, and nothing is posted."""
    answer = await (await of_command(bot, ana)).send_dict(body)
    assert (answer.status_code, f'"error": "{error}"' in answer.body) == (400, True)
    assert ana.messages(OPS) == []


async def test_not_json(bot: Bot, ana: Actor) -> None:
    """invalid_payload is the answer to a body that is no JSON."""
    url = await of_command(bot, ana)
    async with aiohttp.ClientSession() as session, session.post(url.url, data="{") as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_payload")


async def test_message_that_is_gone(bot: Bot, ana: Actor) -> None:
    """message_not_found is the answer to replacing a message that was deleted since."""
    ts = await posted(bot)
    url = await of_click(bot, ana, ts)
    await bot.client.chat_delete(channel=OPS, ts=ts)
    assert "message_not_found" in (await url.send(text="late", replace_original=True)).body


async def test_unknown_url(bot: Bot, ana: Actor) -> None:
    """A URL that Slack never gave out is answered with 404."""
    url = await of_command(bot, ana)
    assert (await AsyncWebhookClient(url.url + "0").send(text="hi")).status_code == 404


async def test_channel_that_is_gone(slack: LocalSlack, bot: Bot, ana: Actor) -> None:
    """A URL of a channel that is archived or deleted is refused by name."""
    url = await of_command(bot, ana)
    slack.archive(OPS)
    assert "is_archived" in (await url.send(text="late")).body
    slack.delete_channel(OPS)
    assert "channel_not_found" in (await url.send(text="late")).body
