"""The app manifest: what Slack must know of the bot. The files in `manifests/` are made from it."""

from __future__ import annotations

from typing import Any

from kernbot.slack import ids

COMMAND = "/kern"
EXAMPLE_URL = "https://kern.example.com/slack/events"
USAGE = "run [NAME [input]] | list | pending | status [RUN] | history [NAME] | retry RUN | cancel RUN | help"
CHANNEL_EVENTS = (
    "channel_archive",
    "channel_deleted",
    "channel_left",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_unarchive",
)
"""What tells whether the bot can post in a channel, public or private; its own removal is `channel_left`."""
EVENTS = (
    "app_home_opened",
    "app_mention",
    *CHANNEL_EVENTS,
    "member_joined_channel",
    "member_left_channel",
    "subteam_members_changed",
    "subteam_updated",
    "user_change",
)
SHORTCUTS = (
    {
        "name": "Start a workflow",
        "type": "global",
        "callback_id": ids.START_SHORTCUT,
        "description": "Choose a workflow and fill in its form",
    },
    {
        "name": "Start with this message",
        "type": "message",
        "callback_id": ids.START_WITH_MESSAGE,
        "description": "Start a workflow with this message: its text is filled in into the form",
    },
)
"""Names hold 24 characters."""
SCOPES = (
    "app_mentions:read",
    "channels:read",
    "chat:write",
    "commands",
    "groups:read",
    "usergroups:read",
    "users:read",
)


def manifest(*, url: str | None = None, command: str = COMMAND) -> dict[str, Any]:
    """Return the manifest for Socket Mode, or for HTTP if `url`, the public request URL, is given."""
    address = {"request_url": url} if url else {}
    slash = {
        "command": command,
        "description": "Start, check, retry and cancel workflow runs, and see what waits for you",
        "usage_hint": USAGE,
        "should_escape": True,
    }
    return {
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": "kern",
            "description": "Asks people in Slack before a workflow goes on.",
            "background_color": "#2c3e63",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "kern", "always_online": True},
            "shortcuts": [dict(shortcut) for shortcut in SHORTCUTS],
            "slash_commands": [slash | ({"url": url} if url else {})],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**address, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }
