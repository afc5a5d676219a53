"""A store in which answers take long: a real one, whose ledger waits for a test."""

from __future__ import annotations

import asyncio

from kernbot.db.base import AnswerRecord, PauseRecord
from kernbot.db.in_memory import InMemoryDb
from kernbot.db.slack import OfferedForm


class SlowLedger(InMemoryDb):
    """Closes no pause before `go_on` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self.arrived = asyncio.Semaphore(0)
        """Released by each answer that has come to wait."""

    async def close_pause(self, pause_id: str, answered: AnswerRecord, digest: str | None = None) -> PauseRecord | None:
        """Wait, then close it."""
        self.arrived.release()
        await self.go_on.wait()
        return await super().close_pause(pause_id, answered, digest)


class SlowForms(InMemoryDb):
    """Finds no form before `go_on` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def get_form(self, form_id: str) -> OfferedForm | None:
        """Wait, then return it."""
        await self.go_on.wait()
        return await super().get_form(form_id)
