"""A person acting: typing commands, clicking, filling in modals, as Slack's own client lets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernbot.localslack import acks, payloads
from kernbot.localslack.app import App, Command
from kernbot.localslack.content import Content
from kernbot.localslack.conversations import Channel
from kernbot.localslack.delivery import Courier, Delivery, Envelope
from kernbot.localslack.elements import HOLDERS, Block, Element, Values, action_of, chosen, find_element, state_of
from kernbot.localslack.errors import ActError, ApiError
from kernbot.localslack.ids import microseconds, timestamp
from kernbot.localslack.inputs import complaints
from kernbot.localslack.people import Person
from kernbot.localslack.response_urls import ResponseUrls
from kernbot.localslack.seen import Seen, channels_of, messages_of, visible_channel, visible_message
from kernbot.localslack.traffic import Traffic
from kernbot.localslack.typed import escaped
from kernbot.localslack.views import View, view_object
from kernbot.localslack.workspace import Workspace


class Actor:
    """One person. What Slack's client would not let them do raises ActError, and nothing is sent."""

    def __init__(
        self, person_id: str, workspace: Workspace, courier: Courier, response_urls: ResponseUrls, traffic: Traffic
    ) -> None:
        self._id = person_id
        self._workspace = workspace
        self._courier = courier
        self._response_urls = response_urls
        self._traffic = traffic

    # Looking

    def channels(self) -> list[Seen]:
        """Return the conversations that this person sees."""
        return channels_of(self._workspace, self._person)

    def messages(self, channel_id: str, thread_ts: str | None = None) -> list[Seen]:
        """Return what this person sees in a channel, newest last; or in a thread, its parent first."""
        return messages_of(self._workspace, self._person, channel_id, thread_ts)

    def view(self) -> dict[str, Any] | None:
        """Return the modal that is open before this person, as Slack's view object, or None."""
        top = self._workspace.modals.top(self._id)
        return view_object(top, self._workspace.team_id) if top else None

    # Typing

    async def say(self, channel_id: str, text: str, thread_ts: str | None = None) -> None:
        """Post a plain message."""
        channel = self._joined(channel_id)
        if thread_ts is not None:
            visible_message(self._workspace, self._person, channel_id, thread_ts)
        content = Content(escaped(text, self._workspace))
        self._workspace.post(channel, self._id, content, thread_ts=thread_ts)

    async def command(self, channel_id: str, command: str, text: str = "") -> Delivery:
        """Type a slash command; what it answers, and that it failed, is shown to this person."""
        channel = self._joined(channel_id)
        if command == "/invite":
            return self._invite(channel, text)
        app = self._workspace.app_of_command(command)
        if app is None:
            return self._failed(channel, f"{command} is not a valid command.")
        known = next(known for known in app.commands if known.name == command)
        delivery = await self._courier.deliver(self._command_envelope(app, channel, known, text))
        if not delivery.ok:
            self._workspace.notify(channel, self._id, f'{command} failed with the error "{delivery.error}"')
            return delivery
        return self._answered(app, channel, f"{command} {text}".strip(), delivery)

    # Clicking

    async def click(
        self,
        channel_id: str,
        ts: str,
        action_id: str,
        *,
        option: Any = None,
        block_id: str | None = None,
        message: Seen | None = None,
    ) -> Delivery:
        """Act on an element of a message; `option` is the value, or values, put into a menu or field.

        `message` is an older copy of the message, from `messages`, whose buttons a slow client still shows.
        """
        person = self._acting
        there = visible_message(self._workspace, person, channel_id, ts)
        if there.app is None:
            raise ActError(f"The message {ts} is not by an app, nothing in it can be clicked.")
        blocks = there.content.blocks if message is None else message["blocks"] or []
        block, element = find_element(blocks, action_id, block_id)
        action = self._act_on(block, element, option, there.values)
        state = state_of(there.content.blocks, there.values)
        payload = payloads.message_action(self._workspace, there.app, person, there, action=action, state=state)
        channel = self._workspace.channels[channel_id]
        payload["response_url"] = self._response_urls.issue(there.app, channel, self._id, there)
        return await self._interact(there.app, payload)

    async def view_action(
        self, view_id: str, action_id: str, *, option: Any = None, block_id: str | None = None
    ) -> Delivery:
        """Act on an element of the open modal that tells the app at once."""
        view = self._open_view(view_id)
        block, element = find_element(view.blocks, action_id, block_id)
        if block["type"] == "input" and not block.get("dispatch_action", False):
            raise ActError(f"{action_id!r} tells the app nothing before the modal is submitted.")
        action = self._act_on(block, element, option, view.values)
        payload = payloads.view_action(self._workspace, self._acting, view, action)
        return await self._interact(view.app, payload)

    # Modals

    async def submit(self, view_id: str, values: Mapping[str, Any]) -> Delivery:
        """Fill in the open modal and submit it.

        `values` holds, by block id, a text, an option's value, or a list of those. What the client itself would not
        submit comes back as `errors` and reaches no app.
        """
        view = self._open_view(view_id)
        if view.body.get("submit") is None:
            raise ActError(f"The view {view_id} has no submit button.")
        self._fill_in(view, values)
        view.errors = complaints(view.blocks, view.values)
        if view.errors:
            self._workspace.changes.announce()
            return Delivery(ok=False, errors=view.errors, error="the form is not complete, nothing was sent")
        return await self._submit(view)

    async def close(self, view_id: str) -> Delivery:
        """Close the open modal, and the stack below it if the view says so."""
        view = self._open_view(view_id)
        modals = self._workspace.modals
        root = modals.stack(self._id)[0]
        is_cleared = view.body.get("clear_on_close", False)
        told = root if is_cleared else view
        if is_cleared:
            modals.clear(self._id)
        else:
            modals.close(view)
        self._workspace.changes.announce()
        if not told.body.get("notify_on_close", False):
            return Delivery(ok=True)
        payload = payloads.view_closed(self._workspace, self._acting, told, is_cleared=is_cleared)
        return await self._courier.deliver(Envelope(told.app, "interactive", payload, told.app.interactivity_url))

    # How

    @property
    def _person(self) -> Person:
        return self._workspace.people[self._id]

    @property
    def _acting(self) -> Person:
        if not self._person.can_act:
            raise ActError(f"{self._person.display_name} is {self._person.kind}: nobody can act as them.")
        return self._person

    def _joined(self, channel_id: str) -> Channel:
        channel = visible_channel(self._workspace, self._acting, channel_id)
        if self._id not in channel.members:
            raise ActError(f"{self._person.display_name} is not in #{channel.name}: join it first.")
        if channel.archived:
            raise ActError(f"#{channel.name} is archived, nobody can write there.")
        return channel

    def _open_view(self, view_id: str) -> View:
        view = self._workspace.modals.top(self._acting.id)
        if view is None or view.id != view_id:
            raise ActError(f"{self._person.display_name} does not have the view {view_id} before them.")
        if view.busy:
            raise ActError(f"The view {view_id} is being submitted.")
        return view

    def _invite(self, channel: Channel, text: str) -> Delivery:
        name = text.strip().removeprefix("@").casefold()
        for person in self._workspace.people.values():
            if name in (person.name.casefold(), person.display_name.casefold()):
                self._workspace.join(channel, person.id)
                content = Content(f"<@{person.id}> has joined the channel")
                self._workspace.post(channel, person.id, content, subtype="channel_join")
                return Delivery(ok=True)
        return self._failed(channel, f"There is nobody named {text.strip()!r} to invite.")

    def _failed(self, channel: Channel, sentence: str) -> Delivery:
        self._workspace.notify(channel, self._id, sentence)
        return Delivery(ok=False, error=sentence)

    def _command_envelope(self, app: App, channel: Channel, command: Command, text: str) -> Envelope:
        told = escaped(text, self._workspace) if command.should_escape else text
        payload = payloads.slash_command(self._workspace, app, self._person, channel, command=command.name, text=told)
        payload["response_url"] = self._response_urls.issue(app, channel, self._id)
        payload["trigger_id"] = self._workspace.triggers.issue(app, self._id)
        return Envelope(app, "slash_commands", payload, command.url)

    def _answered(self, app: App, channel: Channel, typed: str, delivery: Delivery) -> Delivery:
        try:
            reply = acks.read_command_ack(delivery.body)
        except ApiError as error:
            self._refuse_ack(typed, delivery.body, error)
            return self._failed(channel, f"{acks.TROUBLE} ({error})")
        if reply and reply.in_channel:
            self._workspace.post(channel, self._id, Content(escaped(typed, self._workspace)))
        if reply:
            visible_to = None if reply.in_channel else self._id
            self._workspace.post_as(app, channel, reply.content, visible_to=visible_to)
        return delivery

    def _act_on(self, block: Block, element: Element, option: Any, values: Values) -> dict[str, Any]:
        choice = option
        if element["type"] in HOLDERS:
            choice = values[block["block_id"], element["action_id"]] = chosen(element, option)
            self._workspace.changes.announce()
        return action_of(block, element, choice, timestamp(microseconds(self._workspace.clock())))

    async def _interact(self, app: App, payload: dict[str, Any]) -> Delivery:
        if not app.interactive:
            return Delivery(ok=False, error=f"{app.name} has interactivity switched off in its manifest")
        in_modal = "view" in payload
        payload["trigger_id"] = self._workspace.triggers.issue(app, self._id, in_modal=in_modal)
        return await self._courier.deliver(Envelope(app, "interactive", payload, app.interactivity_url))

    def _fill_in(self, view: View, values: Mapping[str, Any]) -> None:
        unknown = sorted(set(values) - view.input_block_ids)
        if unknown:
            raise ActError(f"The view {view.id} has no input block {', '.join(unknown)}.")
        for block in view.blocks:
            if block["block_id"] in values:
                key = (block["block_id"], block["element"]["action_id"])
                view.values[key] = chosen(block["element"], values[block["block_id"]])

    async def _submit(self, view: View) -> Delivery:
        payload = payloads.view_submission(self._workspace, self._acting, view)
        view.busy = True
        self._workspace.changes.announce()
        try:
            delivery = await self._interact(view.app, payload)
        finally:
            view.busy = False
            self._workspace.changes.announce()
        if not delivery.ok or not self._workspace.modals.is_open(view):
            return delivery
        return self._submitted(view, delivery)

    def _submitted(self, view: View, delivery: Delivery) -> Delivery:
        try:
            response = acks.read_submission_ack(delivery.body, view.input_block_ids)
            self._obey(view, response)
        except ApiError as error:
            self._refuse_ack("view_submission", delivery.body, error)
            return Delivery(ok=False, status=delivery.status, body=delivery.body, error=f"{acks.TROUBLE} ({error})")
        return Delivery(ok=not view.errors, status=delivery.status, body=delivery.body, errors=view.errors or None)

    def _obey(self, view: View, response: acks.Response) -> None:
        modals, now = self._workspace.modals, self._workspace.clock()
        match response:
            case acks.Close():
                modals.close(view)
            case acks.Clear():
                modals.clear(self._id)
            case acks.Errors(errors):
                view.errors = errors
            case acks.Update(body):
                modals.update(view, body, now)
            case acks.Push(body):
                modals.push(view.app, self._id, body, now)

    def _refuse_ack(self, name: str, body: Any, error: ApiError) -> None:
        self._traffic.from_app(f"ack of {name}", body, f"refused: {error}")
