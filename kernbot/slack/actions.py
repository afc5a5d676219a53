"""Buttons: parse, ask who may, wait for the commit, ack, report."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from kernbot.db.base import PauseRecord
from kernbot.engine.ledger import TooLateError
from kernbot.engine.runner import load
from kernbot.errors import KernbotError, NotFoundError
from kernbot.run.answer import Action, Answer
from kernbot.runtime.service import CannotCheckError, NotAllowedError
from kernbot.slack import ids
from kernbot.slack.doors import Doors
from kernbot.slack.parse import Click
from kernbot.slack.reading import pause_facts, run_facts
from kernbot.slack.render import modals, refusals
from kernbot.slack.render.facts import PauseFacts, RunFacts

Message = dict[str, Any]

ANSWERS = {
    ids.APPROVE: Action.confirm,
    ids.REJECT: Action.reject,
    ids.RETRY: Action.retry,
    ids.SKIP: Action.skip,
}


class Actions:
    """What the buttons on cards and parent messages do."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._service = doors.service

    async def handle(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Do what a button says; a click that does not count is refused in words, to the one who clicked."""
        received_at = self._service.now
        click = Click.of(body)
        if click is None:
            await ack()
            return
        try:
            await self._act(click, ack, received_at)
        except KernbotError as error:
            refusal = await self._refusal(click, error)
            await ack()
            await self._whisper(click, refusal)

    async def _act(self, click: Click, ack: AsyncAck, received_at: float) -> None:
        if click.action_id in ANSWERS:
            await self._answer(click, received_at)
        elif click.action_id == ids.RUN_CANCEL:
            await self._cancel(click)
        else:
            await ack()
            await self._open(click)
            return
        await ack()

    async def _answer(self, click: Click, received_at: float) -> None:
        pause = await genuine_pause(self._doors, click.token, click.action_id)
        answer = Answer(action=ANSWERS[click.action_id])
        await self._service.answer(pause.pause_id, answer, self._who(click), at=received_at, door="button")
        self._doors.outbox.clicked(pause.pause_id, click.response_url)

    async def _cancel(self, click: Click) -> None:
        run_id = await genuine_run(self._doors, click.token, click.action_id)
        await self._service.cancel(run_id, self._who(click), door="button")

    async def _open(self, click: Click) -> None:
        """Open a modal: a loading one at once, since a trigger lives three seconds, then what there is to see."""
        opened = await self._doors.client.views_open(trigger_id=click.trigger_id, view=modals.loading())
        view = opened["view"]
        try:
            wanted = await self._wanted_view(click)
        except KernbotError as error:
            wanted = modals.refused(await self._refusal(click, error))
        await self._doors.client.views_update(view_id=view["id"], hash=view["hash"], view=wanted)

    async def _wanted_view(self, click: Click) -> dict[str, Any]:
        if click.action_id == ids.RUN_DETAILS:
            run_id = await genuine_run(self._doors, click.token, click.action_id)
            return modals.run_details(await self._facts(run_id, click))
        pause = await genuine_pause(self._doors, click.token, click.action_id)
        run = await self._facts(pause.run_id, click)
        facts = next(item for item in run.pauses if item.pause_id == pause.pause_id)
        if click.action_id == ids.DETAILS:
            return modals.details(run, facts)
        await self._service.check_may_answer(pause.pause_id, self._who(click))
        if not facts.is_open:
            return modals.refused(refusals.too_late(run, facts, click.action_id))
        if click.action_id == ids.REVIEW:
            return modals.review(run, facts, tokens=self._doors.tokens)
        return modals.fill_in(run, facts, tokens=self._doors.tokens)

    async def _facts(self, run_id: str, click: Click) -> RunFacts:
        snapshot, registered = await self._service.look(run_id, self._who(click))
        return run_facts(snapshot, registered.channel, run_link=await self._doors.outbox.link_to_run(run_id))

    async def _refusal(self, click: Click, error: KernbotError) -> Message:
        return await refusal_of(self._doors, error, click.action_id)

    async def _whisper(self, click: Click, message: Message) -> None:
        if click.channel_id:
            await self._doors.sender.whisper(click.channel_id, click.user_id, message, click.thread_ts)

    def _who(self, click: Click) -> str:
        return ids.person_id(click.user_team_id or self._doors.team_id, click.user_id)


async def genuine_pause(doors: Doors, token: ids.Token, action: str) -> PauseRecord:
    """Return the pause that a token speaks of; NotFoundError if we did not make it, for this action and question."""
    pause = await doors.service.store.get_pause(token.subject)
    if pause is None or not doors.tokens.is_genuine(token, action, pause.digest):
        raise NotFoundError("There is no such question.")
    return pause


async def genuine_run(doors: Doors, token: ids.Token, action: str) -> str:
    """Return the id of the run that a token speaks of; NotFoundError if we did not make it, for this action."""
    if not doors.tokens.is_genuine(token, action, token.subject):
        raise NotFoundError("There is no such run.")
    return token.subject


async def refusal_of(doors: Doors, error: KernbotError, action_id: str) -> Message:
    """Return what to tell a person whose click or form did not count."""
    match error:
        case TooLateError():
            run, pause = await facts_of(doors, error.pause)
            return refusals.too_late(run, pause, action_id)
        case NotAllowedError():
            return refusals.not_allowed(error.refusal, error.registration.channel)
        case CannotCheckError():
            return refusals.cannot_check()
        case NotFoundError():
            return refusals.not_valid()
    raise error


async def facts_of(doors: Doors, pause: PauseRecord) -> tuple[RunFacts, PauseFacts]:
    """Return what there is to show of a question and its run."""
    snapshot = await load(doors.service.store, pause.run_id)
    registered = doors.service.bot.of_workflow(snapshot.run.workflow_id)
    channel = registered.channel if registered else ""
    link = await doors.outbox.link_to_run(pause.run_id)
    return run_facts(snapshot, channel, run_link=link), pause_facts(snapshot, pause)
