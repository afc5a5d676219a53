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
from kernbot.runtime.service import Service
from kernbot.settings import Settings
from kernbot.slack.app import build_app, build_inbox
from kernbot.slack.channels import place_workflows
from kernbot.slack.doors import Doors
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.ids import TokenMaker
from kernbot.slack.outbox import Outbox
from kernbot.slack.people import SlackPeople
from kernbot.slack.sender import Sender
from kernbot.slack.transports import serve_http, serve_socket


class BotStore(Store, SlackStore, Protocol):
    """The bot's one database."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """What Slack says of the token."""

    team_id: str
    url: str
    bot_name: str


@asynccontextmanager
async def running_bot(
    bot: KernBot, settings: Settings, store: BotStore, clock: Callable[[], float] = time.time
) -> AsyncIterator[str]:
    """Run a bot until the block is left; yields where it listens.

    What was under way in another process that died is taken up again. Raises ConfigurationError when Slack does not
    accept the settings.
    """
    client = _client(settings)
    workspace = await _workspace(client)
    await place_workflows(bot, client)
    sender = Sender(client)
    tokens = TokenMaker(key=await store.get_key("tokens"), team_id=workspace.team_id)
    outbox = Outbox(bot, store, messages=store, sender=sender, tokens=tokens, workspace_url=workspace.url)
    engine = Engine(store=store, clock=clock, lease_seconds=settings.lease_seconds)

    def changed(run_id: str) -> None:
        outbox.changed(run_id)
        alarm.look()

    def poke(run_id: str) -> None:
        dispatcher.poke(run_id)

    async def sweep() -> None:
        await inbox.work_off()
        await service.expire_due(await inbox.decided_until(clock()))
        await service.recover()
        await outbox.recover()

    async def seconds_left() -> float | None:
        deadline = await store.next_deadline()
        return None if deadline is None else deadline - clock()

    service = Service(
        bot=bot,
        store=store,
        people=SlackPeople(client, workspace.team_id, clock),
        engine=engine,
        poke=poke,
        changed=changed,
    )
    dispatcher = InProcessDispatcher(service.execute_run)
    alarm = Alarm(sweep, seconds_left, interval=settings.sweep_seconds)
    doors = Doors(
        service=service,
        outbox=outbox,
        sender=sender,
        client=client,
        tokens=tokens,
        team_id=workspace.team_id,
        bot_name=workspace.bot_name,
        command=settings.command,
    )
    inbox = build_inbox(doors, store)
    serve = serve_socket if settings.transport == "socket" else serve_http
    async with AsyncExitStack() as parts:
        for part in (outbox, dispatcher, inbox):
            parts.push_async_callback(part.close)
        address = await parts.enter_async_context(serve(build_app(doors, inbox, settings), settings))
        alarm.start()
        parts.push_async_callback(alarm.stop)
        await sweep()
        yield address


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
    return Workspace(team_id=found["team_id"], url=found["url"], bot_name=found["user"])
