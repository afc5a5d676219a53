"""A workspace with people of every kind, a bot in it, and what a scenario does and looks at."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from kernbot import KernBot
from kernbot.bootstrap import BotStore, running_bot
from kernbot.db.base import RunFilter, Snapshot
from kernbot.db.in_memory import InMemoryDb
from kernbot.engine.large import load
from kernbot.localslack import Actor, App, Delivery, Kind, LocalSlack
from kernbot.settings import Settings
from kernbot.slack.manifest import EVENTS, SCOPES, manifest
from kernbot.slack.outbox.pace import Pace, Time
from kernbot.workflow import Workflow
from tests.scenarios.line import Line

Truth = TypeVar("Truth")

PATIENCE = 30.0
"""Seconds after which something has gone wrong, and is not merely slow on a machine that has more to do."""

CHANNEL = "C01OPS"
ELSEWHERE = "C02RANDOM"

SCOPE_OF = {
    "auth.test": None,
    "apps.connections.open": None,
    "response_url": None,
    "chat.appendStream": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.startStream": "chat:write",
    "chat.stopStream": "chat:write",
    "chat.update": "chat:write",
    "conversations.info": "channels:read",
    "conversations.list": "channels:read",
    "conversations.members": "channels:read",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "views.open": None,
    "views.publish": None,
    "views.push": None,
    "views.update": None,
}
"""What the bot calls, each with the scope that its documentation names."""
OPTIONAL = {"conversations.history": "channels:history", "conversations.replies": "channels:history"}
"""What it calls only where it was granted more than it asks for."""


def passing() -> Time:
    """Return a time in which nobody really waits: what is slept through has passed."""
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        await asyncio.sleep(0)
        now += seconds

    return Time(lambda: now, sleep)


class MovedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: float = 1_795_183_320.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return unix seconds."""
        return self.now

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass(kw_only=True)
class Team:
    """A workspace with people of every kind, and a bot that is in #ops."""

    slack: LocalSlack
    app: App
    clock: MovedClock
    time: Time
    """By which the bot paces what it sends, and Slack counts how much that is."""
    line: Line
    settings: Settings
    store: BotStore = field(default_factory=InMemoryDb)
    refused: set[str] = field(default_factory=set)
    """What Slack may refuse in this scenario."""

    @asynccontextmanager
    async def bot(
        self,
        *workflows: Workflow,
        register: Mapping[str, Any] = MappingProxyType({}),
        operators: Sequence[str] | None = None,
        operators_channel: str | None = None,
        channel: str = "#ops",
        **settings: Any,
    ) -> AsyncIterator[None]:
        """Run the bot with these workflows, all registered for a channel, and with what else `register` is given."""
        bot = KernBot(operators=operators, operators_channel=operators_channel)
        for workflow in workflows:
            bot.register(workflow, channel=channel, **register)
        async with running_bot(
            bot, self.settings.model_copy(update=settings), self.store, clock=self.clock, pace=Pace(self.time)
        ):
            yield

    def grant(self, *scopes: str) -> None:
        """Install the app with further scopes."""
        object.__setattr__(self.app, "scopes", (*self.app.scopes, *scopes))

    def person(self, name: str) -> Actor:
        """Return somebody by name."""
        return self.slack.person(f"U{name.upper()}")

    async def type(self, who: str, text: str, *, channel: str = CHANNEL) -> str:
        """Have somebody type `/kern` and this; return what they are told in the ack."""
        delivery = await self.person(who).command(channel, "/kern", text)
        assert delivery.ok, delivery
        return words(delivery.body)

    async def start(self, text: str, *, who: str = "dee", channel: str = CHANNEL) -> dict[str, Any]:
        """Have somebody start a workflow; return the run's parent message."""
        known = len(self.parents())
        told = await self.type(who, f"run {text}", channel=channel)
        assert not told, told
        parents = await self.until(lambda: self.parents()[known:])
        return parents[0]

    async def ask(self, text: str, question: str, *, who: str = "dee") -> dict[str, Any]:
        """Have somebody start a workflow; return the card of its first question."""
        return await self.under(await self.start(text, who=who), question)

    async def click(self, who: str, shown: dict[str, Any], action_id: str, *, stale: bool = False) -> Delivery:
        """Have somebody press a button; a stale one stands only on the copy of the message that is given."""
        return await self.person(who).click(CHANNEL, shown["ts"], action_id, message=shown if stale else None)

    async def press(self, who: str, message: dict[str, Any], action_id: str) -> dict[str, Any]:
        """Have somebody press a button that opens a modal; return the modal once it is filled."""
        before = self.person(who).view()
        assert (await self.click(who, message, action_id)).ok
        return await self.opened(who, before)

    async def pick(self, who: str, message: dict[str, Any], entry: str) -> dict[str, Any]:
        """Have somebody pick an entry of a card's menu; return the modal that it opens."""
        elements = [item for block in message["blocks"] if block["type"] == "actions" for item in block["elements"]]
        menu = next(item for item in elements if item["type"] == "overflow")
        option = next(option["value"] for option in menu["options"] if option["text"]["text"] == entry)
        before = self.person(who).view()
        assert (await self.person(who).click(CHANNEL, message["ts"], menu["action_id"], option=option)).ok
        return await self.opened(who, before)

    async def opened(self, who: str, before: dict[str, Any] | None) -> dict[str, Any]:
        """Wait for a modal that takes the place of the one `before`, and for what is in it."""
        old = before["id"] if before else None
        return await self.modal(who, lambda view: view["id"] != old and view["title"]["text"] != "One moment")

    async def modal(self, who: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a modal before somebody."""
        actor = self.person(who)

        def seen() -> dict[str, Any] | None:
            view = actor.view()
            return view if view and wanted(view) else None

        view = await self.until(seen)
        assert view is not None
        return view

    async def send(self, who: str, view: dict[str, Any], *typed: Any) -> Delivery:
        """Have somebody fill in the fields of a modal in their order, and submit it."""
        inputs = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
        return await self.person(who).submit(view["id"], dict(zip(inputs, typed, strict=False)))

    def parents(self) -> list[dict[str, Any]]:
        """Return the bot's parent messages in #ops."""
        return [m for m in self._read(None) if not m["thread_ts"] and not _is_fold(m)]

    def folds(self) -> list[dict[str, Any]]:
        """Return the messages in #ops that stand for many questions."""
        return [m for m in self._read(None) if not m["thread_ts"] and _is_fold(m)]

    def thread(self, parent: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what stands under a parent message for all to see."""
        return self._read(parent["ts"])[1:]

    async def under(self, parent: dict[str, Any], text: str) -> dict[str, Any]:
        """Wait for a message under a parent whose notification text holds `text`."""
        return await self.until(lambda: next((m for m in self.thread(parent) if text in m["text"]), {}))

    async def says(self, message: dict[str, Any], text: str) -> dict[str, Any]:
        """Wait until a message, in its newest form, holds `text`."""

        def now() -> dict[str, Any]:
            shown = next(m for m in self._read(message["thread_ts"]) if m["ts"] == message["ts"])
            return shown if text in words(shown) else {}

        return await self.until(now)

    def direct(self, who: str) -> list[dict[str, Any]]:
        """Return what the bot has told somebody directly."""
        channel = self.direct_channel(who)
        return [message for message in self.person(who).messages(channel) if message["is_bot"]]

    def posted(self, channel: str) -> list[dict[str, Any]]:
        """Return what the bot has posted in another channel."""
        return [message for message in self.person("bob").messages(channel) if message["is_bot"]]

    def told(self, who: str, *, channel: str = CHANNEL) -> list[str]:
        """Return what only this person sees, in a channel and in its threads."""
        actor = self.person(who)
        threads = [None, *(parent["ts"] for parent in self.parents())] if channel == CHANNEL else [None]
        messages = [message for thread in threads for message in actor.messages(channel, thread)]
        return [words(message["blocks"]) for message in messages if message["ephemeral"]]

    async def reads(self, who: str, text: str) -> dict[str, Any]:
        """Have somebody type `/kern` and this in #ops; return what only they see then, as a message to click on."""
        await self.type(who, text)
        return [message for message in self.person(who).messages(CHANNEL) if message["ephemeral"]][-1]

    async def hears(self, who: str, text: str, *, times: int = 1, channel: str = CHANNEL) -> str:
        """Wait until one person was told something with this text, so many times; return the last."""

        def told() -> list[str]:
            return [message for message in self.told(who, channel=channel) if text in message]

        return str((await self.until(lambda: told()[times - 1 :]))[-1])

    async def run(self) -> Snapshot:
        """Return the newest run."""
        newest, *_ = await self.store.list_runs(RunFilter())
        return await load(self.store, newest.run_id)

    async def runs(self) -> int:
        """Return how many runs there are."""
        return len(await self.store.list_runs(RunFilter()))

    async def until(self, true: Callable[[], Truth | None]) -> Truth:
        """Return what a function returns once that is true."""
        return await self.slack.until(true, PATIENCE)

    async def eventually(self, true: Callable[[], Any]) -> None:
        """Wait until something is true that Slack does not see."""
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - what a step in a thread does rings no bell
                await asyncio.sleep(0.01)

    async def knows(self, event: str) -> None:
        """Wait until the bot has been told of an event of this type."""
        await self.until(lambda: [e for e in self.slack.log if (e.name, e.verdict) == (event, "ok")])

    def calls(self, method: str) -> list[Any]:
        """Return the arguments of the calls of a Web API method that Slack has taken."""
        entries = [entry for entry in self.slack.log if (entry.direction, entry.name) == ("from app", method)]
        return [entry.payload for entry in entries if entry.verdict == "ok"]

    def direct_channel(self, who: str) -> str:
        """Return somebody's conversation with the bot."""
        return self.slack._workspace.direct_channel(f"U{who.upper()}", self.app).id

    def check_traffic(self) -> None:
        """Fail for anything that the bot sent and Slack refused, and for calls outside of its scopes.

        Events reach nobody while no bot runs.
        """
        for entry in self.slack.log:
            if entry.name in EVENTS and entry.verdict == "dispatch_failed":
                continue
            assert entry.verdict == "ok" or entry.verdict.split()[0] in self.refused, entry
            if entry.direction == "from app":
                assert {**SCOPE_OF, **OPTIONAL}[entry.name] in (None, *SCOPES, *self.app.scopes)

    def _read(self, thread_ts: str | None) -> list[dict[str, Any]]:
        messages = self.person("ana").messages(CHANNEL, thread_ts)
        return [message for message in messages if message["is_bot"] and not message["ephemeral"]]


def _is_fold(message: dict[str, Any]) -> bool:
    return not message["text"].startswith("A ")


def words(shown: Any, between: str = "\n") -> str:
    """Return all text of a message, a modal, or a part of one."""
    if isinstance(shown, list):
        return between.join(filter(None, (words(part, between) for part in shown)))
    if not isinstance(shown, dict):
        return ""
    between = "" if shown.get("type", "").startswith("rich_text_") else between
    own = shown["text"] if isinstance(shown.get("text"), str) else ""
    return between.join(filter(None, [own, *(words(part, between) for part in shown.values())]))


def make_workspace(clock: MovedClock, time: Time, *, http_port: int | None = None) -> tuple[LocalSlack, App]:
    """Return a workspace; the bot is installed from its own manifest."""
    slack = LocalSlack(clock=clock, ack_seconds=PATIENCE, monotonic=time.now)
    for name, kind in (
        ("dee", Kind.MEMBER),
        ("ana", Kind.MEMBER),
        ("bob", Kind.MEMBER),
        ("olga", Kind.MEMBER),
        ("gus", Kind.GUEST),
        ("sam", Kind.STRANGER),
        ("dora", Kind.MEMBER),
    ):
        slack.add_person(f"U{name.upper()}", name=name, display_name=name.title(), kind=kind)
    slack.add_channel(CHANNEL, name="ops", members=["UDEE", "UANA", "UBOB", "UGUS", "UDORA"])
    slack.add_channel(ELSEWHERE, name="random", members=["UDEE", "UANA", "UBOB", "UOLGA", "UGUS"])
    url = f"http://127.0.0.1:{http_port}/slack/events" if http_port else None
    app = slack.install(manifest(url=url))
    slack.invite(app, CHANNEL)
    return slack, app


def free_port() -> int:
    """Return a port on which nothing listens, outside of the range from which others get theirs."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
