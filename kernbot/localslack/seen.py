"""What one person sees, as plain JSON: for the page and for tests that look over somebody's shoulder."""

from __future__ import annotations

import copy
from typing import Any

from kernbot.localslack.conversations import Channel
from kernbot.localslack.errors import ActError
from kernbot.localslack.files import file_object
from kernbot.localslack.messages import Message
from kernbot.localslack.people import Kind, Person
from kernbot.localslack.workspace import Workspace

Seen = dict[str, Any]


def visible_channel(workspace: Workspace, person: Person, channel_id: str) -> Channel:
    """Return a conversation that this person can read; raises ActError for any other."""
    channel = workspace.channels.get(channel_id)
    if channel is None or not channel.is_seen_by(person):
        raise ActError(f"{person.display_name} sees no conversation {channel_id}.")
    return channel


def visible_message(workspace: Workspace, person: Person, channel_id: str, ts: str) -> Message:
    """Return a message that this person can read; raises ActError for any other."""
    channel = visible_channel(workspace, person, channel_id)
    message = workspace.history(channel.id).find(ts)
    if message is None or not message.is_visible_to(person.id):
        raise ActError(f"{person.display_name} sees no message {ts} in {channel_id}.")
    return message


def channels_of(workspace: Workspace, person: Person) -> list[Seen]:
    """Return the conversations that this person can read."""
    return [
        {
            "id": channel.id,
            "name": _name(workspace, channel, person),
            "is_private": channel.private,
            "is_im": channel.is_im,
            "is_member": person.id in channel.members,
            "topic": channel.topic,
        }
        for channel in workspace.channels.values()
        if channel.is_seen_by(person)
    ]


def visible_messages(
    workspace: Workspace, person: Person, channel_id: str, thread_ts: str | None = None
) -> list[Message]:
    """Return what this person sees in a channel, newest last; or in a thread, its parent first.

    A channel shows what is in no thread, and replies that were broadcast. Raises ActError for a channel that the
    person cannot read.
    """
    channel = visible_channel(workspace, person, channel_id)
    return [
        message
        for message in workspace.history(channel.id)
        if message.is_visible_to(person.id) and _belongs(message, thread_ts)
    ]


def seen_message(workspace: Workspace, message: Message) -> Seen:
    """Return one message; a copy, which later changes do not reach."""
    author = workspace.people[message.user_id]
    replies = workspace.history(message.channel_id).replies(message.ts)
    return {
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "user": author.id,
        "username": author.display_name,
        "is_bot": author.kind is Kind.BOT,
        "text": message.content.text,
        "blocks": copy.deepcopy(message.content.blocks) or None,
        "files": [file_object(file) for file in message.files],
        "ephemeral": message.visible_to is not None,
        "reply_count": len(replies),
        "latest_reply": replies[-1].ts if replies else None,
        "edited": message.edited_ts is not None,
        "broadcast": message.broadcast,
        "streaming": message.stream is not None and message.stream.running,
    }


def _belongs(message: Message, thread_ts: str | None) -> bool:
    if thread_ts is None:
        return message.thread_ts is None or message.broadcast
    return thread_ts in (message.ts, message.thread_ts)


def _name(workspace: Workspace, channel: Channel, person: Person) -> str:
    if channel.is_im:
        return workspace.people[channel.other_side(person.id)].display_name
    return channel.name
