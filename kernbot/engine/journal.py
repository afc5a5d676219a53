"""What is known of a run: journal entries and pauses by path, read from a snapshot and appended to."""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import asdict, replace
from typing import Any

from kernbot.db.base import JournalEntry, PauseRecord, Snapshot, StateChanges
from kernbot.engine.values import decode, encode
from kernbot.workflow.types import StepOutput

ROOT = "root"


class Journal:
    """The entries and pauses of one run, by path."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._entries: dict[tuple[str, str, int], JournalEntry] = {}
        for entry in snapshot.journal:
            self.add(entry)
        self._pauses: dict[tuple[str, str], list[PauseRecord]] = defaultdict(list)
        for pause in snapshot.pauses:
            self._pauses[pause.path, pause.kind].append(pause)

    def add(self, entry: JournalEntry) -> None:
        """Take in an entry that has been stored."""
        self._entries[entry.path, entry.kind, entry.attempt] = entry

    def get(self, path: str, kind: str, attempt: int = 1) -> JournalEntry | None:
        """Return an entry, or None."""
        return self._entries.get((path, kind, attempt))

    def entries(self) -> list[JournalEntry]:
        """Return all entries, in the order in which they were written."""
        return list(self._entries.values())

    def is_over(self, path: str) -> bool:
        """Whether the node at this path has its output, be it that it was skipped."""
        return self.get(path, "output") is not None

    def output(self, path: str) -> StepOutput | None:
        """Return the output at a path as a reload gives it; None for a node that was skipped or isn't over."""
        entry = self.get(path, "output")
        if entry is None or entry.payload["skipped"]:
            return None
        output = StepOutput(**{**entry.payload["output"], "content": decode(entry.payload["output"]["content"])})
        if "inside" in entry.payload:
            output.steps = [inner for child in entry.payload["inside"] if (inner := self.output(child))]
            output.content = output.last_content
        return output

    def failures(self, path: str) -> int:
        """Count the attempts at this path that raised."""
        return self._count(path, "failure")

    def attempts(self, path: str) -> int:
        """Return the number of the last attempt at this path of which anything is known; 0 if there was none."""
        return max(self._count(path, "failure"), self._count(path, "started"))

    def pause(self, path: str, kind: str, number: int = 1) -> PauseRecord | None:
        """Return a pause at this path, counted by kind from 1."""
        found = self._pauses.get((path, kind), [])
        return next((pause for pause in found if pause.number == number), None)

    def count_pauses(self, path: str, kind: str) -> int:
        """Count the pauses of a kind that have been opened at this path."""
        return len(self._pauses.get((path, kind), []))

    def _count(self, path: str, kind: str) -> int:
        return max((attempt for where, what, attempt in self._entries if where == path and what == kind), default=0)


def output_payload(output: StepOutput, inside: list[str] | None = None) -> dict[str, Any]:
    """Return the payload of an output entry; a composite's names the paths inside it and repeats no values."""
    fields = asdict(replace(output, steps=None, content=None))
    del fields["steps"]
    if inside is not None:
        return {"skipped": False, "output": fields, "inside": inside}
    fields["content"] = encode(output.content, f"The output of step {output.step_name!r}")
    return {"skipped": False, "output": fields}


SKIPPED: dict[str, Any] = {"skipped": True}


def state_changes(before: dict[str, Any], after: dict[str, Any]) -> StateChanges | None:
    """Return what a step changed in the session state, or None."""
    changed = {key: value for key, value in after.items() if key not in before or before[key] != value}
    deleted = tuple(key for key in before if key not in after)
    if not changed and not deleted:
        return None
    return StateChanges(
        set={key: encode(value, f"Session state {key!r}") for key, value in changed.items()}, deleted=deleted
    )


def apply_changes(state: dict[str, Any], changes: StateChanges | None) -> None:
    """Merge changes into a state, with values as a reload would give them."""
    if changes is None:
        return
    state.update({key: decode(copy.deepcopy(value)) for key, value in changes.set.items()})
    for key in changes.deleted:
        state.pop(key, None)
