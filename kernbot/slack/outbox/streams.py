"""What agents say, streamed into the threads of their runs while they say it.

A message that is streamed is a help for those who watch, and no more. While it is, its row says so; the outbox ends
every stream that nobody writes to any more, and then shows what the rows of the run say.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile

from kernbot.db.base import Store
from kernbot.db.slack import STREAMING, SlackMessage, SlackStore
from kernbot.engine.agent_views import executor_runs, is_of_member
from kernbot.engine.journal import Journal
from kernbot.engine.large import load
from kernbot.run.agent import RunEvent
from kernbot.run.events import WorkflowRunOutputEvent
from kernbot.slack.channels import Channels
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.outbox.calls import RateLimitedError
from kernbot.slack.outbox.sender import Sender
from kernbot.slack.outbox.talking import Talking
from kernbot.slack.outbox.wanted import Key
from kernbot.slack.outbox.work import PARENT, key_of
from kernbot.slack.reading.subject import Rows
from kernbot.slack.reading.talks import step_name_of, talk_id_of
from kernbot.slack.render.talk import opening

_log = logging.getLogger(__name__)

_SECONDS_UNTIL_NEXT_LOOK = 0.2


@dataclass
class _Talk:
    """One agent whose message is written here."""

    executor_run_id: str
    agent: str
    said: Talking = field(default_factory=Talking)
    row: SlackMessage | None = None
    can_be_streamed: bool = True


@dataclass
class _Watched:
    """A run that is executed here."""

    talks: dict[str, _Talk] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False
    work: asyncio.Task[None] | None = None


class Streams:
    """Writes what agents say while they say it, where it may be shown and somebody of Slack asked for the run."""

    def __init__(
        self, store: Store, *, messages: SlackStore, sender: Sender, channels: Channels, changed: Callable[[str], None]
    ) -> None:
        self._store = store
        self._messages = messages
        self._sender = sender
        self._channels = channels
        self._changed = changed
        self._watched: dict[str, _Watched] = {}

    def is_live(self, run_id: str, talk_id: str | None) -> bool:
        """Whether the message of a talk is being written here, so that the outbox must leave it alone."""
        watched = self._watched.get(run_id)
        return watched is not None and any(
            talk_id_of(talk.executor_run_id) == talk_id and talk.can_be_streamed for talk in watched.talks.values()
        )

    def hear(self, run_id: str, event: WorkflowRunOutputEvent) -> None:
        """Take in what happens in a run that is executed here; whatever is to be sent is sent by and by."""
        if not isinstance(event, RunEvent) or event.executor_run_id is None or is_of_member(event.executor_run_id):
            return
        watched = self._watched.setdefault(run_id, _Watched())
        key = event.executor_run_id
        if key not in watched.talks:
            watched.talks[key] = _Talk(key, event.agent_name or "agent")
        watched.talks[key].said.hear(event)
        watched.news.set()
        if watched.work is None:
            watched.work = asyncio.create_task(self._work(run_id, watched))

    async def leave(self, run_id: str) -> None:
        """End what is streamed of a run that is not executed any more, or not for now."""
        watched = self._watched.get(run_id)
        if watched is None:
            return
        watched.is_over = True
        for talk in watched.talks.values():
            talk.said.end()
        watched.news.set()
        if watched.work is not None:
            (failure,) = await asyncio.gather(watched.work, return_exceptions=True)
            if failure is not None:
                _log.warning("not streamed to its end: %s", type(failure).__name__, extra={"run_id": run_id})
        self._watched.pop(run_id, None)
        self._changed(run_id)

    async def _work(self, run_id: str, watched: _Watched) -> None:
        rows = await self._rows(run_id)
        while watched.talks or not watched.is_over:
            await watched.news.wait()
            watched.news.clear()
            for key, talk in list(watched.talks.items()):
                if talk.can_be_streamed:
                    await self._advance(run_id, talk, rows)
                if talk.said.is_over or not talk.can_be_streamed:
                    del watched.talks[key]
                    self._changed(run_id)
            if watched.talks and not watched.is_over:
                await self._look_again(watched)

    async def _look_again(self, watched: _Watched) -> None:
        """Look again soon where something is to be said and the thread is not there yet."""
        if any(talk.row is None and talk.said.parts for talk in watched.talks.values()):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SECONDS_UNTIL_NEXT_LOOK):
                    await watched.news.wait()
            watched.news.set()

    async def _advance(self, run_id: str, talk: _Talk, rows: Rows) -> None:
        """Send what is new; what Slack refuses is shown at the end."""
        try:
            if talk.row is None and not talk.said.is_over:
                talk.row = await self._start(run_id, talk)
            if talk.row is not None and talk.said.has_news(rows.secrets):
                if await self._may_be_shown(talk.row.channel):
                    await self._sender.append_stream(talk.row, partial(talk.said.take, rows.secrets))
                else:
                    talk.can_be_streamed = False
        except (RateLimitedError, *SLACK_FAILURES) as error:
            _log.info("not streamed: %s", error_code(error), extra={"run_id": run_id})
            talk.can_be_streamed = False

    async def _start(self, run_id: str, talk: _Talk) -> SlackMessage | None:
        """Begin a message, if it can be; None while there is nothing to say, or no thread to say it in."""
        if not talk.said.parts:
            return None
        known = {key_of(row): row for row in await self._messages.list_messages(run_id)}
        parent, talk_id = known.get(PARENT), talk_id_of(talk.executor_run_id)
        if parent is None or parent.ts is None:
            return None
        rows = await self._rows(run_id)
        recipient = _person(rows)
        is_next = _stands_next(talk_id, rows, known) and await self._may_be_shown(parent.channel)
        if recipient is None or not is_next or not self._sender.can_start_stream():
            talk.can_be_streamed = False
            return None
        row = SlackMessage(
            message_id=uuid.uuid4().hex,
            run_id=run_id,
            role="talk",
            pause_id=talk_id,
            channel=parent.channel,
            thread_ts=parent.ts,
            shown=STREAMING,
            revision=1,
        )
        return await self._begin(row, opening(talk.agent, step_name_of(talk.executor_run_id)), recipient)

    async def _begin(self, row: SlackMessage, first: str, recipient: tuple[str, str]) -> SlackMessage:
        """Begin a message whose row is stored already: what an answer that is lost leaves behind can be found."""
        await self._messages.save_message(row)
        try:
            row = replace(row, ts=await self._sender.start_stream(row, first, recipient))
        except RateLimitedError:
            row = replace(row, shown=None, revision=0)
            raise
        finally:
            await self._messages.save_message(row)
        return row

    async def _may_be_shown(self, channel: str) -> bool:
        standing = await self._channels.look_at(channel)
        return not (standing.is_shared or standing.closed)

    async def _rows(self, run_id: str) -> Rows:
        snapshot = await load(self._store, run_id)
        return Rows.of(snapshot, Journal(snapshot))


def _stands_next(talk_id: str, rows: Rows, known: Mapping[Key, SlackMessage]) -> bool:
    """Whether a talk has no message yet, and all that was said before it has one."""
    said = [talk_id_of(run.run_id) for run in executor_runs(rows.snapshot, rows.journal)]
    before = takewhile(lambda other: other != talk_id, said)
    posted = {key[1] for key, row in known.items() if key[0] == "talk" and row.ts is not None}
    return ("talk", talk_id, None) not in known and posted.issuperset(before)


def _person(rows: Rows) -> tuple[str, str] | None:
    """Return workspace and user id of who asked for the run; None for somebody who is not of Slack."""
    parts = (rows.snapshot.run.user_id or "").split(":")
    return (parts[1], parts[2]) if parts[0] == "slack" and len(parts) == 3 else None  # noqa: PLR2004
