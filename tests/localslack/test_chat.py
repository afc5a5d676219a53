"""chat.*: what each rule of posting, changing and deleting messages answers."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import ActError, Actor, App, LocalSlack, Server
from tests.localslack.office import EMPTY, MANIFEST, OPS, SECRET, Clock, actions, button, refusal, section

# The SDK warns of what these tests do on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning")

METADATA = {"event_type": "asked", "event_payload": {"run": 7}}


async def test_post(app: App, client: AsyncWebClient, ana: Actor) -> None:
    """A message is shown in the channel, by the bot, its blocks with generated ids."""
    answer = await client.chat_postMessage(channel=OPS, text="hi", blocks=[section()], metadata=METADATA)
    message = answer["message"]
    assert (message["user"], message["bot_id"], message["app_id"]) == (app.bot_user_id, app.bot_id, app.app_id)
    assert message["blocks"][0]["block_id"]
    assert message["metadata"] == METADATA
    seen = ana.messages(OPS)[-1]
    assert (seen["ts"], seen["text"], seen["is_bot"]) == (answer["ts"], "hi", True)


async def test_timestamps(client: AsyncWebClient) -> None:
    """Timestamps are unique and rise, also at one moment."""
    stamps = [(await client.chat_postMessage(channel=OPS, text="hi"))["ts"] for _ in range(3)]
    assert stamps == ["1795000000.000000", "1795000000.000001", "1795000000.000002"]


async def test_timestamps_follow_the_clock(client: AsyncWebClient, clock: Clock) -> None:
    """A later message has a later timestamp."""
    clock.now += 1.5
    assert (await client.chat_postMessage(channel=OPS, text="hi"))["ts"] == "1795000001.500000"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "hi"}, "channel_not_found"),
        ({"channel": SECRET, "text": "hi"}, "channel_not_found"),
        ({"channel": EMPTY, "text": "hi"}, "not_in_channel"),
        ({"channel": OPS}, "no_text"),
        ({"channel": OPS, "text": ""}, "no_text"),
        ({"channel": OPS, "text": "hi", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"channel": OPS, "text": "hi", "blocks": "nonsense"}, "invalid_blocks_format"),
        ({"channel": OPS, "text": "hi", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"channel": OPS, "text": "hi", "blocks": [section("x" * 2990) for _ in range(5)]}, "msg_blocks_too_long"),
        ({"channel": OPS, "text": "hi", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"channel": OPS, "text": "hi", "metadata": "{"}, "invalid_metadata_format"),
        ({"channel": OPS, "text": "hi", "thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
async def test_post_refused(client: AsyncWebClient, arguments: dict[str, Any], error: str) -> None:
    """A message that Slack would not post is refused by name."""
    assert (await refusal(client.chat_postMessage(**arguments)))["error"] == error


async def test_invalid_blocks_say_where(client: AsyncWebClient) -> None:
    """invalid_blocks points at what is wrong."""
    body = await refusal(client.chat_postMessage(channel=OPS, text="hi", blocks=[section("x" * 3001)]))
    assert body["errors"] == ["must be less than 3001 characters [json-pointer:/blocks/0/text/text]"]


async def test_post_into_an_archive(slack: LocalSlack, client: AsyncWebClient) -> None:
    """is_archived is the answer to posting into an archived channel."""
    slack.archive(OPS)
    assert (await refusal(client.chat_postMessage(channel=OPS, text="hi")))["error"] == "is_archived"


async def test_post_without_joining(slack: LocalSlack, server: Server) -> None:
    """The scope chat:write.public lets an app post into public channels that it has not joined."""
    scopes = {"scopes": {"bot": ["commands", "chat:write", "chat:write.public"]}}
    app = slack.install({**MANIFEST, "oauth_config": scopes})
    client = AsyncWebClient(token=app.bot_token, base_url=server.base_url)
    assert (await client.chat_postMessage(channel=EMPTY, text="hi"))["channel"] == EMPTY


async def test_long_text_is_cut(client: AsyncWebClient) -> None:
    """A text of over 40,000 characters is cut, with a warning."""
    answer = await client.chat_postMessage(channel=OPS, text="x" * 40_001)
    assert len(answer["message"]["text"]) == 40_000
    assert answer["warning"] == "message_truncated"


async def test_thread(client: AsyncWebClient, ana: Actor) -> None:
    """A reply stands in the thread only; its parent counts it."""
    parent = await client.chat_postMessage(channel=OPS, text="parent")
    reply = await client.chat_postMessage(channel=OPS, text="reply", thread_ts=parent["ts"])
    assert (reply["message"]["thread_ts"], reply["message"]["parent_user_id"]) == (
        parent["ts"],
        reply["message"]["user"],
    )
    assert [message["text"] for message in ana.messages(OPS)] == ["parent"]
    assert (ana.messages(OPS)[0]["reply_count"], ana.messages(OPS)[0]["latest_reply"]) == (1, reply["ts"])
    assert [message["text"] for message in ana.messages(OPS, parent["ts"])] == ["parent", "reply"]


async def test_broadcast(client: AsyncWebClient, ana: Actor) -> None:
    """A broadcast reply stands in the thread and in the channel."""
    parent = await client.chat_postMessage(channel=OPS, text="parent")
    answer = await client.chat_postMessage(channel=OPS, text="reply", thread_ts=parent["ts"], reply_broadcast=True)
    assert answer["message"]["subtype"] == "thread_broadcast"
    assert [message["text"] for message in ana.messages(OPS)] == ["parent", "reply"]


async def test_reply_to_a_reply(client: AsyncWebClient) -> None:
    """cannot_reply_to_message is the answer to a reply's timestamp as thread_ts."""
    parent = await client.chat_postMessage(channel=OPS, text="parent")
    reply = await client.chat_postMessage(channel=OPS, text="reply", thread_ts=parent["ts"])
    body = await refusal(client.chat_postMessage(channel=OPS, text="again", thread_ts=reply["ts"]))
    assert body["error"] == "cannot_reply_to_message"


async def test_direct_message(client: AsyncWebClient, ana: Actor, bob: Actor) -> None:
    """A user id as channel opens the direct messages with that person, which nobody else sees."""
    answer = await client.chat_postMessage(channel="U01ANA", text="psst")
    assert answer["channel"].startswith("D")
    assert (await client.chat_postMessage(channel="U01ANA", text="again"))["channel"] == answer["channel"]
    assert next(channel for channel in ana.channels() if channel["is_im"])["name"] == "kern"
    assert not any(channel["is_im"] for channel in bob.channels())


async def test_no_direct_messages(slack: LocalSlack, server: Server) -> None:
    """messages_tab_disabled is the answer if the manifest switches the messages tab off."""
    features = {**MANIFEST["features"], "app_home": {"messages_tab_enabled": False}}
    app = slack.install({**MANIFEST, "features": features})
    client = AsyncWebClient(token=app.bot_token, base_url=server.base_url)
    assert (await refusal(client.chat_postMessage(channel="U01ANA", text="hi")))["error"] == "messages_tab_disabled"


async def test_direct_message_to_the_deactivated(slack: LocalSlack, client: AsyncWebClient) -> None:
    """channel_not_found is the answer to a direct message to somebody who is deactivated."""
    slack.deactivate("U01ANA")
    assert (await refusal(client.chat_postMessage(channel="U01ANA", text="hi")))["error"] == "channel_not_found"


async def test_ephemeral(client: AsyncWebClient, ana: Actor, bob: Actor) -> None:
    """An ephemeral message is seen by one person."""
    answer = await client.chat_postEphemeral(channel=OPS, user="U01ANA", text="only you")
    seen = ana.messages(OPS)[-1]
    assert (seen["ts"], seen["ephemeral"]) == (answer["message_ts"], True)
    assert bob.messages(OPS) == []


async def test_ephemeral_in_a_thread(client: AsyncWebClient, ana: Actor) -> None:
    """An ephemeral message with thread_ts stands in the thread only, and is no reply to count."""
    parent = await client.chat_postMessage(channel=OPS, text="parent")
    await client.chat_postEphemeral(channel=OPS, user="U01ANA", text="only you", thread_ts=parent["ts"])
    assert [message["text"] for message in ana.messages(OPS, parent["ts"])] == ["parent", "only you"]
    assert ana.messages(OPS)[0]["reply_count"] == 0


async def test_ephemeral_for_somebody_elsewhere(client: AsyncWebClient) -> None:
    """user_not_in_channel is the answer to an ephemeral message for somebody who is not there."""
    body = await refusal(client.chat_postEphemeral(channel=OPS, user="U04SIG", text="hi"))
    assert body["error"] == "user_not_in_channel"


async def test_ephemeral_cannot_be_changed(client: AsyncWebClient) -> None:
    """message_not_found is the answer to chat.update and chat.delete of an ephemeral message."""
    ts = (await client.chat_postEphemeral(channel=OPS, user="U01ANA", text="hi"))["message_ts"]
    assert (await refusal(client.chat_update(channel=OPS, ts=ts, text="x")))["error"] == "message_not_found"
    assert (await refusal(client.chat_delete(channel=OPS, ts=ts)))["error"] == "message_not_found"


async def posted(client: AsyncWebClient) -> str:
    """Post a message with text, blocks and metadata and return its timestamp."""
    blocks = [actions(button("go"))]
    answer = await client.chat_postMessage(channel=OPS, text="before", blocks=blocks, metadata=METADATA)
    return str(answer["ts"])


async def test_update_with_text(client: AsyncWebClient, ana: Actor) -> None:
    """Text alone takes the blocks away, keeps the metadata, and marks the message as edited."""
    ts = await posted(client)
    message = (await client.chat_update(channel=OPS, ts=ts, text="after"))["message"]
    assert (message["text"], message.get("blocks"), message["metadata"]) == ("after", None, METADATA)
    assert ana.messages(OPS)[0]["edited"]


async def test_update_with_blocks(client: AsyncWebClient, ana: Actor) -> None:
    """Blocks alone keep the text, and do not mark the message as edited."""
    ts = await posted(client)
    message = (await client.chat_update(channel=OPS, ts=ts, blocks=[section()]))["message"]
    assert (message["text"], message["blocks"][0]["type"]) == ("before", "section")
    assert not ana.messages(OPS)[0]["edited"]


async def test_update_takes_things_away(client: AsyncWebClient) -> None:
    """Empty blocks and empty metadata take away what was there."""
    ts = await posted(client)
    message = (await client.chat_update(channel=OPS, ts=ts, blocks=[], metadata={}))["message"]
    assert (message["text"], "blocks" in message, "metadata" in message) == ("before", False, False)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"ts": "1.000001", "text": "x"}, "message_not_found"),
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"text": "x", "channel": "U01ANA"}, "channel_not_found"),
    ],
)
async def test_update_refused(client: AsyncWebClient, arguments: dict[str, Any], error: str) -> None:
    """A change that Slack would not make is refused by name."""
    arguments = {"channel": OPS, "ts": await posted(client), **arguments}
    assert (await refusal(client.chat_update(**arguments)))["error"] == error


async def test_update_in_an_archive(slack: LocalSlack, client: AsyncWebClient) -> None:
    """is_inactive is the answer to changing a message in an archived channel."""
    ts = await posted(client)
    slack.archive(OPS)
    assert (await refusal(client.chat_update(channel=OPS, ts=ts, text="x")))["error"] == "is_inactive"


async def test_messages_of_others(client: AsyncWebClient, ana: Actor) -> None:
    """An app can change and delete its own messages only."""
    await ana.say(OPS, "mine")
    ts = ana.messages(OPS)[0]["ts"]
    assert (await refusal(client.chat_update(channel=OPS, ts=ts, text="x")))["error"] == "cant_update_message"
    assert (await refusal(client.chat_delete(channel=OPS, ts=ts)))["error"] == "cant_delete_message"


async def test_delete(client: AsyncWebClient, ana: Actor) -> None:
    """A deleted message is gone."""
    ts = await posted(client)
    await client.chat_delete(channel=OPS, ts=ts)
    assert ana.messages(OPS) == []
    assert (await refusal(client.chat_delete(channel=OPS, ts=ts)))["error"] == "message_not_found"


async def test_delete_a_reply(client: AsyncWebClient, ana: Actor) -> None:
    """A deleted reply is no longer counted."""
    ts = await posted(client)
    reply = (await client.chat_postMessage(channel=OPS, text="reply", thread_ts=ts))["ts"]
    await client.chat_delete(channel=OPS, ts=reply)
    assert (ana.messages(OPS)[0]["reply_count"], len(ana.messages(OPS, ts))) == (0, 1)


async def test_delete_a_parent(client: AsyncWebClient, ana: Actor) -> None:
    """A deleted parent leaves a tombstone that its thread hangs on, and that nobody can change."""
    ts = await posted(client)
    await client.chat_postMessage(channel=OPS, text="reply", thread_ts=ts)
    await client.chat_delete(channel=OPS, ts=ts)
    assert [message["text"] for message in ana.messages(OPS, ts)] == ["This message was deleted.", "reply"]
    assert (await refusal(client.chat_update(channel=OPS, ts=ts, text="x")))["error"] == "message_not_found"


async def test_permalink(client: AsyncWebClient, server: Server) -> None:
    """A permalink names channel and message, and the thread of a reply."""
    ts = await posted(client)
    reply = (await client.chat_postMessage(channel=OPS, text="reply", thread_ts=ts))["ts"]
    link = (await client.chat_getPermalink(channel=OPS, message_ts=reply))["permalink"]
    assert link == f"{server.origin}/archives/{OPS}/p{reply.replace('.', '')}?thread_ts={ts}&cid={OPS}"
    gone = client.chat_getPermalink(channel=OPS, message_ts="1.000001")
    assert (await refusal(gone))["error"] == "message_not_found"


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.postEphemeral"])
async def test_channels_that_are_no_longer(
    slack: LocalSlack, app: App, client: AsyncWebClient, ana: Actor, method: str
) -> None:
    """is_archived, not_in_channel and channel_not_found tell what became of a channel."""
    call = {"channel": OPS, "user": "U01ANA", "text": "hi"}
    if method == "chat.postMessage":
        del call["user"]
    slack.archive(OPS)
    assert (await refusal(client.api_call(method, json=call)))["error"] == "is_archived"
    slack.unarchive(OPS)
    slack.leave(app.bot_user_id, OPS)
    assert (await refusal(client.api_call(method, json=call)))["error"] == "not_in_channel"
    slack.delete_channel(OPS)
    assert (await refusal(client.api_call(method, json=call)))["error"] == "channel_not_found"
    with pytest.raises(ActError, match="sees no conversation"):
        ana.messages(OPS)


async def test_removed_from_a_private_channel(slack: LocalSlack, app: App, client: AsyncWebClient) -> None:
    """A private channel is not there for an app that was removed from it, nor are its own messages."""
    slack.invite(app, SECRET)
    ts = (await client.chat_postMessage(channel=SECRET, text="hi"))["ts"]
    slack.leave(app.bot_user_id, SECRET)
    assert (await refusal(client.chat_postMessage(channel=SECRET, text="hi")))["error"] == "channel_not_found"
    assert (await refusal(client.chat_update(channel=SECRET, ts=ts, text="ho")))["error"] == "channel_not_found"
    assert (await refusal(client.chat_getPermalink(channel=SECRET, message_ts=ts)))["error"] == "channel_not_found"
