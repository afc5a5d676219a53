"""What is known of a run: journal entries and pauses by path, read from a snapshot and appended to."""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import asdict, replace
from typing import Any

from kernbot.db.base import JournalEntry, PauseRecord, Snapshot, StateChanges
from kernbot.engine.values import decode, decode_state, encode, encode_state
from kernbot.run.answer import Action
from kernbot.workflow.types import StepOutput

ROOT = "root"


class Journal:
    """The entries and pauses of one run, by path."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._entries: dict[tuple[str, str, int], JournalEntry] = {}
        self._last: dict[tuple[str, str], int] = {}
        for entry in snapshot.journal:
            self.add(entry)
        self._pauses: dict[tuple[str, str], list[PauseRecord]] = defaultdict(list)
        for pause in snapshot.pauses:
            self._pauses[pause.path, pause.kind].append(pause)

    def add(self, entry: JournalEntry) -> None:
        """Take in an entry that has been stored."""
        self._entries[entry.path, entry.kind, entry.attempt] = entry
        self._last[entry.path, entry.kind] = max(entry.attempt, self._last_attempt(entry.path, entry.kind))

    def get(self, path: str, kind: str, attempt: int = 1) -> JournalEntry | None:
        """Return an entry, or None."""
        return self._entries.get((path, kind, attempt))

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
        """Return the number of the last attempt at this path that raised; 0 if none did."""
        return self._last_attempt(path, "failure")

    def attempts(self, path: str) -> int:
        """Return the number of the last attempt at this path of which anything is known; 0 if there was none."""
        return max(self._last_attempt(path, "failure"), self._last_attempt(path, "started"))

    def retried(self, path: str) -> int:
        """Return the number of the last attempt at this path that a person had retried; 0 if there was none."""
        asked = self._pauses.get((path, "error"), [])
        return max((pause.number for pause in asked if _is_retry(pause)), default=0)

    def pause(self, path: str, kind: str, number: int = 1) -> PauseRecord | None:
        """Return a pause at this path, counted by kind from 1."""
        found = self._pauses.get((path, kind), [])
        return next((pause for pause in found if pause.number == number), None)

    def has_begun(self, path: str) -> bool:
        """Whether anything has happened in the node at this path since its own question was answered."""
        inside = f"{path}/"
        written = any(where == path or where.startswith(inside) for where, _ in self._last)
        return written or any(where.startswith(inside) for where, _ in self._pauses)

    def _last_attempt(self, path: str, kind: str) -> int:
        return self._last.get((path, kind), 0)


def output_payload(output: StepOutput, inside: list[str] | None = None) -> dict[str, Any]:
    """Return the payload of an output entry; a composite's names the paths inside it and repeats no values."""
    fields = asdict(replace(output, steps=None, content=None))
    del fields["steps"]
    if inside is not None:
        return {"skipped": False, "output": fields, "inside": inside}
    fields["content"] = encode(output.content, f"The output of step {output.step_name!r}")
    return {"skipped": False, "output": fields}


def _is_retry(pause: PauseRecord) -> bool:
    return pause.state == "answered" and pause.answered is not None and pause.answered.answer["action"] == Action.retry


SKIPPED: dict[str, Any] = {"skipped": True}


def state_changes(before: dict[str, Any], after: dict[str, Any]) -> StateChanges | None:
    """Return what a step changed in the session state, or None."""
    was, is_now = encode_state(before), encode_state(after)
    changed = {key: value for key, value in is_now.items() if key not in was or was[key] != value}
    deleted = tuple(key for key in was if key not in is_now)
    return StateChanges(set=changed, deleted=deleted) if changed or deleted else None


def apply_changes(state: dict[str, Any], changes: StateChanges | None) -> None:
    """Merge changes into a state, with values as a reload would give them."""
    if changes is None:
        return
    state.update(decode_state(copy.deepcopy(changes.set)))
    for key in changes.deleted:
        state.pop(key, None)
