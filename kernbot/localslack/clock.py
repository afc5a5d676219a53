"""A clock that can be moved: what waits for hours is seen in a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from kernbot.localslack.errors import ActError

LONGEST_JUMP: Final = 366 * 24 * 3600.0
"""Seconds; far enough for any deadline, and years stay of four digits."""


class Clock:
    """Runs with the machine's time, ahead of it by all that was jumped so far; called, it returns unix seconds.

    Give the same object to the local Slack and to the app, so that both see one time.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.ahead = 0.0
        """By how many seconds."""

    def __call__(self) -> float:
        """Return unix seconds."""
        return self._now() + self.ahead

    def jump(self, seconds: float) -> None:
        """Go forward. Raises ActError for what is no way forward, or more than a year at once."""
        if not 0 < seconds <= LONGEST_JUMP:
            raise ActError(f"The clock cannot jump by {seconds:g} seconds: only forward, and by a year at most.")
        self.ahead += seconds
