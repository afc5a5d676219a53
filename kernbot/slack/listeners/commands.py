"""The slash command: parse, ask who may, wait for the commit, ack, report."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from kernbot.errors import KernbotError
from kernbot.runtime.service import CannotCheckError
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.run_commands import RunCommands
from kernbot.slack.listeners.start_fields import filled
from kernbot.slack.listeners.starting import Asked, Started, Starting
from kernbot.slack.listeners.telling import Message
from kernbot.slack.parse.payloads import (
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

Decided = Message | Started | Asked
"""What to say, a run that was started, or a form that was asked for."""


class Commands:
    """What `/kern` does."""

    received: Mapping[str, Any] = {}
    """An empty ack; what came of the command is told through its response_url."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._service = doors.service
        self._of_runs = RunCommands(doors)
        self._starting = Starting(doors)

    async def decide(self, body: dict[str, Any], at: float) -> Decided:
        """Do what was typed; return what to tell the person who typed it."""
        who = self._doors.person(body["user_id"], None)
        command = parse_command(body.get("text", ""), self._service.bot.names, command=self._doors.command)
        try:
            if isinstance(command, Run):
                return await self._run(command, who, body)
            return await self._answer(command, who, at)
        except CannotCheckError:
            return refusals.cannot_check()

    async def report(self, body: dict[str, Any], decided: Decided, ack: AsyncAck | None) -> None:
        """Answer the person who typed the command: with a form, or once a run has started with a link to it."""
        if ack is not None:
            await ack(**(decided if isinstance(decided, dict) else {}))
        if isinstance(decided, Asked):
            await self._starting.open(decided, body["trigger_id"])
        elif isinstance(decided, Started):
            await self._doors.sender.respond(body["response_url"], await self._starting.report(decided))
        elif ack is None:
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

    async def _run(self, command: Run, who: str, body: dict[str, Any]) -> Decided:
        """Start a workflow with what was typed; where that is not enough, or wrong, a form is asked for."""
        asked = Asked(
            who=who,
            user_id=body["user_id"],
            workflow=command.name,
            text=command.input,
            channel=body["channel_id"],
            response_url=body["response_url"],
        )
        if command.name is None:
            return asked
        try:
            registered = await self._starting.check(command.name, who)
            zone = await self._doors.people.time_zone(asked.user_id)
            start = filled(registered.definition.input_schema, command.input, zone)
            if not start.is_ready:
                return asked
            return await self._starting.start(command.name, start.given, who, _run_id(body), started_in=asked.channel)
        except KernbotError as error:
            return await self._starting.refusal_of(error, command.name)


def _run_id(body: dict[str, Any]) -> str:
    """Return the id of the run that a command starts: the same if it is worked off twice."""
    return hashlib.sha256(body["trigger_id"].encode()).hexdigest()[:32]
