"""People of the workspace, the kinds of them, and Slack's object for a user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo


class Kind(StrEnum):
    """What somebody is in the workspace (https://docs.slack.dev/reference/objects/user-object)."""

    MEMBER = "member"
    GUEST = "guest"
    """A multi-channel guest: `is_restricted`."""
    SINGLE_CHANNEL_GUEST = "single_channel_guest"
    """A single-channel guest: `is_restricted` and `is_ultra_restricted`."""
    STRANGER = "stranger"
    """Somebody of another organisation, met in a shared channel: `is_stranger`, another `team_id`."""
    DEACTIVATED = "deactivated"
    BOT = "bot"
    """The bot user of an installed app."""


@dataclass(frozen=True)
class Person:
    """A person, or the bot user of an app."""

    id: str
    name: str
    display_name: str
    kind: Kind
    tz: str
    """An IANA time zone."""
    team_id: str
    """The workspace the person belongs to: another one for a stranger."""

    @property
    def can_act(self) -> bool:
        """Whether somebody can use Slack's client as this person."""
        return self.kind not in (Kind.DEACTIVATED, Kind.BOT)

    @property
    def browses_public_channels(self) -> bool:
        """Whether this person sees public channels without being in them (guests and strangers do not)."""
        return self.kind is Kind.MEMBER


def user_object(person: Person, now: float) -> dict[str, Any]:
    """Return Slack's user object; the time zone's offset is the one at `now` (unix seconds)."""
    local_time = datetime.fromtimestamp(now, ZoneInfo(person.tz))
    offset = local_time.utcoffset()
    guest = person.kind in (Kind.GUEST, Kind.SINGLE_CHANNEL_GUEST)
    return {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.name,
        "deleted": person.kind is Kind.DEACTIVATED,
        "real_name": person.display_name,
        "tz": person.tz,
        "tz_label": local_time.tzname(),
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": {
            "real_name": person.display_name,
            "real_name_normalized": person.display_name,
            "display_name": person.display_name,
            "display_name_normalized": person.display_name,
            "team": person.team_id,
        },
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": guest,
        "is_ultra_restricted": person.kind is Kind.SINGLE_CHANNEL_GUEST,
        "is_bot": person.kind is Kind.BOT,
        "is_app_user": False,
        "is_stranger": person.kind is Kind.STRANGER,
    }
