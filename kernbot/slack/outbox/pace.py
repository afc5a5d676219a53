"""The pace of calls to Slack: within the rate of each method, and the most urgent first.

Rates are those of https://docs.slack.dev/apis/web-api/rate-limits, per method and workspace, and for posts per channel
too. A method that Slack has put off waits alone: the others, and the same one in other channels, go on.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from itertools import count

_MOST_LANES = 1_000


class Urgency(IntEnum):
    """What goes first when not everything can be sent at once."""

    CLAIM = 0
    """What was answered just now, and who was refused."""
    QUESTION = 1
    OUTCOME = 2
    PROGRESS = 3


@dataclass(frozen=True)
class Rate:
    """`burst` calls at once, and from then on one each `seconds`."""

    burst: int
    seconds: float


TIER_2 = Rate(5, 4.0)
TIER_3 = Rate(10, 1.5)
TIER_4 = Rate(20, 0.75)
"""With what is had at once, within 20, 50 and 100 calls in any minute."""
POSTS = Rate(50, 0.25)
"""Several hundred a minute."""
POSTS_IN_A_CHANNEL = Rate(5, 1.0)
UPDATES_OF_A_RUN = Rate(1, 1.0)
"""Our own: a parent message is no ticker."""

AS_SLACK_LETS = Rate(1_000_000, 0.0)
"""For what people wait for: it is asked at once, and put off when Slack says so."""

RATES = {
    "chat.postMessage": POSTS,
    "chat.update": TIER_3,
    "chat.postEphemeral": TIER_4,
    "chat.startStream": TIER_2,
    "chat.appendStream": TIER_4,
    "chat.stopStream": TIER_2,
    "views.publish": TIER_4,
    "views.update": AS_SLACK_LETS,
    "users.info": AS_SLACK_LETS,
    "usergroups.list": AS_SLACK_LETS,
    "usergroups.users.list": AS_SLACK_LETS,
    "conversations.info": AS_SLACK_LETS,
    "conversations.list": AS_SLACK_LETS,
    "conversations.members": AS_SLACK_LETS,
    "conversations.history": TIER_3,
    "conversations.replies": TIER_3,
}


@dataclass(frozen=True)
class Turn:
    """What a call needs: its method, for a post the channel, and for what shows progress the run."""

    method: str
    urgency: Urgency
    channel: str | None = None
    run_id: str | None = None


@dataclass(frozen=True)
class Time:
    """What passes while one waits, in seconds."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


class Ticket:
    """A place in the queue for one call."""

    def __init__(self, turn: Turn, lanes: list[_Lane]) -> None:
        self.turn = turn
        self._lanes = lanes
        self._granted = asyncio.Event()
        self._is_withdrawn = False
        self.advance()

    @property
    def is_granted(self) -> bool:
        """Whether the call may be made now."""
        return self._granted.is_set()

    @property
    def is_withdrawn(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._is_withdrawn

    def withdraw(self) -> None:
        """Leave the queue."""
        self._is_withdrawn = True

    def advance(self) -> None:
        """Go on to the next lane; at the end of all, the call may be made."""
        if self._lanes:
            self._lanes.pop(0).enter(self)
        else:
            self._granted.set()

    async def granted(self) -> None:
        """Wait for the turn."""
        await self._granted.wait()


class _Lane:
    """Those who wait for calls that count together."""

    def __init__(self, rate: Rate, clock: Time) -> None:
        self._rate = rate
        self._time = clock
        self._free_at = clock.now() - rate.burst * rate.seconds
        """When as many calls would have been made up for that all could be had again."""
        self._held_until = clock.now()
        self._waiting: list[tuple[Urgency, int, Ticket]] = []
        self._numbers = count()
        self._server: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it would be the same if it were new."""
        now = self._time.now()
        return self._server is None and self._free_at + self._rate.burst * self._rate.seconds <= now >= self._held_until

    def enter(self, ticket: Ticket) -> None:
        """Let a ticket on as soon as it can be, and those that are more urgent have been."""
        if self.take():
            ticket.advance()
            return
        heapq.heappush(self._waiting, (ticket.turn.urgency, next(self._numbers), ticket))
        if self._server is None:
            self._server = asyncio.create_task(self._serve())

    def take(self) -> bool:
        """Use a call if one can be had at once and nobody waits for it."""
        if self._waiting or self._seconds_left() > 0:
            return False
        self._use()
        return True

    def hold(self, seconds: float) -> None:
        """Let nobody on for a while."""
        self._held_until = max(self._held_until, self._time.now() + seconds)

    def close(self) -> None:
        """Let nobody on any more."""
        if self._server is not None:
            self._server.cancel()

    async def _serve(self) -> None:
        try:
            while self._waiting:
                if (left := self._seconds_left()) > 0:
                    await self._time.sleep(left)
                    continue
                _, _, ticket = heapq.heappop(self._waiting)
                if not ticket.is_withdrawn:
                    self._use()
                    ticket.advance()
        finally:
            self._server = None

    def _seconds_left(self) -> float:
        return max(self._free_at + self._rate.seconds, self._held_until) - self._time.now()

    def _use(self) -> None:
        earliest = self._time.now() - self._rate.burst * self._rate.seconds
        self._free_at = max(self._free_at, earliest) + self._rate.seconds


class Pace:
    """Says when a call may be made."""

    def __init__(self, clock: Time | None = None) -> None:
        self._time = clock or Time()
        self._lanes: dict[tuple[str, str], _Lane] = {}

    def ask(self, turn: Turn) -> Ticket:
        """Return a place in the queue for a call."""
        return Ticket(turn, self._lanes_of(turn))

    def take(self, turn: Turn) -> bool:
        """Use a call if it can be made at once."""
        *before, last = self._lanes_of(turn)
        return all(lane.take() for lane in before) and last.take()

    def hold(self, turn: Turn, seconds: float) -> None:
        """Make no call like this for a while: Slack has said so."""
        self._lanes_of(turn)[-1].hold(seconds)

    def close(self) -> None:
        """Let nobody wait any more."""
        for lane in self._lanes.values():
            lane.close()

    def _lanes_of(self, turn: Turn) -> list[_Lane]:
        """Return what a call has to pass, the one that Slack puts off last."""
        lanes = [self._lane(turn.method, "", RATES[turn.method])]
        if turn.run_id is not None:
            lanes.insert(0, self._lane("run", turn.run_id, UPDATES_OF_A_RUN))
        if turn.channel is not None:
            lanes.append(self._lane(turn.method, turn.channel, POSTS_IN_A_CHANNEL))
        return lanes

    def _lane(self, kind: str, of: str, rate: Rate) -> _Lane:
        if (kind, of) not in self._lanes:
            if len(self._lanes) >= _MOST_LANES:
                self._lanes = {key: lane for key, lane in self._lanes.items() if not lane.is_idle}
            self._lanes[kind, of] = _Lane(rate, self._time)
        return self._lanes[kind, of]
