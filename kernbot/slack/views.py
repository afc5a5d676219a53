"""Modals that are sent: parse, ask who may, wait for the commit, ack, report."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from kernbot.engine.ledger import TooLateError
from kernbot.errors import KernbotError
from kernbot.run.answer import Action, Answer
from kernbot.slack import ids
from kernbot.slack.actions import facts_of, genuine_pause, refusal_of
from kernbot.slack.doors import Doors
from kernbot.slack.parse import Submission
from kernbot.slack.parse_fields import read_fields, typed_texts
from kernbot.slack.render import modals


class Views:
    """What happens when a modal is sent."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def handle(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Take what was filled in to the ledger, or show at the fields what is wrong with it."""
        received_at = self._doors.service.now
        submission = Submission.of(body)
        if submission is None:
            await ack()
            return
        try:
            errors = await self._answer(submission, received_at)
        except TooLateError as late:
            run, pause = await facts_of(self._doors, late.pause)
            typed = typed_texts(pause.fields, submission.values)
            await ack(response_action="update", view=modals.closed(run, pause, typed))
        except KernbotError as error:
            refusal = await refusal_of(self._doors, error, submission.callback_id)
            await ack(response_action="update", view=modals.refused(refusal))
        else:
            await (ack(response_action="errors", errors=errors) if errors else ack())

    async def _answer(self, submission: Submission, received_at: float) -> dict[str, str]:
        """Store the answer; return what is wrong, by block id, and then nothing was stored."""
        pause = await genuine_pause(self._doors, submission.token, submission.callback_id)
        who = ids.person_id(submission.user_team_id or self._doors.team_id, submission.user_id)
        answer = Answer(action=Action.confirm)
        if submission.callback_id == ids.FILL_IN:
            _, facts = await facts_of(self._doors, pause)
            values, errors = read_fields(facts.fields, submission.values)
            if errors:
                return errors
            answer = Answer(action=Action.provide, values=values)
        await self._doors.service.answer(pause.pause_id, answer, who, at=received_at, door="modal")
        return {}
