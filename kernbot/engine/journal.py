"""What is known of a run: journal entries and pauses by path, read from a snapshot and appended to."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from kernbot.db.base import JournalEntry, Json, PauseRecord, Snapshot, StateChanges
from kernbot.engine.large import digests_in, filled
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
        self._forgiven: dict[str, int] = (snapshot.run.outcome or {}).get("failed", {})
        """By path, the last attempt that had failed when the run ended in ERROR: continuing it is a retry."""
        self.large: dict[str, Any] = {}
        """Contents that are stored apart, by digest, as far as they have been read."""
        self.learn(snapshot.blobs)

    def add(self, entry: JournalEntry) -> None:
        """Take in an entry that has been stored."""
        self._entries[entry.path, entry.kind, entry.attempt] = entry
        self._last[entry.path, entry.kind] = max(entry.attempt, self.last_number(entry.path, entry.kind))

    def learn(self, blobs: Mapping[str, Json]) -> None:
        """Take in contents that are stored apart."""
        self.large |= {name: decode(value) for name, value in blobs.items()}

    def unread(self) -> list[str]:
        """Return the digests of contents that are stored apart and have not been read."""
        return [name for name in digests_in(list(self._entries.values())) if name not in self.large]

    def get(self, path: str, kind: str, attempt: int = 1) -> JournalEntry | None:
        """Return an entry, or None."""
        return self._entries.get((path, kind, attempt))

    def is_over(self, path: str) -> bool:
        """Whether the node at this path has its output, be it that it was skipped."""
        return self.get(path, "output") is not None

    def output(self, path: str) -> StepOutput | None:
        """Return the output at a path as a reload gives it; None for a node that was skipped or isn't over."""
        entry = self.get(path, "output")
        return None if entry is None or entry.payload["skipped"] else self._read(path, entry.payload)

    def draft(self, path: str, number: int) -> StepOutput | None:
        """Return what came out at a path and was put under review, counted from 1; None if there is none."""
        entry = self.get(path, "draft", number)
        return self._read(path, entry.payload) if entry else None

    def last_draft(self, path: str) -> StepOutput | None:
        """Return what was put under review last; None if nothing was."""
        return self.draft(path, self.last_number(path, "draft"))

    def failures(self, path: str) -> int:
        """Return the number of the last attempt at this path that raised; 0 if none did."""
        return self.last_number(path, "failure")

    def attempts(self, path: str) -> int:
        """Return the number of the last attempt at this path of which anything is known; 0 if there was none."""
        return max(self.last_number(path, "started"), self.ended_attempts(path))

    def ended_attempts(self, path: str) -> int:
        """Return the number of the last attempt at this path that is known to have failed, waited or left a draft."""
        return max(self.failures(path), self._drafted(path), self.last_number(path, "waiting"))

    def retried(self, path: str) -> int:
        """Return the number of the last attempt at this path that a person had retried; 0 if there was none."""
        asked = self._pauses.get((path, "error"), [])
        numbers = [pause.number for pause in asked if _is_retry(pause)]
        return max([*numbers, self._drafted(path), self._forgiven.get(path, 0)])

    def pause(self, path: str, kind: str, number: int = 1) -> PauseRecord | None:
        """Return a pause at this path, counted by kind from 1."""
        found = self._pauses.get((path, kind), [])
        return next((pause for pause in found if pause.number == number), None)

    def has_gone_on(self, path: str, since: float) -> bool:
        """Whether anything was written at this path or under it after an instant."""
        inside = f"{path}/"
        known = list(self._entries.values())  # a copy: another thread may add to it
        entries = (e.created_at for e in known if e.path == path or e.path.startswith(inside))
        pauses = (
            pause.opened_at
            for (where, _), asked in self._pauses.items()
            if where == path or where.startswith(inside)
            for pause in asked
        )
        return any(at > since for at in (*entries, *pauses))

    def has_begun(self, path: str) -> bool:
        """Whether anything is known of what happens at this path or under it."""
        inside = f"{path}/"
        return any(entry.path == path or entry.path.startswith(inside) for entry in self._entries.values())

    def knows(self, pause: PauseRecord) -> bool:
        """Whether a question has been asked before."""
        return pause in self._pauses.get((pause.path, pause.kind), ())

    def _drafted(self, path: str) -> int:
        """Return the number of the attempt that the last draft came from; 0 if there is none."""
        entry = self.get(path, "draft", self.last_number(path, "draft"))
        return entry.payload["attempt"] if entry else 0

    def _read(self, path: str, payload: dict[str, Any]) -> StepOutput | None:
        """Return the output that a payload holds or refers to."""
        if "draft" in payload:
            output = self.draft(path, payload["draft"])
        else:
            content = filled(decode(payload["output"]["content"]), self.large)
            output = StepOutput(**{**payload["output"], "content": content})
        if output is None:
            return None
        if "inside" in payload:
            output.steps = [inner for child in payload["inside"] if (inner := self.output(child))]
            output.content = output.last_content
        if "edited_in" in payload:
            output.replace_content(self._edited(path, *payload["edited_in"]))
        return output

    def _edited(self, path: str, kind: str, number: int) -> Any:
        pause = self.pause(path, kind, number)
        return decode(pause.answered.answer["output"]) if pause and pause.answered else None

    def last_number(self, path: str, kind: str) -> int:
        """Return the number of the last entry of a kind at a path; 0 if there is none."""
        return self._last.get((path, kind), 0)


def output_payload(output: StepOutput, inside: list[str] | None = None) -> dict[str, Any]:
    """Return the payload of an output entry; a composite's names the paths inside it and repeats no values."""
    fields = asdict(replace(output, steps=None, content=None))
    del fields["steps"]
    if inside is None:
        fields["content"] = encode(output.content, f"The output of step {output.step_name!r}")
        return {"skipped": False, "output": fields}
    return {"skipped": False, "output": fields, "inside": inside}


def accepted_payload(draft: int, edited_in: tuple[str, int] | None) -> dict[str, Any]:
    """Return the payload of an output that is a draft, taken as it is or as edited in a review: kind and number."""
    payload: dict[str, Any] = {"skipped": False, "draft": draft}
    return payload | ({"edited_in": list(edited_in)} if edited_in else {})


def _is_retry(pause: PauseRecord) -> bool:
    return pause.state == "answered" and pause.answered is not None and pause.answered.answer["action"] == Action.retry


SKIPPED: dict[str, Any] = {"skipped": True}


def state_changes(before: dict[str, Any], after: dict[str, Any]) -> StateChanges | None:
    """Return what a step changed in the session state, or None."""
    was, is_now = encode_state(before), encode_state(after)
    changed = {key: value for key, value in is_now.items() if key not in was or was[key] != value}
    deleted = tuple(key for key in was if key not in is_now)
    if not changed and not deleted:
        return None
    seen: dict[str, Json] = {key: was[key] for key in (*changed, *deleted) if key in was}
    return StateChanges(set=changed, deleted=deleted, was=seen)


def apply_changes(state: dict[str, Any], changes: StateChanges | None) -> None:
    """Merge changes into a state, with values as a reload would give them."""
    if changes is None:
        return
    state.update(decode_state(copy.deepcopy(changes.set)))
    for key in changes.deleted:
        state.pop(key, None)
