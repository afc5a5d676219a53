"""What a bot does with its runs, through whatever door it is asked to."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from kernbot.db.base import PauseRecord, RunExistsError, RunFilter, RunRecord, Snapshot, Store
from kernbot.engine import authority, ledger
from kernbot.engine.authority import Person, Refusal
from kernbot.engine.large import load
from kernbot.engine.ledger import TooLateError
from kernbot.engine.runner import Engine, StartRequest
from kernbot.errors import ConflictError, NotFoundError, RefusedError
from kernbot.run.answer import Action, Answer
from kernbot.run.status import RunStatus
from kernbot.runtime.registry import KernBot, Registration

_log = logging.getLogger(__name__)

BATCH = 200
ENDED = tuple(status for status in RunStatus if status.has_ended)


class NotAllowedError(RefusedError):
    """A person may not do this; `refusal` says why, `registration` who may."""

    def __init__(self, refusal: Refusal, registration: Registration) -> None:
        super().__init__(f"Refused ({refusal}): ask a full member of {registration.channel}.")
        self.refusal = refusal
        self.registration = registration


class People(Protocol):
    """Tells who somebody is, with respect to a channel."""

    async def look_up(self, person_id: str, channel: str) -> Person:
        """Return what is known of a person; `is_member` is about the channel. Raises CannotCheckError."""


class CannotCheckError(RefusedError):
    """It can't be told just now who somebody is; nobody is let in, and nothing was recorded."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """The bot's runs in one store."""

    bot: KernBot
    store: Store
    people: People
    engine: Engine
    poke: Callable[[str], None]
    """Tells the dispatcher that a run has something to do."""
    changed: Callable[[str], None]
    """Tells whoever shows runs that one of them has changed."""

    @property
    def now(self) -> float:
        """The time by the bot's clock, in unix seconds."""
        return self.engine.clock()

    async def start(self, name: str, given: Any, person_id: str, *, run_id: str) -> None:
        """Store a new run of a workflow and have it executed; one that has this id already is left as it is.

        It has a session of its own. Raises NotFoundError for a name that is not registered, NotAllowedError.
        """
        registered = self.bot.get(name)
        person = await self.people.look_up(person_id, registered.channel)
        _refuse(authority.may_start(person), registered)
        request = StartRequest(
            input=given, run_id=run_id, user_id=person_id, origin="bot", notes={"requester": person.display_name}
        )
        with contextlib.suppress(RunExistsError):
            await self.engine.start(registered.definition, request)
            _log.info("run started", extra={"run_id": run_id, "workflow": name})
        self.tell(run_id)

    async def check_may_answer(self, pause_id: str, person_id: str) -> PauseRecord:
        """Return a pause if the person may answer it. Raises NotAllowedError, NotFoundError, CannotCheckError."""
        pause = await self.store.get_pause(pause_id)
        if pause is None:
            raise NotFoundError("There is no such question.")
        _, registered = await self._run(pause.run_id)
        _refuse(authority.may_answer(await self.people.look_up(person_id, registered.channel)), registered)
        return pause

    async def answer(self, pause_id: str, answer: Answer, person_id: str, *, at: float, door: str) -> None:
        """Store a person's answer and have the run executed; it is on disk when this returns.

        The same answer, by the same person at the same instant, counts once. Raises what `check_may_answer` and
        `ledger.give_answer` raise.
        """
        pause = await self.check_may_answer(pause_id, person_id)
        try:
            await ledger.give_answer(self.store, pause_id, answer, at=at, by=person_id, door=door)
        except TooLateError as late:
            if not _is_this(late.pause, answer, person_id, at):
                raise
        finally:
            self.tell(pause.run_id)
        _log.info("pause answered", extra={"run_id": pause.run_id, "pause_id": pause_id, "action": answer.action})

    async def cancel(self, run_id: str, person_id: str, *, door: str) -> RunStatus:
        """Cancel a run and return the status it had. Raises NotFoundError too for a run the person may not see."""
        run, registered = await self._run(run_id)
        person = await self.people.look_up(person_id, registered.channel)
        if authority.may_see(person, run.user_id) is not None:
            raise NotFoundError("No such run, or not yours.")
        _refuse(authority.may_cancel(person, run.user_id, registered.owners), registered)
        was = await self.store.cancel_run(run_id, person_id, door, self.now)
        self.tell(run_id)
        return was or run.status

    async def may_cancel(self, run_id: str, person_id: str) -> bool:
        """Whether a person may cancel a run that they see."""
        run, registered = await self._run(run_id)
        person = await self.people.look_up(person_id, registered.channel)
        return authority.may_cancel(person, run.user_id, registered.owners) is None

    async def retry(self, run_id: str, person_id: str, *, at: float, door: str) -> bool:
        """Have what failed in a run done again, and return whether it is.

        It is where the run ended in ERROR, before `at`, or where it waits for people at one failed step. It is not, and
        nothing changes, where something may have run already, or where several steps wait: people have to look first.
        Raises NotFoundError too for a run the person may not see, NotAllowedError, and what `answer` raises.
        """
        run, registered = await self._run(run_id)
        person = await self.people.look_up(person_id, registered.channel)
        if authority.may_see(person, run.user_id) is not None:
            raise NotFoundError("No such run, or not yours.")
        _refuse(None if person_id in registered.owners else authority.may_answer(person), registered)
        if run.status is RunStatus.ERROR and run.updated_at <= at:
            is_retried = await self.store.reopen_run(run_id, self.now)
            self.tell(run_id)
            return is_retried
        return await self._retry_waiting(run_id, person_id, at=at, door=door)

    async def look(self, run_id: str, person_id: str) -> tuple[Snapshot, Registration]:
        """Return all of a run, if the person may see it; else NotFoundError, as for a run that isn't there."""
        run, registered = await self._run(run_id)
        person = await self.people.look_up(person_id, registered.channel)
        if authority.may_see(person, run.user_id) is not None:
            raise NotFoundError("No such run, or not yours.")
        return await load(self.store, run.run_id), registered

    async def find_runs(self, prefix: str, person_id: str) -> list[RunRecord]:
        """Return the newest runs whose id begins so and that the person may see."""
        found = await self.store.list_runs(RunFilter(run_id_prefix=prefix.lower(), origin="bot", limit=BATCH))
        return [run for run in found if await self._may_see(run, person_id)]

    async def runs_of(self, person_id: str, limit: int = 10) -> list[RunRecord]:
        """Return the newest runs that a person has started and may see."""
        found = await self.store.list_runs(RunFilter(user_id=person_id, origin="bot", limit=limit))
        return [run for run in found if await self._may_see(run, person_id)]

    async def history(self, person_id: str, name: str | None, limit: int) -> list[RunRecord]:
        """Return the newest runs that have ended and that a person may see, of one workflow or of all.

        Raises NotFoundError for a name that is not registered.
        """
        found: list[RunRecord] = []
        for registered in [self.bot.get(name)] if name else list(self.bot):
            person = await self.people.look_up(person_id, registered.channel)
            whose = None if authority.may_see(person, None) is None else person_id
            of_workflow = [registered.definition.workflow_id]
            found += await self.store.list_runs(
                RunFilter(workflow_ids=of_workflow, user_id=whose, origin="bot", statuses=ENDED, limit=limit)
            )
        found = [run for run in found if await self._may_see(run, person_id)]
        return sorted(found, key=lambda run: run.created_at, reverse=True)[:limit]

    async def startable(self, person_id: str) -> list[Registration]:
        """Return the workflows that a person may start, by name."""
        registered = [self.bot.get(name) for name in self.bot.names]
        people = [await self.people.look_up(person_id, item.channel) for item in registered]
        return [item for item, person in zip(registered, people, strict=True) if authority.may_start(person) is None]

    async def execute_run(self, run_id: str) -> None:
        """Carry a run as far as it goes; every dispatcher calls this."""
        run, registered = await self._run(run_id)
        try:
            async for _ in self.engine.execute(registered.definition, run.run_id):
                self.changed(run_id)
        except ConflictError as conflict:
            _log.debug("run not taken up: %s", conflict, extra={"run_id": run_id})
        except Exception as error:
            ended = await self.store.get_run(run_id)
            if ended is None or ended.status is not RunStatus.ERROR:
                raise
            _log.info("run ended in error: %s", type(error).__name__, extra={"run_id": run_id})
        finally:
            self.changed(run_id)

    async def expire_due(self, now: float) -> None:
        """Give every question whose deadline has come the answer of silence, and have its run executed."""
        for pause in await ledger.expire_due(self.store, now):
            _log.info("pause expired", extra={"run_id": pause.run_id, "pause_id": pause.pause_id})
            self.tell(pause.run_id)

    async def recover(self) -> None:
        """Have every run executed that has something to do and no live worker."""
        for run_id in await self.store.list_work(BATCH):
            self.poke(run_id)

    def tell(self, run_id: str) -> None:
        """Say that a run has changed and may have something to do."""
        self.changed(run_id)
        self.poke(run_id)

    async def _retry_waiting(self, run_id: str, person_id: str, *, at: float, door: str) -> bool:
        snapshot = await self.store.load_run(run_id)
        pauses = snapshot.pauses if snapshot else ()
        failed = [pause for pause in pauses if pause.kind == "error" and pause.state == "open"]
        if len(failed) != 1 or failed[0].question["cause"] == "may_have_run":
            return False
        await self.answer(failed[0].pause_id, Answer(action=Action.retry), person_id, at=at, door=door)
        return True

    async def _may_see(self, run: RunRecord, person_id: str) -> bool:
        registered = self.bot.of_workflow(run.workflow_id)
        if registered is None:
            return False
        return authority.may_see(await self.people.look_up(person_id, registered.channel), run.user_id) is None

    async def _run(self, run_id: str) -> tuple[RunRecord, Registration]:
        if (run := await self.store.get_run(run_id)) and (registered := self.bot.of_workflow(run.workflow_id)):
            return run, registered
        raise NotFoundError("No such run, or not yours.")


def _is_this(pause: PauseRecord, answer: Answer, by: str, at: float) -> bool:
    known = pause.answered
    if known is None or known.answer is None:
        return False
    return (known.by, known.at, known.answer["action"]) == (by, at, answer.action)


def _refuse(refusal: Refusal | None, registered: Registration) -> None:
    if refusal is not None:
        raise NotAllowedError(refusal, registered)
