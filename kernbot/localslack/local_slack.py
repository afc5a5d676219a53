"""The local Slack as its users hold it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from kernbot.localslack.actors import Actor
from kernbot.localslack.app import App, app_from_manifest
from kernbot.localslack.conversations import Channel
from kernbot.localslack.delivery import ACK_SECONDS, Courier, Delivery
from kernbot.localslack.errors import SetUpError
from kernbot.localslack.event_delivery import RETRY_SECONDS, EventDelivery
from kernbot.localslack.groups import Group
from kernbot.localslack.mishaps import Mishap
from kernbot.localslack.page_api import PageApi
from kernbot.localslack.page_tools import PageTools
from kernbot.localslack.people import Kind, Person
from kernbot.localslack.rate_limits import RateLimits
from kernbot.localslack.response_urls import ResponseUrls
from kernbot.localslack.scene import Scene
from kernbot.localslack.server import Server, Site
from kernbot.localslack.signed_http import SignedHttp
from kernbot.localslack.socket_mode import SocketMode
from kernbot.localslack.traffic import Entry, Traffic
from kernbot.localslack.web_api import WebApi
from kernbot.localslack.workspace import Workspace

Truth = TypeVar("Truth")


class LocalSlack:
    """A strict stand-in for the parts of Slack that a bot uses, in memory, on this machine.

    `clock` returns unix seconds and decides over timestamps, trigger ids and response URLs; `ack_seconds` is how long
    an app has to acknowledge, and `event_retry_seconds` how long Slack waits before each retry of an event, both in
    real time. `rate_limits` is a switch; they are counted by `monotonic`, in seconds, whatever `clock` says. Belongs to
    the event loop that serves it.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        team_id: str = "T01LOCAL",
        team_name: str = "Local workspace",
        ack_seconds: float = ACK_SECONDS,
        event_retry_seconds: Sequence[float] = RETRY_SECONDS,
        *,
        rate_limits: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate_limits = RateLimits(monotonic) if rate_limits else None
        self._workspace = Workspace(clock, team_id, team_name)
        self._traffic = Traffic(clock, self._workspace.changes)
        self._sockets = SocketMode(clock, ack_seconds, self._workspace.changes, self._traffic)
        # Apps compare the time of a signature with the machine's clock, whatever `clock` says.
        courier = Courier(self._sockets, SignedHttp(time.time, ack_seconds), self._traffic, ack_seconds)
        self._events = EventDelivery(courier, event_retry_seconds)
        self._workspace.on_event = self._events.tell
        self._scene = Scene(self._workspace, courier, ResponseUrls(self._workspace, self._traffic), self._traffic)

    def add_person(
        self, person_id: str, *, name: str, display_name: str = "", kind: Kind = Kind.MEMBER, tz: str = "UTC"
    ) -> Person:
        """Add a person; `tz` is an IANA time zone. Raises SetUpError if the id is taken."""
        return self._workspace.add_person(person_id, name, display_name or name, kind, tz)

    def add_channel(
        self, channel_id: str, *, name: str, members: Sequence[str] = (), private: bool = False, topic: str = ""
    ) -> Channel:
        """Add a channel with these members. Raises SetUpError if the id is taken or a member is unknown."""
        return self._workspace.add_channel(channel_id, name, members, private=private, topic=topic)

    def add_group(
        self, group_id: str, *, name: str, handle: str, members: Sequence[str] = (), description: str = ""
    ) -> Group:
        """Add a user group; `handle` is what people type behind an `@`.

        Raises SetUpError if the id is taken or a member is unknown.
        """
        return self._workspace.add_group(group_id, name, handle, description, members)

    def set_group_members(self, group_id: str, members: Sequence[str]) -> None:
        """Replace the members of a user group."""
        self._workspace.set_group_members(self._group(group_id), members)

    def enable_group(self, group_id: str, *, enabled: bool = True) -> None:
        """Enable a user group, or disable it, which takes it from lists and mentions."""
        self._workspace.enable_group(self._group(group_id), enabled=enabled)

    def install(self, manifest: Mapping[str, Any]) -> App:
        """Install the app that a manifest describes; its tokens and its signing secret are new.

        Raises SetUpError for a manifest that Slack would refuse, or with URLs that are not on this machine.
        """
        app = app_from_manifest(manifest)
        self._workspace.install(app)
        return app

    def invite(self, app: App, channel_id: str) -> None:
        """Put the app's bot user into a channel."""
        self._workspace.join(self._channel(channel_id), app.bot_user_id)

    def join(self, person_id: str, channel_id: str) -> None:
        """Put a person into a channel."""
        self._workspace.join(self._channel(channel_id), self._known(person_id))

    def leave(self, person_id: str, channel_id: str) -> None:
        """Take a person, or a bot user, out of a channel."""
        self._workspace.leave(self._channel(channel_id), self._known(person_id))

    def deactivate(self, person_id: str) -> None:
        """Deactivate somebody's account."""
        self._workspace.change_person(self._known(person_id), kind=Kind.DEACTIVATED)

    def change_person(
        self, person_id: str, *, display_name: str | None = None, kind: Kind | None = None, tz: str | None = None
    ) -> None:
        """Change what is given of a person. Raises SetUpError for an unknown time zone."""
        changes = {"display_name": display_name, "kind": kind, "tz": tz}
        given = {name: value for name, value in changes.items() if value is not None}
        self._workspace.change_person(self._known(person_id), **given)

    def archive(self, channel_id: str) -> None:
        """Archive a channel."""
        self._workspace.archive(self._channel(channel_id))

    def unarchive(self, channel_id: str) -> None:
        """Bring a channel back from the archive."""
        self._workspace.unarchive(self._channel(channel_id))

    def delete_channel(self, channel_id: str) -> None:
        """Delete a channel with all that was said in it."""
        self._workspace.delete_channel(self._channel(channel_id))

    def person(self, person_id: str) -> Actor:
        """Return somebody who acts."""
        return Actor(self._known(person_id), self._scene)

    def disturb(
        self, kind: str | None = None, *, twice: bool = False, late: float = 0.0, lose_ack: bool = False
    ) -> None:
        """Have something go wrong with the next delivery that nothing else is to happen to.

        `kind` is `slash_commands`, `interactive` or `events_api`, None for whatever comes next. `twice` delivers two
        copies at once; `late` keeps it under way for so many seconds of real time, and the person does not wait longer
        than for any acknowledgement; `lose_ack` has the app's answer never arrive, so that an event is sent again and
        a person is told of an `operation_timeout`. Raises SetUpError for an unknown kind.
        """
        self._scene.courier.mishaps.add(Mishap(kind, twice, late, lose_ack))

    async def send_again(self, number: int) -> Delivery:
        """Deliver once more what the log has under this number: the same payload, with its ids and secrets.

        What the app answers changes nothing. Raises ActError for what is no delivery, or not kept any more.
        """
        return await self._scene.courier.repeat(number)

    @asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator[Server]:
        """Be up on 127.0.0.1, on this port, or on a free one for 0."""
        api = WebApi(self._workspace, self._sockets, self._traffic, self._rate_limits)
        pages = PageApi(self._workspace, self.person)
        tools = PageTools(self._workspace, self._traffic, self._scene.courier)
        site = Site(self._sockets, api, pages, tools=tools, urls=self._scene.response_urls)
        async with site.up(port) as server:
            self._workspace.origin = server.origin
            self._events.open()
            try:
                yield server
            finally:
                await self._events.close()
                await self._scene.courier.close()
                await self._sockets.close()
                await pages.close()

    @property
    def log(self) -> list[Entry]:
        """The last 500 requests between apps and the local Slack, without tokens, newest last."""
        return list(self._traffic.entries)

    def connected(self, app: App) -> int:
        """Return how many Socket Mode connections the app holds."""
        return self._sockets.connected(app)

    async def changed(self) -> None:
        """Wait for the next change of anything."""
        changes = self._workspace.changes
        await changes.after(changes.count)

    async def until(
        self,
        predicate: Callable[[], Truth | None],
        timeout: float = 5.0,  # noqa: ASYNC109 - the sentence of the error needs it
    ) -> Truth:
        """Return what the predicate returns once that is true, asking at each change.

        Raises TimeoutError after `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (truth := predicate()):
                    await self.changed()
                return truth
        except TimeoutError:
            last = self._traffic.entries[-1] if self._traffic.entries else None
            traffic = f"the last request was {last.name} {last.direction}: {last.verdict}" if last else "no request"
            raise TimeoutError(f"What was waited for has not come true in {timeout} s; {traffic}.") from None

    def _channel(self, channel_id: str) -> Channel:
        if channel_id not in self._workspace.channels:
            raise SetUpError(f"There is no channel {channel_id}: add it with add_channel.")
        return self._workspace.channels[channel_id]

    def _group(self, group_id: str) -> Group:
        if group_id not in self._workspace.groups:
            raise SetUpError(f"There is no user group {group_id}: add it with add_group.")
        return self._workspace.groups[group_id]

    def _known(self, person_id: str) -> str:
        if person_id not in self._workspace.people:
            raise SetUpError(f"There is nobody with the id {person_id}: add them with add_person.")
        return person_id
