"""What the slash command says of runs, and does to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.telling import Message, cancel, retry, run_for
from kernbot.slack.listeners.waiting import waiting_for, waiting_in
from kernbot.slack.parse.payloads import Cancel, History, Pending, Retry, Status
from kernbot.slack.render import lists, refusals
from kernbot.slack.render.text import code

RunCommand = Status | Pending | History | Cancel | Retry

_MOST_RUNS = 10


class RunCommands:
    """The commands that are about runs which are there already."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._service = doors.service

    async def answer(self, command: RunCommand, who: str, at: float) -> Message:
        """Do what was typed at `at` (unix seconds); return what to tell the person who typed it."""
        match command:
            case Status(None):
                runs = await self._service.runs_of(who)
                return refusals.status([await run_for(self._doors, run.run_id, who) for run in runs])
            case Status(str(typed)):
                return await self._about_run(typed, who, self._status)
            case Pending():
                return lists.pending(await waiting_for(self._doors, who), tokens=self._doors.tokens)
            case History(workflow):
                return await self._history(workflow, who)
            case Cancel(typed):
                return await self._about_run(typed, who, self._cancel)
            case Retry(typed):
                return await self._about_run(typed, who, lambda run_id, who: self._retry(run_id, who, at))
        raise NotImplementedError(f"There is no command {command}.")

    async def _about_run(self, typed: str, who: str, act: Callable[[str, str], Awaitable[Message]]) -> Message:
        found = await self._service.find_runs(typed, who)
        if not found:
            return refusals.no_such_run(typed)
        if len(found) > 1:
            return refusals.complaint(f"{len(found)} of your runs begin with {code(typed)}. Type more of the id.")
        return await act(found[0].run_id, who)

    async def _status(self, run_id: str, who: str) -> Message:
        return lists.status_of_run(
            await run_for(self._doors, run_id, who),
            await waiting_in(self._doors, run_id, who),
            may_cancel=await self._service.may_cancel(run_id, who),
            tokens=self._doors.tokens,
        )

    async def _history(self, workflow: str | None, who: str) -> Message:
        runs = await self._service.history(who, workflow, _MOST_RUNS + 1)
        facts = [await run_for(self._doors, run.run_id, who) for run in runs[:_MOST_RUNS]]
        return lists.history(facts, are_all=len(runs) <= _MOST_RUNS, tokens=self._doors.tokens)

    async def _cancel(self, run_id: str, who: str) -> Message:
        refusal = await cancel(self._doors, run_id, who, door="command")
        return refusal or refusals.cancelled(await run_for(self._doors, run_id, who))

    async def _retry(self, run_id: str, who: str, at: float) -> Message:
        told = await retry(self._doors, run_id, who, at=at, door="command")
        return told or refusals.retried(await run_for(self._doors, run_id, who))
