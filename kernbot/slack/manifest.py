"""The app manifest: what Slack must know of the bot. The files in `manifests/` are made from it."""

from __future__ import annotations

from typing import Any

COMMAND = "/kern"
EXAMPLE_URL = "https://kern.example.com/slack/events"
SCOPES = ("channels:read", "chat:write", "commands", "groups:read", "users:read")


def manifest(*, url: str | None = None, command: str = COMMAND) -> dict[str, Any]:
    """Return the manifest for Socket Mode, or for HTTP if `url`, the public request URL, is given."""
    address = {"request_url": url} if url else {}
    slash = {
        "command": command,
        "description": "Start, list, check and cancel workflow runs",
        "usage_hint": "run NAME [input] | list | status [RUN] | cancel RUN | help",
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
            "bot_user": {"display_name": "kern", "always_online": True},
            "slash_commands": [slash | ({"url": url} if url else {})],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }
