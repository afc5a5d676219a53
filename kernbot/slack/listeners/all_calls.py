"""Approving all open calls of a card: each is answered by itself, through the ledger."""

from __future__ import annotations

from kernbot.errors import ConflictError, NotFoundError, RefusedError
from kernbot.run.answer import Action, Answer
from kernbot.slack.ids import Token
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.telling import Message, question
from kernbot.slack.render import refusals
from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.turn import Calls, calls_beside, digest_of_all, to_approve


async def calls_of(doors: Doors, token: Token, action_id: str) -> tuple[RunFacts, Calls]:
    """Return the calls that a token speaks of; NotFoundError if we did not make it for them as they are now."""
    run, calls = await _calls_on_card(doors, token.subject)
    if not calls or not doors.tokens.is_genuine(token, action_id, digest_of_all(calls)):
        raise NotFoundError("These calls are asked about in another way by now.")
    return run, calls


async def approve_all(doors: Doors, calls: Calls, who: str, *, at: float, door: str) -> Message | None:
    """Approve the calls that are open; return what to tell where that is not all of them: others were faster, say.

    Raises what `Service.answer` raises, such as TooLateError, where none could be approved.
    """
    waiting = to_approve(calls) or calls
    failed: list[ConflictError | RefusedError] = []
    for call in waiting:
        yes = Answer(action=Action.confirm)
        try:
            await doors.service.answer(call.pause_id, yes, who, at=at, door=door, digest=call.digest)
        except (ConflictError, RefusedError) as error:
            failed.append(error)
    if len(failed) == len(waiting):
        raise failed[0]
    run, now = await _calls_on_card(doors, calls[0].pause_id)
    others = [call for call in now if call.kind == "call_confirmation" and not _is_approved(call)]
    return refusals.not_all_approved(run, others, len(now)) if others else None


def _is_approved(call: PauseFacts) -> bool:
    return call.answer is not None and call.answer.action in (Action.confirm, Action.provide)


async def _calls_on_card(doors: Doors, pause_id: str) -> tuple[RunFacts, Calls]:
    pause = await doors.service.store.get_pause(pause_id)
    if pause is None:
        raise NotFoundError("There is no such question.")
    run, first = await question(doors, pause)
    return run, calls_beside(run, first)
