"""Holding what is in the database against what the steps of killed runs have noted themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kernbot.db.base import JournalEntry, PauseRecord, Snapshot
from kernbot.db.sqlite import SqliteDb
from kernbot.engine.runner import load
from kernbot.run import RunStatus

Executions = dict[tuple[str, str], list[str]]
"""By run and path: the ids of all executions of a step, in the order in which they began."""


@dataclass(kw_only=True)
class Account:
    """What must not have happened; each entry names a run and a path, or a pause."""

    steps: int = 0
    """How many steps have run to their end."""
    executions: int = 0
    """How often a step was begun."""
    unfinished: list[str] = field(default_factory=list)
    """Runs that did not end COMPLETED."""
    lost: list[str] = field(default_factory=list)
    """Answers that were accepted and did not count, and steps whose change of the session state is not there once."""
    repeated: list[str] = field(default_factory=list)
    """Steps that were executed again after they had been completed."""
    unasked: list[str] = field(default_factory=list)
    """Steps behind a gate that were executed more often than people said yes."""


async def account_of(folder: Path, runs: Iterable[str]) -> Account:
    """Return what became of these runs."""
    store = SqliteDb(folder / "kernbot.db")
    snapshots = [await load(store, run_id) for run_id in runs]
    await store.close()
    executions = _executions(folder)
    account = Account(executions=sum(map(len, executions.values())))
    for snapshot in snapshots:
        own = {path: found for (run_id, path), found in executions.items() if run_id == snapshot.run.run_id}
        _add(account, snapshot, own)
    account.lost += _lost_answers(folder, snapshots)
    return account


def _add(account: Account, snapshot: Snapshot, executions: dict[str, list[str]]) -> None:
    run_id, done = snapshot.run.run_id, dict(_completed(snapshot.journal))
    account.steps += len(done)
    if snapshot.run.status is not RunStatus.COMPLETED:
        account.unfinished.append(run_id)
    if snapshot.session.state.get("count", 0) != len(done):
        account.lost.append(f"{run_id}: state")
    for path, begun in executions.items():
        if path in done and begun[-1] != done[path]:
            account.repeated.append(f"{run_id}: {path}")
        if len(begun) > _allowed(snapshot, path):
            account.unasked.append(f"{run_id}: {path}")


def _completed(journal: Iterable[JournalEntry]) -> Iterator[tuple[str, str]]:
    """Yield the path of every step that was completed, and the execution that completed it."""
    for entry in journal:
        content = entry.payload["output"]["content"] if "output" in entry.payload else None
        if content:
            yield entry.path, content["execution"]


def _allowed(snapshot: Snapshot, path: str) -> float:
    """Return how often people have allowed the step at a path to be executed; any number without a gate."""
    gates = [pause for pause in snapshot.pauses if pause.kind == "confirmation" and _stands_before(pause, path)]
    if not gates:
        return float("inf")
    retries = sum(_answer(pause) == "retry" for pause in snapshot.pauses if pause.path == path)
    return 1 + retries if all(_answer(pause) == "confirm" for pause in gates) else 0


def _stands_before(pause: PauseRecord, path: str) -> bool:
    return path == pause.path or path.startswith(f"{pause.path}/")


def _answer(pause: PauseRecord) -> str | None:
    return pause.answered.answer["action"] if pause.answered else None


def _executions(folder: Path) -> Executions:
    executions: Executions = defaultdict(list)
    for line in (folder / "effects").read_text().splitlines():
        key, execution = line.split()
        run_id, path, _ = key.split(":")
        executions[run_id, path].append(execution)
    return executions


def _lost_answers(folder: Path, snapshots: Iterable[Snapshot]) -> Iterator[str]:
    pauses = {pause.pause_id: pause for snapshot in snapshots for pause in snapshot.pauses}
    for line in (folder / "answers").read_text().splitlines():
        pause_id, action = line.split()
        if _answer(pauses[pause_id]) != action:
            yield pause_id
