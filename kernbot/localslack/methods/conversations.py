"""conversations.*: channels, their members, and direct messages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from kernbot.localslack.conversations import Channel, conversation_object
from kernbot.localslack.errors import ApiError, invalid_arguments
from kernbot.localslack.methods.base import Body, Call, Method, count, flag, text
from kernbot.localslack.rate_limits import TIER_2, TIER_3, TIER_4

_DEFAULT_LIMIT = 100
_HIGHEST_LIMIT = 1000
_TYPE_SCOPES = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}


def _info(call: Call) -> Body:
    channel = call.readable_channel()
    body = _object(call, channel)
    if call.arguments.get("include_num_members"):
        body["num_members"] = len(channel.members)
    return {"channel": body}


def _members(call: Call) -> Body:
    members, metadata = _page(call, call.readable_channel().members)
    return {"members": members, "response_metadata": metadata}


def _list(call: Call) -> Body:
    types = call.arguments.get("types", "public_channel").split(",")
    if set(types) - set(_TYPE_SCOPES):
        raise ApiError("invalid_types")
    for kind in types:
        call.need(_TYPE_SCOPES[kind])
    ids, metadata = _page(call, [channel.id for channel in call.workspace.channels.values() if _listed(call, channel)])
    channels = [_object(call, call.workspace.channels[each]) for each in ids]
    return {"channels": channels, "response_metadata": metadata}


def _listed(call: Call, channel: Channel) -> bool:
    if channel.type not in call.arguments.get("types", "public_channel").split(","):
        return False
    if channel.archived and call.arguments.get("exclude_archived"):
        return False
    return channel.type == "public_channel" or call.app.bot_user_id in channel.members


def _page(call: Call, ids: Sequence[str]) -> tuple[list[str], Body]:
    """Return one page of ids and its metadata; a cursor names the id that the page begins with.

    From https://docs.slack.dev/apis/web-api/pagination.
    """
    limit = call.arguments.get("limit", _DEFAULT_LIMIT)
    if not 1 <= limit <= _HIGHEST_LIMIT:
        raise ApiError("invalid_limit")
    start = _start(call.arguments.get("cursor"), ids)
    following = ids[start + limit : start + limit + 1]
    cursor = base64.b64encode(f"at:{following[0]}".encode()).decode() if following else ""
    return list(ids[start : start + limit]), {"next_cursor": cursor}


def _start(cursor: str | None, ids: Sequence[str]) -> int:
    if not cursor:
        return 0
    try:
        return ids.index(base64.b64decode(cursor, validate=True).decode().removeprefix("at:"))
    except (binascii.Error, ValueError):
        raise ApiError("invalid_cursor") from None


def _open(call: Call) -> Body:
    channel = call.channel() if "channel" in call.arguments else _direct(call)
    if not channel.is_im:
        raise ApiError("method_not_supported_for_channel_type")
    whole = call.arguments.get("return_im", False)
    return {"channel": _object(call, channel) if whole else {"id": channel.id}}


def _direct(call: Call) -> Channel:
    users = [user for user in call.arguments.get("users", "").split(",") if user]
    if not users:
        raise ApiError("users_list_not_supplied")
    if len(users) > 1:
        raise invalid_arguments("the local Slack has direct messages between two only")
    person = call.workspace.people.get(users[0])
    if person is None:
        raise ApiError("user_not_found")
    if not person.can_act:
        raise ApiError("user_disabled")
    return call.workspace.direct_channel(person.id, call.app)


METHODS = (
    Method(
        "conversations.info",
        _info,
        TIER_3,
        required={"channel": text},
        optional={"include_locale": flag, "include_num_members": flag},
    ),
    Method(
        "conversations.members", _members, TIER_4, required={"channel": text}, optional={"cursor": text, "limit": count}
    ),
    Method(
        "conversations.list",
        _list,
        TIER_2,
        optional={"cursor": text, "limit": count, "types": text, "exclude_archived": flag},
    ),
    Method(
        "conversations.open",
        _open,
        TIER_3,
        optional={"channel": text, "users": text, "return_im": flag},
        scope="im:write",
    ),
)


def _object(call: Call, channel: Channel) -> dict[str, Any]:
    return conversation_object(channel, call.app.bot_user_id, is_shared=call.workspace.is_shared(channel))
