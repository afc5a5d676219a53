"""Tells people in the operators' channel what nobody else would hear of."""

from __future__ import annotations

from collections.abc import Sequence

from kernbot.runtime.registry import Registration
from kernbot.runtime.waiting import Question, Queue
from kernbot.slack.ids import slack_user
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.waiting import listed
from kernbot.slack.render import notices


class Notices:
    """Posts to the operators' channel; without one, what is logged must do."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def stale(self, registered: Registration, questions: Sequence[Question]) -> None:
        """Tell the owners of a workflow of questions that have waited too long, the oldest first."""
        channel = self._doors.service.bot.operators_channel
        if channel is None:
            return
        waiting = await listed(self._doors, Queue(others=list(questions)))
        owners = sorted(slack_user(of) or of for of in registered.policy.owners)
        told = notices.stale(registered.name, waiting.others, waiting.all_others, registered.stale_after or 0.0, owners)
        await self._doors.sender.say(channel, None, told)
