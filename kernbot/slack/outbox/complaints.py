"""What operators read in the log when messages can't be sent: once per cause and hour."""

from __future__ import annotations

import logging
from collections.abc import Callable

_log = logging.getLogger(__name__)

SECONDS_OF_SILENCE = 3_600.0


class Complaints:
    """Logs what goes wrong, without filling the log; `clock` returns unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}

    def log(self, what: str, cause: str, run_id: str) -> None:
        """Log a warning, unless the same was logged for the same cause within the hour."""
        now = self._clock()
        self._said = {said: at for said, at in self._said.items() if now - at < SECONDS_OF_SILENCE}
        if (what, cause) not in self._said:
            self._said[what, cause] = now
            _log.warning("%s: %s", what, cause, extra={"run_id": run_id})
