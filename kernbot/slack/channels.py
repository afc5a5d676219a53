"""The channels that workflows are registered for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from kernbot.errors import ConfigurationError
from kernbot.runtime.registry import KernBot
from kernbot.runtime.service import CannotCheckError
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.outbox.calls import look_up
from kernbot.slack.outbox.pace import Pace
from kernbot.slack.render.text import channel as as_channel

FRESH_SECONDS = 60.0
START_FRESH_SECONDS = 10.0
"""Before a run is started, it is asked again if it is older than this."""


async def place_workflows(bot: KernBot, client: AsyncWebClient, pace: Pace) -> None:
    """Find the id of every channel that is given by its name; ConfigurationError for one that isn't there."""
    by_name = [registered for registered in bot if registered.channel.startswith("#")]
    operators = bot.operators_channel if (bot.operators_channel or "").startswith("#") else None
    try:
        ids = await _ids_by_name(client, pace) if by_name or operators else {}
    except SLACK_FAILURES as error:
        raise ConfigurationError(f"Slack does not tell the bot its channels ({error_code(error)}).") from None
    for registered in by_name:
        found = ids.get(registered.channel.removeprefix("#"))
        if found is None:
            raise ConfigurationError(
                f"Workflow {registered.name!r} is registered for {registered.channel}, which the bot can't see; "
                "create the channel, or invite the bot if it is private, or register the workflow by the channel's id."
            )
        bot.place(registered.name, found)
    if operators:
        bot.operators_channel = ids.get(operators.removeprefix("#"))
    if operators and bot.operators_channel is None:
        raise ConfigurationError(
            f"The operators' channel is {operators}, which the bot can't see; create the channel, or invite the bot "
            "if it is private, or give the channel's id."
        )


@dataclass(frozen=True)
class Standing:
    """How a channel stands to the bot."""

    closed: str | None = None
    """Why nothing can be posted there: `archived`, `gone` (or out of the bot's sight), `left`; None if it can."""
    is_shared: bool = False
    """Whether people of another organisation can read it."""


CLOSED_BY: Mapping[str, str] = {
    "is_archived": "archived",
    "is_inactive": "archived",
    "channel_not_found": "gone",
    "not_in_channel": "left",
}
"""What has become of a channel, by what Slack answers to a post or an update."""

_WORDS = {
    "archived": "{channel} is archived",
    "gone": "{channel} is gone, or out of the bot's sight",
    "left": "the bot was removed from {channel}",
}


def what_became_of(channel_id: str, closed: str) -> str:
    """Return why nothing can be posted in a channel, as `mrkdwn`."""
    return _WORDS[closed].format(channel=as_channel(channel_id))


class Channels:
    """Tells how channels stand to the bot; remembered for a minute."""

    def __init__(self, client: AsyncWebClient, pace: Pace, clock: Callable[[], float]) -> None:
        self._client = client
        self._pace = pace
        self._clock = clock
        self._known: dict[str, tuple[float, Standing]] = {}

    async def look_at(self, channel: str) -> Standing:
        """Return how a channel stands; while Slack can't be asked, what was known, or that strangers may read it."""
        asked_at, standing = self._known.get(channel, (-FRESH_SECONDS, Standing(is_shared=True)))
        if self._clock() - asked_at < FRESH_SECONDS:
            return standing
        try:
            found = await self._info(channel)
        except SLACK_FAILURES as error:
            return self.note(channel, error) or standing
        return self._remember(channel, _standing(found))

    async def can_post(self, channel: str) -> bool:
        """Whether the bot is in a channel that isn't archived; CannotCheckError if Slack can't be asked.

        That it could some seconds ago is enough; that it could not is asked again.
        """
        asked_at, standing = self._known.get(channel, (-FRESH_SECONDS, Standing()))
        if standing.closed is None and self._clock() - asked_at < START_FRESH_SECONDS:
            return True
        try:
            found = await self._info(channel)
        except SLACK_FAILURES as error:
            if error_code(error) in ("channel_not_found", "missing_scope"):
                return False
            raise CannotCheckError(f"Slack can't be asked about channel {channel} just now.") from error
        return self._remember(channel, _standing(found)).closed is None

    async def _info(self, channel: str) -> Mapping[str, Any]:
        asked = await look_up(
            self._pace, "conversations.info", lambda: self._client.conversations_info(channel=channel)
        )
        found: Mapping[str, Any] = asked["channel"]
        return found

    def forget(self, channel: str) -> None:
        """Ask again how a channel stands; until Slack tells, what was known holds."""
        if channel in self._known:
            self._known[channel] = (-FRESH_SECONDS, self._known[channel][1])

    def note(self, channel: str, error: BaseException) -> Standing | None:
        """Remember what a refused call says of a channel, and return it; None if it says nothing of it."""
        closed = CLOSED_BY.get(error_code(error))
        if closed is None:
            return None
        _, standing = self._known.get(channel, (0.0, Standing(is_shared=True)))
        return self._remember(channel, replace(standing, closed=closed))

    def _remember(self, channel: str, standing: Standing) -> Standing:
        self._known[channel] = (self._clock(), standing)
        return standing


def _standing(found: Mapping[str, Any]) -> Standing:
    """Return how a channel stands, from Slack's object for it."""
    closed = "archived" if found.get("is_archived") else None if found.get("is_member") else "left"
    return Standing(closed, bool(found.get("is_ext_shared")))


async def _ids_by_name(client: AsyncWebClient, pace: Pace) -> dict[str, str]:
    ids: dict[str, str] = {}
    cursor = ""
    types = "public_channel,private_channel"
    list_channels = partial(client.conversations_list, types=types, exclude_archived=True, limit=200)
    while True:
        page = await look_up(pace, "conversations.list", partial(list_channels, cursor=cursor))
        ids.update({channel["name"]: channel["id"] for channel in page["channels"]})
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return ids
