"""Stores that fail while a test wants that: real ones otherwise."""

from __future__ import annotations

from kernbot.db.base import AnswerRecord, PauseRecord, Snapshot
from kernbot.db.in_memory import InMemoryDb
from kernbot.errors import StorageError


class FailingStore(InMemoryDb):
    """Lets nobody carry a run on while `fails` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = False

    async def claim_run(self, run_id: str, owner: str, lease_seconds: float) -> Snapshot | None:
        """Fail, or claim it."""
        if self.fails:
            raise StorageError("The database can't be reached; try again.")
        return await super().claim_run(run_id, owner, lease_seconds)


class InterruptedLedger(InMemoryDb):
    """Takes answers while `interrupts` is set, and lets nobody know: as if the process ended just then."""

    def __init__(self) -> None:
        super().__init__()
        self.interrupts = True

    async def close_pause(self, pause_id: str, answered: AnswerRecord, digest: str | None = None) -> PauseRecord | None:
        """Close it, and fail, or return it."""
        closed = await super().close_pause(pause_id, answered, digest)
        if self.interrupts:
            raise StorageError("The connection to the database was lost; try again.")
        return closed
