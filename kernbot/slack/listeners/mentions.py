"""Mentions of the bot: each is answered in its thread, once, with a button that opens the form."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.starting import Asked, Starting
from kernbot.slack.parse.payloads import find_workflow


class Mentions:
    """What happens when a person mentions the bot."""

    received: Mapping[str, Any] = {}
    """The ack of an event has no body."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._starting = Starting(doors)
        self._began = doors.service.now

    async def decide(self, body: dict[str, Any], at: float) -> None:
        """Answer in the thread, with a button: a mention carries no trigger.

        The same event twice is answered once. One that was left by a process that ended is answered, though nobody can
        tell whether that one has done so: of two buttons, either opens the same form.
        """
        event = body["event"]
        if "bot_id" in event or not event.get("user"):
            return
        asked = self._asked(event, _bot_user(body))
        form_id = hashlib.sha256(body["event_id"].encode()).hexdigest()[:32]
        message = await self._starting.offer(asked, form_id, again=at < self._began)
        if message is not None:
            await self._doors.sender.say(str(asked.channel), str(asked.thread_ts), message)

    async def report(self, body: dict[str, Any], decided: None, ack: AsyncAck | None) -> None:
        """Say nothing more: the answer is all there is to tell."""

    def _asked(self, event: Mapping[str, Any], bot_user: str) -> Asked:
        wanted = find_workflow(_without(event.get("text") or "", bot_user), self._doors.service.bot.names)
        return Asked(
            who=self._doors.person(event["user"], event.get("user_team") or event.get("team")),
            user_id=event["user"],
            workflow=wanted.name,
            text=wanted.input,
            channel=event["channel"],
            thread_ts=event.get("thread_ts") or event["ts"],
        )


def _bot_user(body: Mapping[str, Any]) -> str:
    """Return the id of the bot, as Slack tells with every event."""
    return next((str(granted["user_id"]) for granted in body.get("authorizations") or ()), "")


def _without(text: str, bot_user: str) -> str:
    """Return the text of a mention without the mention itself."""
    return re.sub(rf"<@{re.escape(bot_user)}(\|[^>]*)?>", " ", text)
