"""Buttons: parse, ask who may, wait for the commit, ack, report."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from kernbot.db.base import PauseRecord
from kernbot.errors import KernbotError
from kernbot.run.answer import Action, Answer
from kernbot.slack import ids
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.listeners.all_calls import approve_all, calls_of
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.telling import Message, cancel, question, refusal_of, retry, run_for
from kernbot.slack.outbox.sender import Place
from kernbot.slack.parse.payloads import Click
from kernbot.slack.render import modals, refusals
from kernbot.slack.render.answering import FORMS, answering
from kernbot.slack.render.calls_form import review_of_all
from kernbot.slack.render.cancelling import cancel_form
from kernbot.slack.render.forms import form_of
from kernbot.slack.render.turn import to_approve

_log = logging.getLogger(__name__)

ANSWERS = {
    ids.APPROVE: Action.confirm,
    ids.REJECT: Action.reject,
    ids.RETRY: Action.retry,
    ids.SKIP: Action.skip,
}
_ABOUT_CALLS = tuple(form.replace("pause.", "call.", 1) for form in (*FORMS, ids.AS_JSON))
OPENING_ACTIONS = (
    *FORMS,
    *_ABOUT_CALLS,
    ids.DETAILS,
    ids.AS_JSON,
    ids.REVIEW_ALL,
    ids.OVERFLOW,
    ids.RUN_DETAILS,
    ids.ANSWER,
)
"""Buttons that open a modal, and record nothing."""


class Actions:
    """What the buttons on cards and parent messages do."""

    received: Mapping[str, Any] = {}
    """The ack of a click has no body."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._service = doors.service

    async def decide(self, body: dict[str, Any], at: float) -> Message | None:
        """Record what a button says; return what to tell a person whose click does not count."""
        click = Click.of(body)
        if click is None:
            return refusals.not_valid()
        try:
            return await self._record(click, at)
        except KernbotError as error:
            return await refusal_of(self._doors, error, click.action_id)

    async def report(self, body: dict[str, Any], decided: Message | None, ack: AsyncAck | None) -> None:
        """Ack, and tell the one who clicked why it did not count; in a modal, also that it did."""
        if ack is not None:
            await ack()
        click = Click.of(body)
        if click is None:
            await self._refuse_unknown(body)
        elif click.view_id is not None:
            await self._doors.sender.show(click.view_id, await self._view_after(click, decided))
        elif decided is not None:
            await self._doors.sender.whisper(click, decided)
        elif click.is_ephemeral and click.action_id == ids.RUN_CANCEL and click.response_url is not None:
            run = await run_for(self._doors, click.token.subject, self._who(click))
            await self._doors.sender.respond(click.response_url, refusals.cancelled(run))

    async def open(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Open a modal: a loading one at once, since a trigger lives three seconds, then what there is to see."""
        await ack()
        click = Click.of(body)
        if click is None or click.trigger_id is None:
            await self._refuse_unknown(body)
            return
        show = self._doors.client.views_push if click.view_id else self._doors.client.views_open
        try:
            opened = await show(trigger_id=click.trigger_id, view=modals.loading())
        except SLACK_FAILURES as error:
            _log.info("modal not opened: %s", error_code(error))
            await self._doors.sender.tell(Place.of_click(body), refusals.not_opened())
            return
        try:
            wanted = await self._wanted_view(click)
        except KernbotError as error:
            wanted = modals.refused(await refusal_of(self._doors, error, click.action_id))
        await self._doors.sender.show(opened["view"]["id"], wanted, opened["view"]["hash"])

    async def _record(self, click: Click, at: float) -> Message | None:
        who = self._who(click)
        if click.action_id == ids.RUN_CANCEL:
            return await cancel(self._doors, self._doors.run_of(click.token, click.action_id), who, door="button")
        if click.action_id == ids.RUN_RETRY:
            run_id = self._doors.run_of(click.token, click.action_id)
            return await retry(self._doors, run_id, who, at=at, door="button")
        if click.action_id == ids.APPROVE_ALL:
            return await self._approve_all(click, who, at)
        pause = await self._doors.pause_of(click.token, click.action_id)
        answer = _answer(pause, click.action_id)
        if not click.is_ephemeral:
            self._doors.outbox.clicked(click.channel_id, click.message_ts, click.response_url, at, pause)
        await self._service.answer(pause.pause_id, answer, who, at=at, door="button", digest=pause.digest)
        return None

    async def _approve_all(self, click: Click, who: str, at: float) -> Message | None:
        _, calls = await calls_of(self._doors, click.token, click.action_id)
        told = await approve_all(self._doors, calls, who, at=at, door="button")
        self._doors.outbox.clicked(click.channel_id, click.message_ts, click.response_url, at)
        return told

    async def _refuse_unknown(self, body: dict[str, Any]) -> None:
        if url := body.get("response_url"):
            await self._doors.sender.respond(url, refusals.not_valid())

    async def _view_after(self, click: Click, refusal: Message | None) -> dict[str, Any]:
        if refusal is not None:
            return modals.refused(refusal)
        if click.action_id == ids.RUN_CANCEL:
            return modals.run_details(await run_for(self._doors, click.token.subject, self._who(click)))
        pause = await self._doors.pause_of(click.token, click.action_id)
        return modals.details(*await question(self._doors, pause))

    async def _wanted_view(self, click: Click) -> dict[str, Any]:
        who = self._who(click)
        match action := ids.deed_of(click.action_id):
            case ids.RUN_DETAILS:
                run_id = self._doors.run_of(click.token, click.action_id)
                return modals.run_details(await run_for(self._doors, run_id, who))
            case ids.OVERFLOW:
                entry = await self._doors.chosen(click.token, ids.MENU)
                return await (
                    self._cancelling(click, who) if entry == ids.ASK_CANCEL else self._look(click, who, entry)
                )
            case ids.DETAILS | ids.AS_JSON:
                return await self._look(click, who, click.action_id)
            case ids.REVIEW_ALL:
                return await self._reviewing_all(click, who)
        return await self._view_of_question(click, who, action)

    async def _view_of_question(self, click: Click, who: str, action: str) -> dict[str, Any]:
        pause = await self._doors.pause_of(click.token, click.action_id)
        await self._service.check_may_answer(pause.pause_id, who)
        run, facts = await question(self._doors, pause)
        if not facts.is_open:
            return modals.refused(refusals.too_late(run, facts, click.action_id))
        if action == ids.ANSWER:
            return answering(run, facts, tokens=self._doors.tokens)
        return form_of(action, run, facts, tokens=self._doors.tokens)

    async def _look(self, click: Click, who: str, action: str) -> dict[str, Any]:
        """Return what shows a question whole, to whoever may see the run; `action` is what the token was made for."""
        pause = await self._doors.pause_of(click.token, action)
        await self._service.look(pause.run_id, who)
        run, facts = await question(self._doors, pause, who)
        return modals.details(run, facts) if action == ids.DETAILS else modals.call_as_json(run, facts)

    async def _cancelling(self, click: Click, who: str) -> dict[str, Any]:
        """Return what asks back before a run is cancelled, or says why that can't be."""
        pause = await self._doors.pause_of(click.token, ids.ASK_CANCEL)
        run = await run_for(self._doors, pause.run_id, who)
        if not await self._service.may_cancel(pause.run_id, who):
            return modals.refused(refusals.may_not_cancel(run))
        if run.status.has_ended:
            return modals.refused(refusals.ended_already(run))
        return cancel_form(run, pause.pause_id, tokens=self._doors.tokens)

    async def _reviewing_all(self, click: Click, who: str) -> dict[str, Any]:
        """Return what shows all calls of a card whole, or says who was faster."""
        run, calls = await calls_of(self._doors, click.token, click.action_id)
        await self._service.check_may_answer(calls[0].pause_id, who)
        if not to_approve(calls):
            return modals.refused(refusals.too_late(run, calls[0], click.action_id))
        return review_of_all(run, calls, tokens=self._doors.tokens)

    def _who(self, click: Click) -> str:
        return self._doors.person(click.user_id, click.user_team_id)


def _answer(pause: PauseRecord, action_id: str) -> Answer:
    """Return the answer that a button stands for; only genuine buttons get here."""
    if action_id.startswith(ids.CHOICE):
        choice = pause.question["choices"][int(action_id.removeprefix(ids.CHOICE))]
        return Answer(action=Action.select, routes=(choice["name"],))
    return Answer(action=ANSWERS[ids.deed_of(action_id)])
