"""Who somebody is, as Slack tells it; remembered for a while, and forgotten as soon as Slack tells of a change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kernbot.engine.authority import Ids, Person
from kernbot.runtime.answerers import Named
from kernbot.runtime.service import REMEMBERED_SECONDS, CannotCheckError
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.ids import is_group, is_user, person_id, slack_user
from kernbot.slack.outbox.calls import Call, look_up
from kernbot.slack.outbox.pace import Pace


class SlackPeople:
    """Looks people and groups up in Slack; many that wait for the same answer share one request."""

    def __init__(self, client: AsyncWebClient, pace: Pace, team_id: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._pace = pace
        self._team_id = team_id
        self._clock = clock
        self._known: dict[Hashable, tuple[float, asyncio.Task[Any]]] = {}
        self._forgotten = 0

    async def look_up(
        self, who: str, channel: str | None, ids: Ids = frozenset(), *, max_age: float = REMEMBERED_SECONDS
    ) -> Person:
        """Return what Slack says of a person, with the id by which they are known in their own workspace."""
        while True:
            forgotten = self._forgotten
            person = await self._looked_up(who, channel, ids, max_age)
            # Slack may have told of a change while a part of the answer was on its way.
            if forgotten == self._forgotten:
                return person

    async def _looked_up(self, who: str, channel: str | None, ids: Ids, max_age: float) -> Person:
        user_id = slack_user(who)
        if user_id is None:
            raise CannotCheckError(f"{who} is not a person of Slack.")
        groups = sorted(filter(is_group, ids))
        try:
            user, members, *of_groups = await asyncio.gather(
                self._shared(("user", user_id), max_age, lambda: self._user(user_id)),
                self._members(channel, max_age),
                *(self._group(group, max_age) for group in groups),
            )
        except SLACK_FAILURES as error:
            raise CannotCheckError("Slack can't be asked just now who you are; nothing was recorded.") from error
        within = frozenset(group for group, people in zip(groups, of_groups, strict=True) if user_id in people)
        return _person(user, self._team_id, is_member=user_id in members, also_known_as={user_id, who}, groups=within)

    async def describe(self, ids: Ids) -> Mapping[str, Named]:
        """Return the names of people and groups, and how many people are in each group."""
        try:
            handles = await self.groups() if any(map(is_group, ids)) else {}
            named = [await self._named(who, handles) for who in sorted(ids)]
        except SLACK_FAILURES as error:
            raise CannotCheckError("Slack can't be asked just now who may answer; nothing was recorded.") from error
        return {who: found for who, found in zip(sorted(ids), named, strict=True) if found is not None}

    async def outside(self, ids: Ids, channel: str | None) -> Ids:
        """Return those of the people among the ids who are not in a channel, or in none. Raises CannotCheckError."""
        people = [slack_user(of) or of for of in sorted(ids) if not is_group(of)]
        looked_up = [await self.look_up(person_id(self._team_id, user_id), channel) for user_id in people]
        return frozenset(person.person_id for person in looked_up if not person.is_member)

    async def everybody(self, ids: Ids, channel: str | None) -> Sequence[str]:
        """Return the people among the ids, in the groups among them, and in a channel. Raises CannotCheckError."""
        people = {slack_user(of) or of for of in ids}
        try:
            found = await asyncio.gather(
                self._members(channel, REMEMBERED_SECONDS),
                *(self._group(group, REMEMBERED_SECONDS) for group in filter(is_group, ids)),
            )
        except SLACK_FAILURES as error:
            raise CannotCheckError("Slack can't be asked just now who may answer.") from error
        users = filter(is_user, people.union(*found))
        return [person_id(self._team_id, user_id) for user_id in sorted(users)]

    async def groups(self) -> Mapping[str, str]:
        """Return the handles of the user groups by their ids, without the sign."""
        handles: Mapping[str, str] = await self._shared(("groups",), REMEMBERED_SECONDS, self._handles)
        return handles

    def forget_person(self, user_id: str) -> None:
        """Ask again who somebody is."""
        self._forget("user", user_id)

    def forget_channel(self, channel: str) -> None:
        """Ask again who is in a channel."""
        self._forget("members", channel)

    def forget_group(self, group: str) -> None:
        """Ask again what a group is called and who is in it."""
        self._forget("group", group)
        self._forget("groups")

    def _forget(self, *key: str) -> None:
        if self._known.pop(key, None) is not None:
            self._forgotten += 1

    async def _named(self, who: str, handles: Mapping[str, str]) -> Named | None:
        if not is_group(who):
            return await self._person_named(slack_user(who) or who)
        if who not in handles:
            return None
        return Named(f"@{handles[who]}", len(await self._group(who, REMEMBERED_SECONDS)))

    async def _person_named(self, user_id: str) -> Named | None:
        try:
            user = await self._shared(("user", user_id), REMEMBERED_SECONDS, lambda: self._user(user_id))
        except SlackApiError as error:
            if error_code(error) == "user_not_found":
                return None
            raise
        return Named(_display_name(user))

    async def time_zone(self, user_id: str) -> str:
        """Return the IANA time zone of a person; UTC where Slack does not tell one that is known here."""
        zone = str((await self._told_of(user_id)).get("tz") or "UTC")
        return zone if zone in available_timezones() else "UTC"

    async def display_name(self, user_id: str) -> str:
        """Return how a person is called; their id where Slack does not tell."""
        return _display_name(await self._told_of(user_id) or {"id": user_id})

    async def _told_of(self, user_id: str) -> dict[str, Any]:
        try:
            user: dict[str, Any] = await self._shared(
                ("user", user_id), REMEMBERED_SECONDS, lambda: self._user(user_id)
            )
        except SLACK_FAILURES:
            return {}
        return user

    async def _user(self, user_id: str) -> dict[str, Any]:
        response = await self._ask("users.info", lambda: self._client.users_info(user=user_id))
        user: dict[str, Any] = response["user"]
        return user

    async def _group(self, group: str, max_age: float) -> set[str]:
        people: set[str] = await self._shared(("group", group), max_age, lambda: self._users_of(group))
        return people

    async def _users_of(self, group: str) -> set[str]:
        """Return who is in a group; nobody is in one that there is no more."""
        try:
            response = await self._ask(
                "usergroups.users.list", lambda: self._client.usergroups_users_list(usergroup=group)
            )
        except SlackApiError as error:
            if error_code(error) == "no_such_subteam":
                return set()
            raise
        return set(response["users"])

    async def _handles(self) -> dict[str, str]:
        response = await self._ask("usergroups.list", self._client.usergroups_list)
        return {group["id"]: group["handle"] for group in response["usergroups"]}

    async def _members(self, channel: str | None, max_age: float) -> set[str]:
        if channel is None:
            return set()
        members: set[str] = await self._shared(("members", channel), max_age, lambda: self._members_of(channel))
        return members

    async def _members_of(self, channel: str) -> set[str]:
        """Return who is in a channel; nobody is in one that is gone."""
        try:
            return await self._all_members(channel)
        except SlackApiError as error:
            if error_code(error) != "channel_not_found":
                raise
            return set()

    async def _all_members(self, channel: str) -> set[str]:
        members: set[str] = set()
        cursor = ""
        while True:
            page = await self._page_of_members(channel, cursor)
            members.update(page["members"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return members

    async def _page_of_members(self, channel: str, cursor: str) -> AsyncSlackResponse:
        return await self._ask(
            "conversations.members",
            lambda: self._client.conversations_members(channel=channel, limit=200, cursor=cursor),
        )

    async def _ask(self, method: str, call: Call) -> AsyncSlackResponse:
        return await look_up(self._pace, method, call)

    async def _shared(self, key: Hashable, max_age: float, ask: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        asked_at, task = self._known.get(key, (0.0, None))
        is_fresh = 0 <= self._clock() - asked_at <= max_age
        if task is None or not is_fresh or _has_failed(task):
            task = asyncio.create_task(ask())
            self._known[key] = (self._clock(), task)
        return await asyncio.shield(task)


def _has_failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _display_name(user: Mapping[str, Any]) -> str:
    profile = user.get("profile") or {}
    return str(profile.get("display_name") or user.get("real_name") or user.get("name") or user["id"])


def _person(user: Mapping[str, Any], team_id: str, *, is_member: bool, also_known_as: set[str], groups: Ids) -> Person:
    home = user.get("team_id")
    return Person(
        person_id=person_id(home or team_id, user["id"]),
        display_name=_display_name(user),
        is_active=not user.get("deleted", False),
        is_bot=bool(user.get("is_bot")),
        is_stranger=bool(user.get("is_stranger")) or home != team_id,
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_member=is_member,
        also_known_as=frozenset(also_known_as),
        groups=groups,
    )
