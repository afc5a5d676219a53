"""What a Web API method is: its arguments, its scope, and the call it gets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernbot.localslack.app import App
from kernbot.localslack.conversations import Channel
from kernbot.localslack.errors import ApiError, invalid_arguments
from kernbot.localslack.socket_mode import SocketMode
from kernbot.localslack.workspace import Workspace

Body = dict[str, Any]
Reader = Callable[[Any], Any]
"""Reads an argument from its JSON or from its text form; raises ValueError."""


@dataclass(frozen=True)
class Call:
    """One call of a method by an app that may call it."""

    workspace: Workspace
    sockets: SocketMode
    app: App
    arguments: Mapping[str, Any]

    def need(self, scope: str) -> None:
        """Raise ApiError `missing_scope` unless the app's manifest asks for this scope."""
        if scope not in self.app.scopes:
            raise ApiError("missing_scope", needed=scope, provided=",".join(self.app.scopes))

    def channel(self) -> Channel:
        """Return the conversation named by `channel`; raises ApiError for one that the app cannot see."""
        return self.conversation(self.arguments["channel"])

    def conversation(self, channel_id: str) -> Channel:
        """Return the conversation with this id; raises ApiError for one that the app cannot see."""
        channel = self.workspace.channels.get(channel_id)
        if channel is None or not (channel.type == "public_channel" or self.app.bot_user_id in channel.members):
            raise ApiError("channel_not_found")
        return channel

    def readable_channel(self) -> Channel:
        """Return the same, if the app has the scope to read conversations of its type."""
        channel = self.channel()
        self.need(channel.read_scope)
        return channel


@dataclass(frozen=True)
class Method:
    """A method; docs.slack.dev/reference/methods has a page for each, with these arguments and errors."""

    name: str
    run: Callable[[Call], Body]
    """Returns the body without `ok`, or raises ApiError."""
    per_minute: int
    """How often an app may call it: its tier."""
    required: Mapping[str, Reader] = field(default_factory=dict)
    optional: Mapping[str, Reader] = field(default_factory=dict)
    scope: str | None = None
    app_token: bool = False
    """Whether it wants the app token instead of the bot token."""

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments as values; raises ApiError `invalid_arguments`, one sentence for each."""
        readers = {**self.required, **self.optional, **_EVERYWHERE}
        problems = [f"missing required field: {name}" for name in self.required if given.get(name) in (None, "")]
        problems += [f"unsupported argument: {name}" for name in sorted(set(given) - set(readers))]
        values: dict[str, Any] = {}
        for name in readers.keys() & given.keys():
            try:
                values[name] = readers[name](given[name])
            except ValueError as error:
                problems.append(f"{error} [json-pointer:/{name}]")
        if problems:
            raise invalid_arguments(*problems)
        return values


def text(value: Any) -> str:
    """Read a text; Slack takes numbers for texts too."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("must be a string")


def flag(value: Any) -> bool:
    """Read a boolean: true, false, and their text forms `1`, `0`, `true`, `false`."""
    known = {"1": True, "0": False, "true": True, "false": False}
    if str(value).lower() not in known:
        raise ValueError("must be a boolean")
    return known[str(value).lower()]


def count(value: Any) -> int:
    """Read a whole number that is not negative."""
    if not str(value).isdecimal():
        raise ValueError("must be a number")
    return int(value)


# Clients that were made for one workspace, such as Bolt's, send its id along with every call.
_EVERYWHERE: Mapping[str, Reader] = {"team_id": text}


def structure(value: Any) -> Any:
    """Read an object or a list, or the JSON of one."""
    return json.loads(value) if isinstance(value, str) else value


def anything(value: Any) -> Any:
    """Take blocks and metadata as they are: Slack has errors of their own for them."""
    return value
