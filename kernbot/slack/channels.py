"""The channels that workflows are registered for."""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk.web.async_client import AsyncWebClient

from kernbot.errors import ConfigurationError
from kernbot.runtime.registry import KernBot
from kernbot.runtime.service import CannotCheckError
from kernbot.slack.failures import SLACK_FAILURES, error_code

FRESH_SECONDS = 60.0


async def place_workflows(bot: KernBot, client: AsyncWebClient) -> None:
    """Find the id of every channel that is given by its name; ConfigurationError for one that isn't there."""
    by_name = [registered for registered in bot if registered.channel.startswith("#")]
    operators = bot.operators_channel if (bot.operators_channel or "").startswith("#") else None
    try:
        ids = await _ids_by_name(client) if by_name or operators else {}
    except SLACK_FAILURES as error:
        raise ConfigurationError(f"Slack does not tell the bot its channels ({error_code(error)}).") from None
    for registered in by_name:
        channel = ids.get(registered.channel.removeprefix("#"))
        if channel is None:
            raise ConfigurationError(
                f"Workflow {registered.name!r} is registered for {registered.channel}, which the bot can't see; "
                "create the channel, or invite the bot if it is private, or register the workflow by the channel's id."
            )
        bot.place(registered.name, channel)
    if operators:
        bot.operators_channel = ids.get(operators.removeprefix("#"))
    if operators and bot.operators_channel is None:
        raise ConfigurationError(
            f"The operators' channel is {operators}, which the bot can't see; create the channel, or invite the bot "
            "if it is private, or give the channel's id."
        )


async def can_post(client: AsyncWebClient, channel: str) -> bool:
    """Whether the bot is in a channel that isn't archived; CannotCheckError if Slack can't be asked."""
    try:
        found = (await client.conversations_info(channel=channel))["channel"]
    except SLACK_FAILURES as error:
        if error_code(error) in ("channel_not_found", "missing_scope"):
            return False
        raise CannotCheckError(f"Slack can't be asked about channel {channel} just now.") from error
    return bool(found.get("is_member")) and not found.get("is_archived")


class SharedChannels:
    """Tells which channels are shared with another organisation; remembered for a minute."""

    def __init__(self, client: AsyncWebClient, clock: Callable[[], float]) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[float, bool]] = {}

    async def has(self, channel: str) -> bool:
        """Whether somebody of another organisation can read a channel; yes, while Slack can't be asked."""
        asked_at, is_shared = self._known.get(channel, (-FRESH_SECONDS, True))
        if self._clock() - asked_at < FRESH_SECONDS:
            return is_shared
        try:
            found = (await self._client.conversations_info(channel=channel))["channel"]
        except SLACK_FAILURES:
            return True
        self._known[channel] = (self._clock(), bool(found.get("is_ext_shared")))
        return self._known[channel][1]


async def _ids_by_name(client: AsyncWebClient) -> dict[str, str]:
    ids: dict[str, str] = {}
    cursor = ""
    while True:
        page = await client.conversations_list(
            types="public_channel,private_channel", exclude_archived=True, limit=200, cursor=cursor
        )
        ids.update({channel["name"]: channel["id"] for channel in page["channels"]})
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return ids
