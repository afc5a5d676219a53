"""Who somebody is, as Slack tells it; remembered for a few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from kernbot.engine.authority import Person
from kernbot.runtime.service import CannotCheckError
from kernbot.slack.failures import SLACK_FAILURES
from kernbot.slack.ids import slack_user

FRESH_SECONDS = 10.0
"""A right is read again at the claim if what is known is older than this."""


class SlackPeople:
    """Looks people up in Slack; many that wait for the same answer share one request."""

    def __init__(self, client: AsyncWebClient, team_id: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._team_id = team_id
        self._clock = clock
        self._known: dict[Hashable, tuple[float, asyncio.Task[Any]]] = {}

    async def look_up(self, person_id: str, channel: str) -> Person:
        """Return what Slack says of a person with respect to a channel; CannotCheckError if it can't be asked."""
        user_id = slack_user(person_id)
        if user_id is None:
            raise CannotCheckError(f"{person_id} is not a person of Slack.")
        try:
            user = await self._shared(("user", user_id), lambda: self._user(user_id))
            members = await self._shared(("members", channel), lambda: self._members(channel))
        except SLACK_FAILURES as error:
            raise CannotCheckError("Slack can't be asked just now who you are; nothing was recorded.") from error
        return _person(person_id, user, self._team_id, is_member=user_id in members)

    async def _user(self, user_id: str) -> dict[str, Any]:
        response = await self._client.users_info(user=user_id)
        user: dict[str, Any] = response["user"]
        return user

    async def _members(self, channel: str) -> set[str]:
        members: set[str] = set()
        cursor = ""
        while True:
            page = await self._client.conversations_members(channel=channel, limit=200, cursor=cursor)
            members.update(page["members"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return members

    async def _shared(self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        asked_at, task = self._known.get(key, (0.0, None))
        is_fresh = 0 <= self._clock() - asked_at <= FRESH_SECONDS
        if task is None or not is_fresh or _has_failed(task):
            task = asyncio.create_task(ask())
            self._known[key] = (self._clock(), task)
        return await asyncio.shield(task)


def _has_failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _person(person_id: str, user: dict[str, Any], team_id: str, *, is_member: bool) -> Person:
    profile = user.get("profile") or {}
    return Person(
        person_id=person_id,
        display_name=profile.get("display_name") or user.get("real_name") or user.get("name") or user["id"],
        is_active=not user.get("deleted", False),
        is_bot=bool(user.get("is_bot")),
        is_stranger=bool(user.get("is_stranger")) or user.get("team_id") != team_id,
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_member=is_member,
    )
