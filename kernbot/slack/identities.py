"""The people and groups that a bot names: found in Slack at start-up, by id or by handle."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from kernbot.errors import ConfigurationError
from kernbot.runtime.answerers import Named, doubts
from kernbot.runtime.registry import KernBot
from kernbot.runtime.service import CannotCheckError
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.people import SlackPeople

_log = logging.getLogger(__name__)


async def identify(bot: KernBot, people: SlackPeople) -> None:
    """Find everybody whom the bot names, and log what may not be meant; ConfigurationError for who isn't there."""
    named = bot.named
    handles = {name: name.removeprefix("@").lower() for name in named if name.startswith("@")}
    ids = await _ids_of(handles, people) if handles else {}
    missing = sorted(handles.keys() - ids.keys())
    bot.identify(ids)
    found = await _found(bot, people)
    missing += sorted(bot.named - found.keys() - set(missing))
    if missing:
        raise ConfigurationError(
            f"The bot names {', '.join(missing)}, whom Slack does not know; name people by their user id (U…) and "
            "groups by their id (S…) or handle (@…), as they are in this workspace."
        )
    for doubt in _doubts(bot, found):
        _log.warning("%s", doubt)


async def _ids_of(handles: Mapping[str, str], people: SlackPeople) -> dict[str, str]:
    try:
        groups = await people.groups()
    except SLACK_FAILURES as error:
        raise ConfigurationError(
            f"Slack does not tell the bot its user groups ({error_code(error)}); name people by their user id (U…)."
        ) from None
    by_handle = {handle.lower(): group for group, handle in groups.items()}
    return {name: by_handle[handle] for name, handle in handles.items() if handle in by_handle}


async def _found(bot: KernBot, people: SlackPeople) -> Mapping[str, Named]:
    try:
        return await people.describe(frozenset(name for name in bot.named if not name.startswith("@")))
    except CannotCheckError as error:
        raise ConfigurationError("Slack can't be asked just now about the people whom the bot names.") from error


def _doubts(bot: KernBot, found: Mapping[str, Named]) -> Iterator[str]:
    members = {who: named.members for who, named in found.items() if named.members is not None}
    for known in bot:
        yield from doubts(known.name, known.definition.steps, bot.rules_of(known), members)
