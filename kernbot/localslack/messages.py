"""Messages and the history of one conversation."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kernbot.localslack.app import App
from kernbot.localslack.content import Content
from kernbot.localslack.elements import Offered, Values
from kernbot.localslack.files import File, file_object
from kernbot.localslack.ids import microseconds, timestamp
from kernbot.localslack.streams import Stream


@dataclass(eq=False)
class Message:
    """A message, ephemeral or not, by a person or by an app."""

    channel_id: str
    ts: str
    user_id: str
    content: Content
    app: App | None = None
    thread_ts: str | None = None
    """Of the parent, for a reply."""
    broadcast: bool = False
    """Whether a reply is shown in the channel too."""
    visible_to: str | None = None
    """The only person who sees it, for an ephemeral message."""
    edited_ts: str | None = None
    subtype: str | None = None
    files: tuple[File, ...] = ()
    values: Values = field(default_factory=dict)
    """What people chose in its elements; shared by all of them."""
    offered: Offered = field(default_factory=dict)
    stream: Stream | None = None
    """What has arrived of a message that is, or was, written in chunks."""

    def is_visible_to(self, user_id: str) -> bool:
        """Return whether this person sees the message, given that they see the conversation."""
        return self.visible_to in (None, user_id)


class History:
    """The messages of one conversation, by timestamp, oldest first."""

    def __init__(self) -> None:
        self._messages: dict[str, Message] = {}
        self._replies: dict[str, list[Message]] = {}
        self._last = 0

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages.values())

    def next_ts(self, now: float) -> str:
        """Return a timestamp that no message of this conversation has, later than all of theirs."""
        self._last = max(self._last + 1, microseconds(now))
        return timestamp(self._last)

    def add(self, message: Message) -> None:
        """Append a message."""
        self._messages[message.ts] = message
        if message.thread_ts and message.visible_to is None:
            self._replies.setdefault(message.thread_ts, []).append(message)

    def find(self, ts: str) -> Message | None:
        """Return the message with this timestamp, ephemeral or not."""
        return self._messages.get(ts)

    def remove(self, message: Message) -> None:
        """Delete a message; the parent of a thread leaves a tombstone, so that its replies keep their place."""
        if self.replies(message.ts):
            message.subtype = "tombstone"
            message.content = Content("This message was deleted.")
            return
        del self._messages[message.ts]
        if message.thread_ts and message.visible_to is None:
            self._replies[message.thread_ts].remove(message)

    def replies(self, ts: str) -> list[Message]:
        """Return the replies that everybody sees in the thread of this message."""
        return self._replies.get(ts, [])


def message_object(message: Message, history: History, team_id: str, *, whole_metadata: bool) -> dict[str, Any]:
    """Return Slack's message object (https://docs.slack.dev/reference/events/message).

    Without `whole_metadata` only the type of the metadata is told, as to apps that may not read it.
    """
    body: dict[str, Any] = {
        "type": "message",
        "user": message.user_id,
        "ts": message.ts,
        "text": message.content.text,
        "team": team_id,
    }
    optional = {
        "subtype": message.subtype or ("thread_broadcast" if message.broadcast else None),
        "bot_id": message.app.bot_id if message.app else None,
        "app_id": message.app.app_id if message.app else None,
        "blocks": message.content.blocks or None,
        "files": [file_object(file) for file in message.files] or None,
        "metadata": _metadata(message, whole=whole_metadata),
        "edited": {"user": message.user_id, "ts": message.edited_ts} if message.edited_ts else None,
    }
    body |= {key: value for key, value in optional.items() if value is not None}
    return copy.deepcopy(body | _thread(message, history))


def _metadata(message: Message, *, whole: bool) -> dict[str, Any] | None:
    metadata = message.content.metadata
    return metadata if whole or metadata is None else {"event_type": metadata["event_type"]}


def _thread(message: Message, history: History) -> dict[str, Any]:
    if message.thread_ts is not None:
        parent = history.find(message.thread_ts)
        return {"thread_ts": message.thread_ts} | ({"parent_user_id": parent.user_id} if parent else {})
    replies = history.replies(message.ts)
    if not replies:
        return {}
    return {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
