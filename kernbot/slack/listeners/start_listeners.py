"""What is heard of starting: forms that are sent, and buttons and shortcuts that open one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from kernbot.engine.values import decode
from kernbot.errors import KernbotError
from kernbot.runtime.service import CannotCheckError
from kernbot.slack import ids
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.start_fields import errors_of, filled, read_filled, shape_of
from kernbot.slack.listeners.starting import Asked, Started, Starting, digest_of_choices, run_id_of
from kernbot.slack.listeners.telling import refusal_of
from kernbot.slack.outbox.sender import Place
from kernbot.slack.parse.fields import read_fields
from kernbot.slack.parse.payloads import Click, Submission, unescape
from kernbot.slack.reading.subject import as_text
from kernbot.slack.render import refusals, start_forms
from kernbot.slack.render.inputs import field_id
from kernbot.workflow.inputs import InputError

_SECONDS_FOR_A_LINK = 0.5

Response = dict[str, Any]
"""The body of an ack."""

_ASK_AGAIN = "The bot cannot check your right just now. Nothing was started: please send it again in a moment."


class StartForms:
    """What happens when a form that starts a workflow is sent."""

    received: Mapping[str, Any] = {"response_action": "update", "view": start_forms.being_started()}

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._starting = Starting(doors)

    async def decide(self, body: dict[str, Any], at: float) -> Response | tuple[Asked, Started]:  # noqa: ARG002 - no form is too late
        """Start what was filled in, or return the ack, which says what is wrong, or is the next form."""
        submission = Submission.of(body)
        form = await self._doors.store.get_form(submission.token.subject) if submission else None
        if submission is None or form is None:
            return _instead(refusals.form_is_old(None), body)
        asked = Asked(**form.asked)
        if submission.user_id != asked.user_id:
            return _instead(refusals.form_is_old(None), body)
        try:
            if submission.callback_id == ids.START_CHOOSE:
                return await self._chosen(submission, asked)
            return await self._sent(submission, asked, body)
        except CannotCheckError:
            return _at_fields({field_id(0): _ASK_AGAIN}, body)
        except KernbotError as error:
            return _instead(await self._starting.refusal_of(error, asked.workflow), body)

    async def report(
        self, body: dict[str, Any], decided: Response | tuple[Asked, Started], ack: AsyncAck | None
    ) -> None:
        """Ack; and where a run has started, tell its starter with a link, where they asked for it or in the modal."""
        if not isinstance(decided, tuple):
            await self._answer(body, decided, ack)
            return
        asked, started = decided
        if ack is not None and asked.channel is None:
            await self._tell_in_modal(body["view"]["id"], started, ack)
            return
        if ack is not None:
            await ack(response_action="clear")
        told = await self._starting.report(started)
        if asked.channel is not None:
            await self._doors.sender.tell(asked.place, told)
        if ack is None:
            await self._doors.sender.show(body["view"]["id"], start_forms.has_started(told))

    async def _tell_in_modal(self, view_id: str, started: Started, ack: AsyncAck) -> None:
        """Ack with what has started, and the link to it if that is there in time; else it is shown later.

        An ack and a call that change the same modal may overtake each other.
        """
        telling = asyncio.ensure_future(self._starting.report(started))
        await asyncio.wait({telling}, timeout=_SECONDS_FOR_A_LINK)
        is_told = telling.done() and telling.exception() is None
        told = telling.result() if is_told else refusals.started(started.name, started.run_id, None)
        await ack(response_action="update", view=start_forms.has_started(told))
        if not is_told:
            await self._doors.sender.show(view_id, start_forms.has_started(await telling))

    async def _answer(self, body: dict[str, Any], decided: Response, ack: AsyncAck | None) -> None:
        if ack is not None:
            await ack(**decided)
            return
        view = decided["view"] if "view" in decided else _said_instead(decided["errors"], body)["view"]
        await self._doors.sender.show(body["view"]["id"], view)

    async def _chosen(self, submission: Submission, asked: Asked) -> Response:
        choices = await self._starting.choices(asked.who)
        if not self._doors.tokens.is_genuine(submission.token, ids.START_CHOOSE, digest_of_choices(choices)):
            return {"response_action": "update", "view": await self._starting.view(asked, submission.token.subject)}
        values, errors = read_fields([start_forms.choice_of_workflow(choices)], submission.values)
        if errors:
            return {"response_action": "errors", "errors": errors}
        [name] = values.values()
        return {"response_action": "push", "view": await self._starting.next_view(replace(asked, workflow=name))}

    async def _sent(
        self, submission: Submission, asked: Asked, body: dict[str, Any]
    ) -> Response | tuple[Asked, Started]:
        name = asked.workflow or ""
        registered = await self._starting.check(name, asked.who)
        start = filled(registered.definition.input_schema, asked.text, asked.zone)
        if not self._doors.tokens.is_genuine(submission.token, ids.START_FORM, shape_of(name, start)):
            return _instead(refusals.form_is_old(name), body)
        given, errors = read_filled(registered.definition.input_schema, start, submission.values)
        if errors:
            return {"response_action": "errors", "errors": errors}
        try:
            run_id = run_id_of(body["view"]["id"])
            return asked, await self._starting.start(name, given, asked.who, run_id, started_in=asked.channel)
        except InputError as error:
            return _at_fields(errors_of(error, start.fields), body)


class StartButtons:
    """What opens a form: shortcuts, buttons of App Home and of failed runs, and the offer that answers a mention."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._starting = Starting(doors)

    async def shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Open the form in which a workflow is chosen: from anywhere, with nothing filled in."""
        await ack()
        await self._starting.open(self._asked(body), body["trigger_id"])

    async def with_message(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Open it with the text of a message filled in."""
        await ack()
        shown = body["message"]
        asked = replace(
            self._asked(body),
            text=unescape(shown.get("text") or "").strip() or None,
            channel=body["channel"]["id"],
            thread_ts=shown.get("thread_ts"),
            response_url=body.get("response_url"),
        )
        await self._starting.open(asked, body["trigger_id"])

    async def offered(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Open the form that was offered, to the one whom it was offered to."""
        await ack()
        click = Click.of(body)
        form = await self._starting.offered(click.token) if click else None
        if click is None or click.trigger_id is None or form is None:
            await self._tell(body, refusals.not_valid())
            return
        asked = Asked(**form.asked)
        if asked.user_id != click.user_id:
            name = await self._doors.people.display_name(asked.user_id)
            await self._tell(body, refusals.not_your_form(name, self._doors.command))
            return
        await self._starting.open_offered(form, click.trigger_id, Place.of_click(body))

    async def again(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Open the form of a workflow with the input of one of its runs filled in, to somebody who may see that."""
        await ack()
        click = Click.of(body)
        if click is None:
            await self._tell(body, refusals.not_valid())
            return
        try:
            asked = await self._asked_again(click, body)
        except KernbotError as error:
            await self._tell(body, await refusal_of(self._doors, error, ids.START_AGAIN))
            return
        await self._starting.open(asked, body["trigger_id"])

    async def _asked_again(self, click: Click, body: dict[str, Any]) -> Asked:
        asked = self._asked(body)
        run_id = self._doors.run_of(click.token, click.action_id)
        snapshot, registered = await self._doors.service.look(run_id, asked.who)
        given = decode(snapshot.run.request["input"])
        return replace(
            asked,
            workflow=registered.name,
            text=None if given is None else as_text(given),
            channel=click.channel_id,
            response_url=click.response_url,
        )

    def _asked(self, body: dict[str, Any]) -> Asked:
        user = body["user"]
        return Asked(who=self._doors.person(user["id"], user.get("team_id")), user_id=user["id"])

    async def _tell(self, body: dict[str, Any], message: dict[str, Any]) -> None:
        await self._doors.sender.tell(Place.of_click(body), message)


def _at_fields(errors: dict[str, str], body: Mapping[str, Any]) -> Response:
    """Say what is wrong at the fields; in the place of the form, if it has none."""
    has_fields = any(block["type"] == "input" for block in body["view"].get("blocks", []))
    return {"response_action": "errors", "errors": errors} if has_fields else _said_instead(errors, body)


def _said_instead(errors: Mapping[str, str], body: Mapping[str, Any]) -> Response:
    return _instead(refusals.errors_in_form(list(errors.values())), body)


def _instead(refusal: Mapping[str, Any], body: Mapping[str, Any]) -> Response:
    view = start_forms.not_started(refusal, start_forms.typed_in(body.get("view") or {}))
    return {"response_action": "update", "view": view}
