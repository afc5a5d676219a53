"""App manifests: which of them Slack would take (https://docs.slack.dev/reference/app-manifest).

Written down is what apps with a bot, commands, shortcuts, events and OAuth use; the rest is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kernbot.localslack.block_kit.schema import Array, Boolean, Integer, Object, OneOf, Pattern, Problem, String
from kernbot.localslack.errors import SetUpError
from kernbot.localslack.subscriptions import SCOPES

_HERE = Pattern(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/.*)?", "on this machine: http://127.0.0.1:...")

_DISPLAY_INFORMATION = Object(
    required={"name": String(35)},
    optional={
        "description": String(140),
        "background_color": Pattern(r"#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?", "a color like #1a2b3c"),
        "long_description": String(4000, at_least=175),
    },
)
_COMMAND = Object(
    required={"command": Pattern(r"/\S{1,31}", "a slash and up to 31 characters"), "description": String(2000)},
    optional={"url": _HERE, "usage_hint": String(1000), "should_escape": Boolean()},
)
_SHORTCUT = Object(
    required={
        "name": String(24),
        "type": OneOf(("message", "global")),
        "callback_id": String(255),
        "description": String(150),
    },
)
_APP_HOME = Object(
    optional={
        "home_tab_enabled": Boolean(),
        "messages_tab_enabled": Boolean(),
        "messages_tab_read_only_enabled": Boolean(),
    },
)
_FEATURES = Object(
    required={"bot_user": Object(required={"display_name": String(80)}, optional={"always_online": Boolean()})},
    optional={
        "app_home": _APP_HOME,
        "slash_commands": Array(_COMMAND, 50),
        "shortcuts": Array(_SHORTCUT, 10),
        "unfurl_domains": Array(String(255), 5),
    },
)
_SCOPES = Array(String(50), 255, at_least=0)
_OAUTH_CONFIG = Object(
    required={
        "scopes": Object(
            required={"bot": _SCOPES},
            optional={"user": _SCOPES, "bot_optional": _SCOPES, "user_optional": _SCOPES},
        ),
    },
    optional={
        "redirect_urls": Array(String(2500), 1000, at_least=0),
        "token_management_enabled": Boolean(),
        "pkce_enabled": Boolean(),
    },
)
_EVENT_SUBSCRIPTIONS = Object(
    optional={
        "request_url": _HERE,
        "bot_events": Array(OneOf(tuple(SCOPES)), 100, at_least=0),
        "user_events": Array(String(50), 100, at_least=0),
        "metadata_subscriptions": Array(Object(required={"app_id": String(), "event_type": String(50)}), 20),
    },
)
_SETTINGS = Object(
    optional={
        "event_subscriptions": _EVENT_SUBSCRIPTIONS,
        "interactivity": Object(
            required={"is_enabled": Boolean()},
            optional={"request_url": _HERE, "message_menu_options_url": _HERE},
        ),
        "socket_mode_enabled": Boolean(),
        "token_rotation_enabled": Boolean(),
        "org_deploy_enabled": Boolean(),
    },
)


def _urls_without_socket_mode(manifest: Mapping[str, Any], at: str) -> Iterator[Problem]:
    settings = manifest.get("settings", {})
    if settings.get("socket_mode_enabled", False):
        return
    for n, command in enumerate(manifest["features"].get("slash_commands", [])):
        if "url" not in command:
            yield Problem(f"{at}/features/slash_commands/{n}", "must have a `url`, for Socket Mode is off")
    if "request_url" not in settings.get("event_subscriptions", {"request_url": None}):
        yield Problem(f"{at}/settings/event_subscriptions", "must have a `request_url`, for Socket Mode is off")
    interactivity = settings.get("interactivity", {"is_enabled": False})
    if interactivity["is_enabled"] and "request_url" not in interactivity:
        yield Problem(f"{at}/settings/interactivity", "must have a `request_url`, for Socket Mode is off")


def _scopes(manifest: Mapping[str, Any], at: str) -> Iterator[Problem]:
    place, asked = f"{at}/oauth_config/scopes/bot", set(manifest["oauth_config"]["scopes"]["bot"])
    features = manifest["features"]
    if (features.get("slash_commands") or features.get("shortcuts")) and "commands" not in asked:
        yield Problem(place, "must have the scope commands, for slash commands and shortcuts")
    subscriptions = manifest.get("settings", {}).get("event_subscriptions", {})
    for event in subscriptions.get("bot_events", []):
        enough = SCOPES[event]
        if enough and not asked & set(enough):
            yield Problem(place, f"must have the scope {' or '.join(enough)}, for the event {event}")


_MANIFEST = Object(
    required={"display_information": _DISPLAY_INFORMATION, "features": _FEATURES, "oauth_config": _OAUTH_CONFIG},
    optional={
        "_metadata": Object(optional={"major_version": Integer(1), "minor_version": Integer(0)}),
        "settings": _SETTINGS,
    },
    rules=(_urls_without_socket_mode, _scopes),
)


def check_manifest(manifest: Mapping[str, Any]) -> None:
    """Raise SetUpError that lists all that is wrong with a manifest, if anything is."""
    problems = _MANIFEST.check(manifest, "")
    if problems:
        lines = "; ".join(f"{problem.pointer or '/'} {problem.message}" for problem in problems)
        raise SetUpError(f"Slack would not take this manifest: {lines}.")
