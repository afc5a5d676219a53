"""The JSON that the page in the browser reads and sends; `as` names the person who looks or acts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import WSCloseCode, web

from kernbot.localslack.actors import Actor
from kernbot.localslack.app import App
from kernbot.localslack.clock import Clock
from kernbot.localslack.delivery import Delivery
from kernbot.localslack.errors import ActError
from kernbot.localslack.page_http import PATH, Body, Handler, body_of, reading
from kernbot.localslack.people import Kind, Person
from kernbot.localslack.seen import channels_of, seen_message, visible_messages
from kernbot.localslack.views import view_object
from kernbot.localslack.workspace import SLACKBOT, Workspace

PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""What a browser shows without running anything in it."""

_COALESCING = 0.05

Act = Callable[[Actor, Body], Awaitable[Delivery]]


class PageApi:
    """Answers the page."""

    def __init__(self, workspace: Workspace, actor_of: Callable[[str], Actor]) -> None:
        self._workspace = workspace
        self._actor_of = actor_of
        self._read_up_to: dict[tuple[str, str], str] = {}
        self._sockets: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            *(reading(read) for read in (self.workspace, self.channels, self.messages, self.view, self.home)),
            *(web.post(f"{PATH}{act.__name__}", self._acting(act, fields)) for act, fields in self._acts()),
            web.get(f"{PATH}file", self.file),
            web.get(f"{PATH}events", self.events),
        ]

    def _acts(self) -> list[tuple[Act, tuple[str, ...]]]:
        """Return each way of acting, and the texts that its request must have besides `as`."""
        return [
            (self.command, ("channel", "text")),
            (self.say, ("channel", "text")),
            (self.action, ("channel", "ts", "block_id", "action_id")),
            (self.view_action, ("view_id", "block_id", "action_id")),
            (self.view_submit, ("view_id",)),
            (self.view_close, ("view_id",)),
            (self.open_home, ("app",)),
            (self.home_action, ("app", "block_id", "action_id")),
            (self.shortcut, ("app", "callback_id")),
            (self.message_shortcut, ("app", "callback_id", "channel", "ts")),
            (self.suggest, ("channel", "ts", "block_id", "action_id", "query")),
            (self.view_suggest, ("view_id", "block_id", "action_id", "query")),
        ]

    def workspace(self, _request: web.Request) -> Body:
        """Return who is here, which apps with their commands, and what time it is."""
        people = [_person(person) for person in self._workspace.people.values() if person.id != SLACKBOT]
        commands = [
            {"command": command.name, "description": command.description, "usage_hint": command.usage_hint}
            for app in self._workspace.apps
            for command in app.commands
        ]
        team = {"id": self._workspace.team_id, "name": self._workspace.team_name}
        clock = self._workspace.clock
        time = {"now": clock(), "ahead": clock.ahead if isinstance(clock, Clock) else None}
        return {
            "team": team,
            "people": people,
            "groups": [{"id": group.id, "handle": group.handle} for group in self._workspace.groups.values()],
            "apps": [_app(app) for app in self._workspace.apps],
            "commands": commands,
            "clock": time,
            "simulation": True,
        }

    def channels(self, request: web.Request) -> Body:
        """Return the conversations that the person sees, with how much of each is unread."""
        person = self._person(request.query.get("as", ""))
        channels = channels_of(self._workspace, person)
        return {"channels": [channel | {"unread": self._unread(person, channel["id"])} for channel in channels]}

    def messages(self, request: web.Request) -> Body:
        """Return the messages of a channel or of a thread; reading a channel marks it as read."""
        person = self._person(request.query.get("as", ""))
        channel_id = request.query.get("channel", "")
        messages = visible_messages(self._workspace, person, channel_id, request.query.get("thread_ts"))
        if "thread_ts" not in request.query and self._unread(person, channel_id):
            self._read_up_to[person.id, channel_id] = messages[-1].ts
            self._workspace.changes.announce()
        return {"messages": [seen_message(self._workspace, message) for message in messages]}

    def view(self, request: web.Request) -> Body:
        """Return the modal that is open before the person."""
        person = self._person(request.query.get("as", ""))
        view = self._workspace.modals.top(person.id)
        if view is None:
            return {"view": None, "errors": {}, "busy": False}
        return {"view": view_object(view, self._workspace.team_id), "errors": view.errors, "busy": view.busy}

    def home(self, request: web.Request) -> Body:
        """Return the Home tab that an app has published for the person, and their direct messages with it."""
        person = self._person(request.query.get("as", ""))
        app = self._app(request.query.get("app", ""))
        members = [app.bot_user_id, person.id]
        found = (channel.id for channel in self._workspace.channels.values() if channel.members == members)
        return {"view": self._actor_of(person.id).home(app), "channel": next(found, None)}

    async def file(self, request: web.Request) -> web.Response:
        """Return what is in a file that the person sees: a picture to be shown, anything else to be kept."""
        person, file_id = request.query.get("as", ""), request.query.get("id", "")
        try:
            content = self._actor_of(self._person(person).id).file(file_id)
        except ActError as error:
            return web.json_response({"error": str(error)}, status=404)
        file = self._workspace.files.find(file_id)
        shown = file.mimetype if file and file.mimetype in PICTURES else None
        headers = {} if shown else {"Content-Disposition": "attachment"}
        return web.Response(body=content, content_type=shown or "application/octet-stream", headers=headers)

    async def command(self, actor: Actor, body: Body) -> Delivery:
        """Type a slash command."""
        command, _, text = body["text"].strip().partition(" ")
        return await actor.command(body["channel"], command, text.strip())

    async def say(self, actor: Actor, body: Body) -> Delivery:
        """Post a message."""
        await actor.say(body["channel"], body["text"], body.get("thread_ts"))
        return Delivery(ok=True)

    async def action(self, actor: Actor, body: Body) -> Delivery:
        """Act on an element of a message."""
        place = (body["channel"], body["ts"], body["action_id"])
        return await actor.click(*place, option=body.get("option"), block_id=body["block_id"])

    async def view_action(self, actor: Actor, body: Body) -> Delivery:
        """Act on an element of the open modal."""
        option, block_id = body.get("option"), body["block_id"]
        return await actor.view_action(body["view_id"], body["action_id"], option=option, block_id=block_id)

    async def view_submit(self, actor: Actor, body: Body) -> Delivery:
        """Submit the open modal."""
        return await actor.submit(body["view_id"], body.get("values") or {})

    async def view_close(self, actor: Actor, body: Body) -> Delivery:
        """Close the open modal."""
        return await actor.close(body["view_id"])

    async def open_home(self, actor: Actor, body: Body) -> Delivery:
        """Open the Home tab of an app."""
        await actor.open_home(self._app(body["app"]))
        return Delivery(ok=True)

    async def home_action(self, actor: Actor, body: Body) -> Delivery:
        """Act on an element of a Home tab."""
        option, block_id = body.get("option"), body["block_id"]
        return await actor.home_action(body["action_id"], option=option, block_id=block_id, app=self._app(body["app"]))

    async def shortcut(self, actor: Actor, body: Body) -> Delivery:
        """Start a global shortcut."""
        return await actor.shortcut(body["callback_id"], self._app(body["app"]))

    async def message_shortcut(self, actor: Actor, body: Body) -> Delivery:
        """Start a shortcut on a message."""
        return await actor.message_shortcut(body["channel"], body["ts"], body["callback_id"], self._app(body["app"]))

    async def suggest(self, actor: Actor, body: Body) -> Delivery:
        """Type into an external menu of a message."""
        place = (body["channel"], body["ts"], body["action_id"], body["query"])
        return await actor.suggest(*place, block_id=body["block_id"])

    async def view_suggest(self, actor: Actor, body: Body) -> Delivery:
        """Type into an external menu of a modal or a Home tab."""
        return await actor.view_suggest(body["view_id"], body["action_id"], body["query"], block_id=body["block_id"])

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Tell a websocket about each change, at most one message in 50 ms."""
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        self._sockets.add(socket)
        telling = asyncio.create_task(self._tell(socket))
        try:
            async for _frame in socket:
                pass
        finally:
            telling.cancel()
            self._sockets.discard(socket)
        return socket

    async def close(self) -> None:
        """Close every websocket."""
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _tell(self, socket: web.WebSocketResponse) -> None:
        changes = self._workspace.changes
        count = changes.count
        while not socket.closed:
            await changes.after(count)
            await asyncio.sleep(_COALESCING)
            count = changes.count
            with contextlib.suppress(ConnectionError):
                await socket.send_json({"type": "changed"})

    def _person(self, person_id: str) -> Person:
        person = self._workspace.people.get(person_id)
        if person is None:
            raise ActError(f"There is nobody with the id {person_id!r}.")
        return person

    def _app(self, app_id: str) -> App:
        app = next((app for app in self._workspace.apps if app.app_id == app_id), None)
        if app is None:
            raise ActError(f"There is no app with the id {app_id!r}.")
        return app

    def _unread(self, person: Person, channel_id: str) -> int:
        read_up_to = self._read_up_to.get((person.id, channel_id), "")
        messages = visible_messages(self._workspace, person, channel_id)
        return sum(message.ts > read_up_to and message.user_id != person.id for message in messages)

    def _acting(self, act: Act, fields: tuple[str, ...]) -> Handler:
        suggesting = (self.suggest, self.view_suggest)

        async def handle(request: web.Request) -> web.Response:
            body = await body_of(request)
            missing = [name for name in ("as", *fields) if not isinstance(body.get(name), str)]
            if missing:
                return web.json_response({"error": f"The request lacks {', '.join(missing)}."}, status=400)
            try:
                delivery = await act(self._actor_of(self._person(body["as"]).id), body)
            except ActError as error:
                delivery = Delivery(ok=False, error=str(error))
            told = {"ok": delivery.ok, "error": delivery.error, "errors": delivery.errors}
            return web.json_response(told | ({"suggestions": delivery.body} if act in suggesting else {}))

        return handle


def _person(person: Person) -> Body:
    return {
        "id": person.id,
        "name": person.name,
        "display_name": person.display_name,
        "kind": person.kind,
        "can_act": person.can_act,
        "is_bot": person.kind is Kind.BOT,
    }


def _app(app: App) -> Body:
    shortcuts = [
        {"name": each.name, "callback_id": each.callback_id, "on_messages": each.on_messages} for each in app.shortcuts
    ]
    return {"id": app.app_id, "name": app.name, "home_tab": app.home_tab, "shortcuts": shortcuts}
