"""The outbox: compares what a run's messages should show with what Slack was last told, and sends the difference.

What should be shown is a pure function of the rows of the run, so nothing has to be remembered here: after a restart
the same comparison goes on. Each message is made when its turn has come, so that only the latest state is ever sent.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from slack_sdk.errors import SlackApiError

from kernbot.db.base import PauseRecord
from kernbot.db.slack import STREAMING, SlackMessage, SlackStore
from kernbot.errors import ConflictError
from kernbot.runtime.dispatcher import InProcessDispatcher
from kernbot.slack.channels import CLOSED_BY
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.ids import permalink
from kernbot.slack.outbox.calls import RateLimitedError
from kernbot.slack.outbox.complaints import Complaints
from kernbot.slack.outbox.desks import Desks
from kernbot.slack.outbox.folds import Folds
from kernbot.slack.outbox.pace import Pace, Ticket, Turn
from kernbot.slack.outbox.sender import Sender
from kernbot.slack.outbox.wanted import Key, Message
from kernbot.slack.outbox.work import PARENT, Desk, Work, key_of

_log = logging.getLogger(__name__)

BATCH = 500
MOST_AT_ONCE = 5_000
"""Runs whose messages are waited with at once; nearly all of them only wait for their turn."""
SECONDS_TO_FINISH = 2.0
SECONDS_FOR_A_LINK = 2.0
_USES_OF_AN_ADDRESS = 4
_SECONDS_OF_AN_ADDRESS = 29 * 60.0
"""Slack takes 5, within 30 minutes; one is left for a refusal, and a minute for the way."""
NOT_TAKEN = ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text")
"""What Slack answers to a message that is made in a way it does not take."""


@dataclass
class _Pass:
    """One time of bringing the messages of a run up to date."""

    run_id: str
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there may be something else to send."""
    given_up: set[Key] = field(default_factory=set)
    ticket: Ticket | None = None


@dataclass
class _Address:
    url: str
    until: float
    uses_left: int = _USES_OF_AN_ADDRESS


class Outbox:
    """Keeps the messages of the bot's runs as they should be; each run by itself, at the pace that Slack allows."""

    def __init__(
        self,
        *,
        desks: Desks,
        messages: SlackStore,
        sender: Sender,
        pace: Pace,
        complaints: Complaints,
        workspace_url: str,
        folds: Folds,
        clock: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._desks = desks
        self._messages = messages
        self._sender = sender
        self._pace = pace
        self._complaints = complaints
        self._workspace_url = workspace_url
        self._folds = folds
        self._updates = InProcessDispatcher(self._bring_up_to_date, what="messages of a run", limit=MOST_AT_ONCE)
        self._passes: dict[str, _Pass] = {}
        self._addresses: dict[tuple[str, str], _Address] = {}
        self._clicked: dict[str, dict[tuple[str, str], str]] = {}
        """By run: the messages that were clicked since the last look, and whose cards they are."""
        self._watchers: dict[str, list[asyncio.Event]] = {}

    def changed(self, run_id: str) -> None:
        """Have the messages of a run brought up to date; many changes at once are one."""
        if run_id in self._passes:
            self._passes[run_id].news.set()
        else:
            self._updates.poke(run_id)

    def clicked(
        self, channel: str | None, ts: str | None, response_url: str | None, at: float, pause: PauseRecord | None = None
    ) -> None:
        """Have the next updates of a message go through the address that came with a click: it counts as no call.

        `at` is when it came, in unix seconds: it can be used for half an hour.
        `pause` is the question whose card was clicked. A card that nobody knows of, because the answer to its post was
        lost, is known from then on, and closes with the others.
        """
        if channel and ts and response_url:
            self._addresses[channel, ts] = _Address(response_url, at + _SECONDS_OF_AN_ADDRESS)
            if pause is not None:
                self._clicked.setdefault(pause.run_id, {})[channel, ts] = pause.pause_id

    async def recover(self) -> None:
        """Look at every run of which not every message is known to be in its last state."""
        for run_id in await self._messages.list_unsettled(BATCH):
            self.changed(run_id)

    async def close(self) -> None:
        """Send nothing more; what is being sent is noted as sent, so that the next process does not send it again."""
        await self._updates.close(patience=SECONDS_TO_FINISH)
        await self._folds.close()
        self._pace.close()

    async def try_now(self, run_id: str) -> None:
        """Wait a while until the parent message of a run stands in Slack, or can't be had."""
        seen = asyncio.Event()
        self._watchers.setdefault(run_id, []).append(seen)
        self.changed(run_id)
        try:
            async with asyncio.timeout(SECONDS_FOR_A_LINK):
                await seen.wait()
        except TimeoutError:
            _log.info("messages not posted yet", extra={"run_id": run_id})

    async def link_to_run(self, run_id: str) -> str | None:
        """Return the address of a run's parent message, once it has been posted."""
        rows = await self._messages.list_messages(run_id)
        return next((self._link(row) for row in rows if row.role == "parent"), None)

    async def link_to_card(self, run_id: str, pause_id: str) -> str | None:
        """Return the address of a question's card, or of its run's parent message where it has none of its own."""
        links = {key_of(row): self._link(row) for row in await self._messages.list_messages(run_id) if row.ts}
        return links.get(("card", pause_id, None)) or links.get(("moved", pause_id, None)) or links.get(PARENT)

    def _link(self, row: SlackMessage) -> str | None:
        return permalink(self._workspace_url, row.channel, row.ts, row.thread_ts) if row.ts else None

    async def _bring_up_to_date(self, run_id: str) -> None:
        """Send what differs, the most urgent first, until nothing does."""
        under_way = self._passes[run_id] = _Pass(run_id)
        try:
            await self._send_all(under_way)
        except ConflictError as error:
            _log.info("another bot is at the messages, too: %s", error, extra={"run_id": run_id})
        finally:
            del self._passes[run_id]
            if under_way.ticket is not None:
                under_way.ticket.withdraw()
            self._tell_watchers(run_id)

    async def _send_all(self, under_way: _Pass) -> None:
        while True:
            under_way.news.clear()
            desk = await self._desks.of_run(under_way.run_id, under_way.given_up)
            if desk is None:
                return
            if await self._adopt(desk):
                continue
            if (work := desk.next_work(self._has_address)) is not None:
                await self._advance(under_way, desk, work)
            elif not under_way.news.is_set():
                await self._end(under_way, desk)
                return

    async def _adopt(self, desk: Desk) -> bool:
        """Store what was clicked and is not known; return whether there was anything."""
        known = {(row.channel, row.ts) for row in desk.rows.values()}
        strays = {place: of for place, of in self._clicked.pop(desk.run_id, {}).items() if place not in known}
        for (channel, ts), pause_id in strays.items():
            _log.info("a card was posted twice: the answer to a post was lost", extra={"run_id": desk.run_id})
            await self._save(
                SlackMessage(
                    message_id=uuid.uuid4().hex,
                    run_id=desk.run_id,
                    role="copy",
                    pause_id=pause_id,
                    person_id=f"{channel}:{ts}",
                    channel=channel,
                    ts=ts,
                )
            )
        return bool(strays)

    async def _end(self, under_way: _Pass, desk: Desk) -> None:
        if desk.has_ended and not under_way.given_up:
            await self._messages.settle_run(desk.run_id)
            for row in desk.rows.values():
                self._addresses.pop((row.channel, row.ts or ""), None)

    async def _advance(self, under_way: _Pass, desk: Desk, work: Work) -> None:
        """Send a message if it is its turn; else wait for that, or for something that may be more urgent."""
        if work.turn is None or self._has_turn(under_way, work.turn):
            await self._send(under_way, desk, work)
            return
        waits = [asyncio.ensure_future(what) for what in (under_way.ticket.granted(), under_way.news.wait())]  # type: ignore[union-attr]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _has_turn(self, under_way: _Pass, turn: Turn) -> bool:
        """Whether a call may be made now; a place in the queue for another one is given up."""
        ticket = under_way.ticket
        if ticket is None or ticket.turn != turn:
            if ticket is not None:
                ticket.withdraw()
            ticket = under_way.ticket = self._pace.ask(turn)
        return ticket.is_granted

    async def _send(self, under_way: _Pass, desk: Desk, work: Work) -> None:
        if work.turn is not None:
            under_way.ticket = None
        try:
            row = await self._carry_out(desk, work)
        except RateLimitedError as late:
            assert work.turn is not None  # noqa: S101 - only calls are put off
            self._pace.hold(work.turn, late.seconds)
        except SLACK_FAILURES as error:
            self._note_failure(under_way, work, error)
        else:
            if row.role == "parent":
                self._tell_watchers(under_way.run_id)
            if row.role == "card":
                self._folds.changed(desk.workflow_id)

    def _note_failure(self, under_way: _Pass, work: Work, error: BaseException) -> None:
        """Find another way for a message that Slack refuses; where there is none, leave it for the next look."""
        code, run_id = error_code(error), under_way.run_id
        if code in NOT_TAKEN and self._desks.show_in_plain(run_id, work.wanted):
            self._complaints.log("Slack does not take a message; a plain one takes its place", code, run_id)
        elif self._desks.note_closed(work.channel, error):
            self._complaints.log(f"nothing can be posted in {work.channel}", code, run_id)
        else:
            under_way.given_up.add(work.wanted.key)
            is_lost = work.wanted.role in ("card", "moved") and work.turn is not None and not (work.row and work.row.ts)
            complain = self._complaints.tell if is_lost else self._complaints.log
            complain(f"a message ({work.wanted.role}) could not be sent, will be tried again", code, run_id)

    async def _carry_out(self, desk: Desk, work: Work) -> SlackMessage:
        if work.row is None or work.row.ts is None:
            return await self._post(desk, work)
        if work.row.shown == STREAMING:
            await self._sender.stop_stream(work.row)
            return await self._save(replace(work.row, shown=None))
        return await self._update(work.row, work)

    async def _post(self, desk: Desk, work: Work) -> SlackMessage:
        """Post a message whose row is stored already: what a crash leaves behind can be seen."""
        known = work.row or _new_row(desk.run_id, work)
        if known.revision and (ts := await self._sender.find(known)):
            return await self._save(replace(known, ts=ts))
        thread_ts = desk.thread_ts if work.wanted.in_thread else None
        row = replace(known, channel=work.channel, thread_ts=thread_ts, revision=known.revision + 1)
        await self._save(row)
        try:
            channel, ts = await self._sender.post(
                row, work.wanted.render(revision=row.revision), broadcast=work.wanted.broadcast
            )
        except (RateLimitedError, SlackApiError) as error:
            if isinstance(error, RateLimitedError) or error_code(error) in (*NOT_TAKEN, *CLOSED_BY):
                await self._save(replace(row, revision=known.revision))
            raise
        return await self._save(replace(row, channel=channel, ts=ts, shown=work.wanted.state))

    async def _update(self, row: SlackMessage, work: Work) -> SlackMessage:
        updated = replace(row, shown=work.wanted.state, revision=row.revision + 1)
        message = work.wanted.render(revision=updated.revision)
        if work.turn is not None:
            await self._sender.update(row, message)
        elif not await self._through_address(row, message):
            return row
        return await self._save(updated)

    async def _through_address(self, row: SlackMessage, message: Message) -> bool:
        address = self._addresses[row.channel, str(row.ts)]
        address.uses_left -= 1
        is_shown = await self._sender.replace(address.url, message)
        if not is_shown or not address.uses_left:
            self._addresses.pop((row.channel, str(row.ts)), None)
        return is_shown

    def _has_address(self, row: SlackMessage) -> bool:
        address = self._addresses.get((row.channel, str(row.ts)))
        return address is not None and self._clock() < address.until

    async def _save(self, row: SlackMessage) -> SlackMessage:
        await self._messages.save_message(row)
        return row

    def _tell_watchers(self, run_id: str) -> None:
        for seen in self._watchers.pop(run_id, ()):
            seen.set()


def _new_row(run_id: str, work: Work) -> SlackMessage:
    return SlackMessage(
        message_id=uuid.uuid4().hex,
        run_id=run_id,
        role=work.wanted.role,
        pause_id=work.wanted.pause_id,
        person_id=work.wanted.person_id,
        channel=work.channel,
    )
