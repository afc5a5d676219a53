"""What a step may know about the run that it is part of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class RunContext:
    """Passed to a step function that has a parameter named `run_context`.

    Changes of `session_state` are stored together with the step's output, merged by key.
    """

    run_id: str
    session_id: str
    user_id: str | None = None
    session_state: dict[str, Any] = field(default_factory=dict)
    dependencies: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    idempotency_key: str = ""
    """The same each time this attempt of this step runs: pass it on to what must not be done twice."""
