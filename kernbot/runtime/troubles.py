"""Runs that could not be carried on: what is known of that until they can."""

from __future__ import annotations

import logging
import uuid

_log = logging.getLogger(__name__)


class Troubles:
    """By run, the reference under which the log says why the last try to carry it on failed."""

    def __init__(self) -> None:
        self._references: dict[str, str] = {}

    def note(self, run_id: str, error: BaseException) -> None:
        """Remember that a run could not be carried on; it stays under its first reference."""
        reference = self._references.setdefault(run_id, uuid.uuid4().hex[:6])
        _log.error(
            "run could not be carried on (ref %s): %s", reference, type(error).__name__, extra={"run_id": run_id}
        )

    def clear(self, run_id: str) -> None:
        """Forget it, once the run has been carried on."""
        self._references.pop(run_id, None)

    def of(self, run_id: str) -> str | None:
        """Return the reference, or None for a run without trouble."""
        return self._references.get(run_id)
