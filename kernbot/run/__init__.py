"""Runs: their status, context, outputs and events."""

from __future__ import annotations

from kernbot.run.context import RunContext
from kernbot.run.status import RunStatus

__all__ = ["RunContext", "RunStatus"]
