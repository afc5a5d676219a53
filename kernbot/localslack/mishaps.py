"""What goes wrong on the way between Slack and an app, at a test's word."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from kernbot.localslack.errors import SetUpError

KINDS = ("slash_commands", "interactive", "events_api")


@dataclass(frozen=True)
class Mishap:
    """What happens to one delivery."""

    kind: str | None
    """The type of envelope that it waits for; None for any."""
    twice: bool
    """Two copies are delivered at the same time."""
    late: float
    """Seconds of real time that it is under way; the person waits no longer than for any acknowledgement."""
    lose_ack: bool
    """What the app answers does not arrive."""


class Mishaps:
    """Those that are still to happen, each once, the oldest first."""

    def __init__(self) -> None:
        self._waiting: deque[Mishap] = deque()

    def __len__(self) -> int:
        """Return how many are still to happen."""
        return len(self._waiting)

    def add(self, mishap: Mishap) -> None:
        """Have the next delivery of its kind suffer this; raises SetUpError for an unknown kind."""
        if mishap.kind is not None and mishap.kind not in KINDS:
            raise SetUpError(f"{mishap.kind!r} is no kind of delivery: name one of {', '.join(KINDS)}, or none.")
        self._waiting.append(mishap)

    def take(self, kind: str) -> Mishap | None:
        """Return, and forget, what is to happen to a delivery of this kind."""
        for mishap in self._waiting:
            if mishap.kind in (None, kind):
                self._waiting.remove(mishap)
                return mishap
        return None
