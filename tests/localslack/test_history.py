"""conversations.history and conversations.replies."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import LocalSlack, Server
from tests.localslack.office import MANIFEST, OPS, SECRET, refusal

METADATA = {"event_type": "asked", "event_payload": {"id": "m1"}}


@pytest.fixture
def reader(slack: LocalSlack, server: Server) -> AsyncWebClient:
    """Return the client of an app in #ops that may read public channels."""
    scopes = [*MANIFEST["oauth_config"]["scopes"]["bot"], "channels:history"]
    app = slack.install({**MANIFEST, "oauth_config": {"scopes": {"bot": scopes}}})
    slack.invite(app, OPS)
    return AsyncWebClient(token=app.bot_token, base_url=server.base_url)


async def test_a_thread_is_read_in_pages(reader: AsyncWebClient) -> None:
    """The parent comes first; metadata are whole if that is asked for; ephemeral messages are not in it."""
    parent = await reader.chat_postMessage(channel=OPS, text="parent", metadata=METADATA)
    for text in ("one", "two"):
        await reader.chat_postMessage(channel=OPS, text=text, thread_ts=parent["ts"])
    await reader.chat_postEphemeral(channel=OPS, user="U01ANA", text="secret", thread_ts=parent["ts"])
    first = await reader.conversations_replies(channel=OPS, ts=parent["ts"], limit=2, include_all_metadata=True)
    assert [message["text"] for message in first["messages"]] == ["parent", "one"]
    assert first["messages"][0]["metadata"] == METADATA
    cursor = first["response_metadata"]["next_cursor"]
    last = await reader.conversations_replies(channel=OPS, ts=parent["ts"], limit=2, cursor=cursor)
    assert ([message["text"] for message in last["messages"]], last["has_more"]) == (["two"], False)


async def test_a_channel_is_read_newest_first(reader: AsyncWebClient) -> None:
    """Replies stand in it only if they were sent to the channel, too; of metadata the type is told."""
    parent = await reader.chat_postMessage(channel=OPS, text="parent", metadata=METADATA)
    for text, broadcast in (("hidden", False), ("shown", True)):
        await reader.chat_postMessage(channel=OPS, text=text, thread_ts=parent["ts"], reply_broadcast=broadcast)
    found = (await reader.conversations_history(channel=OPS))["messages"]
    assert [message["text"] for message in found] == ["shown", "parent"]
    assert found[1]["metadata"] == {"event_type": "asked"}


async def test_what_cannot_be_read_is_refused(slack: LocalSlack, reader: AsyncWebClient) -> None:
    """A thread that isn't there, a channel that the app is not in, and one of another type."""
    missing = await refusal(reader.conversations_replies(channel=OPS, ts="1.000000"))
    assert missing["error"] == "thread_not_found"
    assert (await refusal(reader.conversations_history(channel=SECRET)))["error"] == "channel_not_found"
    slack.invite(slack._workspace.apps[-1], SECRET)
    assert (await refusal(reader.conversations_history(channel=SECRET)))["needed"] == "groups:history"
    for arguments, error in (({"limit": 0}, "invalid_limit"), ({"cursor": "nonsense"}, "invalid_cursor")):
        assert (await refusal(reader.conversations_history(channel=OPS, **arguments)))["error"] == error
