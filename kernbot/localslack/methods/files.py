"""files.*: announcing an upload, completing it, and looking a file up."""

from __future__ import annotations

from typing import Any

from kernbot.localslack import files
from kernbot.localslack.block_kit.schema import Array, Object, String
from kernbot.localslack.content import Content, read_blocks
from kernbot.localslack.conversations import Channel
from kernbot.localslack.errors import ApiError, invalid_arguments
from kernbot.localslack.files import File, file_object
from kernbot.localslack.methods.base import Body, Call, Method, anything, count, structure, text
from kernbot.localslack.methods.chat import thread_of
from kernbot.localslack.rate_limits import TIER_4

_LONGEST_ALT_TEXT = 1000
_MOST_CHANNELS = 100
_FILES = Array(Object(required={"id": String()}, optional={"title": String(), "highlight_type": String()}))


def _get_upload_url(call: Call) -> Body:
    length, alt_text = call.arguments["length"], call.arguments.get("alt_txt", "")
    if not length:
        raise ApiError("missing_argument")
    if len(alt_text) > _LONGEST_ALT_TEXT:
        raise ApiError("alt_txt_too_large")
    workspace = call.workspace
    file, key = workspace.files.announce(call.app, call.arguments["filename"], length, alt_text, workspace.clock())
    return {"file_id": file.id, "upload_url": f"{workspace.origin}{files.PATH}{key}"}


def _complete(call: Call) -> Body:
    named = _named(call)
    channels, content = _channels(call), _comment(call)
    if "thread_ts" in call.arguments and len(channels) != 1:
        raise invalid_arguments("thread_ts needs exactly one channel")
    threads = [thread_of(call, channel) for channel in channels]
    for file, title in named:
        file.title, file.is_complete = title or file.title, True
    shared = [file for file, _ in named]
    for channel, thread_ts in zip(channels, threads, strict=True):
        message = call.workspace.post(channel, call.app, content, thread_ts=thread_ts, files=shared)
        for file in shared:
            file.shares.append((channel.id, message.ts))
    return {"files": [file_object(file) for file in shared]}


def _named(call: Call) -> list[tuple[File, str | None]]:
    """Return the files to complete with their titles; raises ApiError unless each is the app's and was uploaded."""
    problems = _FILES.check(call.arguments["files"], "/files")
    if problems:
        raise invalid_arguments(*(f"{problem.message} [json-pointer:{problem.pointer}]" for problem in problems))
    named = []
    for each in call.arguments["files"]:
        file = call.workspace.files.find(each["id"])
        if file is None or file.content is None or file.is_complete:
            raise ApiError("file_not_found")
        if file.app is not call.app:
            raise ApiError("access_denied")
        named.append((file, each.get("title")))
    return named


def _channels(call: Call) -> list[Channel]:
    given = [call.arguments.get("channel_id", ""), *call.arguments.get("channels", "").split(",")]
    ids = list(dict.fromkeys(each for each in given if each))
    if len(ids) > _MOST_CHANNELS:
        raise ApiError("channels_limit_exceeded")
    return [_channel(call, each) for each in ids]


def _channel(call: Call, channel_id: str) -> Channel:
    channel = call.conversation(channel_id)
    if call.app.bot_user_id not in channel.members:
        raise ApiError("not_in_channel")
    if channel.archived:
        raise ApiError("is_archived")
    return channel


def _comment(call: Call) -> Content:
    """Return what stands with the files: a comment, or else blocks."""
    comment: str = call.arguments.get("initial_comment", "")
    blocks: Any = [] if comment else call.arguments.get("blocks") or []
    return Content(comment, read_blocks(blocks))


def _info(call: Call) -> Body:
    file = call.workspace.files.find(call.arguments["file"])
    if file is None or not _is_seen(call, file):
        raise ApiError("file_not_found")
    return {"file": file_object(file), "comments": [], "response_metadata": {"next_cursor": ""}}


def _is_seen(call: Call, file: File) -> bool:
    channels = [call.workspace.channels.get(channel_id) for channel_id, _ in file.shares]
    return file.app is call.app or any(channel and call.app.bot_user_id in channel.members for channel in channels)


METHODS = (
    Method(
        "files.getUploadURLExternal",
        _get_upload_url,
        TIER_4,
        required={"filename": text, "length": count},
        optional={"alt_txt": text, "snippet_type": text},
        scope="files:write",
    ),
    Method(
        "files.completeUploadExternal",
        _complete,
        TIER_4,
        required={"files": structure},
        optional={
            "channel_id": text,
            "channels": text,
            "thread_ts": text,
            "initial_comment": text,
            "blocks": anything,
        },
        scope="files:write",
    ),
    Method("files.info", _info, TIER_4, required={"file": text}, scope="files:read"),
)
