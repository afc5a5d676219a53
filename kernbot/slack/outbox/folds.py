"""One message for many open questions: more than a few of one workflow are not each put before its channel."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, replace

from kernbot.db.base import Store
from kernbot.db.slack import SlackMessage, SlackStore
from kernbot.engine.values import digest
from kernbot.runtime.dispatcher import InProcessDispatcher
from kernbot.runtime.registry import KernBot, Registration
from kernbot.slack.channels import Channels
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.ids import TokenMaker
from kernbot.slack.outbox.calls import RateLimitedError
from kernbot.slack.outbox.pace import Pace, Turn, Urgency
from kernbot.slack.outbox.sender import Sender
from kernbot.slack.render.fold import fold

_log = logging.getLogger(__name__)

MOST_APART = 5
"""Open questions of one workflow that its channel sees one by one."""


@dataclass(frozen=True)
class _Work:
    registered: Registration
    waiting: int
    row: SlackMessage
    turn: Turn


class Folds:
    """Keeps the messages that stand for many questions."""

    def __init__(
        self,
        bot: KernBot,
        store: Store,
        *,
        messages: SlackStore,
        sender: Sender,
        pace: Pace,
        tokens: TokenMaker,
        channels: Channels,
    ) -> None:
        self._bot = bot
        self._store = store
        self._messages = messages
        self._sender = sender
        self._pace = pace
        self._tokens = tokens
        self._channels = channels
        self._updates = InProcessDispatcher(self._bring_up_to_date, what="message for many questions")

    async def are_many(self, workflow_id: str) -> bool:
        """Whether more questions of a workflow are open than its channel sees one by one."""
        return await self._store.count_open_pauses(workflow_id) > MOST_APART

    def changed(self, workflow_id: str) -> None:
        """Have the message of a workflow brought up to date: one of its questions was asked or answered."""
        self._updates.poke(workflow_id)

    async def close(self) -> None:
        """Send nothing more."""
        await self._updates.close()

    async def _bring_up_to_date(self, workflow_id: str) -> None:
        while work := await self._look(workflow_id):
            await self._pace.ask(work.turn).granted()
            if (newer := await self._look(workflow_id)) is None or newer.turn != work.turn:
                continue
            try:
                await self._send(newer)
            except RateLimitedError as late:
                self._pace.hold(work.turn, late.seconds)
            except SLACK_FAILURES as error:
                _log.warning("a message for many questions could not be sent: %s", error_code(error))
                return

    async def _look(self, workflow_id: str) -> _Work | None:
        registered = self._bot.of_workflow(workflow_id)
        if registered is None or (await self._channels.look_at(registered.channel)).closed:
            return None
        waiting = await self._store.count_open_pauses(workflow_id)
        row = next(iter(await self._messages.list_messages(workflow_id)), None) or _new_row(registered)
        if row.ts is None:
            turn = Turn("chat.postMessage", Urgency.QUESTION, channel=registered.channel)
            return _Work(registered, waiting, row, turn) if waiting > MOST_APART else None
        turn = Turn("chat.update", Urgency.PROGRESS, run_id=workflow_id)
        work = _Work(registered, waiting, row, turn)
        return None if row.shown == self._state(work) else work

    async def _send(self, work: _Work) -> None:
        row = replace(work.row, shown=self._state(work), revision=work.row.revision + 1)
        message = fold(work.registered.name, work.waiting, self._token(work), row.message_id, row.revision)
        if row.ts is None:
            await self._messages.save_message(work.row)
            channel, ts = await self._sender.post(row, message, broadcast=False)
            row = replace(row, channel=channel, ts=ts)
        else:
            await self._sender.update(row, message)
        if not work.waiting:  # the next one is a message of its own, which people see arrive
            row = replace(row, ts=None, shown=None)
        await self._messages.save_message(row)

    def _state(self, work: _Work) -> str:
        return digest(fold(work.registered.name, work.waiting, self._token(work), work.row.message_id, 0))

    def _token(self, work: _Work) -> str:
        return self._tokens.of_workflow(work.registered.definition.workflow_id)


def _new_row(registered: Registration) -> SlackMessage:
    workflow_id = registered.definition.workflow_id
    return SlackMessage(
        message_id=uuid.uuid4().hex, run_id=workflow_id, role="fold", pause_id=None, channel=registered.channel
    )
