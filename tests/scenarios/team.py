"""A workspace with people of every kind, and what a scenario looks at."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any

from kernbot.bootstrap import BotStore
from kernbot.db.in_memory import InMemoryDb
from kernbot.localslack import Actor, App, Kind, LocalSlack
from kernbot.slack.manifest import manifest

CHANNEL = "C01OPS"
ELSEWHERE = "C02RANDOM"


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


@dataclass
class Team:
    """A workspace with people of every kind, and the bot in #ops."""

    slack: LocalSlack
    app: App
    clock: MovedClock
    store: BotStore = field(default_factory=InMemoryDb)

    def person(self, name: str) -> Actor:
        """Return somebody by name."""
        return self.slack.person(f"U{name.upper()}")

    async def parent(self, actor: Actor | None = None) -> dict[str, Any]:
        """Wait for the parent message of the newest run."""
        found = await self.slack.until(lambda: self.posted(actor))
        return found[-1]

    def posted(self, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the bot's parent messages in #ops."""
        messages = (actor or self.person("ana")).messages(CHANNEL)
        return [m for m in messages if m["is_bot"] and not m["ephemeral"] and not m["thread_ts"]]

    def thread(self, parent: dict[str, Any], actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return what stands under a parent message, as somebody sees it."""
        return (actor or self.person("ana")).messages(CHANNEL, thread_ts=parent["ts"])[1:]

    async def under(self, parent: dict[str, Any], text: str) -> dict[str, Any]:
        """Wait for a message under a parent whose notification text holds `text`."""
        return await self.slack.until(
            lambda: next((m for m in self.thread(parent) if text in m["text"] and not m["ephemeral"]), None)
        )


def make_team(clock: MovedClock, *, http_port: int | None = None) -> Team:
    """Return a workspace; the bot is installed from its own manifest."""
    slack = LocalSlack(clock=clock)
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
    slack.add_channel(CHANNEL, name="ops", members=["UDEE", "UANA", "UBOB", "UGUS", "USAM", "UDORA"])
    slack.add_channel(ELSEWHERE, name="random", members=["UDEE", "UANA", "UBOB", "UOLGA", "UGUS"])
    url = f"http://127.0.0.1:{http_port}/slack/events" if http_port else None
    app = slack.install(manifest(url=url))
    slack.invite(app, CHANNEL)
    return Team(slack=slack, app=app, clock=clock)


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
