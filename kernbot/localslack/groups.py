"""User groups and Slack's object for one (https://docs.slack.dev/reference/objects/usergroup-object)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class Group:
    """A user group, also called a subteam."""

    id: str
    name: str
    handle: str
    """What people type behind an `@`."""
    description: str
    created: int
    """Unix seconds."""
    updated: int
    """Unix seconds."""
    members: list[str]
    """User ids."""
    disabled: bool = False


def group_object(group: Group, team_id: str, author: str, *, users: bool) -> dict[str, Any]:
    """Return Slack's user group object; `author` is who made it, `users` says whether the members are in it."""
    body: dict[str, Any] = {
        "id": group.id,
        "team_id": team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": group.description,
        "handle": group.handle,
        "is_external": False,
        "date_create": group.created,
        "date_update": group.updated,
        "date_delete": group.updated if group.disabled else 0,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": author,
        "updated_by": author,
        "deleted_by": author if group.disabled else None,
        "prefs": {"channels": [], "groups": []},
        "user_count": len(group.members),
        "channel_count": 0,
    }
    return body | ({"users": list(group.members)} if users else {})
