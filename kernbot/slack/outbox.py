"""The outbox: compares what a run's messages should show with what Slack was last told, and sends the difference.

What should be shown is a pure function of the rows of the run, so nothing has to be remembered here: after a restart
the same comparison goes on. Only the latest state is ever sent.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from kernbot.db.base import Snapshot, Store
from kernbot.db.slack import MessageRole, SlackMessage, SlackStore
from kernbot.engine.large import load
from kernbot.errors import ConflictError
from kernbot.runtime.dispatcher import InProcessDispatcher
from kernbot.runtime.registry import KernBot
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.ids import TokenMaker, permalink
from kernbot.slack.reading import run_facts
from kernbot.slack.render.facts import RunFacts
from kernbot.slack.sender import Sender
from kernbot.slack.wanted import Key, Wanted, wanted_messages

_log = logging.getLogger(__name__)

Rows = dict[Key, SlackMessage]
BATCH = 500
SECONDS_TO_FINISH = 2.0


@dataclass(frozen=True)
class Place:
    """Where the messages of a run stand."""

    channel: str
    hides_values: bool
    """Whether people of another organisation can read them."""


class Outbox:
    """Keeps the messages of the bot's runs as they should be; in each channel one message after the other."""

    def __init__(
        self,
        bot: KernBot,
        store: Store,
        *,
        messages: SlackStore,
        sender: Sender,
        tokens: TokenMaker,
        workspace_url: str,
        is_shared: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._bot = bot
        self._store = store
        self._messages = messages
        self._sender = sender
        self._tokens = tokens
        self._workspace_url = workspace_url
        self._is_shared = is_shared
        self._updates = InProcessDispatcher(self.bring_up_to_date, what="messages of a run")
        self._channels: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._response_urls: dict[str, str] = {}

    def changed(self, run_id: str) -> None:
        """Have the messages of a run brought up to date; many changes at once are one."""
        self._updates.poke(run_id)

    def clicked(self, pause_id: str, response_url: str | None) -> None:
        """Have the next update of a card go through the address that came with a click: it doesn't count as a call."""
        if response_url:
            self._response_urls[pause_id] = response_url

    async def recover(self) -> None:
        """Look at every run of which not every message is known to be in its last state."""
        for run_id in await self._messages.list_unsettled(BATCH):
            self.changed(run_id)

    async def close(self) -> None:
        """Send nothing more; what is being sent is noted as sent, so that the next process does not send it again."""
        await self._updates.close(patience=SECONDS_TO_FINISH)

    async def bring_up_to_date(self, run_id: str) -> None:
        """Show what was answered, post what is missing of a run, then update the rest, its parent last."""
        run = await self._store.get_run(run_id)
        registered = self._bot.of_workflow(run.workflow_id) if run and run.origin == "bot" else None
        if registered is None:
            return
        async with self._channels[registered.channel]:
            snapshot = await load(self._store, run_id)
            place = Place(registered.channel, hides_values=await self._is_shared(registered.channel))
            rows = {(row.role, row.pause_id): row for row in await self._messages.list_messages(run_id)}
            await self._update_stale(snapshot, place, rows, ("card",))
            await self._post_missing(snapshot, place, rows)
            await self._update_stale(snapshot, place, rows, ("card", "result", "parent"))
            if snapshot.run.status.has_ended:
                await self._messages.settle_run(run_id)

    async def try_now(self, run_id: str) -> None:
        """Do it at once; where Slack fails, or another bot is at it too, the next recovery goes on."""
        try:
            await self.bring_up_to_date(run_id)
        except (*SLACK_FAILURES, ConflictError) as error:
            _log.info("messages not up to date yet: %s", error_code(error), extra={"run_id": run_id})

    async def link_to_run(self, run_id: str) -> str | None:
        """Return the address of a run's parent message, once it has been posted."""
        rows = await self._messages.list_messages(run_id)
        return next((self._link(row) for row in rows if row.role == "parent"), None)

    async def link_to_card(self, run_id: str, pause_id: str) -> str | None:
        """Return the address of a question's card, or of its run's parent message while there is none."""
        rows = await self._messages.list_messages(run_id)
        cards = [self._link(row) for row in rows if (row.role, row.pause_id) == ("card", pause_id)]
        parents = [self._link(row) for row in rows if row.role == "parent"]
        return next(filter(None, [*cards, *parents]), None)

    async def _post_missing(self, snapshot: Snapshot, place: Place, rows: Rows) -> None:
        for wanted in wanted_messages(self._facts(snapshot, place, rows), self._tokens):
            row = rows.get(wanted.key)
            if row is None:
                row = _new_row(snapshot.run.run_id, place.channel, wanted, rows)
                await self._messages.save_message(row)
            if row.ts is None:
                rows[wanted.key] = await self._post(row, wanted)

    async def _update_stale(self, snapshot: Snapshot, place: Place, rows: Rows, roles: Sequence[MessageRole]) -> None:
        """Update what has been posted and shows another state, in the order of the roles."""
        posted = [
            wanted
            for wanted in wanted_messages(self._facts(snapshot, place, rows), self._tokens)
            if wanted.role in roles and wanted.key in rows and rows[wanted.key].ts is not None
        ]
        for wanted in sorted(posted, key=lambda wanted: roles.index(wanted.role)):
            if rows[wanted.key].shown != wanted.state:
                rows[wanted.key] = await self._update(wanted, rows[wanted.key])

    def _facts(self, snapshot: Snapshot, place: Place, rows: Rows) -> RunFacts:
        waiting = next((pause for pause in snapshot.pauses if pause.state == "open"), None)
        card_row = rows.get(("card", waiting.pause_id)) if waiting else None
        return run_facts(
            snapshot,
            place.channel,
            hides_values=place.hides_values,
            run_link=self._link(rows.get(("parent", None))),
            open_question_link=self._link(card_row),
        )

    def _link(self, row: SlackMessage | None) -> str | None:
        return permalink(self._workspace_url, row.channel, row.ts, row.thread_ts) if row and row.ts else None

    async def _post(self, row: SlackMessage, wanted: Wanted) -> SlackMessage:
        """Post a message whose row is stored already: what a crash leaves behind can be seen."""
        row = replace(row, shown=wanted.state, revision=row.revision + 1)
        ts = await self._sender.post(row, wanted.render(row.revision), broadcast=wanted.broadcast)
        row = replace(row, ts=ts)
        await self._messages.save_message(row)
        return row

    async def _update(self, wanted: Wanted, row: SlackMessage) -> SlackMessage:
        row = replace(row, shown=wanted.state, revision=row.revision + 1)
        response_url = self._response_urls.pop(row.pause_id, None) if row.pause_id else None
        await self._sender.update(row, wanted.render(row.revision), response_url)
        await self._messages.save_message(row)
        return row


def _new_row(run_id: str, channel: str, wanted: Wanted, rows: Rows) -> SlackMessage:
    return SlackMessage(
        message_id=uuid.uuid4().hex,
        run_id=run_id,
        role=wanted.role,
        pause_id=wanted.pause_id,
        channel=channel,
        thread_ts=rows["parent", None].ts if wanted.in_thread else None,
    )
