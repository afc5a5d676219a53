"""The status and the context of a run, under a path that authors' programs import them from."""

from __future__ import annotations

from kernbot.run.context import RunContext
from kernbot.run.status import RunStatus

__all__ = ["RunContext", "RunStatus"]
