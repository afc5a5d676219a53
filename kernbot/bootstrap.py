"""Where a bot is put together: the one place that knows all the parts."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.db.base import Store
from kernbot.db.slack import SlackStore
from kernbot.engine.runner import Engine
from kernbot.errors import ConfigurationError
from kernbot.runtime.deadlines import Alarm
from kernbot.runtime.dispatcher import InProcessDispatcher
from kernbot.runtime.registry import KernBot
from kernbot.runtime.service import NotAllowedError, Service
from kernbot.runtime.stale import Stale
from kernbot.runtime.troubles import Troubles
from kernbot.runtime.unanswerable import Unanswerable
from kernbot.settings import Settings
from kernbot.slack.app import build_app, build_inbox
from kernbot.slack.channels import Channels, place_workflows
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.identities import identify
from kernbot.slack.ids import TokenMaker
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.home import Homes
from kernbot.slack.notices import Notices
from kernbot.slack.outbox.complaints import Complaints
from kernbot.slack.outbox.desks import Desks
from kernbot.slack.outbox.folds import Folds
from kernbot.slack.outbox.outbox import Outbox
from kernbot.slack.outbox.pace import Pace
from kernbot.slack.outbox.readers import Readers
from kernbot.slack.outbox.sender import Sender
from kernbot.slack.outbox.streams import Streams
from kernbot.slack.people import SlackPeople
from kernbot.slack.transports import serve_http, serve_socket

_SECONDS_OF_A_FORM = 7 * 86_400.0
"""How long a form that was offered can be sent."""
_ALL = ""
_READ_BACK = ("channels:history", "groups:history")


class BotStore(Store, SlackStore, Protocol):
    """The bot's one database."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """What Slack says of the token."""

    team_id: str
    url: str
    bot_name: str
    can_read_back: bool
    """Whether the bot was granted to read what stands in its channels: an option, never needed."""


@asynccontextmanager
async def running_bot(
    bot: KernBot,
    settings: Settings,
    store: BotStore,
    clock: Callable[[], float] = time.time,
    pace: Pace | None = None,
) -> AsyncIterator[str]:
    """Run a bot until the block is left; yields where it listens.

    `clock` returns unix seconds; `pace` says when messages may be sent, by default as Slack's rates allow.
    What was under way in another process that died is taken up again. Raises ConfigurationError when Slack does not
    accept the settings.
    """
    base = await _base(bot, settings, store, clock, pace or Pace())
    async with _Parts(base).up() as address:
        yield address


@dataclass(frozen=True, kw_only=True)
class _Base:
    """What the parts of a bot stand on."""

    bot: KernBot
    settings: Settings
    store: BotStore
    clock: Callable[[], float]
    pace: Pace
    client: AsyncWebClient
    workspace: Workspace
    people: SlackPeople
    tokens: TokenMaker
    sender: Sender
    channels: Channels
    complaints: Complaints
    troubles: Troubles


async def _base(bot: KernBot, settings: Settings, store: BotStore, clock: Callable[[], float], pace: Pace) -> _Base:
    """Ask Slack who we are, and find the channels, people and groups that the bot names."""
    client = _client(settings)
    workspace = await _workspace(client)
    await place_workflows(bot, client, pace)
    people = SlackPeople(client, pace, workspace.team_id, clock)
    sender = Sender(client, pace, can_read_back=workspace.can_read_back)
    await identify(bot, people)
    return _Base(
        bot=bot,
        settings=settings,
        store=store,
        clock=clock,
        pace=pace,
        client=client,
        workspace=workspace,
        people=people,
        tokens=TokenMaker(key=await store.get_key("tokens"), team_id=workspace.team_id),
        sender=sender,
        channels=Channels(client, pace, clock),
        complaints=Complaints(bot, sender, clock),
        troubles=Troubles(),
    )


class _Parts:
    """The parts of a bot, put together."""

    def __init__(self, base: _Base) -> None:
        self._base = base
        self._store = base.store
        self._clock = base.clock
        self._streams = Streams(
            base.store, messages=base.store, sender=base.sender, channels=base.channels, changed=self._changed
        )
        self._outbox = self._make_outbox()
        self._service = self._make_service()
        self._dispatcher = InProcessDispatcher(self._service.execute_run)
        self._alarm = Alarm(self._sweep, self._seconds_left, interval=base.settings.sweep_seconds)
        self._doors = self._make_doors()
        self._inbox = build_inbox(self._doors, base.store)
        self._homes = Homes(self._doors, base.store)
        self._stale = Stale(self._service, Notices(self._doors).stale)
        self._unanswerable = Unanswerable(self._service, base.complaints.tell)
        self._watch = InProcessDispatcher(self._look_after, what="questions that wait")

    def _make_outbox(self) -> Outbox:
        base = self._base
        folds = Folds(
            base.bot,
            base.store,
            messages=base.store,
            sender=base.sender,
            pace=base.pace,
            tokens=base.tokens,
            channels=base.channels,
        )
        return Outbox(
            desks=self._make_desks(folds),
            messages=base.store,
            sender=base.sender,
            pace=base.pace,
            complaints=base.complaints,
            workspace_url=base.workspace.url,
            folds=folds,
            clock=base.clock,
        )

    def _make_desks(self, folds: Folds) -> Desks:
        base = self._base
        return Desks(
            base.bot,
            base.store,
            messages=base.store,
            tokens=base.tokens,
            workspace_url=base.workspace.url,
            channels=base.channels,
            readers=Readers(base.bot, base.store, base.people, self._may_answer),
            folds=folds,
            complaints=base.complaints,
            troubles=base.troubles,
            is_live=self._streams.is_live,
        )

    def _make_service(self) -> Service:
        base = self._base
        lease = base.settings.lease_seconds
        return Service(
            bot=base.bot,
            store=base.store,
            people=base.people,
            engine=Engine(store=base.store, clock=base.clock, lease_seconds=lease, live=True),
            poke=self._poke,
            changed=self._changed,
            troubles=base.troubles,
            audience=self._streams,
        )

    def _make_doors(self) -> Doors:
        base = self._base
        return Doors(
            service=self._service,
            store=base.store,
            people=base.people,
            outbox=self._outbox,
            sender=base.sender,
            client=base.client,
            channels=base.channels,
            tokens=base.tokens,
            team_id=base.workspace.team_id,
            bot_name=base.workspace.bot_name,
            command=base.settings.command,
        )

    @asynccontextmanager
    async def up(self) -> AsyncIterator[str]:
        """Serve until the block is left; then nothing comes in any more before the rest is stopped."""
        settings = self._base.settings
        serve = serve_socket if settings.transport == "socket" else serve_http
        async with AsyncExitStack() as running:
            for part in (self._base.complaints, self._watch, self._outbox, self._dispatcher, self._inbox, self._homes):
                running.push_async_callback(part.close)
            app = build_app(self._doors, self._inbox, self._homes, settings, self._people_changed)
            address = await running.enter_async_context(serve(app, settings))
            self._alarm.start()
            running.push_async_callback(self._alarm.stop)
            await self._sweep()
            yield address

    async def _may_answer(self, pause_id: str, person_id: str) -> bool:
        try:
            await self._service.check_may_answer(pause_id, person_id)
        except NotAllowedError:
            return False
        return True

    def _poke(self, run_id: str) -> None:
        self._dispatcher.poke(run_id)

    def _changed(self, run_id: str) -> None:
        self._outbox.changed(run_id)
        self._alarm.look()
        self._homes.changed()

    async def _sweep(self) -> None:
        """Do what is due: whatever was acked is decided before a deadline after it lapses."""
        await self._inbox.work_off()
        await self._service.expire_due(await self._inbox.decided_until(self._clock()))
        await self._service.recover()
        await self._outbox.recover()
        self._watch.poke(_ALL)
        await self._store.delete_forms(self._clock() - _SECONDS_OF_A_FORM)
        self._homes.changed()

    async def _look_after(self, _: str) -> None:
        """Tell of questions that wait in vain; that may wait for Slack, and nothing waits for it."""
        await self._stale.look()
        await self._unanswerable.look()

    def _people_changed(self) -> None:
        self._unanswerable.forget()
        self._watch.poke(_ALL)

    async def _seconds_left(self) -> float | None:
        deadline = await self._store.next_deadline()
        return None if deadline is None else deadline - self._clock()


def _client(settings: Settings) -> AsyncWebClient:
    """Return a client that never retries by itself: a lost response may hide a success."""
    return AsyncWebClient(
        token=settings.bot_token.get_secret_value(), base_url=settings.slack_api_url, retry_handlers=[]
    )


async def _workspace(client: AsyncWebClient) -> Workspace:
    try:
        found = await client.auth_test()
    except SlackApiError as error:
        raise ConfigurationError(f"SLACK_BOT_TOKEN is wrong: Slack answers {error_code(error)!r}.") from None
    except SLACK_FAILURES as error:
        raise ConfigurationError(f"Slack can't be reached at {client.base_url} ({error_code(error)}).") from None
    scopes = found.headers.get("x-oauth-scopes", "").split(",")
    return Workspace(
        team_id=found["team_id"],
        url=found["url"],
        bot_name=found["user"],
        can_read_back=any(scope.strip() in _READ_BACK for scope in scopes),
    )
