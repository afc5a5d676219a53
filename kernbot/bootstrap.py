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
    client = _client(settings)
    workspace = await _workspace(client)
    await place_workflows(bot, client)
    people = SlackPeople(client, workspace.team_id, clock)
    await identify(bot, people)
    tokens = TokenMaker(key=await store.get_key("tokens"), team_id=workspace.team_id)
    parts = _Parts(
        bot, settings, store, clock, client=client, people=people, workspace=workspace, tokens=tokens, pace=pace
    )
    async with parts.up(settings) as address:
        yield address


class _Parts:
    """The parts of a bot, put together."""

    def __init__(
        self,
        bot: KernBot,
        settings: Settings,
        store: BotStore,
        clock: Callable[[], float],
        *,
        client: AsyncWebClient,
        people: SlackPeople,
        workspace: Workspace,
        tokens: TokenMaker,
        pace: Pace | None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._people = people
        pace = pace or Pace()
        sender = Sender(client, pace, can_read_back=workspace.can_read_back)
        channels = Channels(client, clock)
        complaints = Complaints(clock)
        folds = Folds(bot, store, messages=store, sender=sender, pace=pace, tokens=tokens, channels=channels)
        troubles = Troubles()
        streams = Streams(store, messages=store, sender=sender, channels=channels, changed=self._changed)
        desks = Desks(
            bot,
            store,
            messages=store,
            tokens=tokens,
            workspace_url=workspace.url,
            channels=channels,
            readers=Readers(bot, store, people, self._may_answer),
            folds=folds,
            complaints=complaints,
            troubles=troubles,
            is_live=streams.is_live,
        )
        self._outbox = Outbox(
            desks=desks,
            messages=store,
            sender=sender,
            pace=pace,
            complaints=complaints,
            workspace_url=workspace.url,
            folds=folds,
        )
        self._service = Service(
            bot=bot,
            store=store,
            people=people,
            engine=Engine(store=store, clock=clock, lease_seconds=settings.lease_seconds, live=True),
            poke=self._poke,
            changed=self._changed,
            troubles=troubles,
            audience=streams,
        )
        self._dispatcher = InProcessDispatcher(self._service.execute_run)
        self._alarm = Alarm(self._sweep, self._seconds_left, interval=settings.sweep_seconds)
        self._doors = Doors(
            service=self._service,
            store=store,
            people=people,
            outbox=self._outbox,
            sender=sender,
            client=client,
            channels=channels,
            tokens=tokens,
            team_id=workspace.team_id,
            bot_name=workspace.bot_name,
            command=settings.command,
        )
        self._inbox = build_inbox(self._doors, store)
        self._homes = Homes(self._doors, store)
        self._stale = Stale(self._service, Notices(self._doors).stale)

    @asynccontextmanager
    async def up(self, settings: Settings) -> AsyncIterator[str]:
        """Serve until the block is left; then nothing comes in any more before the rest is stopped."""
        serve = serve_socket if settings.transport == "socket" else serve_http
        async with AsyncExitStack() as running:
            for part in (self._outbox, self._dispatcher, self._inbox, self._homes):
                running.push_async_callback(part.close)
            app = build_app(self._doors, self._inbox, self._homes, settings)
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
        await self._stale.look()
        await self._store.delete_forms(self._clock() - _SECONDS_OF_A_FORM)
        self._homes.changed()

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
