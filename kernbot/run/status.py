"""The status of a run."""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run stands; the values are those of the documents, upper case."""

    PENDING = "PENDING"
    """Has something to do, and nobody is doing it yet."""
    RUNNING = "RUNNING"
    """Claimed by a worker that holds a lease."""
    PAUSED = "PAUSED"
    """Waits for an answer."""
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    ERROR = "ERROR"

    # The same under the names that the documents' programs use.
    pending = PENDING
    running = RUNNING
    paused = PAUSED
    completed = COMPLETED
    cancelled = CANCELLED
    error = ERROR

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen in the run."""
        return self in (RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.ERROR)
