"""chat.*: posting, changing and deleting messages."""

from __future__ import annotations

from dataclasses import replace

from kernbot.localslack.content import LONGEST_TEXT, Content, read_blocks, read_content, read_metadata
from kernbot.localslack.conversations import Channel
from kernbot.localslack.errors import ApiError
from kernbot.localslack.messages import Message, message_object
from kernbot.localslack.methods.base import Body, Call, Method, anything, flag, text
from kernbot.localslack.rate_limits import SPECIAL, TIER_3, TIER_4

_LONGEST_UPDATE = 4_000

_CONTENT = {"text": text, "blocks": anything, "markdown_text": text}
_LINKS = {"link_names": flag, "parse": text}


def _post_message(call: Call) -> Body:
    channel = destination(call)
    content = read_content(call.arguments)
    message = call.workspace.post(
        channel,
        call.app,
        content,
        thread_ts=thread_of(call, channel),
        broadcast=bool(call.arguments.get("thread_ts")) and call.arguments.get("reply_broadcast", False),
    )
    body = {"channel": channel.id, "ts": message.ts, "message": object_of(call, message)}
    if len(call.arguments.get("text", "")) > LONGEST_TEXT:
        body |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return body


def destination(call: Call) -> Channel:
    """Return where to post: a user id stands for the direct messages with that person."""
    person = call.workspace.people.get(call.arguments["channel"])
    if person is None:
        return writable(call)
    if not person.can_act:
        raise ApiError("channel_not_found")
    if not call.app.messages_tab:
        raise ApiError("messages_tab_disabled")
    return call.workspace.direct_channel(person.id, call.app)


def writable(call: Call) -> Channel:
    """Return the conversation named by `channel`; raises ApiError for one in which the app cannot post."""
    channel = call.channel()
    if call.app.bot_user_id not in channel.members and "chat:write.public" not in call.app.scopes:
        raise ApiError("not_in_channel")
    if channel.archived:
        raise ApiError("is_archived")
    return channel


def thread_of(call: Call, channel: Channel) -> str | None:
    """Return the `thread_ts` to post under, if there is one; raises ApiError for what has no thread of its own."""
    thread_ts: str | None = call.arguments.get("thread_ts")
    if thread_ts is None:
        return None
    parent = call.workspace.history(channel.id).find(thread_ts)
    if parent is None or parent.visible_to is not None:
        raise ApiError("thread_not_found")
    if parent.thread_ts is not None:
        raise ApiError("cannot_reply_to_message")
    return thread_ts


def _post_ephemeral(call: Call) -> Body:
    channel = writable(call)
    user_id = call.arguments["user"]
    if user_id not in channel.members:
        raise ApiError("user_not_in_channel")
    content = read_content(call.arguments)
    thread_ts = thread_of(call, channel)
    message = call.workspace.post(channel, call.app, content, thread_ts=thread_ts, visible_to=user_id)
    return {"message_ts": message.ts}


def _update(call: Call) -> Body:
    channel = call.channel()
    message = _own(call, channel, call.arguments["ts"], "cant_update_message")
    if channel.archived:
        raise ApiError("is_inactive")
    if message.stream is not None and message.stream.running:
        raise ApiError("streaming_state_conflict")
    call.workspace.edit(message, _updated(call, message.content), edited="blocks" not in call.arguments)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.content.text,
        "message": object_of(call, message),
    }


def _updated(call: Call, before: Content) -> Content:
    """Return the new content: text alone takes the blocks away, blocks alone keep the text."""
    given = call.arguments
    if len(given.get("text", "")) > _LONGEST_UPDATE:
        raise ApiError("msg_too_long")
    if not {"text", "blocks", "markdown_text"} & set(given):
        raise ApiError("no_text")
    if "markdown_text" in given:
        after = replace(read_content(given), metadata=before.metadata)
    else:
        after = Content(given.get("text", before.text), read_blocks(given.get("blocks") or []), before.metadata)
    if "metadata" in given:
        after = replace(after, metadata=read_metadata(given["metadata"]))
    if not after.text and not after.blocks:
        raise ApiError("no_text")
    return after


def _delete(call: Call) -> Body:
    channel = call.channel()
    message = _own(call, channel, call.arguments["ts"], "cant_delete_message")
    call.workspace.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def _own(call: Call, channel: Channel, ts: str, error: str) -> Message:
    message = find_message(call, channel, ts)
    if message.app is not call.app:
        raise ApiError(error)
    return message


def find_message(call: Call, channel: Channel, ts: str) -> Message:
    """Return a message that everybody sees; raises ApiError `message_not_found`."""
    message = call.workspace.history(channel.id).find(ts)
    if message is None or message.visible_to is not None or message.subtype == "tombstone":
        raise ApiError("message_not_found")
    return message


def _get_permalink(call: Call) -> Body:
    channel = call.channel()
    message = find_message(call, channel, call.arguments["message_ts"])
    link = f"{call.workspace.origin}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def object_of(call: Call, message: Message) -> Body:
    """Return a message as the app that wrote it gets it."""
    history = call.workspace.history(message.channel_id)
    return message_object(message, history, call.workspace.team_id, whole_metadata=True)


METHODS = (
    Method(
        "chat.postMessage",
        _post_message,
        SPECIAL,
        required={"channel": text},
        optional={
            **_CONTENT,
            **_LINKS,
            "thread_ts": text,
            "reply_broadcast": flag,
            "metadata": anything,
            "mrkdwn": flag,
            "unfurl_links": flag,
            "unfurl_media": flag,
        },
        scope="chat:write",
    ),
    Method(
        "chat.postEphemeral",
        _post_ephemeral,
        TIER_4,
        required={"channel": text, "user": text},
        optional={**_CONTENT, **_LINKS, "thread_ts": text},
        scope="chat:write",
    ),
    Method(
        "chat.update",
        _update,
        TIER_3,
        required={"channel": text, "ts": text},
        optional={**_CONTENT, **_LINKS, "metadata": anything},
        scope="chat:write",
    ),
    Method("chat.delete", _delete, TIER_3, required={"channel": text, "ts": text}, scope="chat:write"),
    Method("chat.getPermalink", _get_permalink, SPECIAL, required={"channel": text, "message_ts": text}),
)
