"""What a manifest can subscribe a bot user to (https://docs.slack.dev/reference/events)."""

from __future__ import annotations

from collections.abc import Mapping

OF_CHANNELS = ("channels:read", "groups:read")
"""For what happens in public and in private channels alike: each needs the scope of its own."""

SCOPES: Mapping[str, tuple[str, ...]] = {
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "app_uninstalled": (),
    "channel_archive": ("channels:read",),
    "channel_deleted": ("channels:read",),
    "channel_left": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "group_archive": ("groups:read",),
    "group_deleted": ("groups:read",),
    "group_left": ("groups:read",),
    "group_unarchive": ("groups:read",),
    "member_joined_channel": OF_CHANNELS,
    "member_left_channel": OF_CHANNELS,
    "message.im": ("im:history",),
    "subteam_members_changed": ("usergroups:read",),
    "subteam_updated": ("usergroups:read",),
    "tokens_revoked": (),
    "user_change": ("users:read",),
}
"""Each event, with the scopes of which one is enough to subscribe to it.

`app_uninstalled` and `tokens_revoked` can be subscribed to and never happen here.
"""
