"""Response URLs: how an app answers where something happened, without being a member there.

From https://docs.slack.dev/interactivity/handling-user-interaction: each works 5 times within 30 minutes.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernbot.localslack.app import App
from kernbot.localslack.content import read_content
from kernbot.localslack.conversations import Channel
from kernbot.localslack.errors import ApiError, invalid_arguments
from kernbot.localslack.messages import Message
from kernbot.localslack.traffic import Traffic
from kernbot.localslack.workspace import Workspace

PATH = "/response/"
_USES = 5
_LIFETIME = 30 * 60.0
_GONE = ("invalid_url", "used_url", "expired_url")
_MESSAGE_KEYS = {"text", "blocks", "metadata"}
_KEYS = {
    *_MESSAGE_KEYS,
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
    "mrkdwn",
}


@dataclass
class _Issued:
    app: App
    channel: Channel
    user_id: str
    source: Message | None
    issued_at: float
    uses: int = 0


class ResponseUrls:
    """All response URLs that were ever given out."""

    def __init__(self, workspace: Workspace, traffic: Traffic) -> None:
        self._workspace = workspace
        self._traffic = traffic
        self._issued: dict[str, _Issued] = {}

    def issue(self, app: App, channel: Channel, user_id: str, source: Message | None = None) -> str:
        """Return a new URL; `source` is the message that was acted on, if there is one."""
        key = secrets.token_urlsafe(24)
        self._issued[key] = _Issued(app, channel, user_id, source, self._workspace.clock())
        return f"{self._workspace.origin}{PATH}{key}"

    def use(self, key: str, arguments: Any) -> None:
        """Do what an app posted to the URL with this key, and record it; raises ApiError if Slack would refuse it."""
        try:
            self._use(key, arguments)
        except ApiError as error:
            self._traffic.from_app("response_url", arguments, str(error), error.body)
            raise
        self._traffic.from_app("response_url", arguments, "ok")

    def _use(self, key: str, arguments: Any) -> None:
        issued = self._find(key)
        if not isinstance(arguments, dict):
            raise ApiError("invalid_payload")
        unknown = sorted(set(arguments) - _KEYS)
        if unknown:
            raise invalid_arguments(*(f"unsupported argument: {name}" for name in unknown))
        self._respond(issued, arguments)
        issued.uses += 1

    def _find(self, key: str) -> _Issued:
        issued = self._issued.get(key)
        if issued is None:
            raise ApiError("invalid_url")
        if self._workspace.clock() - issued.issued_at > _LIFETIME:
            raise ApiError("expired_url")
        if issued.uses >= _USES:
            raise ApiError("used_url")
        if issued.channel.id not in self._workspace.channels:
            raise ApiError("channel_not_found")
        if issued.channel.archived:
            raise ApiError("is_archived")
        return issued

    def _respond(self, issued: _Issued, arguments: Mapping[str, Any]) -> None:
        if arguments.get("delete_original"):
            self._workspace.delete(_source(issued, self._workspace))
            if not _MESSAGE_KEYS & set(arguments):
                return
        if arguments.get("replace_original"):
            self._workspace.edit(_source(issued, self._workspace), read_content(arguments), edited=False)
        else:
            self._post(issued, arguments)

    def _post(self, issued: _Issued, arguments: Mapping[str, Any]) -> None:
        in_channel = is_in_channel(arguments)
        self._workspace.post(
            issued.channel,
            issued.app,
            read_content(arguments),
            thread_ts=_thread(arguments, in_channel=in_channel),
            visible_to=None if in_channel else issued.user_id,
        )


def is_gone(error: ApiError) -> bool:
    """Return whether the URL itself is no longer, or never was, good for anything."""
    return error.body["error"] in _GONE


def is_in_channel(arguments: Mapping[str, Any]) -> bool:
    """Return whether everybody is to see the answer; raises ApiError for an unknown `response_type`."""
    response_type = arguments.get("response_type") or "ephemeral"
    if response_type not in ("ephemeral", "in_channel"):
        raise invalid_arguments(f"response_type must be ephemeral or in_channel, it is {response_type!r}")
    return bool(response_type == "in_channel")


def _source(issued: _Issued, workspace: Workspace) -> Message:
    if issued.source is None:
        raise invalid_arguments("what was done has no original message by this app to replace or delete")
    if workspace.history(issued.channel.id).find(issued.source.ts) is None:
        raise ApiError("message_not_found")
    return issued.source


def _thread(arguments: Mapping[str, Any], *, in_channel: bool) -> str | None:
    thread_ts: str | None = arguments.get("thread_ts")
    if thread_ts and not (in_channel and arguments.get("replace_original") is False):
        raise invalid_arguments("thread_ts needs response_type in_channel and replace_original false")
    return thread_ts
