"""What is told of runs and questions, to those who may see them and to those who are refused."""

from __future__ import annotations

from typing import Any

from kernbot.db.base import PauseRecord
from kernbot.engine.large import load
from kernbot.engine.ledger import AskedAnewError, TooLateError
from kernbot.errors import ConfigurationError, KernbotError, NotFoundError, UsageError
from kernbot.runtime.service import CannotCheckError, NotAllowedError
from kernbot.slack import ids
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.waiting import waiting_in
from kernbot.slack.reading.runs import pause_facts, run_facts
from kernbot.slack.render import lists, refusals
from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.text import escape

Message = dict[str, Any]


async def run_for(doors: Doors, run_id: str, who: str) -> RunFacts:
    """Return what there is to show of a run to a person; NotFoundError if they may not see it."""
    snapshot, registered = await doors.service.look(run_id, who)
    traced = await doors.service.may_trace(run_id, who)
    return run_facts(snapshot, registered.channel, run_link=await doors.outbox.link_to_run(run_id), traced=traced)


async def question(doors: Doors, pause: PauseRecord, who: str | None = None) -> tuple[RunFacts, PauseFacts]:
    """Return what there is to show of a question and its run: to a person, or to all."""
    snapshot = await load(doors.service.store, pause.run_id)
    registered = doors.service.bot.of_workflow(snapshot.run.workflow_id)
    channel = registered.channel if registered else ""
    link = await doors.outbox.link_to_run(pause.run_id)
    traced = who is not None and await doors.service.may_trace(pause.run_id, who)
    return run_facts(snapshot, channel, run_link=link), pause_facts(snapshot, pause, traced=traced)


async def cancel(doors: Doors, run_id: str, who: str, *, door: str) -> Message | None:
    """Cancel a run; return what to tell a person who may not, or who comes too late."""
    try:
        was = await doors.service.cancel(run_id, who, door=door)
    except NotAllowedError:
        return refusals.may_not_cancel(await run_for(doors, run_id, who))
    return refusals.ended_already(await run_for(doors, run_id, who)) if was.has_ended else None


async def retry(doors: Doors, run_id: str, who: str, *, at: float, door: str) -> Message | None:
    """Have what failed in a run tried again; return what to tell a person who may not, or where nothing is."""
    try:
        is_retried = await doors.service.retry(run_id, who, at=at, door=door)
    except NotAllowedError:
        return refusals.may_not_retry(await run_for(doors, run_id, who))
    except TooLateError as late:
        return await refusal_of(doors, late, ids.RETRY)
    if is_retried:
        return None
    run = await run_for(doors, run_id, who)
    failed = await waiting_in(doors, run_id, who, errors_only=True)
    if not failed.asked and not failed.others:
        return refusals.nothing_to_retry(run)
    return lists.look_first(run, failed, tokens=doors.tokens)


async def names_of(doors: Doors, error: NotAllowedError) -> list[str] | None:
    """Return the names of those who may what somebody else may not; None: the full members of the channel."""
    if error.named is None:
        return None
    try:
        named = await doors.people.describe(error.named - error.person.also_known_as)
    except CannotCheckError:
        return sorted(error.named)
    return sorted(who.name for who in named.values())


async def refusal_of(doors: Doors, error: KernbotError, action_id: str) -> Message:  # noqa: PLR0911 - one an error
    """Return what to tell a person whose click or form did not count; raises what may come right by itself."""
    match error:
        case TooLateError():
            return refusals.too_late(*await question(doors, error.pause), action_id)
        case AskedAnewError() as anew:
            return refusals.asked_anew((await question(doors, anew.pause))[1])
        case NotAllowedError():
            named = await names_of(doors, error)
            return refusals.not_allowed(error.refusal, error.registration.channel, named)
        case CannotCheckError():
            return refusals.cannot_check()
        case NotFoundError():
            return refusals.not_valid()
        case ConfigurationError():
            return refusals.too_large(str(error))
        case UsageError():
            return refusals.complaint(f"Not recorded: {escape(str(error))}")
    raise error
