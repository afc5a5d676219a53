"""Approving all open calls of a card: each is answered by itself, through the ledger."""

from __future__ import annotations

from kernbot.engine.ledger import TooLateError
from kernbot.errors import NotFoundError
from kernbot.run.answer import Action, Answer
from kernbot.slack.doors import Doors
from kernbot.slack.ids import Token
from kernbot.slack.render import refusals
from kernbot.slack.render.facts import RunFacts
from kernbot.slack.render.turn import Calls, calls_beside, digest_of_all, to_approve
from kernbot.slack.telling import Message, question

_YES = (Action.confirm, Action.provide, Action.supply)


async def calls_of(doors: Doors, token: Token, action_id: str) -> tuple[RunFacts, Calls]:
    """Return the calls that a token speaks of; NotFoundError if we did not make it for them as they are now."""
    run, calls = await _calls_on_card(doors, token.subject)
    if not calls or not doors.tokens.is_genuine(token, action_id, digest_of_all(calls)):
        raise NotFoundError("These calls are asked about in another way by now.")
    return run, calls


async def approve_all(doors: Doors, calls: Calls, who: str, *, at: float, door: str) -> Message | None:
    """Approve the calls that are open; return what to tell where others have decided otherwise on some of them.

    Raises TooLateError where none is left, and what `Service.answer` raises: then what is approved stays so.
    """
    waiting = to_approve(calls) or calls
    late: list[TooLateError] = []
    for call in waiting:
        try:
            await doors.service.answer(
                call.pause_id, Answer(action=Action.confirm), who, at=at, door=door, digest=call.digest
            )
        except TooLateError as error:
            late.append(error)
    if len(late) == len(waiting):
        raise late[0]
    run, now = await _calls_on_card(doors, calls[0].pause_id)
    otherwise = [call for call in now if not call.is_open and call.answer and call.answer.action not in _YES]
    return refusals.not_all_approved(run, otherwise, len(now)) if otherwise else None


async def _calls_on_card(doors: Doors, pause_id: str) -> tuple[RunFacts, Calls]:
    pause = await doors.service.store.get_pause(pause_id)
    if pause is None:
        raise NotFoundError("There is no such question.")
    run, first = await question(doors, pause)
    return run, calls_beside(run, first)
