"""A store that fails to hand out runs while a test wants that: a real one otherwise."""

from __future__ import annotations

from kernbot.db.base import Snapshot
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
