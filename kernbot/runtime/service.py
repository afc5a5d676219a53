"""What a bot does with its runs, through whatever door it is asked to."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kernbot.db.base import PauseRecord, RunExistsError, RunFilter, RunRecord, Snapshot, Store
from kernbot.engine import authority, ledger
from kernbot.engine.authority import Ids, Person, Refusal, Rule
from kernbot.engine.journal import ROOT
from kernbot.engine.large import load
from kernbot.engine.ledger import AskedAnewError, TooLateError
from kernbot.engine.promises import check_holds
from kernbot.engine.runner import Engine, StartRequest
from kernbot.errors import ConflictError, NotFoundError, RefusedError
from kernbot.run.agent import RunContentEvent
from kernbot.run.answer import Action, Answer
from kernbot.run.events import WorkflowRunOutputEvent
from kernbot.run.status import RunStatus
from kernbot.runtime.answerers import Named
from kernbot.runtime.registry import KernBot, Registration
from kernbot.runtime.troubles import Troubles

_log = logging.getLogger(__name__)

BATCH = 200
ENDED = tuple(status for status in RunStatus if status.has_ended)

REMEMBERED_SECONDS = 60.0
"""What is known of a person is asked again after this time."""
FRESH_SECONDS = 10.0
"""At the claim, it is asked again if it is older than this."""


class NotAllowedError(RefusedError):
    """A person may not do this: `refusal` says why; who may is `named`, or if that is None the channel's members."""

    def __init__(self, refusal: Refusal, registration: Registration, person: Person, named: Ids | None) -> None:
        who = "a full member of " + registration.channel if named is None else ", ".join(sorted(named))
        super().__init__(f"Refused ({refusal}): ask {who}.")
        self.refusal = refusal
        self.registration = registration
        self.person = person
        self.named = named


class People(Protocol):
    """Tells who somebody is."""

    async def look_up(
        self, person_id: str, channel: str | None, ids: Ids = frozenset(), *, max_age: float = REMEMBERED_SECONDS
    ) -> Person:
        """Return what is known of a person, at most `max_age` seconds old; CannotCheckError if nobody can tell.

        `is_member` is about the channel (False without one), `groups` about those groups that are among the ids.
        """

    async def describe(self, ids: Ids) -> Mapping[str, Named]:
        """Return who is meant by ids, as far as they mean anybody; CannotCheckError if nobody can tell."""

    async def everybody(self, ids: Ids, channel: str | None) -> Sequence[str]:
        """Return the ids of all people whom ids stand for, and who are in a channel; CannotCheckError as above."""


class CannotCheckError(RefusedError):
    """It can't be told just now who somebody is; nobody is let in, and nothing was recorded."""


class Audience(Protocol):
    """Those who watch runs while they are executed."""

    def hear(self, run_id: str, event: WorkflowRunOutputEvent) -> None:
        """Take in what has just happened in a run."""

    async def leave(self, run_id: str) -> None:
        """Take in that it is not executed here any more, or not for now."""


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
    audience: Audience
    troubles: Troubles = field(default_factory=Troubles)

    @property
    def now(self) -> float:
        """The time by the bot's clock, in unix seconds."""
        return self.engine.clock()

    async def start(self, name: str, given: Any, person_id: str, *, run_id: str, started_in: str | None = None) -> None:
        """Store a new run of a workflow and have it executed; one that has this id already is left as it is.

        It has a session of its own. `started_in` is the channel in which the person asked for it.
        Raises NotFoundError for a name that is not registered, NotAllowedError.
        """
        registered = self.bot.get(name)
        person = await self.check_may_start(name, person_id)
        notes = {
            "requester": person.display_name,
            "started_in": started_in,
            "is_full_member": person.is_full_member,
            "is_member": person.is_full_member and person.is_member,
            "groups": await self._groups(registered),
        }
        request = StartRequest(input=given, run_id=run_id, user_id=person.person_id, origin="bot", notes=notes)
        with contextlib.suppress(RunExistsError):
            await self.engine.start(registered.definition, request)
            _log.info("run started", extra={"run_id": run_id, "workflow": name})
        self.tell(run_id)

    async def check_may_start(self, name: str, person_id: str) -> Person:
        """Return what is known of a person who may start a workflow.

        Raises NotFoundError for a name that is not registered, NotAllowedError and CannotCheckError.
        """
        registered = self.bot.get(name)
        person = await self._starter(person_id, registered, max_age=FRESH_SECONDS)
        if refusal := authority.may_start(registered.policy, person):
            raise NotAllowedError(refusal, registered, person, registered.policy.starters)
        return person

    async def check_may_answer(
        self, pause_id: str, person_id: str, action: Action | None = None, *, max_age: float = REMEMBERED_SECONDS
    ) -> PauseRecord:
        """Return a pause if the person may answer it: with this action, or at all.

        What is known of the person is at most `max_age` seconds old. Raises NotAllowedError, NotFoundError,
        CannotCheckError; where the step has changed since it was asked, it is asked anew, and AskedAnewError raised.
        """
        pause = await self.store.get_pause(pause_id)
        if pause is None:
            raise NotFoundError("There is no such question.")
        run, registered = await self._run(pause.run_id)
        rule = self.bot.rule_of(registered, pause)
        person = await self.answerer(registered, rule, person_id, max_age=max_age)
        owners = registered.policy.owners
        if refusal := authority.may_answer(rule, person, run.user_id, authority.deed_of(pause, action), owners):
            raise NotAllowedError(refusal, registered, person, rule.approvers)
        try:
            await check_holds(self.store, registered.definition.steps, pause)
        except AskedAnewError:
            self.changed(pause.run_id)
            raise
        return pause

    async def answerer(
        self, registered: Registration, rule: Rule, person_id: str, *, max_age: float = REMEMBERED_SECONDS
    ) -> Person:
        """Return what must be known of a person to tell whether they may answer by this rule."""
        channel = registered.channel if rule.approvers is None else None
        ids = registered.policy.owners | (rule.approvers or frozenset())
        return await self.people.look_up(person_id, channel, ids, max_age=max_age)

    async def answer(
        self, pause_id: str, answer: Answer, person_id: str, *, at: float, door: str, digest: str | None = None
    ) -> None:
        """Store a person's answer and have the run executed; it is on disk when this returns.

        `digest` is that of the question as it was shown. The same answer, by the same person at the same instant,
        counts once. Raises what `check_may_answer` and `ledger.give_answer` raise.
        """
        pause = await self.check_may_answer(pause_id, person_id, answer.action, max_age=FRESH_SECONDS)
        try:
            shown = digest or pause.digest
            await ledger.give_answer(self.store, pause_id, answer, at=at, by=person_id, door=door, digest=shown)
        except TooLateError as late:
            if not _is_this(late.pause, answer, person_id, at):
                raise
        finally:
            self.tell(pause.run_id)
        _log.info("pause answered", extra={"run_id": pause.run_id, "pause_id": pause_id, "action": answer.action})

    async def cancel(self, run_id: str, person_id: str, *, door: str) -> RunStatus:
        """Cancel a run and return the status it had. Raises NotFoundError too for a run the person may not see."""
        run, registered = await self._run(run_id)
        person = await self._viewer(run, registered, person_id, max_age=FRESH_SECONDS)
        if refusal := authority.may_cancel(registered.policy, person, run.user_id):
            raise NotAllowedError(refusal, registered, person, registered.policy.owners)
        was = await self.store.cancel_run(run_id, person_id, door, self.now)
        self.tell(run_id)
        return was or run.status

    async def may_cancel(self, run_id: str, person_id: str) -> bool:
        """Whether a person may cancel a run that they see."""
        run, registered = await self._run(run_id)
        person = await self._viewer(run, registered, person_id)
        return authority.may_cancel(registered.policy, person, run.user_id) is None

    async def retry(self, run_id: str, person_id: str, *, at: float, door: str) -> bool:
        """Have what failed in a run done again, and return whether it is.

        It is where the run ended in ERROR, before `at`, or where it waits for people at one failed step. It is not, and
        nothing changes, where something may have run already, or where several steps wait: people have to look first.
        Raises NotFoundError too for a run the person may not see, NotAllowedError, and what `answer` raises.
        """
        run, registered = await self._run(run_id)
        person = await self._viewer(run, registered, person_id, max_age=FRESH_SECONDS)
        if run.status is RunStatus.ERROR and run.updated_at <= at:
            self._check_may_retry(run, registered, person)
            is_retried = await self.store.reopen_run(run_id, self.now)
            self.tell(run_id)
            return is_retried
        return await self._retry_waiting(run_id, person_id, at=at, door=door)

    async def may_trace(self, run_id: str, person_id: str) -> bool:
        """Whether a person may see the tracebacks of a run's failures."""
        _, registered = await self._run(run_id)
        person = await self.people.look_up(person_id, registered.channel, registered.policy.named)
        return authority.may_trace(registered.policy, person)

    async def look(self, run_id: str, person_id: str) -> tuple[Snapshot, Registration]:
        """Return all of a run, if the person may see it; else NotFoundError, as for a run that isn't there."""
        run, registered = await self._run(run_id)
        await self._viewer(run, registered, person_id)
        return await load(self.store, run.run_id), registered

    async def find_runs(self, prefix: str, person_id: str) -> list[RunRecord]:
        """Return the newest runs whose id begins so and that the person may see."""
        found = await self.store.list_runs(RunFilter(run_id_prefix=prefix.lower(), origin="bot", limit=BATCH))
        return [run for run in found if await self._may_see(run, person_id)]

    async def runs_of(self, person_id: str, limit: int = 10) -> list[RunRecord]:
        """Return the newest runs that a person has started and may see."""
        person = await self.people.look_up(person_id, None)
        found = await self.store.list_runs(RunFilter(user_id=person.person_id, origin="bot", limit=limit))
        return [run for run in found if await self._may_see(run, person_id)]

    async def history(self, person_id: str, name: str | None, limit: int) -> list[RunRecord]:
        """Return the newest runs that have ended and that a person may see, of one workflow or of all.

        Raises NotFoundError for a name that is not registered.
        """
        found: list[RunRecord] = []
        for registered in [self.bot.get(name)] if name else list(self.bot):
            policy = registered.policy
            person = await self.people.look_up(person_id, registered.channel, policy.named)
            whose = None if authority.may_see(policy, person, None) is None else person.person_id
            of_workflow = [registered.definition.workflow_id]
            found += await self.store.list_runs(
                RunFilter(workflow_ids=of_workflow, user_id=whose, origin="bot", statuses=ENDED, limit=limit)
            )
        found = [run for run in found if await self._may_see(run, person_id)]
        return sorted(found, key=lambda run: run.created_at, reverse=True)[:limit]

    async def startable(self, person_id: str) -> list[Registration]:
        """Return the workflows that a person may start, by name."""
        registered = [self.bot.get(name) for name in self.bot.names]
        people = [await self._starter(person_id, item) for item in registered]
        pairs = zip(registered, people, strict=True)
        return [item for item, person in pairs if authority.may_start(item.policy, person) is None]

    async def execute_run(self, run_id: str) -> None:
        """Carry a run as far as it goes; every dispatcher calls this."""
        run, registered = await self._run(run_id)
        try:
            async for event in self.engine.execute(registered.definition, run.run_id):
                self.audience.hear(run_id, event)
                if not isinstance(event, RunContentEvent):
                    self.changed(run_id)
        except ConflictError as conflict:
            _log.debug("run not taken up: %s", conflict, extra={"run_id": run_id})
        except Exception as error:
            self.troubles.note(run_id, error)
            ended = await self.store.get_run(run_id)
            if ended is None or ended.status is not RunStatus.ERROR:
                raise
            self.troubles.clear(run_id)
            _log.info("run ended in error: %s", type(error).__name__, extra={"run_id": run_id})
        else:
            self.troubles.clear(run_id)
        finally:
            await self.audience.leave(run_id)
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

    def _check_may_retry(self, run: RunRecord, registered: Registration, person: Person) -> None:
        """Raise NotAllowedError unless a person may have all that failed at the end of a run done again."""
        policy = registered.policy
        for path in (run.outcome or {}).get("failed") or [ROOT]:
            rule = self.bot.rule_at(registered, path) or policy.rule
            if refusal := authority.may_answer(rule, person, run.user_id, authority.Deed.RETRY, policy.owners):
                raise NotAllowedError(refusal, registered, person, rule.approvers)

    async def _may_see(self, run: RunRecord, person_id: str) -> bool:
        registered = self.bot.of_workflow(run.workflow_id)
        if registered is None:
            return False
        try:
            await self._viewer(run, registered, person_id)
        except NotFoundError:
            return False
        return True

    async def _viewer(
        self, run: RunRecord, registered: Registration, person_id: str, *, max_age: float = REMEMBERED_SECONDS
    ) -> Person:
        """Return a person who may see a run; else NotFoundError, as for a run that isn't there."""
        policy = registered.policy
        person = await self.people.look_up(person_id, registered.channel, policy.named, max_age=max_age)
        if authority.may_see(policy, person, run.user_id) is not None:
            raise NotFoundError("No such run, or not yours.")
        return person

    async def _starter(
        self, person_id: str, registered: Registration, *, max_age: float = REMEMBERED_SECONDS
    ) -> Person:
        policy = registered.policy
        ids = (policy.rule.approvers or frozenset()) if policy.starters is None else policy.starters
        return await self.people.look_up(person_id, registered.channel, ids, max_age=max_age)

    async def _groups(self, registered: Registration) -> dict[str, Any]:
        """Return what the cards of a run say of the groups that may answer: so it is known that they can be asked."""
        policy = registered.policy
        named = await self.people.describe(policy.gates | (policy.rule.approvers or frozenset()))
        return {of: vars(group) for of, group in named.items() if group.members is not None}

    async def _run(self, run_id: str) -> tuple[RunRecord, Registration]:
        if (run := await self.store.get_run(run_id)) and (registered := self.bot.of_workflow(run.workflow_id)):
            return run, registered
        raise NotFoundError("No such run, or not yours.")


def _is_this(pause: PauseRecord, answer: Answer, by: str, at: float) -> bool:
    known = pause.answered
    if known is None or known.answer is None:
        return False
    return (known.by, known.at, known.answer["action"]) == (by, at, answer.action)
