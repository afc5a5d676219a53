"""Events: what happens in the workspace, as apps are told of it, and who is told.

From https://docs.slack.dev/apis/events-api and the pages below https://docs.slack.dev/reference/events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kernbot.localslack.app import App
from kernbot.localslack.conversations import Channel
from kernbot.localslack.ids import object_id, short_id
from kernbot.localslack.subscriptions import OF_CHANNELS, SCOPES


@dataclass(frozen=True)
class Event:
    """Something that happened."""

    body: dict[str, Any]
    """The inner event, with its `type` and `event_ts`."""
    subscription: str
    """What an app must be subscribed to."""
    channel: Channel | None = None
    """Where it happened; such events reach apps only with the scope for conversations of its type."""
    is_shared: bool = False
    """Whether another organisation is in that conversation."""

    def reaches(self, app: App) -> bool:
        """Return whether this app is told, given that it may see the conversation."""
        if self.subscription not in app.events:
            return False
        if self.channel is None or SCOPES[self.subscription] is not OF_CHANNELS:
            return True
        return self.channel.read_scope in app.scopes


def event_callback(event: Event, app: App, team_id: str, now: float) -> dict[str, Any]:
    """Return the whole payload with which an app is told; `now` in unix seconds."""
    return {
        "token": app.verification_token,
        "team_id": team_id,
        "api_app_id": app.app_id,
        "event": event.body,
        "type": "event_callback",
        "event_id": object_id("Ev"),
        "event_time": int(now),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team_id,
                "user_id": app.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "event_context": f"4-{short_id()}",
        "is_ext_shared_channel": event.is_shared,
    }
