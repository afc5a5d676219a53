"""Modals that are sent: parse, ask who may, wait for the commit, ack, report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from kernbot.engine.ledger import AskedAnewError, TooLateError
from kernbot.errors import KernbotError
from kernbot.run.answer import Answer
from kernbot.slack import ids
from kernbot.slack.listeners.all_calls import approve_all, calls_of
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.telling import cancel, question, refusal_of
from kernbot.slack.parse.answers import read_answer
from kernbot.slack.parse.fields import read_fields, typed_texts
from kernbot.slack.parse.payloads import Submission
from kernbot.slack.render import modals, refusals
from kernbot.slack.render.answering import FORMS
from kernbot.slack.render.calls_form import boxes_of
from kernbot.slack.render.facts import PauseFacts
from kernbot.slack.render.form_fields import fields_of
from kernbot.slack.render.text import escape
from kernbot.slack.render.turn import to_approve

Response = dict[str, Any]
"""The body of an ack."""

_CLEAR: Response = {"response_action": "clear"}


class Views:
    """What happens when a modal is sent."""

    received: Mapping[str, Any] = {"response_action": "update", "view": modals.received()}

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def decide(self, body: dict[str, Any], at: float) -> Response:
        """Take what was filled in to the ledger; return the ack, which says what is wrong with it."""
        submission = Submission.of(body)
        if submission is None:
            return _updated(modals.refused(refusals.not_valid()))
        try:
            if submission.callback_id in (ids.RUN_CANCEL, ids.REVIEW_ALL):
                return await self._do_without_answer(submission, at)
            errors = await self._record(submission, at)
        except TooLateError as late:
            run, pause = await question(self._doors, late.pause)
            return _updated(modals.closed(run, pause, _typed(submission, pause)))
        except AskedAnewError as anew:
            _, pause = await question(self._doors, anew.pause)
            return _updated(modals.asked_anew(pause, _typed(submission, pause)))
        except KernbotError as error:
            return _updated(modals.refused(await refusal_of(self._doors, error, submission.callback_id)))
        return {"response_action": "errors", "errors": errors} if errors else _CLEAR

    async def report(self, body: dict[str, Any], decided: Response, ack: AsyncAck | None) -> None:
        """Ack; or, where that was done before, show in the modal what is wrong."""
        if ack is not None:
            await ack(**decided)
        elif view := _shown_later(decided):
            await self._doors.sender.show(body["view"]["id"], view)

    async def _do_without_answer(self, submission: Submission, at: float) -> Response:
        """Do what a form says that is no answer to one question."""
        who = self._doors.person(submission.user_id, submission.user_team_id)
        if submission.callback_id == ids.RUN_CANCEL:
            run_id = self._doors.run_of(submission.token, submission.callback_id)
            told = await cancel(self._doors, run_id, who, door="modal")
            return _updated(modals.refused(told)) if told else _CLEAR
        _, calls = await calls_of(self._doors, submission.token, submission.callback_id)
        _, errors = read_fields(boxes_of(calls), submission.values)
        if errors and to_approve(calls):
            return {"response_action": "errors", "errors": errors}
        told = await approve_all(self._doors, calls, who, at=at, door="modal")
        return _updated(modals.refused(told)) if told else _CLEAR

    async def _record(self, submission: Submission, at: float) -> dict[str, str]:
        """Store the answer; return what is wrong, by block id, and then nothing was stored."""
        pause = await self._doors.pause_of(submission.token, submission.callback_id)
        who = self._doors.person(submission.user_id, submission.user_team_id)
        await self._doors.service.check_may_answer(pause.pause_id, who)
        _, facts = await question(self._doors, pause)
        answer = read_answer(submission.callback_id, facts, submission.values)
        if isinstance(answer, Answer):
            await self._doors.service.answer(pause.pause_id, answer, who, at=at, door="modal", digest=pause.digest)
            return {}
        if not facts.is_open:
            raise TooLateError(pause)
        return answer


def _typed(submission: Submission, pause: PauseFacts) -> list[tuple[str, str]]:
    """Return what somebody has typed into a form, to be shown to them."""
    asked = fields_of(submission.callback_id, pause) if submission.callback_id in FORMS else ()
    return typed_texts(asked, submission.values)


def _updated(view: dict[str, Any]) -> Response:
    return {"response_action": "update", "view": view}


def _shown_later(decided: Response) -> dict[str, Any] | None:
    """Return what is shown in a modal whose submit was acked before it was decided; None where it counts."""
    errors = decided.get("errors")
    view: dict[str, Any] | None = decided.get("view")
    return _errors_shown(errors) if errors else view


def _errors_shown(errors: Mapping[str, str]) -> dict[str, Any]:
    return modals.refused(refusals.complaint(f"Not recorded: {escape(' '.join(errors.values()))}"))
