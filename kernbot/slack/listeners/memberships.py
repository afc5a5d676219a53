"""What Slack tells of changes in who somebody is, and who is where: what was known is forgotten at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from kernbot.slack.listeners.doors import Doors
from kernbot.slack.manifest import CHANNEL_EVENTS


class Memberships:
    """Hears of changes; what gets lost on the way is found out when it is asked for again."""

    def __init__(self, doors: Doors, changed: Callable[[], None]) -> None:
        self._doors = doors
        self._changed = changed
        self._people = doors.people

    def listen(self, app: AsyncApp) -> None:
        """Have the app tell of all that changes who may."""
        app.event("user_change")(self.person_changed)
        app.event("member_joined_channel")(self.channel_changed)
        app.event("member_left_channel")(self.channel_changed)
        for event in CHANNEL_EVENTS:
            app.event(event)(self.standing_changed)
        app.event("subteam_members_changed")(self.group_members_changed)
        app.event("subteam_updated")(self.group_changed)

    async def person_changed(self, event: dict[str, Any]) -> None:
        """Forget a person."""
        self._people.forget_person(event["user"]["id"])
        self._changed()

    async def channel_changed(self, event: dict[str, Any]) -> None:
        """Forget who is in a channel."""
        self._people.forget_channel(event["channel"])
        self._changed()

    async def standing_changed(self, event: dict[str, Any]) -> None:
        """Forget a channel, and look whether the questions in it can stay there: the bot may have been removed."""
        self._people.forget_channel(event["channel"])
        self._doors.channels.forget(event["channel"])
        await self._doors.outbox.recover()

    async def group_members_changed(self, event: dict[str, Any]) -> None:
        """Forget who is in a group."""
        self._people.forget_group(event["subteam_id"])
        self._changed()

    async def group_changed(self, event: dict[str, Any]) -> None:
        """Forget a group that is called otherwise, or is disabled."""
        self._people.forget_group(event["subteam"]["id"])
        self._changed()
