"""A session as the author's program sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from kernbot.run.workflow import WorkflowRunOutput


class Runs(Sequence["WorkflowRunOutput"]):
    """The runs of a session, in the order in which they were started; each is loaded when it is asked for."""

    def __init__(self, run_ids: Sequence[str], load: Callable[[str], WorkflowRunOutput]) -> None:
        self._run_ids = run_ids
        self._load = load

    def __len__(self) -> int:
        return len(self._run_ids)

    @overload
    def __getitem__(self, index: int) -> WorkflowRunOutput: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: int | slice) -> WorkflowRunOutput | Runs:
        if isinstance(index, slice):
            return Runs(self._run_ids[index], self._load)
        return self._load(self._run_ids[index])


@dataclass(kw_only=True)
class WorkflowSession:
    """What the runs of one session share."""

    session_id: str
    workflow_id: str
    user_id: str | None = None
    session_data: dict[str, Any] = field(default_factory=dict)
    """`session_state` is in here."""
    created_at: int = 0
    updated_at: int = 0
    runs: Runs
