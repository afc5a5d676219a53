"""The slash command: parse, ask who may, wait for the commit, ack, report."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from kernbot.errors import NotFoundError
from kernbot.runtime.service import CannotCheckError, NotAllowedError
from kernbot.slack.channels import is_member
from kernbot.slack.doors import Doors
from kernbot.slack.ids import person_id
from kernbot.slack.parse import Cancel, Command, Complaint, List, Run, Status, parse_command
from kernbot.slack.reading import run_facts
from kernbot.slack.render import refusals
from kernbot.slack.render.facts import RunFacts

Message = dict[str, Any]
BOT_NAME = "kern"


class Commands:
    """What `/kern` does."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._service = doors.service

    async def handle(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Do what was typed, then answer the person who typed it."""
        who = person_id(self._doors.team_id, body["user_id"])
        command = parse_command(body.get("text", ""), self._service.bot.names, command=self._doors.command)
        if isinstance(command, Run):
            await self._run(command, who, ack, body["response_url"])
            return
        await ack(**await self._answered(command, who))

    async def _answered(self, command: Command, who: str) -> Message:
        try:
            return await self._answer(command, who)
        except CannotCheckError:
            return refusals.cannot_check()

    async def _answer(self, command: Command, who: str) -> Message:
        match command:
            case Complaint(text):
                return refusals.complaint(text)
            case List():
                startable = await self._service.startable(who)
                return refusals.workflows([(item.name, item.description) for item in startable])
            case Status(None):
                runs = await self._service.runs_of(who)
                return refusals.status([await self._facts(run.run_id, who) for run in runs])
            case Status(run) if run:
                return await self._about_run(run, who, self._status)
            case Cancel(run):
                return await self._about_run(run, who, self._cancel)
        return refusals.help_text(self._doors.command)

    async def _about_run(self, typed: str, who: str, act: Any) -> Message:
        try:
            return await act(await self._service.find_run(typed, who), who)
        except NotFoundError:
            return refusals.no_such_run(typed)

    async def _status(self, run_id: str, who: str) -> Message:
        return refusals.status([await self._facts(run_id, who)])

    async def _cancel(self, run_id: str, who: str) -> Message:
        try:
            was = await self._service.cancel(run_id, who, door="command")
        except NotAllowedError:
            return refusals.may_not_cancel(await self._facts(run_id, who))
        facts = await self._facts(run_id, who)
        return refusals.ended_already(facts) if was.has_ended else refusals.cancelled(facts)

    async def _run(self, command: Run, who: str, ack: AsyncAck, response_url: str) -> None:
        refusal = await self._why_not(command.name)
        if refusal is None:
            try:
                run_id = await self._service.start(command.name, command.input, who, notes={})
            except NotAllowedError as error:
                refusal = refusals.may_not_start(error.refusal, command.name, error.registration.channel)
            except CannotCheckError:
                refusal = refusals.cannot_check()
        if refusal is not None:
            await ack(**refusal)
            return
        await ack()
        await self._doors.outbox.bring_up_to_date(run_id)
        link = await self._doors.outbox.link_to_run(run_id)
        await self._doors.sender.respond(response_url, refusals.started(command.name, run_id, link))

    async def _why_not(self, name: str) -> Message | None:
        """Say why a workflow can't be started just now, whoever asks."""
        channel = self._service.bot.get(name).channel
        return None if await is_member(self._doors.client, channel) else refusals.invite(channel, BOT_NAME)

    async def _facts(self, run_id: str, who: str) -> RunFacts:
        snapshot, registered = await self._service.look(run_id, who)
        return run_facts(snapshot, registered.channel, run_link=await self._doors.outbox.link_to_run(run_id))
