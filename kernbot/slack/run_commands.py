"""What the slash command says of runs, and does to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kernbot.slack.doors import Doors
from kernbot.slack.parse import Cancel, Status
from kernbot.slack.render import refusals
from kernbot.slack.render.text import code
from kernbot.slack.telling import Message, cancel, run_for

RunCommand = Status | Cancel


class RunCommands:
    """The commands that are about runs which are there already."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._service = doors.service

    async def answer(self, command: RunCommand, who: str) -> Message:
        """Do what was typed; return what to tell the person who typed it."""
        match command:
            case Status(None):
                runs = await self._service.runs_of(who)
                return refusals.status([await run_for(self._doors, run.run_id, who) for run in runs])
            case Status(run) if run:
                return await self._about_run(run, who, self._status)
            case Cancel(run):
                return await self._about_run(run, who, self._cancel)
        raise NotImplementedError(f"There is no command {command}.")

    async def _about_run(self, typed: str, who: str, act: Callable[[str, str], Awaitable[Message]]) -> Message:
        found = await self._service.find_runs(typed, who)
        if not found:
            return refusals.no_such_run(typed)
        if len(found) > 1:
            return refusals.complaint(f"{len(found)} of your runs begin with {code(typed)}. Type more of the id.")
        return await act(found[0].run_id, who)

    async def _status(self, run_id: str, who: str) -> Message:
        return refusals.status([await run_for(self._doors, run_id, who)])

    async def _cancel(self, run_id: str, who: str) -> Message:
        refusal = await cancel(self._doors, run_id, who, door="command")
        return refusal or refusals.cancelled(await run_for(self._doors, run_id, who))
