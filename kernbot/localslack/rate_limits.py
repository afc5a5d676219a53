"""How often an app may call what (https://docs.slack.dev/apis/web-api/rate-limits).

Documented: tiers of 1, 20, 50 and 100 or more calls a minute for each method, workspace and app; one message a second
into a channel, with short bursts, and several hundred a minute into a workspace; an answer 429 with `Retry-After`,
which stops only that method. Acknowledgements, events and response URLs are not counted.

Chosen here, where Slack leaves room: a tier is spent at will within any minute and not exceeded; a channel takes a
burst of 20 messages, and one more with each second that passes; a workspace takes 300 messages a minute; methods whose
own limits are not told (`auth.test`, `chat.getPermalink`) take as many calls.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kernbot.localslack.app import App
from kernbot.localslack.errors import ApiError

TIER_2, TIER_3, TIER_4 = 20, 50, 100
"""Calls a minute."""
SPECIAL = 300
"""Calls a minute of the methods that belong to no tier."""
BURST = 20
"""Messages that a channel takes at once."""

_MINUTE = 60.0
_POST = "chat.postMessage"


class RateLimitedError(ApiError):
    """The app calls a method too often; it may do so again in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class RateLimits:
    """Counts the calls of all apps; `clock` returns seconds of real time, which nobody can move."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._bursts: dict[tuple[str, str], _Burst] = {}

    def count(self, app: App, method: str, per_minute: int, arguments: Mapping[str, object]) -> None:
        """Count one call; raises RateLimitedError, and counts nothing, if it is one too many."""
        now = self._clock()
        window = self._windows[app.app_id, method]
        while window and now - window[0] >= _MINUTE:
            window.popleft()
        if len(window) >= per_minute:
            raise RateLimitedError(_seconds(window[0] + _MINUTE - now))
        if method == _POST:
            channel = str(arguments.get("channel"))
            self._bursts.setdefault((app.app_id, channel), _Burst(now)).take(now)
        window.append(now)


@dataclass
class _Burst:
    """What a channel still takes: one message more with each second, up to a burst."""

    at: float
    left: float = field(default=float(BURST))

    def take(self, now: float) -> None:
        left = min(float(BURST), self.left + now - self.at)
        if left < 1:
            raise RateLimitedError(_seconds(1 - left))
        self.at, self.left = now, left - 1


def _seconds(wait: float) -> int:
    return max(1, math.ceil(wait))
