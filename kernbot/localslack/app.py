"""An installed app: its manifest, its bot user and its secrets."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernbot.localslack.ids import object_id
from kernbot.localslack.manifest import check_manifest

BOT_TOKEN_PREFIX = "xoxb-local-"  # noqa: S105 - a prefix, not a secret
APP_TOKEN_PREFIX = "xapp-local-"  # noqa: S105 - a prefix, not a secret


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


@dataclass(frozen=True)
class Shortcut:
    """A shortcut of an app (https://docs.slack.dev/interactivity/implementing-shortcuts)."""

    name: str
    callback_id: str
    description: str
    on_messages: bool
    """Whether it stands in the menu of a message; else it is global."""


@dataclass(frozen=True, eq=False, repr=False)
class App:
    """An app as installed in the workspace; its ids and secrets are made up at each installation."""

    name: str
    bot_name: str
    scopes: tuple[str, ...]
    commands: tuple[Command, ...]
    shortcuts: tuple[Shortcut, ...]
    events: frozenset[str]
    """The events that its bot user is subscribed to."""
    events_url: str | None
    """Where events are sent without Socket Mode."""
    socket_mode: bool
    interactive: bool
    interactivity_url: str | None
    """Where interactions are sent without Socket Mode."""
    options_url: str | None
    """Where the options of external menus are asked for without Socket Mode."""
    home_tab: bool
    """Whether the app has a Home tab."""
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
    """Return the app that a manifest (the JSON form, as a dict) describes, with new ids and secrets.

    Raises SetUpError for a manifest that Slack would refuse, or whose URLs are not on this machine.
    """
    check_manifest(manifest)
    settings, features = manifest.get("settings", {}), manifest["features"]
    interactivity, home = settings.get("interactivity", {}), features.get("app_home", {})
    subscriptions = settings.get("event_subscriptions", {})
    return App(
        name=manifest["display_information"]["name"],
        bot_name=features["bot_user"]["display_name"],
        scopes=tuple(manifest["oauth_config"]["scopes"]["bot"]),
        commands=tuple(_command(entry) for entry in features.get("slash_commands", [])),
        shortcuts=tuple(_shortcut(entry) for entry in features.get("shortcuts", [])),
        events=frozenset(subscriptions.get("bot_events", [])),
        events_url=subscriptions.get("request_url"),
        socket_mode=settings.get("socket_mode_enabled", False),
        interactive=interactivity.get("is_enabled", False),
        interactivity_url=interactivity.get("request_url"),
        options_url=interactivity.get("message_menu_options_url"),
        home_tab=home.get("home_tab_enabled", False),
        messages_tab=home.get("messages_tab_enabled", True),
        app_id=object_id("A"),
        bot_id=object_id("B"),
        bot_user_id=object_id("U"),
        bot_token=BOT_TOKEN_PREFIX + secrets.token_hex(16),
        app_token=APP_TOKEN_PREFIX + secrets.token_hex(16),
        signing_secret=secrets.token_hex(16),
        verification_token=secrets.token_hex(12),
    )


def _command(entry: Mapping[str, Any]) -> Command:
    return Command(
        name=entry["command"],
        description=entry["description"],
        usage_hint=entry.get("usage_hint", ""),
        should_escape=entry.get("should_escape", False),
        url=entry.get("url"),
    )


def _shortcut(entry: Mapping[str, Any]) -> Shortcut:
    return Shortcut(
        name=entry["name"],
        callback_id=entry["callback_id"],
        description=entry["description"],
        on_messages=entry["type"] == "message",
    )
