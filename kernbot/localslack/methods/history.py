"""conversations.history and conversations.replies: what stands in a channel, and in a thread."""

from __future__ import annotations

from collections.abc import Sequence

from kernbot.localslack.errors import ApiError
from kernbot.localslack.messages import Message, message_object
from kernbot.localslack.methods.base import Body, Call, Method, count, flag, text
from kernbot.localslack.rate_limits import TIER_3

_DEFAULT_LIMIT = 100
_HIGHEST_LIMIT = 999
_SCOPES = {"public_channel": "channels:history", "private_channel": "groups:history", "im": "im:history"}


def _history(call: Call) -> Body:
    """Return the newest messages of a channel first, without the replies that were not sent to it too."""
    channel = _readable(call)
    shown = [message for message in call.workspace.history(channel) if message.thread_ts is None or message.broadcast]
    return _page(call, channel, shown[::-1])


def _replies(call: Call) -> Body:
    """Return a thread, its parent first."""
    channel = _readable(call)
    history = call.workspace.history(channel)
    parent = history.find(call.arguments["ts"])
    if parent is None or parent.visible_to is not None:
        raise ApiError("thread_not_found")
    return _page(call, channel, [parent, *history.replies(parent.ts)])


def _readable(call: Call) -> str:
    channel = call.channel()
    call.need(_SCOPES[channel.type])
    if call.app.bot_user_id not in channel.members:
        raise ApiError("not_in_channel")
    return channel.id


def _page(call: Call, channel: str, messages: Sequence[Message]) -> Body:
    """Return one page; a cursor is the place at which it begins, as text."""
    limit = call.arguments.get("limit", _DEFAULT_LIMIT)
    if not 1 <= limit <= _HIGHEST_LIMIT:
        raise ApiError("invalid_limit")
    cursor = call.arguments.get("cursor") or "0"
    if not cursor.isdecimal():
        raise ApiError("invalid_cursor")
    start = int(cursor)
    seen = [message for message in messages if message.visible_to is None]
    has_more = start + limit < len(seen)
    history, workspace = call.workspace.history(channel), call.workspace
    whole = bool(call.arguments.get("include_all_metadata"))
    found = [
        message_object(message, history, workspace.team_id, whole_metadata=whole)
        for message in seen[start : start + limit]
    ]
    cursor = str(start + limit) if has_more else ""
    return {"messages": found, "has_more": has_more, "response_metadata": {"next_cursor": cursor}}


_OPTIONAL = {"cursor": text, "limit": count, "include_all_metadata": flag}

METHODS = (
    Method("conversations.history", _history, TIER_3, required={"channel": text}, optional=_OPTIONAL),
    Method("conversations.replies", _replies, TIER_3, required={"channel": text, "ts": text}, optional=_OPTIONAL),
)
