"""chat.startStream, chat.appendStream and chat.stopStream: messages that grow while they are written."""

from __future__ import annotations

from kernbot.localslack.content import read_blocks, read_metadata
from kernbot.localslack.conversations import Channel
from kernbot.localslack.errors import ApiError, invalid_arguments
from kernbot.localslack.messages import Message
from kernbot.localslack.methods.base import Body, Call, Method, anything, structure, text
from kernbot.localslack.methods.chat import destination, find_message, object_of, thread_of, writable
from kernbot.localslack.rate_limits import TIER_2, TIER_4
from kernbot.localslack.streams import Chunk, Stream, read_chunks, read_display

_LONGEST_TEXT = 12_000


def _start(call: Call) -> Body:
    channel = destination(call)
    if channel.is_im and "thread_ts" not in call.arguments:
        raise invalid_arguments("missing required field: thread_ts")
    _check_recipient(call, channel)
    stream = Stream(read_display(call.arguments.get("task_display_mode", "timeline")))
    stream.add(_chunks(call))
    thread_ts = thread_of(call, channel)
    message = call.workspace.post(channel, call.app, stream.content(), thread_ts=thread_ts)
    message.stream = stream
    return {"channel": channel.id, "ts": message.ts}


def _append(call: Call) -> Body:
    channel, message, stream = _running(call)
    chunks = _chunks(call)
    if not chunks:
        raise ApiError("no_text")
    stream.add(chunks)
    call.workspace.stream(message, stream.content())
    return {"channel": channel.id, "ts": message.ts}


def _stop(call: Call) -> Body:
    channel, message, stream = _running(call)
    chunks, ending = _chunks(call), read_blocks(call.arguments.get("blocks") or [])
    metadata = read_metadata(call.arguments.get("metadata"))
    stream.add(chunks)
    stream.running = False
    call.workspace.stream(message, stream.content(metadata, ending))
    return {"channel": channel.id, "ts": message.ts, "message": object_of(call, message)}


def _check_recipient(call: Call, channel: Channel) -> None:
    """Streams to channels name the person that they answer."""
    if channel.is_im:
        return
    for name in ("recipient_user_id", "recipient_team_id"):
        if not call.arguments.get(name):
            raise ApiError(f"missing_{name}")
    person = call.workspace.people.get(call.arguments["recipient_user_id"])
    if person is None or person.team_id != call.arguments["recipient_team_id"]:
        raise ApiError("user_not_found")


def _running(call: Call) -> tuple[Channel, Message, Stream]:
    channel = writable(call)
    message = find_message(call, channel, call.arguments["ts"])
    if message.app is not call.app:
        raise ApiError("message_not_owned_by_app")
    if message.stream is None or not message.stream.running:
        raise ApiError("message_not_in_streaming_state")
    return channel, message, message.stream


def _chunks(call: Call) -> list[Chunk]:
    """Return what has arrived; that a too long text is answered with `msg_too_long` is not documented."""
    written, chunks = call.arguments.get("markdown_text", ""), call.arguments.get("chunks") or []
    if written and chunks:
        raise invalid_arguments("give either markdown_text or chunks")
    if len(written) > _LONGEST_TEXT:
        raise ApiError("msg_too_long")
    return [{"type": "markdown_text", "text": written}] if written else read_chunks(chunks)


_ARRIVED = {"markdown_text": text, "chunks": structure}

METHODS = (
    Method(
        "chat.startStream",
        _start,
        TIER_2,
        required={"channel": text},
        optional={
            **_ARRIVED,
            "thread_ts": text,
            "recipient_user_id": text,
            "recipient_team_id": text,
            "task_display_mode": text,
        },
        scope="chat:write",
    ),
    Method(
        "chat.appendStream",
        _append,
        TIER_4,
        required={"channel": text, "ts": text},
        optional=_ARRIVED,
        scope="chat:write",
    ),
    Method(
        "chat.stopStream",
        _stop,
        TIER_2,
        required={"channel": text, "ts": text},
        optional={**_ARRIVED, "blocks": anything, "metadata": anything},
        scope="chat:write",
    ),
)
