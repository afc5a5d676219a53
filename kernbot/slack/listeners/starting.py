"""Starting a workflow from Slack: at once, or by a form, wherever a person asks for it."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, replace
from typing import Any

from kernbot.db.slack import OfferedForm
from kernbot.engine.values import digest
from kernbot.errors import KernbotError, NotFoundError, RefusedError, UsageError
from kernbot.runtime.registry import Registration
from kernbot.runtime.service import CannotCheckError, NotAllowedError
from kernbot.slack import ids
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.ids import Token
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.start_fields import filled, shape_of
from kernbot.slack.listeners.telling import Message, names_of
from kernbot.slack.outbox.sender import Place
from kernbot.slack.render import modals, refusals, start_forms

_log = logging.getLogger(__name__)

View = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who asked for a form and where, and what they typed. It is kept with the form, as JSON."""

    who: str
    """As `slack:T…:U…`."""
    user_id: str
    workflow: str | None = None
    """None as long as it is not chosen."""
    text: str | None = None
    """What was typed after the name, or is to be filled in."""
    zone: str = "UTC"
    """The IANA time zone of the person."""
    channel: str | None = None
    thread_ts: str | None = None
    response_url: str | None = None

    @property
    def place(self) -> Place:
        """Where what comes of it is told."""
        return Place(
            user_id=self.user_id, channel=self.channel, thread_ts=self.thread_ts, response_url=self.response_url
        )


@dataclass(frozen=True, kw_only=True)
class Started:
    """A run that was started."""

    name: str
    run_id: str


class CannotPostError(RefusedError):
    """The bot can't post where the workflow asks; `channel` is its id. No run was started."""

    def __init__(self, channel: str) -> None:
        super().__init__(f"The bot can't post in channel {channel}: invite it there.")
        self.channel = channel


class Starting:
    """Starts workflows, and opens the forms that start them."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._service = doors.service

    async def start(self, name: str, given: Any, who: str, run_id: str, *, started_in: str | None) -> Started:
        """Start a workflow, asked for in a channel or in none; raises what `check` and `Service.start` raise."""
        await self.check(name, who)
        await self._service.start(name, given, who, run_id=run_id, started_in=started_in)
        return Started(name=name, run_id=run_id)

    async def check(self, name: str, who: str) -> Registration:
        """Return the workflow if the person may start it and its questions can be asked.

        Raises NotFoundError, NotAllowedError, CannotCheckError and CannotPostError.
        """
        registered = self._service.bot.get(name)
        if not await self._doors.channels.can_post(registered.channel):
            raise CannotPostError(registered.channel)
        await self._service.check_may_start(name, who)
        return registered

    async def report(self, started: Started) -> Message:
        """Return what to tell the person who has started a run, once it can be linked to."""
        await self._doors.outbox.try_now(started.run_id)
        link = await self._doors.outbox.link_to_run(started.run_id)
        return refusals.started(started.name, started.run_id, link)

    async def open(self, asked: Asked, trigger_id: str) -> None:
        """Open the form of the workflow, or the one in which it is chosen.

        A loading view is shown at once, for a trigger lives three seconds. Where Slack opens nothing any more, a button
        that opens it is shown instead.
        """
        form_id = uuid.uuid4().hex
        await self._show(trigger_id, lambda: self._first_view(asked, form_id), lambda: self._offer(asked, form_id))

    async def open_offered(self, form: OfferedForm, trigger_id: str, place: Place) -> None:
        """Open the form that was offered to a person who has clicked on the offer."""
        asked = replace(Asked(**form.asked), response_url=place.response_url)

        async def tell() -> None:
            await self._doors.sender.tell(place, refusals.form_not_opened())

        await self._show(trigger_id, lambda: self.view(asked, form.form_id), tell)

    async def offer(self, asked: Asked, form_id: str, *, again: bool = False) -> Message | None:
        """Keep what was asked for, and return the message that offers the form.

        None if it was offered before, unless it is to be `again`.
        """
        asked, name = await self._in_zone(asked), await self._doors.people.display_name(asked.user_id)
        if not await self._keep(asked, form_id) and not again:
            return None
        return start_forms.offer(name, asked.workflow, self._doors.tokens.make(ids.START_OPEN, form_id, form_id))

    async def offered(self, token: Token) -> OfferedForm | None:
        """Return the form that the token of an offer speaks of."""
        if not self._doors.tokens.is_genuine(token, ids.START_OPEN, token.subject):
            return None
        return await self._doors.store.get_form(token.subject)

    async def view(self, asked: Asked, form_id: str, *, is_second: bool = False) -> View:
        """Return the form of the workflow, or the one in which it is chosen, or why there is none."""
        try:
            if asked.workflow is None:
                return await self._chooser(asked, form_id)
            registered = await self.check(asked.workflow, asked.who)
        except KernbotError as error:
            return start_forms.not_started(await self.refusal_of(error, asked.workflow))
        start = filled(registered.definition.input_schema, asked.text, asked.zone)
        return start_forms.start_form(
            registered.name,
            registered.description,
            registered.channel,
            start.fields,
            start.notes,
            form_id=form_id,
            token=self._doors.tokens.make(ids.START_FORM, form_id, shape_of(registered.name, start)),
            is_second=is_second,
        )

    async def next_view(self, asked: Asked) -> View:
        """Return the form of the workflow that was chosen, as one on top."""
        form_id = uuid.uuid4().hex
        await self._keep(asked, form_id)
        return await self.view(asked, form_id, is_second=True)

    async def choices(self, who: str) -> list[tuple[str, str | None]]:
        """Return the workflows that a person may start, with their descriptions."""
        return [(item.name, item.description) for item in await self._service.startable(who)]

    async def refusal_of(self, error: KernbotError, name: str | None) -> Message:
        """Return what to tell a person who can't start a workflow; raises what may come right by itself."""
        match error:
            case CannotPostError():
                return refusals.invite(error.channel, self._doors.bot_name)
            case NotAllowedError():
                named = await names_of(self._doors, error)
                return refusals.may_not_start(error.refusal, name or "", error.registration.channel, named)
            case CannotCheckError():
                return refusals.cannot_check()
            case NotFoundError():
                return refusals.no_workflow(name or "")
            case UsageError():
                return refusals.input_does_not_fit(name or "", str(error))
        raise error

    async def _first_view(self, asked: Asked, form_id: str) -> View:
        asked = await self._in_zone(asked)
        await self._keep(asked, form_id)
        return await self.view(asked, form_id)

    async def _in_zone(self, asked: Asked) -> Asked:
        return replace(asked, zone=await self._doors.people.time_zone(asked.user_id))

    async def _chooser(self, asked: Asked, form_id: str) -> View:
        choices = await self.choices(asked.who)
        if not choices:
            return start_forms.not_started(refusals.nothing_to_start())
        token = self._doors.tokens.make(ids.START_CHOOSE, form_id, digest_of_choices(choices))
        return start_forms.chooser(choices, asked.text, form_id=form_id, token=token)

    async def _offer(self, asked: Asked, form_id: str) -> None:
        message = await self.offer(asked, form_id)
        if message is not None:
            await self._doors.sender.tell(asked.place, message)

    async def _keep(self, asked: Asked, form_id: str) -> bool:
        form = OfferedForm(form_id=form_id, asked=asdict(asked), created_at=self._service.now)
        return await self._doors.store.put_form(form)

    async def _show(
        self,
        trigger_id: str,
        make: Callable[[], Coroutine[Any, Any, View]],
        instead: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        try:
            opened = (await self._doors.client.views_open(trigger_id=trigger_id, view=modals.loading()))["view"]
        except SLACK_FAILURES as error:
            _log.info("form not opened: %s", error_code(error))
            await instead()
            return
        wanted = start_forms.not_started(refusals.form_not_opened())
        try:
            wanted = await make()
        finally:
            await self._doors.sender.show(opened["id"], wanted, opened["hash"])


def digest_of_choices(choices: list[tuple[str, str | None]]) -> str:
    """Return a digest of the workflows to choose from, in their order."""
    return digest([name for name, _ in choices])


def run_id_of(view_id: str) -> str:
    """Return the id of the run that a form starts: the same however often the form is sent."""
    return hashlib.sha256(view_id.encode()).hexdigest()[:32]
