"""The button of a message that stands for many questions: it shows them to the one who presses it."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from kernbot.errors import NotFoundError
from kernbot.runtime.registry import Registration
from kernbot.runtime.service import CannotCheckError
from kernbot.slack.ids import Token
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.telling import Message
from kernbot.slack.listeners.waiting import waiting_of
from kernbot.slack.parse.payloads import Click
from kernbot.slack.render import lists, refusals


class Folded:
    """Shows open questions, by their deadlines."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def show(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Ack, and show to the one who clicked what they may answer: nothing is recorded."""
        await ack()
        click = Click.of(body)
        if click is None:
            if url := body.get("response_url"):
                await self._doors.sender.respond(url, refusals.not_valid())
            return
        await self._doors.sender.whisper(click, await self._list(click))

    async def _list(self, click: Click) -> Message:
        who = self._doors.person(click.user_id, click.user_team_id)
        try:
            workflow_id = self._registered(click.token).definition.workflow_id
            return lists.pending(await waiting_of(self._doors, workflow_id, who), tokens=self._doors.tokens)
        except NotFoundError:
            return refusals.not_valid()
        except CannotCheckError:
            return refusals.cannot_check()

    def _registered(self, token: Token) -> Registration:
        for registered in self._doors.service.bot:
            if self._doors.tokens.is_of_workflow(token, registered.definition.workflow_id):
                return registered
        raise NotFoundError("There is no such workflow.")
