"""Messages that grow while they are written, through Slack's own client."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.models.messages.chunk import BlocksChunk, MarkdownTextChunk, PlanUpdateChunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import Actor, App, LocalSlack, Server
from tests.localslack.office import MANIFEST, OPS, Bot, Json, refusal, section

TO_ANA: Json = {"recipient_user_id": "U01ANA", "recipient_team_id": "T01LOCAL"}


@pytest.fixture
async def parent(client: AsyncWebClient) -> str:
    """Return the timestamp of a message in #ops."""
    return str((await client.chat_postMessage(channel=OPS, text="Summarise?"))["ts"])


async def started(client: AsyncWebClient, parent: str, **more: Any) -> str:
    """Start a stream in the thread of a message and return its timestamp."""
    return str((await client.chat_startStream(channel=OPS, thread_ts=parent, **TO_ANA, **more))["ts"])


def shown(actor: Actor, parent: str) -> Json:
    """Return what somebody sees of the last reply, without the ids of its blocks."""
    message = actor.messages(OPS, parent)[-1]
    blocks = [{key: value for key, value in block.items() if key != "block_id"} for block in message["blocks"] or []]
    return {**message, "blocks": blocks}


async def test_text(client: AsyncWebClient, ana: Actor, parent: str) -> None:
    """Text is appended to what is there; the message is shown as streaming, then as done."""
    ts = await started(client, parent, markdown_text="**One**")
    await client.chat_appendStream(channel=OPS, ts=ts, markdown_text=" two")
    now = shown(ana, parent)
    assert (now["ts"], now["text"], now["streaming"]) == (ts, "**One** two", True)
    assert now["blocks"] == [{"type": "markdown", "text": "**One** two"}]
    answer = await client.chat_stopStream(
        channel=OPS,
        ts=ts,
        markdown_text=" three",
        blocks=[section("Was it right?")],
        metadata={"event_type": "summary", "event_payload": {}},
    )
    done = shown(ana, parent)
    assert (done["text"], done["streaming"]) == ("**One** two three", False)
    assert [block["type"] for block in done["blocks"]] == ["markdown", "section"]
    assert (answer["message"]["text"], answer["message"]["metadata"]["event_type"]) == ("**One** two three", "summary")


async def test_tasks_in_a_timeline(client: AsyncWebClient, ana: Actor, parent: str) -> None:
    """Each task stands where it came up, and is changed there."""
    ts = await started(client, parent, task_display_mode="timeline")
    task = TaskUpdateChunk(id="1", title="Look", status="in_progress", details="in the logs")
    await client.chat_appendStream(channel=OPS, ts=ts, chunks=[MarkdownTextChunk(text="First"), task])
    await client.chat_appendStream(channel=OPS, ts=ts, chunks=[MarkdownTextChunk(text="Then")])
    source = {"type": "url", "url": "https://example.com", "text": "Log"}
    task = TaskUpdateChunk(id="1", title="Looked", status="complete", output="4 lines", sources=[source])
    await client.chat_appendStream(channel=OPS, ts=ts, chunks=[task])
    first, card, then = shown(ana, parent)["blocks"]
    assert (first["text"], then["text"]) == ("First", "Then")
    assert (card["type"], card["task_id"], card["title"], card["status"]) == ("task_card", "1", "Looked", "complete")
    words = {name: card[name]["elements"][0]["elements"][0]["text"] for name in ("details", "output")}
    assert (words, card["sources"]) == ({"details": "in the logs", "output": "4 lines"}, [source])


async def test_tasks_in_a_plan(client: AsyncWebClient, ana: Actor, parent: str) -> None:
    """All tasks stand in one plan with a title."""
    ts = await started(client, parent, task_display_mode="plan", chunks=[PlanUpdateChunk(title="Plan")])
    tasks = [TaskUpdateChunk(id=str(n), title=f"Task {n}", status="pending") for n in range(2)]
    await client.chat_appendStream(channel=OPS, ts=ts, chunks=tasks)
    await client.chat_appendStream(channel=OPS, ts=ts, chunks=[PlanUpdateChunk(title="New plan")])
    (plan,) = shown(ana, parent)["blocks"]
    assert (plan["type"], plan["title"], [task["title"] for task in plan["tasks"]]) == (
        "plan",
        "New plan",
        ["Task 0", "Task 1"],
    )


async def test_blocks(client: AsyncWebClient, ana: Actor, parent: str) -> None:
    """Up to 50 blocks come in chunks, and as many stand at the end."""
    ts = await started(client, parent, chunks=[BlocksChunk(blocks=[section(str(n)) for n in range(50)])])
    body = await refusal(client.chat_appendStream(channel=OPS, ts=ts, chunks=[BlocksChunk(blocks=[section()])]))
    assert body["error"] == "msg_blocks_too_many"
    await client.chat_stopStream(channel=OPS, ts=ts, blocks=[section()] * 50)
    assert len(shown(ana, parent)["blocks"]) == 100


async def test_the_sdk(client: AsyncWebClient, ana: Actor, parent: str) -> None:
    """Slack's own helper, which buffers and sends chunks, works."""
    stream = await client.chat_stream(channel=OPS, thread_ts=parent, buffer_size=4, **TO_ANA)
    await stream.append(markdown_text="Hello ")
    await stream.append(markdown_text="you")
    assert shown(ana, parent)["text"] == "Hello "
    await stream.stop(markdown_text="!")
    assert (shown(ana, parent)["text"], shown(ana, parent)["streaming"]) == ("Hello you!", False)


async def test_in_direct_messages(client: AsyncWebClient, ana: Actor) -> None:
    """A direct message needs no recipient, but a thread."""
    posted = await client.chat_postMessage(channel="U01ANA", text="hi")
    channel, ts = posted["channel"], posted["ts"]
    assert (await client.chat_startStream(channel=channel, thread_ts=ts, markdown_text="x"))["ok"]
    assert ana.messages(channel, ts)[-1]["streaming"]
    body = await refusal(client.api_call("chat.startStream", json={"channel": channel}))
    assert body["response_metadata"]["messages"] == ["[ERROR] missing required field: thread_ts"]


async def test_at_the_top_of_a_channel(client: AsyncWebClient, ana: Actor) -> None:
    """In a channel, a stream needs no thread."""
    await client.api_call("chat.startStream", json={"channel": OPS, **TO_ANA, "markdown_text": "x"})
    assert ana.messages(OPS)[-1]["streaming"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"recipient_user_id": None}, "missing_recipient_user_id"),
        ({"recipient_team_id": None}, "missing_recipient_team_id"),
        ({"recipient_user_id": "U0NOBODY"}, "user_not_found"),
        ({"recipient_team_id": "T0OTHER"}, "user_not_found"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"channel": "C03EMPTY"}, "not_in_channel"),
        ({"thread_ts": "1.000001"}, "thread_not_found"),
        ({"task_display_mode": "loud"}, "invalid_arguments"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"markdown_text": "x", "chunks": [{"type": "markdown_text", "text": "y"}]}, "invalid_arguments"),
        ({"chunks": [{"type": "markdown_text", "text": "x" * 12_001}]}, "invalid_arguments"),
        ({"chunks": [{"type": "nonsense"}]}, "invalid_arguments"),
        ({"chunks": [{"type": "task_update", "id": "1", "title": "x", "status": "late"}]}, "invalid_arguments"),
        ({"chunks": [{"type": "blocks", "blocks": [{"type": "nonsense"}]}]}, "invalid_blocks"),
    ],
)
async def test_start_refused(client: AsyncWebClient, ana: Actor, parent: str, changes: Json, error: str) -> None:
    """A stream that cannot be started is refused by name, and shows nothing."""
    arguments = {"channel": OPS, "thread_ts": parent, **TO_ANA, **changes}
    given = {name: value for name, value in arguments.items() if value is not None}
    assert (await refusal(client.api_call("chat.startStream", json=given)))["error"] == error
    assert len(ana.messages(OPS, parent)) == 1


async def test_append_refused(client: AsyncWebClient, parent: str) -> None:
    """Nothing can be appended to what is no stream, to one that was stopped, or without text."""
    plain = client.chat_appendStream(channel=OPS, ts=parent, markdown_text="x")
    assert (await refusal(plain))["error"] == "message_not_in_streaming_state"
    nowhere = client.chat_appendStream(channel=OPS, ts="1.000001", markdown_text="x")
    assert (await refusal(nowhere))["error"] == "message_not_found"
    ts = await started(client, parent)
    assert (await refusal(client.chat_appendStream(channel=OPS, ts=ts)))["error"] == "no_text"
    await client.chat_stopStream(channel=OPS, ts=ts)
    for late in (
        client.chat_appendStream(channel=OPS, ts=ts, markdown_text="x"),
        client.chat_stopStream(channel=OPS, ts=ts),
    ):
        assert (await refusal(late))["error"] == "message_not_in_streaming_state"


async def test_stop_refused(client: AsyncWebClient, ana: Actor, parent: str) -> None:
    """A stream goes on when its end is refused."""
    ts = await started(client, parent)
    bad = client.chat_stopStream(channel=OPS, ts=ts, markdown_text="x", blocks=[{"type": "nonsense"}])
    assert (await refusal(bad))["error"] == "invalid_blocks"
    assert (shown(ana, parent)["text"], shown(ana, parent)["streaming"]) == ("", True)


async def test_others_keep_out(slack: LocalSlack, server: Server, client: AsyncWebClient, parent: str) -> None:
    """Another app cannot append, and nobody can update the message while it streams."""
    ts = await started(client, parent, markdown_text="x")
    other = slack.install(MANIFEST)
    slack.invite(other, OPS)
    by_other = Bot(other, server.base_url).client.chat_appendStream(channel=OPS, ts=ts, markdown_text="x")
    assert (await refusal(by_other))["error"] == "message_not_owned_by_app"
    assert (await refusal(client.chat_update(channel=OPS, ts=ts, text="y")))["error"] == "streaming_state_conflict"
    await client.chat_stopStream(channel=OPS, ts=ts)
    assert (await client.chat_update(channel=OPS, ts=ts, text="y", blocks=[]))["ok"]


async def test_archived(slack: LocalSlack, app: App, client: AsyncWebClient, parent: str) -> None:
    """A stream ends where its channel is archived, or the app is no longer in it."""
    ts = await started(client, parent)
    slack.archive(OPS)
    late = client.chat_appendStream(channel=OPS, ts=ts, markdown_text="x")
    assert (await refusal(late))["error"] == "is_archived"
    slack.unarchive(OPS)
    slack.leave(app.bot_user_id, OPS)
    late = client.chat_appendStream(channel=OPS, ts=ts, markdown_text="x")
    assert (await refusal(late))["error"] == "not_in_channel"


async def test_markdown_in_a_message(client: AsyncWebClient, ana: Actor) -> None:
    """chat.postMessage and chat.update take markdown_text instead of text and blocks."""
    ts = (await client.chat_postMessage(channel=OPS, markdown_text="**hi**"))["ts"]
    assert ana.messages(OPS)[-1]["blocks"][0]["text"] == "**hi**"
    await client.chat_update(channel=OPS, ts=ts, markdown_text="_ho_")
    assert ana.messages(OPS)[-1]["text"] == "_ho_"
    body = await refusal(client.chat_postMessage(channel=OPS, markdown_text="x", text="y"))
    assert body["error"] == "markdown_text_conflict"
