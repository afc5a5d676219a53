"""Fifty people on one card, and one person each on fifty cards, in the same second, with Slack's rate limits on.

Run `python -m tests.benchmarks.clicks [people]`. The bot is a process of its own, on SQLite; the local Slack and all
the people are another one: that makes two cores. Slack waits three seconds for an ack.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernbot.db.sqlite import SqliteDb
from kernbot.localslack import App, Delivery, LocalSlack
from kernbot.slack.manifest import manifest
from tests.benchmarks.bots import CHANNELS, QUESTION
from tests.faults.process import BotProcess, until

PATIENCE = 300.0


@dataclass
class Office:
    """A workspace full of people, and a bot."""

    slack: LocalSlack
    app: App
    people: list[str]
    store: SqliteDb

    def channel(self, number: int) -> str:
        """Return a channel, one after the other."""
        return f"C{number % len(CHANNELS):02}"

    async def start(self, runs: int) -> list[tuple[str, dict[str, Any]]]:
        """Start runs, and wait for their cards; return these with their channels."""
        for number in range(runs):
            name = CHANNELS[number % len(CHANNELS)]
            delivery = await self.slack.person(self.people[0]).command(
                self.channel(number), "/kern", f"run release-{name}"
            )
            assert delivery.ok, delivery
        return await self.slack.until(lambda: cards if len(cards := self.cards()) == runs else None, PATIENCE)

    def cards(self) -> list[tuple[str, dict[str, Any]]]:
        """Return all cards as they are, wherever they are, with their channels."""
        found = []
        for number in range(len(CHANNELS)):
            person, channel = self.slack.person(self.people[0]), self.channel(number)
            for parent in person.messages(channel):
                if parent["is_bot"] and not parent["thread_ts"] and not parent["ephemeral"]:
                    thread = person.messages(channel, parent["ts"])[1:]
                    found += [(channel, message) for message in thread if QUESTION in message["text"]]
        return found

    def told(self, person: str) -> int:
        """Return how often somebody was told that a click did not count."""
        actor = self.slack.person(person)
        threads = {(channel, message["thread_ts"]) for channel, message in self.cards()}
        shown = [message for channel, thread in threads for message in actor.messages(channel, thread)]
        shown += [message for channel, _ in threads for message in actor.messages(channel)]
        return sum(message["ephemeral"] and "Not recorded" in message["text"] for message in shown)

    def calls(self) -> Counter[str]:
        """Return how often the bot has called what, and what was refused."""
        from_app = [entry for entry in self.slack.log if entry.direction == "from app"]
        return Counter(entry.name if entry.verdict == "ok" else f"{entry.name}: {entry.verdict}" for entry in from_app)


@asynccontextmanager
async def office(people: int) -> AsyncIterator[Office]:
    """Open a workspace, and run the bot in it."""
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        slack = LocalSlack()
        names = [f"U{number:03}" for number in range(people)]
        for name in names:
            slack.add_person(name, name=name.lower())
        app = slack.install(manifest())
        for number, channel in enumerate(CHANNELS):
            slack.add_channel(f"C{number:02}", name=channel, members=names)
            slack.invite(app, f"C{number:02}")
        async with slack.serve() as server:
            settings = {
                "SLACK_BOT_TOKEN": app.bot_token,
                "SLACK_APP_TOKEN": app.app_token,
                "KERNBOT_SLACK_API_URL": server.base_url,
            }
            bot = BotProcess(folder, settings, "tests.benchmarks.bots:bot")
            store = SqliteDb(folder / "kernbot.db")
            try:
                await until(lambda: slack.connected(app) or not bot.is_alive, "the start of the bot")
                yield Office(slack, app, names, store)
            finally:
                bot.kill()
                await store.close()


async def clicked(office: Office, clicks: list[tuple[str, str, dict[str, Any]]]) -> float:
    """Have people click at once; print how long it took until each had an ack, and return when it began."""

    async def click(person: str, channel: str, card: dict[str, Any]) -> tuple[Delivery, float]:
        begun = time.monotonic()
        delivery = await office.slack.person(person).click(channel, card["ts"], "pause.approve", message=card)
        return delivery, time.monotonic() - begun

    began = time.monotonic()
    acked = await asyncio.gather(*(click(*one) for one in clicks))
    took = sorted(seconds for _, seconds in acked)
    print(f"  acked {sum(delivery.ok for delivery, _ in acked)} of {len(clicks)}")
    print(f"  ack: median {statistics.median(took):.2f} s, last {took[-1]:.2f} s")
    return began


async def on_one_card(people: int) -> None:
    """Have everybody click on one card."""
    print(f"{people} people on one card")
    async with office(people) as place:
        ((channel, card),) = await place.start(1)
        before = place.calls()
        begun = await clicked(place, [(person, channel, card) for person in place.people])
        await place.slack.until(lambda: all("Approved" in m["text"] for _, m in place.cards()), PATIENCE)
        print(f"  claim shown after {time.monotonic() - begun:.2f} s")
        await place.slack.until(lambda: sum(place.told(who) > 0 for who in place.people) == people - 1, PATIENCE)
        print(f"  {people - 1} refusals shown after {time.monotonic() - begun:.2f} s")
        print(f"  calls: {dict(place.calls() - before)}")


async def on_many_cards(people: int) -> None:
    """Have everybody click on a card of their own."""
    print(f"one person each on {people} cards")
    async with office(people) as place:
        cards = await place.start(people)
        before = place.calls()
        clicks = [(person, channel, card) for person, (channel, card) in zip(place.people, cards, strict=True)]
        begun = await clicked(place, clicks)
        await place.slack.until(lambda: all("Approved" in m["text"] for _, m in place.cards()), PATIENCE)
        print(f"  all claims shown after {time.monotonic() - begun:.2f} s")
        await place.slack.until(lambda: all("the step ran" in m["text"] for _, m in place.cards()), PATIENCE)
        print(f"  all outcomes shown after {time.monotonic() - begun:.2f} s")
        print(f"  calls: {dict(place.calls() - before)}")


if __name__ == "__main__":
    number_of_people = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    asyncio.run(on_one_card(number_of_people))
    asyncio.run(on_many_cards(number_of_people))
