"""An installed app: its manifest, its bot user and its secrets."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kernbot.localslack.errors import SetUpError
from kernbot.localslack.ids import object_id

BOT_TOKEN_PREFIX = "xoxb-local-"  # noqa: S105 - a prefix, not a secret
APP_TOKEN_PREFIX = "xapp-local-"  # noqa: S105 - a prefix, not a secret

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SECTIONS = {"_metadata", "display_information", "features", "oauth_config", "settings"}
_COMMAND_KEYS = {"command", "url", "description", "usage_hint", "should_escape"}
_MOST_COMMANDS = 50
_LONGEST_NAME = 35
_LONGEST_COMMAND = 32


@dataclass(frozen=True)
class Command:
    """A slash command of an app (https://docs.slack.dev/interactivity/implementing-slash-commands)."""

    name: str
    """With its slash."""
    description: str
    usage_hint: str
    should_escape: bool
    url: str | None
    """Where it is sent without Socket Mode."""


@dataclass(frozen=True, repr=False)
class App:
    """An app as installed in the workspace; its tokens are made up at each installation."""

    name: str
    bot_name: str
    scopes: tuple[str, ...]
    commands: tuple[Command, ...]
    socket_mode: bool
    interactive: bool
    interactivity_url: str | None
    """Where interactions are sent without Socket Mode."""
    messages_tab: bool
    """Whether the app takes direct messages."""
    app_id: str
    bot_id: str
    bot_user_id: str
    bot_token: str
    app_token: str
    signing_secret: str
    verification_token: str

    def __repr__(self) -> str:
        return f"App(name={self.name!r}, app_id={self.app_id!r})"


def app_from_manifest(manifest: Mapping[str, Any]) -> App:
    """Return the app that a manifest describes, with new ids and secrets.

    The manifest is the JSON of https://docs.slack.dev/reference/app-manifest as a dict. Raises SetUpError for what
    Slack's schema forbids, for a missing URL without Socket Mode, and for a URL that is not on this machine.
    """
    _refuse_unknown(manifest, _SECTIONS, "the manifest")
    settings = manifest.get("settings", {})
    features = manifest.get("features", {})
    interactivity = settings.get("interactivity", {})
    socket_mode = bool(settings.get("socket_mode_enabled", False))
    return App(
        name=_name(manifest),
        bot_name=features.get("bot_user", {}).get("display_name", _name(manifest)),
        scopes=tuple(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
        commands=tuple(_commands(features.get("slash_commands", []), socket_mode=socket_mode)),
        socket_mode=socket_mode,
        interactive=bool(interactivity.get("is_enabled", False)),
        interactivity_url=_url(interactivity.get("request_url"), needed=_needs_url(interactivity, socket_mode)),
        messages_tab=bool(features.get("app_home", {}).get("messages_tab_enabled", True)),
        app_id=object_id("A"),
        bot_id=object_id("B"),
        bot_user_id=object_id("U"),
        bot_token=BOT_TOKEN_PREFIX + secrets.token_hex(16),
        app_token=APP_TOKEN_PREFIX + secrets.token_hex(16),
        signing_secret=secrets.token_hex(16),
        verification_token=secrets.token_hex(12),
    )


def _needs_url(interactivity: Mapping[str, Any], socket_mode: bool) -> bool:
    return bool(interactivity.get("is_enabled", False)) and not socket_mode


def _name(manifest: Mapping[str, Any]) -> str:
    name = manifest.get("display_information", {}).get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME:
        raise SetUpError(f"display_information.name must have 1 to {_LONGEST_NAME} characters, it is {name!r}.")
    return name


def _commands(entries: list[Mapping[str, Any]], *, socket_mode: bool) -> Iterator[Command]:
    if len(entries) > _MOST_COMMANDS:
        raise SetUpError(f"features.slash_commands has {len(entries)} entries, Slack allows {_MOST_COMMANDS}.")
    for entry in entries:
        _refuse_unknown(entry, _COMMAND_KEYS, "an entry of features.slash_commands")
        yield Command(
            name=_command_name(entry.get("command")),
            description=entry.get("description", ""),
            usage_hint=entry.get("usage_hint", ""),
            should_escape=bool(entry.get("should_escape", False)),
            url=_url(entry.get("url"), needed=not socket_mode),
        )


def _command_name(name: Any) -> str:
    if not isinstance(name, str) or not name.startswith("/") or not 1 < len(name) <= _LONGEST_COMMAND:
        raise SetUpError(f"A slash command is a slash and up to {_LONGEST_COMMAND - 1} characters, not {name!r}.")
    return name


def _url(url: str | None, *, needed: bool) -> str | None:
    if url is None:
        if needed:
            raise SetUpError("Without Socket Mode each slash command needs `url`, interactivity needs `request_url`.")
        return None
    if urlsplit(url).scheme not in ("http", "https") or urlsplit(url).hostname not in _LOOPBACK:
        raise SetUpError(f"The local Slack sends to this machine only, {url!r} is elsewhere: use http://127.0.0.1:...")
    return url


def _refuse_unknown(section: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(section) - known)
    if unknown:
        raise SetUpError(f"Slack's schema has no {', '.join(unknown)} in {where}: remove it or correct its name.")
