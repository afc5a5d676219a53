"""What is to be sent next of a run: pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from kernbot.db.slack import STREAMING, SlackMessage
from kernbot.slack.outbox.pace import Turn, Urgency
from kernbot.slack.outbox.wanted import Key, Wanted

Rows = Mapping[Key, SlackMessage]
PARENT: Key = ("parent", None, None)


@dataclass(frozen=True)
class Work:
    """One message that Slack does not show as it should be."""

    wanted: Wanted
    row: SlackMessage | None
    """As it is stored; None if it is not stored yet."""
    channel: str
    turn: Turn | None
    """What the call needs; None if it does not count as one."""

    @property
    def is_new_in_thread(self) -> bool:
        """Whether it is a message that the run's thread doesn't have yet."""
        return self.wanted.in_thread and (self.row is None or self.row.ts is None)

    @property
    def urgency(self) -> Urgency:
        """What it is worth; what costs nothing goes first."""
        return self.turn.urgency if self.turn else Urgency.CLAIM


def key_of(row: SlackMessage) -> Key:
    """Return what tells a message from the others of its run."""
    return row.role, row.pause_id, row.person_id


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A run's messages as they should be, and as they are."""

    run_id: str
    workflow_id: str
    has_ended: bool
    home: str
    """The channel of the run's thread."""
    wanted: Sequence[Wanted]
    rows: Rows
    closed: Collection[str] = ()
    """Channels in which nothing can be posted."""
    given_up: Collection[Key] = ()
    """What is left for later because Slack has just refused it."""
    streamed: Collection[Key] = ()
    """What is written while it is said, and not from here."""
    about_to_begin: Collection[Key] = ()
    """What of that does not stand in the thread yet, and will in a moment."""

    @property
    def thread_ts(self) -> str | None:
        """Slack's id for the parent message, once it has been posted."""
        return self.rows[PARENT].ts if PARENT in self.rows else None

    def next_work(self, has_address: Callable[[SlackMessage], bool]) -> Work | None:
        """Return the most urgent work; of several, what costs nothing, then the first.

        `has_address` says whether a click has left an address through which a message can be replaced.
        """
        works = [work for wanted in self.wanted if (work := self._work(wanted, has_address))]
        return min(self._in_order(works), key=lambda work: (work.urgency, work.turn is not None), default=None)

    def _in_order(self, works: Sequence[Work]) -> Iterator[Work]:
        """Yield of the new messages of the thread only the first, as urgent as all that stand after it."""
        yield from (work for work in works if not work.is_new_in_thread)
        new = [(work, work.turn) for work in works if work.is_new_in_thread and work.turn]
        if not new:
            return
        first, turn = new[0]
        before = takewhile(lambda wanted: wanted is not first.wanted, self.wanted)
        if not any(wanted.key in self.about_to_begin for wanted in before):
            yield replace(first, turn=replace(turn, urgency=min(turn.urgency for _, turn in new)))

    def _work(self, wanted: Wanted, has_address: Callable[[SlackMessage], bool]) -> Work | None:
        row = self.rows.get(wanted.key)
        channel = row.channel if row and row.ts else wanted.channel or self.home
        if wanted.key in (*self.given_up, *self.streamed) or (row and row.ts and row.shown == wanted.state):
            return None
        if row and row.ts and has_address(row):
            return Work(wanted, row, channel, None)
        if channel in self.closed:
            return None
        if row is None or row.ts is None:
            return self._post(wanted, row, channel)
        if row.shown == STREAMING:
            return Work(wanted, row, channel, Turn("chat.stopStream", wanted.urgency))
        run_id = self.run_id if wanted.role == "parent" else None
        return Work(wanted, row, channel, Turn("chat.update", wanted.urgency, run_id=run_id))

    def _post(self, wanted: Wanted, row: SlackMessage | None, channel: str) -> Work | None:
        if not wanted.can_be_new or (wanted.in_thread and self.thread_ts is None):
            return None
        urgency = Urgency.QUESTION if wanted.role == "parent" else max(wanted.urgency, Urgency.QUESTION)
        return Work(wanted, row, channel, Turn("chat.postMessage", urgency, channel=channel))
