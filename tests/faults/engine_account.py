"""Holding what is in the database against what the steps and people of killed runs have noted themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kernbot.db.base import PauseRecord, Snapshot, Store
from kernbot.engine.journal import Journal
from kernbot.engine.large import load
from kernbot.run import RunStatus
from tests.faults.engine_workflow import GATED

EFFECTS = "effects"
"""The file of what was executed: idempotency key, id of the execution, and when it began."""
ANSWERS = "answers"
"""The file of answers that were accepted: pause and action."""
BEFORE = {"confirmation", "user_input", "route"}
"""The kinds of questions of a gate that stands before a step."""
YES = {"confirm", "provide", "select"}
"""What lets people through it."""


@dataclass(frozen=True)
class Execution:
    """One call of a step's function."""

    key: str
    execution_id: str
    begun_at: float

    @property
    def path(self) -> str:
        """Where the step stands in its run."""
        return self.key.split(":")[1]


@dataclass(kw_only=True)
class Account:
    """What must not have happened; each entry names a run and a path, or a pause."""

    steps: int = 0
    """How many executions have run to their end."""
    executions: int = 0
    """How often a step was begun."""
    answered: list[str] = field(default_factory=list)
    """Each kind of question that was asked, with each action that it was answered with."""
    unfinished: list[str] = field(default_factory=list)
    """Runs that did not end COMPLETED."""
    broken: list[str] = field(default_factory=list)
    """Errors of steps that were not to fail."""
    lost: list[str] = field(default_factory=list)
    """Steps that were begun and given up, changes of the session state, answers that were taken and did not count."""
    repeated: list[str] = field(default_factory=list)
    """Steps that were executed again after their end was stored, without a person who wanted that."""
    unasked: list[str] = field(default_factory=list)
    """Steps behind a gate that were executed before people said yes, or more often than they did."""


async def account_of(store: Store, folder: Path, run_ids: Iterable[str]) -> Account:
    """Return what became of these runs, whose notes are in a folder."""
    executions, account = _executions(folder), Account()
    runs = [_Run(await load(store, run_id), executions[run_id]) for run_id in run_ids]
    for run in runs:
        account.steps += len(run.completed)
        account.executions += len(run.executions)
        account.unfinished += run.unfinished()
        account.broken += run.broken()
        account.lost += run.lost()
        account.repeated += run.repeated()
        account.unasked += run.unasked()
    pauses = {pause.pause_id: pause for run in runs for pause in run.snapshot.pauses}
    account.answered = sorted({f"{pause.kind}: {_answer(pause)}" for pause in pauses.values()})
    account.lost += _lost_answers(folder, pauses)
    return account


class _Run:
    """What is stored of a run, and the executions of its steps in the order in which they began."""

    def __init__(self, snapshot: Snapshot, executions: Sequence[Execution]) -> None:
        self.snapshot = snapshot
        self.executions = executions
        self._journal = Journal(snapshot)
        self.completed = set(self._completed())
        """The ids of the executions whose output is stored, be it that people reviewed it first."""
        self._failed = set(self._failures())
        """The ids of the executions whose failure is stored, and the errors of those that were not to fail."""

    def unfinished(self) -> Iterator[str]:
        if self.snapshot.run.status is not RunStatus.COMPLETED:
            yield self.snapshot.run.run_id

    def broken(self) -> Iterator[str]:
        for error in self._failed - {execution.execution_id for execution in self.executions}:
            yield f"{self.snapshot.run.run_id}: {error}"

    def lost(self) -> Iterator[str]:
        kept = {execution.key: execution.execution_id for execution in self.executions if self._is_completed(execution)}
        if self.snapshot.session.state != kept:
            yield f"{self.snapshot.run.run_id}: session state"
        for execution in self.executions:
            if not self._journal.is_over(execution.path):
                yield execution.key

    def repeated(self) -> Iterator[str]:
        for execution, earlier in self._each_with_earlier_ones():
            ended = [other for other in earlier if self._is_completed(other) or other.execution_id in self._failed]
            if len(ended) > self._wanted_again(execution):
                yield execution.key

    def unasked(self) -> Iterator[str]:
        for execution, earlier in self._each_with_earlier_ones():
            gates = set(_gates(execution.path))
            if gates and (len(earlier) > self._wanted_again(execution) or gates - self._allowed(execution)):
                yield execution.key

    def _completed(self) -> Iterator[str]:
        for entry in self.snapshot.journal:
            if "output" in entry.payload and "inside" not in entry.payload:
                is_draft = entry.kind == "draft"
                journal, path = self._journal, entry.path
                output = journal.draft(path, entry.attempt) if is_draft else journal.output(path)
                if output is not None and output.content is not None:
                    yield output.content["execution"]

    def _failures(self) -> Iterator[str]:
        for entry in self.snapshot.journal:
            if entry.kind == "failure":
                yield entry.payload["error"].removeprefix("RuntimeError: ")

    def _is_completed(self, execution: Execution) -> bool:
        return execution.execution_id in self.completed

    def _each_with_earlier_ones(self) -> Iterator[tuple[Execution, list[Execution]]]:
        """Yield each execution, with those of the same step that had begun before."""
        for number, execution in enumerate(self.executions):
            yield execution, [other for other in self.executions[:number] if other.path == execution.path]

    def _wanted_again(self, execution: Execution) -> int:
        """Return how often people had wanted a step done again when an execution began."""
        return sum(pause.path == execution.path and _is_retry(pause) for pause in self._answered_before(execution))

    def _allowed(self, execution: Execution) -> set[str]:
        """Return where people had said yes when an execution began."""
        answered = self._answered_before(execution)
        return {pause.path for pause in answered if pause.kind in BEFORE and _answer(pause) in YES}

    def _answered_before(self, execution: Execution) -> list[PauseRecord]:
        pauses = self.snapshot.pauses
        return [pause for pause in pauses if pause.answered and pause.answered.at <= execution.begun_at]


def _is_retry(pause: PauseRecord) -> bool:
    if pause.kind == "output_review":
        return _answer(pause) == "reject" and pause.question["on_reject"] == "retry"
    return pause.kind == "error" and _answer(pause) == "retry"


def _gates(path: str) -> Iterator[str]:
    """Yield where the gates stand that a step is behind."""
    parts = path.split("/")
    for number, part in enumerate(parts, start=1):
        if part.startswith(GATED):
            yield "/".join(parts[:number])


def _answer(pause: PauseRecord) -> str | None:
    return pause.answered.answer["action"] if pause.answered and pause.answered.answer else None


def _executions(folder: Path) -> dict[str, list[Execution]]:
    """Return all executions by run, in the order in which they began."""
    executions: dict[str, list[Execution]] = defaultdict(list)
    for line in (folder / EFFECTS).read_text().splitlines():
        key, execution_id, begun_at = line.split()
        executions[key.partition(":")[0]].append(Execution(key, execution_id, float(begun_at)))
    return executions


def _lost_answers(folder: Path, pauses: dict[str, PauseRecord]) -> Iterator[str]:
    for line in (folder / ANSWERS).read_text().splitlines():
        pause_id, action = line.split()
        if _answer(pauses[pause_id]) != action:
            yield pause_id
