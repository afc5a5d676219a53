"""App Home: shown when a person opens it, and kept up to date for those who have it open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from kernbot.db.base import RunRecord
from kernbot.db.slack import Preferences, SlackStore
from kernbot.engine.values import digest
from kernbot.errors import ConflictError
from kernbot.runtime.dispatcher import InProcessDispatcher
from kernbot.runtime.service import CannotCheckError
from kernbot.runtime.waiting import Question, open_questions, queue_of
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.waiting import listed
from kernbot.slack.parse.payloads import ticked
from kernbot.slack.reading.runs import run_facts
from kernbot.slack.render.facts import Listed, RunFacts
from kernbot.slack.render.home import MOST_RUNS, HomeFacts, cannot_check, home

_log = logging.getLogger(__name__)

OPEN_SECONDS = 1_800.0
"""So long after it was opened a Home is kept up to date; Slack doesn't tell when it is left."""
MOST_OPEN = 200
"""Of more people who have it open, those who opened it longest ago see changes when they open it again."""
SECONDS_BETWEEN = 1.0
"""Changes that come faster are shown together."""

SECONDS_TO_STORE = 2.0
"""Slack waits three for the ack."""

_ALL = ""

_Runs = list[tuple[RunRecord, RunFacts | None]]


class _Now:
    """What is open now, read once for everybody whose Home is shown."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = questions
        self.listed: dict[str, Listed] = {}
        """By pause id."""


@dataclass
class _Open:
    """The Home that a person has open."""

    who: str
    """Id of the person."""
    at: float = 0.0
    """When it was opened."""
    is_unfolded: bool = False
    hash: str | None = None
    """Slack's, of what was published last; None if that failed."""
    shown: str = ""
    """Digest of it."""
    runs: _Runs = field(default_factory=list)
    """The person's own, as they were shown last."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by what publishes it, so that the newest state comes last."""


class Homes:
    """The Homes that people have open, of which this process knows."""

    def __init__(self, doors: Doors, store: SlackStore) -> None:
        self._doors = doors
        self._store = store
        self._open: dict[str, _Open] = {}
        self._refreshes = InProcessDispatcher(self._refresh, what="App Home")

    async def opened(self, event: dict[str, Any]) -> None:
        """Show the Home of a person who opens it: `event` is `app_home_opened`."""
        if event["tab"] == "home":
            await self._begin(event["user"], self._doors.person(event["user"], None), is_unfolded=False)

    def changed(self) -> None:
        """Have all Homes that are open brought up to date; many changes at once are one."""
        self._forget_those_left()
        if self._open:
            self._refreshes.poke(_ALL)

    async def unfold(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Show the questions that a person may answer, and is not asked by name."""
        await ack()
        await self._begin(body["user"]["id"], self._who(body), is_unfolded=True)

    async def fold(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Count them only."""
        await ack()
        await self._begin(body["user"]["id"], self._who(body), is_unfolded=False)

    async def prefer(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Store whether a person wants questions as direct messages.

        Where Slack does not tell in time who it is, nothing is stored and nothing acked: they see that it failed.
        """
        try:
            async with asyncio.timeout(SECONDS_TO_STORE):
                person = await self._doors.people.look_up(self._who(body), None)
        except (CannotCheckError, TimeoutError):
            _log.info("preference not stored: Slack does not tell whose it is")
            return
        chosen = Preferences(person_id=person.person_id, direct_messages=ticked(body))
        await self._store.save_preferences(chosen)
        await ack()

    async def go(self, ack: AsyncAck) -> None:
        """Ack a button that Slack itself opens a link for."""
        await ack()

    async def close(self) -> None:
        """Show nothing any more."""
        await self._refreshes.close()

    async def _begin(self, user_id: str, who: str, *, is_unfolded: bool) -> None:
        """Show somebody their Home, whatever stands there, and keep it up to date from now on."""
        kept = self._open.pop(user_id, None) or _Open(who)
        self._open[user_id] = kept
        kept.at, kept.is_unfolded = self._doors.service.now, is_unfolded
        async with kept.lock:
            view = await self._view(kept, await self._now())
            kept.hash = await self._doors.sender.publish(user_id, view, None)
            kept.shown = digest(view)

    async def _refresh(self, _: str) -> None:
        now = await self._now()
        for user_id, kept in list(self._open.items()):
            try:
                await self._bring_up_to_date(user_id, kept, now)
            except ConflictError:
                self._open.pop(user_id, None)  # it was opened at another process, which goes on with it
        await asyncio.sleep(SECONDS_BETWEEN)

    async def _now(self) -> _Now:
        return _Now(await open_questions(self._doors.service))

    async def _bring_up_to_date(self, user_id: str, kept: _Open, now: _Now) -> None:
        async with kept.lock:
            view = await self._view(kept, now)
            if kept.hash is None or digest(view) != kept.shown:
                kept.hash = await self._doors.sender.publish(user_id, view, kept.hash)
                kept.shown = digest(view)

    async def _view(self, kept: _Open, now: _Now) -> dict[str, Any]:
        try:
            facts = await self._facts(kept, now)
        except CannotCheckError:
            return cannot_check()
        revision = digest(home(facts, tokens=self._doors.tokens, revision=""))[:8]
        return home(facts, tokens=self._doors.tokens, revision=revision)

    async def _facts(self, kept: _Open, now: _Now) -> HomeFacts:
        person = await self._doors.people.look_up(kept.who, None)
        queue = await queue_of(self._doors.service, kept.who, now.questions)
        return HomeFacts(
            person_id=kept.who,
            waiting=await listed(self._doors, queue, now.listed),
            is_unfolded=kept.is_unfolded,
            runs=await self._runs_of(kept),
            direct_messages=(await self._store.get_preferences(person.person_id)).direct_messages,
            command=self._doors.command,
        )

    async def _runs_of(self, kept: _Open) -> list[RunFacts]:
        newest = await self._doors.service.runs_of(kept.who, MOST_RUNS)
        kept.runs = [await self._read(run, kept.runs) for run in newest]
        return [facts for _, facts in kept.runs if facts is not None]

    async def _read(self, run: RunRecord, before: _Runs) -> tuple[RunRecord, RunFacts | None]:
        """Return a run as facts without values and result, read if it has changed; None if it was deleted just now."""
        if facts := next((facts for was, facts in before if was == run), None):
            return run, facts
        snapshot = await self._doors.service.store.load_run(run.run_id)
        return run, run_facts(snapshot, "", hides_values=True) if snapshot else None

    def _who(self, body: dict[str, Any]) -> str:
        return self._doors.person(body["user"]["id"], body["user"].get("team_id"))

    def _forget_those_left(self) -> None:
        long_ago = self._doors.service.now - OPEN_SECONDS
        newest = list(self._open.items())[-MOST_OPEN:]
        self._open = {user_id: kept for user_id, kept in newest if kept.at > long_ago}
