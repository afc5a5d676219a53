"""A person acting: typing commands, clicking, filling in modals, as Slack's own client lets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernbot.localslack import forms, payloads
from kernbot.localslack.app import App
from kernbot.localslack.choices import check_choice
from kernbot.localslack.commands import Typed, run_command
from kernbot.localslack.content import Content
from kernbot.localslack.conversations import Channel
from kernbot.localslack.delivery import Delivery
from kernbot.localslack.elements import HOLDERS, Block, Element, action_of, chosen, find_element, state_of
from kernbot.localslack.errors import ActError
from kernbot.localslack.ids import microseconds, timestamp
from kernbot.localslack.inputs import complaints
from kernbot.localslack.messages import Message
from kernbot.localslack.people import Person
from kernbot.localslack.scene import Scene
from kernbot.localslack.seen import (
    Seen,
    channels_of,
    seen_message,
    visible_channel,
    visible_message,
    visible_messages,
)
from kernbot.localslack.suggestions import check_query, suggest
from kernbot.localslack.typed import escaped
from kernbot.localslack.views import View, view_object


class Actor:
    """One person. What Slack's client would not let them do raises ActError, and nothing is sent."""

    def __init__(self, person_id: str, scene: Scene) -> None:
        self._id = person_id
        self._scene = scene
        self._workspace = scene.workspace

    def channels(self) -> list[Seen]:
        """Return the conversations that this person sees."""
        return channels_of(self._workspace, self._person)

    def messages(self, channel_id: str, thread_ts: str | None = None) -> list[Seen]:
        """Return what this person sees in a channel, newest last; or in a thread, its parent first."""
        messages = visible_messages(self._workspace, self._person, channel_id, thread_ts)
        return [seen_message(self._workspace, message) for message in messages]

    def view(self) -> dict[str, Any] | None:
        """Return the modal that is open before this person, as Slack's view object, or None."""
        top = self._workspace.modals.top(self._id)
        return view_object(top, self._workspace.team_id) if top else None

    def home(self, app: App | None = None) -> dict[str, Any] | None:
        """Return the Home tab of an app as Slack's view object, None if it has published none for this person.

        The app may be left out where only one is installed.
        """
        home = self._workspace.homes.find(self._app(app), self._id)
        return view_object(home, self._workspace.team_id) if home else None

    async def open_home(self, app: App | None = None, tab: str = "home") -> None:
        """Open the App Home at its tab `home` or `messages`; the app is told with `app_home_opened`."""
        there, person = self._app(app), self._acting
        if not {"home": there.home_tab, "messages": there.messages_tab}[tab]:
            raise ActError(f"{there.name} has no {tab} tab in its manifest.")
        body: dict[str, Any] = {
            "user": person.id,
            "channel": self._workspace.direct_channel(person.id, there).id,
            "tab": tab,
        }
        shown = self.home(there)
        if tab == "home" and shown:
            body["view"] = shown
        self._workspace.tell("app_home_opened", body, apps=[there])

    async def home_action(
        self, action_id: str, *, option: Any = None, block_id: str | None = None, app: App | None = None
    ) -> Delivery:
        """Act on an element of the Home tab."""
        there = self._app(app)
        home = self._workspace.homes.find(there, self._id)
        if home is None:
            raise ActError(f"{there.name} has published no Home tab for {self._person.display_name}.")
        return await self._act_in(home, action_id, option, block_id)

    async def shortcut(self, callback_id: str, app: App | None = None) -> Delivery:
        """Start a global shortcut, from anywhere."""
        there, person = self._app(app), self._acting
        _check_shortcut(there, callback_id, on_messages=False)
        payload = payloads.shortcut(self._workspace, there, person, callback_id, self._now())
        return await self._scene.interact(person, there, payload)

    async def message_shortcut(self, channel_id: str, ts: str, callback_id: str, app: App | None = None) -> Delivery:
        """Start a shortcut from the menu of a message."""
        there, person = self._app(app), self._acting
        _check_shortcut(there, callback_id, on_messages=True)
        message = visible_message(self._workspace, person, channel_id, ts)
        if message.visible_to is not None:
            raise ActError(f"The message {ts} is ephemeral, it has no menu with shortcuts.")
        payload = payloads.message_shortcut(
            self._workspace, there, person, message, callback_id=callback_id, action_ts=self._now()
        )
        channel = self._workspace.channels[channel_id]
        payload["response_url"] = self._scene.response_urls.issue(
            there, channel, self._id, message if message.app is there else None
        )
        return await self._scene.interact(person, there, payload)

    def file(self, file_id: str) -> bytes:
        """Return what is in a file that stands in a conversation which this person sees."""
        file = self._workspace.files.find(file_id)
        channels = [self._workspace.channels.get(channel_id) for channel_id, _ in file.shares] if file else []
        if file is None or file.content is None or not any(c and c.is_seen_by(self._person) for c in channels):
            raise ActError(f"{self._person.display_name} sees no file {file_id}.")
        return file.content

    async def say(self, channel_id: str, text: str, thread_ts: str | None = None) -> None:
        """Post a plain message; an app that it mentions is told with `app_mention`, in its direct messages anyhow."""
        channel = self._joined(channel_id)
        if thread_ts is not None:
            parent = visible_message(self._workspace, self._person, channel_id, thread_ts)
            if parent.thread_ts is not None or parent.visible_to is not None:
                raise ActError(f"The message {thread_ts} has no thread of its own.")
        content = Content(escaped(text, self._workspace))
        message = self._workspace.post(channel, self._id, content, thread_ts=thread_ts)
        self._tell_of(message, channel)

    async def command(self, channel_id: str, command: str, text: str = "") -> Delivery:
        """Type a slash command; what it answers, and that it failed, is shown to this person.

        `/invite @name` is Slack's own.
        """
        typed = Typed(self._acting, self._joined(channel_id), command, text)
        return await run_command(self._scene, typed)

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
        action = self._act_on(*find_element(blocks, action_id, block_id), option, there)
        state = state_of(there.content.blocks, there.values)
        payload = payloads.message_action(self._workspace, there.app, person, there, action=action, state=state)
        channel = self._workspace.channels[channel_id]
        payload["response_url"] = self._scene.response_urls.issue(there.app, channel, self._id, there)
        return await self._scene.interact(person, there.app, payload)

    async def suggest(
        self, channel_id: str, ts: str, action_id: str, query: str, *, block_id: str | None = None
    ) -> Delivery:
        """Type into an external menu of a message; the delivery's body holds the options that the app offers."""
        there = visible_message(self._workspace, self._acting, channel_id, ts)
        if there.app is None:
            raise ActError(f"The message {ts} is not by an app, it has no menus.")
        place = find_element(there.content.blocks, action_id, block_id)
        check_query(place[1], query)
        payload = payloads.message_suggestion(self._workspace, there.app, self._person, there, _asked(place, query))
        return await suggest(self._scene, there.app, payload, place, there.offered)

    async def view_suggest(self, view_id: str, action_id: str, query: str, *, block_id: str | None = None) -> Delivery:
        """Type into an external menu of the open modal, or of a Home tab with this view id."""
        homes = (home for home in self._workspace.homes if home.user_id == self._id)
        view = next((home for home in homes if home.id == view_id), None) or self._open_view(view_id)
        place = find_element(view.blocks, action_id, block_id)
        check_query(place[1], query)
        payload = payloads.view_suggestion(self._workspace, self._acting, view, _asked(place, query))
        return await suggest(self._scene, view.app, payload, place, view.offered)

    async def view_action(
        self, view_id: str, action_id: str, *, option: Any = None, block_id: str | None = None
    ) -> Delivery:
        """Act on an element of the open modal that tells the app at once."""
        return await self._act_in(self._open_view(view_id), action_id, option, block_id)

    async def submit(self, view_id: str, values: Mapping[str, Any]) -> Delivery:
        """Fill in the open modal and submit it.

        `values` holds, by block id, a text, an option's value, or a list of those. What the client itself would not
        submit comes back as `errors` and reaches no app.
        """
        view = self._open_view(view_id)
        if view.body.get("submit") is None:
            raise ActError(f"The view {view_id} has no submit button.")
        forms.fill_in(self._workspace, self._acting, view, values)
        view.errors = complaints(view.blocks, view.values)
        if view.errors:
            self._workspace.changes.announce()
            return Delivery(ok=False, errors=view.errors, error="the form is not complete, nothing was sent")
        return await forms.submit(self._scene, self._acting, view)

    async def close(self, view_id: str) -> Delivery:
        """Close the open modal, and the stack below it if the view says so."""
        return await forms.close(self._scene, self._acting, self._open_view(view_id))

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

    async def _act_in(self, view: View, action_id: str, option: Any, block_id: str | None) -> Delivery:
        block, element = find_element(view.blocks, action_id, block_id)
        if block["type"] == "input" and not block.get("dispatch_action", False):
            raise ActError(f"{action_id!r} tells the app nothing before it is submitted.")
        action = self._act_on(block, element, option, view)
        payload = payloads.view_action(self._workspace, self._acting, view, action)
        return await self._scene.interact(self._acting, view.app, payload)

    def _app(self, app: App | None) -> App:
        if app is None and len(self._workspace.apps) != 1:
            raise ActError(f"{len(self._workspace.apps)} apps are installed: say which one is meant.")
        return app or self._workspace.apps[0]

    def _tell_of(self, message: Message, channel: Channel) -> None:
        body = {**payloads.told_message(self._workspace, message), "channel": channel.id, "event_ts": message.ts}
        apps = self._workspace.apps_in(channel)
        if channel.is_im:
            told = {**body, "channel_type": "im"}
            self._workspace.tell("message", told, channel=channel, apps=apps, subscription="message.im")
            return
        mentioned = [app for app in self._workspace.apps if f"<@{app.bot_user_id}>" in message.content.text]
        for app in mentioned:
            if app not in apps:
                text = f"You mentioned {app.bot_name}, which is not in this channel: /invite @{app.bot_name} adds it."
                self._workspace.notify(channel, self._id, text)
        self._workspace.tell(
            "app_mention",
            body | {"type": "app_mention"},
            channel=channel,
            apps=[app for app in mentioned if app in apps],
        )

    def _now(self) -> str:
        return timestamp(microseconds(self._workspace.clock()))

    def _act_on(self, block: Block, element: Element, option: Any, there: Message | View) -> dict[str, Any]:
        choice = option
        if element["type"] in HOLDERS:
            choice = chosen(block, element, option, there.offered)
            check_choice(self._workspace, self._person, element, choice)
            there.values[block["block_id"], element["action_id"]] = choice
            self._workspace.changes.announce()
        return action_of(block, element, choice, self._now())


def _asked(place: tuple[Block, Element], query: str) -> dict[str, Any]:
    block, element = place
    return {"block_id": block["block_id"], "action_id": element["action_id"], "value": query}


def _check_shortcut(app: App, callback_id: str, *, on_messages: bool) -> None:
    known = [shortcut.callback_id for shortcut in app.shortcuts if shortcut.on_messages is on_messages]
    if callback_id not in known:
        raise ActError(f"{app.name} has no such shortcut {callback_id!r}; it has {', '.join(known) or 'none'}.")
