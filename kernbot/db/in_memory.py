"""A store in the memory of one process: for tests, for examples, and for workflows without a database."""
# ruff: noqa: D102 - the protocols say what the methods do

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import count, islice
from threading import Lock

from kernbot.db import conflicts, rules
from kernbot.db.base import (
    NO_BLOBS,
    AnswerRecord,
    JournalEntry,
    Json,
    OpenPause,
    PauseRecord,
    RunFilter,
    RunRecord,
    SessionRecord,
    Snapshot,
    StateChanges,
    Store,
)
from kernbot.db.slack import InboxItem, OfferedForm, Preferences, SlackMessage, SlackStore
from kernbot.run.status import RunStatus

_Place = tuple[str, str, int]
"""Path, kind and attempt of a journal entry."""


class InMemoryDb(Store, SlackStore):
    """Keeps everything until the object is gone; what goes in and what comes out are copies.

    `clock` returns unix seconds; leases are measured with it.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = Lock()
        self._sessions: dict[str, SessionRecord] = {}
        self._runs: dict[str, RunRecord] = {}
        self._journals: dict[str, dict[_Place, JournalEntry]] = {}
        self._blobs: dict[str, Json] = {}
        self._pauses: dict[str, PauseRecord] = {}
        self._cancel_doors: dict[str, str] = {}
        self._settled: set[str] = set()
        self._messages: dict[str, SlackMessage] = {}
        self._inbox: dict[int, InboxItem] = {}
        self._inbox_ids = count(1)
        self._keys: dict[str, bytes] = {}
        self._forms: dict[str, OfferedForm] = {}
        self._preferences: dict[str, Preferences] = {}

    async def create_run(self, run: RunRecord, session_state: dict[str, Json], *, replaces_state: bool = False) -> None:
        with self._lock:
            if run.run_id in self._runs:
                raise conflicts.run_exists(run.run_id)
            self._runs[run.run_id] = deepcopy(run)
            self._journals[run.run_id] = {}
            session = self._sessions.setdefault(run.session_id, rules.new_session(run, state={}))
            if replaces_state:
                self._sessions[run.session_id] = replace(session, state={})
            self._merge_state(run.session_id, StateChanges(set=session_state), run.created_at)

    async def claim_run(self, run_id: str, owner: str, lease_seconds: float) -> Snapshot | None:
        with self._lock:
            run, now = self._runs.get(run_id), self._clock()
            if run is None or not rules.has_work(run.status, run.lease_until, now):
                return None
            self._runs[run_id] = replace(
                run,
                status=RunStatus.RUNNING,
                epoch=run.epoch + 1,
                owner=owner,
                lease_until=now + lease_seconds,
                updated_at=now,
            )
            return self._snapshot(run_id)

    async def renew_lease(self, run_id: str, epoch: int, lease_seconds: float) -> bool:
        with self._lock:
            run = self._claimed(run_id, epoch)
            if run is not None:
                self._runs[run_id] = replace(run, lease_until=self._clock() + lease_seconds)
            return run is not None

    async def append(self, run_id: str, epoch: int, entry: JournalEntry, blobs: Mapping[str, Json] = NO_BLOBS) -> bool:
        with self._lock:
            run = self._fence(run_id, epoch)
            journal = self._journals[run_id]
            if _place(entry) in journal:
                raise conflicts.entry_exists(run_id, entry)
            journal[_place(entry)] = deepcopy(_kept(entry))
            for digest, value in blobs.items():
                self._blobs.setdefault(digest, deepcopy(value))
            if entry.state_changes is not None:
                self._merge_state(run.session_id, entry.state_changes, entry.created_at)
            self._runs[run_id] = replace(run, updated_at=entry.created_at)
            return run.cancel_requested_by is not None

    async def suspend(self, run_id: str, epoch: int, waiting_for: Sequence[PauseRecord], now: float) -> RunStatus:
        with self._lock:
            run = self._fence(run_id, epoch)
            for pause in waiting_for:
                self._pauses.setdefault(pause.pause_id, deepcopy(pause))
            if run.cancel_requested_by is not None:
                self._cancel(run, run.cancel_requested_by, self._cancel_doors[run_id], now)
            else:
                self._give_up(run, self._status_of_waiting(waiting_for), now)
            return self._runs[run_id].status

    async def release_run(self, run_id: str, epoch: int, now: float) -> None:
        with self._lock:
            run = self._claimed(run_id, epoch)
            if run is not None:
                self._give_up(run, RunStatus.PENDING, now)

    async def finish_run(self, run_id: str, epoch: int, status: RunStatus, outcome: Json, now: float) -> None:
        with self._lock:
            run = self._fence(run_id, epoch)
            self._give_up(replace(run, outcome=deepcopy(outcome)), status, now)
            self._close_open_pauses(run_id, rules.closed_by_end(now))

    async def reopen_run(self, run_id: str, now: float) -> bool:
        with self._lock:
            run = self._runs.get(run_id)
            if run is None or run.status is not RunStatus.ERROR:
                return False
            self._give_up(replace(run, cancel_requested_by=None), RunStatus.PENDING, now)
            self._reopen_pauses(run_id)
            self._settled.discard(run_id)
            return True

    async def close_pause(self, pause_id: str, answered: AnswerRecord, digest: str | None = None) -> PauseRecord | None:
        with self._lock:
            pause = self._pauses.get(pause_id)
            if pause is None or pause.state != "open" or _is_due(pause, answered.at):
                return None
            if digest not in (None, pause.digest):
                return None
            return self._answer(pause, answered, answered.at)

    async def renew_pause(self, digest: str, pause: PauseRecord) -> PauseRecord | None:
        with self._lock:
            known = self._pauses.get(pause.pause_id)
            if known is None or known.state != "open" or known.digest != digest:
                return None
            renewed = replace(known, question=pause.question, digest=pause.digest)
            self._pauses[pause.pause_id] = renewed
            return renewed

    async def expire_pauses(self, now: float, limit: int, workflow_id: str | None = None) -> Sequence[PauseRecord]:
        with self._lock:
            due = [pause for pause in self._open_pauses() if _is_due(pause, now)]
            if workflow_id is not None:
                due = [pause for pause in due if self._runs[pause.run_id].workflow_id == workflow_id]
            due.sort(key=_deadline)
            return [self._answer(pause, _silence(pause), now) for pause in due[:limit]]

    async def next_deadline(self) -> float | None:
        with self._lock:
            return min((p.deadline for p in self._open_pauses() if p.deadline is not None), default=None)

    async def cancel_run(self, run_id: str, by: str, door: str, now: float) -> RunStatus | None:
        with self._lock:
            run = self._runs.get(run_id)
            if run is None:
                return None
            if run.status is RunStatus.RUNNING and not rules.has_work(run.status, run.lease_until, self._clock()):
                self._note_cancel(run, by, door, now)
            elif not run.status.has_ended:
                self._cancel(run, by, door, now)
            return run.status

    async def load_run(self, run_id: str) -> Snapshot | None:
        with self._lock:
            return self._snapshot(run_id) if run_id in self._runs else None

    async def get_run(self, run_id: str) -> RunRecord | None:
        with self._lock:
            return deepcopy(self._runs.get(run_id))

    async def get_pause(self, pause_id: str) -> PauseRecord | None:
        with self._lock:
            return deepcopy(self._pauses.get(pause_id))

    async def list_open_pauses(self, limit: int) -> Sequence[OpenPause]:
        with self._lock:
            of_bot = {run.run_id: run for run in self._bot_runs()}
            waiting = sorted((pause for pause in self._open_pauses() if pause.run_id in of_bot), key=_deadline)
            return [deepcopy(OpenPause(run=of_bot[pause.run_id], pause=pause)) for pause in waiting[:limit]]

    async def count_open_pauses(self, workflow_id: str) -> int:
        with self._lock:
            of_workflow = {run.run_id for run in self._bot_runs() if run.workflow_id == workflow_id}
            return sum(pause.run_id in of_workflow for pause in self._open_pauses())

    async def get_session(self, session_id: str) -> SessionRecord | None:
        with self._lock:
            return deepcopy(self._sessions.get(session_id))

    async def update_session(
        self, session_id: str, now: float, *, name: str | None = None, state: StateChanges | None = None
    ) -> bool:
        with self._lock:
            session = self._sessions.get(session_id)
            if session is None:
                return False
            self._sessions[session_id] = replace(session, name=session.name if name is None else name, updated_at=now)
            if state is not None:
                self._merge_state(session_id, state, now)
            return True

    async def delete_session(self, session_id: str) -> bool:
        with self._lock:
            its_runs = [run for run in self._runs.values() if run.session_id == session_id]
            for run in its_runs:
                if not run.status.has_ended:
                    raise conflicts.session_in_use(session_id, run.run_id)
            for run in its_runs:
                self._delete_run(run.run_id)
            return self._sessions.pop(session_id, None) is not None

    async def get_blobs(self, digests: Sequence[str]) -> dict[str, Json]:
        with self._lock:
            for digest in digests:
                if digest not in self._blobs:
                    raise conflicts.blob_missing(digest)
            return deepcopy({digest: self._blobs[digest] for digest in digests})

    async def list_runs(self, which: RunFilter) -> Sequence[RunRecord]:
        with self._lock:
            oldest_first = sorted((run for run in self._runs.values() if _matches(run, which)), key=_age)
            return deepcopy(oldest_first[::-1][: which.limit])

    async def list_work(self, limit: int) -> Sequence[str]:
        with self._lock:
            now = self._clock()
            work = [run for run in self._bot_runs() if rules.has_work(run.status, run.lease_until, now)]
        work.sort(key=lambda run: (run.status is RunStatus.PENDING, run.created_at))
        return [run.run_id for run in work[:limit]]

    async def list_messages(self, run_id: str) -> Sequence[SlackMessage]:
        with self._lock:
            return [message for message in self._messages.values() if message.run_id == run_id]

    async def save_message(self, message: SlackMessage) -> None:
        with self._lock:
            others = [other for other in self._messages.values() if other.message_id != message.message_id]
            if any(_shows(message) == _shows(other) for other in others):
                raise conflicts.message_exists(message)
            self._messages[message.message_id] = message

    async def list_unsettled(self, limit: int) -> Sequence[str]:
        with self._lock:
            unsettled = [run for run in self._bot_runs() if run.run_id not in self._settled]
        return [run.run_id for run in sorted(unsettled, key=_age)[:limit]]

    async def settle_run(self, run_id: str) -> None:
        with self._lock:
            self._settled.add(run_id)

    async def put_inbox(self, payload: Json, received_at: float) -> int:
        with self._lock:
            item = InboxItem(item_id=next(self._inbox_ids), payload=deepcopy(payload), received_at=received_at)
            self._inbox[item.item_id] = item
            return item.item_id

    async def list_inbox(self, limit: int) -> Sequence[InboxItem]:
        with self._lock:
            return deepcopy(list(islice(self._inbox.values(), limit)))

    async def delete_inbox(self, item_id: int) -> None:
        with self._lock:
            self._inbox.pop(item_id, None)

    async def put_form(self, form: OfferedForm) -> bool:
        with self._lock:
            return self._forms.setdefault(form.form_id, stored := deepcopy(form)) is stored

    async def get_form(self, form_id: str) -> OfferedForm | None:
        with self._lock:
            return deepcopy(self._forms.get(form_id))

    async def delete_forms(self, before: float) -> None:
        with self._lock:
            self._forms = {name: form for name, form in self._forms.items() if form.created_at >= before}

    async def get_preferences(self, person_id: str) -> Preferences:
        with self._lock:
            return self._preferences.get(person_id, Preferences(person_id=person_id))

    async def save_preferences(self, preferences: Preferences) -> None:
        with self._lock:
            self._preferences[preferences.person_id] = preferences

    async def list_direct_message_readers(self) -> Sequence[str]:
        with self._lock:
            return sorted(chosen.person_id for chosen in self._preferences.values() if chosen.direct_messages)

    async def get_key(self, name: str) -> bytes:
        with self._lock:
            return self._keys.setdefault(name, secrets.token_bytes(32))

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of, and what is stored stays."""

    def _claimed(self, run_id: str, epoch: int) -> RunRecord | None:
        run = self._runs.get(run_id)
        return run if run and run.epoch == epoch and run.status is RunStatus.RUNNING else None

    def _fence(self, run_id: str, epoch: int) -> RunRecord:
        run = self._claimed(run_id, epoch)
        if run is None:
            raise conflicts.fenced(run_id, epoch)
        return run

    def _give_up(self, run: RunRecord, status: RunStatus, now: float) -> None:
        self._runs[run.run_id] = replace(run, status=status, owner=None, lease_until=None, updated_at=now)

    def _note_cancel(self, run: RunRecord, by: str, door: str, now: float) -> None:
        if run.cancel_requested_by is None:
            self._runs[run.run_id] = replace(run, cancel_requested_by=by, updated_at=now)
            self._cancel_doors[run.run_id] = door

    def _cancel(self, run: RunRecord, by: str, door: str, now: float) -> None:
        cancelled = replace(run, outcome=rules.cancelled_outcome(by), epoch=run.epoch + 1)
        self._give_up(cancelled, RunStatus.CANCELLED, now)
        self._close_open_pauses(run.run_id, rules.closed_by(by, door, now))

    def _merge_state(self, session_id: str, changes: StateChanges, now: float) -> None:
        session = self._sessions[session_id]
        conflicts.warn_of_overwriting(session_id, rules.overwritten(session.state, changes))
        state = rules.merge_state(session.state, deepcopy(changes))
        self._sessions[session_id] = replace(session, state=state, updated_at=now)

    def _delete_run(self, run_id: str) -> None:
        del self._runs[run_id], self._journals[run_id]
        self._cancel_doors.pop(run_id, None)
        self._settled.discard(run_id)
        self._pauses = {key: pause for key, pause in self._pauses.items() if pause.run_id != run_id}
        self._messages = {key: message for key, message in self._messages.items() if message.run_id != run_id}

    def _open_pauses(self) -> Iterable[PauseRecord]:
        return (pause for pause in self._pauses.values() if pause.state == "open")

    def _close_open_pauses(self, run_id: str, closed: AnswerRecord) -> None:
        for pause in [pause for pause in self._open_pauses() if pause.run_id == run_id]:
            self._pauses[pause.pause_id] = replace(pause, state="closed", answered=closed)

    def _reopen_pauses(self, run_id: str) -> None:
        for pause in self._pauses.values():
            if pause.run_id == run_id and rules.is_closed_by_end(pause):
                self._pauses[pause.pause_id] = replace(pause, state="open", answered=None)

    def _answer(self, pause: PauseRecord, answered: AnswerRecord, now: float) -> PauseRecord:
        self._pauses[pause.pause_id] = replace(pause, state="answered", answered=deepcopy(answered))
        run = self._runs[pause.run_id]
        if run.status is RunStatus.PAUSED:
            self._runs[run.run_id] = replace(run, status=RunStatus.PENDING, updated_at=now)
        return deepcopy(self._pauses[pause.pause_id])

    def _status_of_waiting(self, waiting_for: Sequence[PauseRecord]) -> RunStatus:
        answered = any(self._pauses[pause.pause_id].state == "answered" for pause in waiting_for)
        return RunStatus.PENDING if answered else RunStatus.PAUSED

    def _snapshot(self, run_id: str) -> Snapshot:
        run = self._runs[run_id]
        return deepcopy(
            Snapshot(
                run=run,
                session=self._sessions[run.session_id],
                journal=tuple(self._journals[run_id].values()),
                pauses=tuple(pause for pause in self._pauses.values() if pause.run_id == run_id),
            )
        )

    def _bot_runs(self) -> Iterable[RunRecord]:
        return (run for run in self._runs.values() if run.origin == "bot")


def _is_due(pause: PauseRecord, now: float) -> bool:
    return _deadline(pause) <= now


def _deadline(pause: PauseRecord) -> float:
    return math.inf if pause.deadline is None else pause.deadline


def _silence(pause: PauseRecord) -> AnswerRecord:
    return AnswerRecord(answer=pause.silence, at=_deadline(pause), by="timeout", door="clock")


def _age(run: RunRecord) -> float:
    return run.created_at


def _place(entry: JournalEntry) -> _Place:
    return entry.path, entry.kind, entry.attempt


def _kept(entry: JournalEntry) -> JournalEntry:
    changes = entry.state_changes
    return replace(entry, state_changes=changes and replace(changes, was=None))


def _shows(message: SlackMessage) -> tuple[str, str, str | None, str | None]:
    return message.run_id, message.role, message.pause_id, message.person_id


def _matches(run: RunRecord, which: RunFilter) -> bool:
    return (
        (which.workflow_ids is None or run.workflow_id in which.workflow_ids)
        and (which.session_id is None or run.session_id == which.session_id)
        and (which.user_id is None or run.user_id == which.user_id)
        and (which.run_id_prefix is None or run.run_id.startswith(which.run_id_prefix))
        and (which.origin is None or run.origin == which.origin)
        and (which.statuses is None or run.status in which.statuses)
    )
