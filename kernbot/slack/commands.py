"""The slash command: parse, ask who may, wait for the commit, ack, report."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from kernbot.errors import UsageError
from kernbot.runtime.service import CannotCheckError, NotAllowedError
from kernbot.slack.channels import can_post
from kernbot.slack.doors import Doors
from kernbot.slack.parse import (
    Cancel,
    Command,
    Complaint,
    History,
    List,
    Pending,
    Retry,
    Run,
    Status,
    parse_command,
)
from kernbot.slack.render import refusals
from kernbot.slack.run_commands import RunCommands
from kernbot.slack.telling import Message, names_of


@dataclass(frozen=True)
class Started:
    """A run that a command has started."""

    name: str
    run_id: str


class Commands:
    """What `/kern` does."""

    received: Mapping[str, Any] = {}
    """An empty ack; what came of the command is told through its response_url."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._service = doors.service
        self._of_runs = RunCommands(doors)

    async def decide(self, body: dict[str, Any], at: float) -> Message | Started:
        """Do what was typed; return what to tell the person who typed it."""
        who = self._doors.person(body["user_id"], None)
        command = parse_command(body.get("text", ""), self._service.bot.names, command=self._doors.command)
        try:
            if isinstance(command, Run):
                return await self._run(command, who, _run_id(body))
            return await self._answer(command, who, at)
        except CannotCheckError:
            return refusals.cannot_check()

    async def report(self, body: dict[str, Any], decided: Message | Started, ack: AsyncAck | None) -> None:
        """Answer the person who typed the command; once a run has started, with a link to it."""
        if isinstance(decided, Started):
            if ack is not None:
                await ack()
            decided = await self._started(decided)
        elif ack is not None:
            await ack(**decided)
            return
        await self._doors.sender.respond(body["response_url"], decided)

    async def _answer(self, command: Command, who: str, at: float) -> Message:
        match command:
            case Complaint(text):
                return refusals.complaint(text)
            case List():
                startable = await self._service.startable(who)
                return refusals.workflows([(item.name, item.description) for item in startable])
            case Status() | Pending() | History() | Cancel() | Retry():
                return await self._of_runs.answer(command, who, at)
        return refusals.help_text(self._doors.command)

    async def _run(self, command: Run, who: str, run_id: str) -> Message | Started:
        channel = self._service.bot.get(command.name).channel
        if not await can_post(self._doors.client, channel):
            return refusals.invite(channel, self._doors.bot_name)
        try:
            await self._service.start(command.name, command.input, who, run_id=run_id)
        except NotAllowedError as error:
            named = await names_of(self._doors, error)
            return refusals.may_not_start(error.refusal, command.name, error.registration.channel, named)
        except UsageError as error:
            return refusals.input_does_not_fit(command.name, str(error))
        return Started(command.name, run_id)

    async def _started(self, started: Started) -> Message:
        await self._doors.outbox.try_now(started.run_id)
        link = await self._doors.outbox.link_to_run(started.run_id)
        return refusals.started(started.name, started.run_id, link)


def _run_id(body: dict[str, Any]) -> str:
    """Return the id of the run that a command starts: the same if it is worked off twice."""
    return hashlib.sha256(body["trigger_id"].encode()).hexdigest()[:32]
