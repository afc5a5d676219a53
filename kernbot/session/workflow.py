"""A session as the author's program sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, overload

from kernbot.workflow.inputs import as_plain

if TYPE_CHECKING:
    from kernbot.run.workflow import WorkflowRunOutput

_Output = TypeVar("_Output")

History = list[tuple[Any, Any]]
"""Input and content of runs, oldest first."""


class Runs(Sequence[_Output]):
    """The runs of a session, in the order in which they were started; what is asked for is read then, and no more.

    `newest` returns the ids of so many runs, the newest ones, or of all for None; the oldest of them first.
    """

    def __init__(self, newest: Callable[[int | None], Sequence[str]], load: Callable[[str], _Output]) -> None:
        self._newest = newest
        self._load = load

    def __bool__(self) -> bool:
        return bool(self._newest(1))

    def __len__(self) -> int:
        return len(self._run_ids)

    @overload
    def __getitem__(self, index: int) -> _Output: ...
    @overload
    def __getitem__(self, index: slice) -> list[_Output]: ...
    def __getitem__(self, index: int | slice) -> _Output | list[_Output]:
        if isinstance(index, slice):
            return [self._load(run_id) for run_id in self._run_ids[index]]
        run_ids = self._newest(-index) if index < 0 else self._run_ids
        return self._load(run_ids[index])

    @cached_property
    def _run_ids(self) -> Sequence[str]:
        return self._newest(None)


@dataclass(kw_only=True)
class WorkflowSession:
    """What the runs of one session share."""

    session_id: str
    workflow_id: str
    user_id: str | None = None
    session_data: dict[str, Any] = field(default_factory=dict)
    """`session_state` is in here, and `session_name` if it has one."""
    created_at: int = 0
    updated_at: int = 0
    """Unix seconds, both."""
    runs: Runs[WorkflowRunOutput] = field(repr=False, compare=False)
    load_history: Callable[[int | None], History] = field(repr=False, compare=False)
    """Reads so many of the newest COMPLETED runs; None stands for the number of whom the session was made for."""

    def get_workflow_history(self, num_runs: int | None = None) -> History:
        """Return (input, content) of the newest COMPLETED runs, oldest first; all of them without `num_runs`.

        In a step, `num_runs` is its own number if none is given. They are read anew at each call.
        """
        return self.load_history(num_runs)

    def get_workflow_history_context(self, num_runs: int | None = None) -> str | None:
        """Return that history as one text, for a prompt; None if there is none."""
        history = enumerate(self.get_workflow_history(num_runs), start=1)
        runs = [
            f"Run {number}\nInput: {_text(given)}\nOutput: {_text(content)}" for number, (given, content) in history
        ]
        return "\n\n".join(runs) or None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(as_plain(value), ensure_ascii=False)
