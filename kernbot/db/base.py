"""What the engine asks of a database: the records, and the port that every store implements.

Values are JSON by the time they come here (the engine encodes them). Instants are unix seconds, UTC. A store may be
used from any thread and any event loop at once. Whatever goes wrong in a driver leaves a store as `StorageError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

from kernbot.errors import ConflictError
from kernbot.run.status import RunStatus

Json = Any
"""Anything that `json.dumps` takes."""

NO_BLOBS: Mapping[str, Json] = MappingProxyType({})

PauseState = Literal["open", "answered", "closed"]
"""A pause is closed, without an answer, when its run is cancelled, or ends while it is still open."""


class FencedError(ConflictError):
    """Another worker holds a newer claim on the run: write nothing more."""


class RunExistsError(ConflictError):
    """The run id is taken."""


@dataclass(frozen=True, kw_only=True)
class SessionRecord:
    """What the runs of one session share."""

    session_id: str
    workflow_id: str
    user_id: str | None
    state: dict[str, Json]
    name: str | None = None
    """What people call it."""
    created_at: float
    updated_at: float


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One execution of a workflow."""

    run_id: str
    session_id: str
    workflow_id: str
    workflow_name: str
    user_id: str | None
    origin: Literal["library", "bot"]
    status: RunStatus
    request: Json
    """What the run was started with."""
    outcome: Json = None
    """How it ended: content, error or reason. None before."""
    epoch: int = 0
    """Grows with each claim; every write of a worker names the epoch of its claim."""
    owner: str | None = None
    lease_until: float | None = None
    cancel_requested_by: str | None = None
    created_at: float
    updated_at: float


@dataclass(frozen=True, kw_only=True)
class StateChanges:
    """What a step changed in the session state, merged by key: the last writer of a key wins."""

    set: dict[str, Json]
    deleted: tuple[str, ...] = ()
    was: dict[str, Json] | None = None
    """What the step saw of the keys that it changes, without those that were absent; None when nobody looked.

    A key that holds something else when it is merged was written by somebody else meanwhile, which is logged. This is
    not stored.
    """


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One fact about a node of a run, appended once and never changed; unique by path, kind and attempt."""

    path: str
    kind: Literal["started", "waiting", "failure", "decision", "draft", "output"]
    attempt: int = 1
    node: str
    """Type and name of the node, as `Step:fetch`; another one at the same path is a changed definition."""
    payload: Json
    state_changes: StateChanges | None = None
    created_at: float


@dataclass(frozen=True, kw_only=True)
class AnswerRecord:
    """What closes a pause."""

    answer: Json
    at: float
    """When the person decided, not when the run got round to it."""
    by: str
    """The person or policy: `slack:T01:U02ANA`, `timeout`, `library`."""
    door: str
    """Where it came through: `button`, `modal`, `command`, `clock`, `python`."""


@dataclass(frozen=True, kw_only=True)
class PauseRecord:
    """One question to people, with what was promised when it was asked."""

    pause_id: str
    run_id: str
    path: str
    kind: Literal["confirmation", "user_input", "error", "output_review", "iteration_review", "route", "tool"]
    number: int
    """Counts the pauses of this kind at this path, from 1."""
    step_name: str
    question: Json
    """All that is shown and promised."""
    digest: str
    """SHA-256 of the question as canonical JSON."""
    silence: Json
    """The answer that the clock gives at the deadline; None without a deadline."""
    opened_at: float
    deadline: float | None
    state: PauseState = "open"
    answered: AnswerRecord | None = None
    """Who closed it and how. For state `closed` the answer in it is None."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All that is known of one run; journal and pauses in the order in which they were written."""

    run: RunRecord
    session: SessionRecord
    journal: tuple[JournalEntry, ...]
    pauses: tuple[PauseRecord, ...]
    blobs: Mapping[str, Json] = field(default_factory=dict)
    """Large values that entries refer to, by digest, as far as somebody has read them: stores leave it empty."""


@dataclass(frozen=True, kw_only=True)
class OpenPause:
    """A pause that waits for people, and its run."""

    run: RunRecord
    pause: PauseRecord


@dataclass(frozen=True, kw_only=True)
class RunFilter:
    """Which runs to list; what is None does not restrict."""

    workflow_ids: Sequence[str] | None = None
    session_id: str | None = None
    user_id: str | None = None
    run_id_prefix: str | None = None
    origin: str | None = None
    statuses: Sequence[RunStatus] | None = None
    limit: int = 50


class Store(Protocol):
    """A database of runs. Each method is one transaction; what it returned is durable."""

    async def create_run(self, run: RunRecord, session_state: dict[str, Json], *, replaces_state: bool = False) -> None:
        """Store a new run, and its session if there is none.

        The state of a session that exists is replaced by the one given, or takes over its keys. Raises RunExistsError
        when the run id is taken; then nothing has changed.
        """

    async def claim_run(self, run_id: str, owner: str, lease_seconds: float) -> Snapshot | None:
        """Make `owner` the only worker of a run that is PENDING, or RUNNING with a lapsed lease, and load it.

        Raises the epoch by one and sets RUNNING. None when there is nothing to claim.
        """

    async def renew_lease(self, run_id: str, epoch: int, lease_seconds: float) -> bool:
        """Move the lease to `lease_seconds` from now; False when the claim is no longer held."""

    async def append(self, run_id: str, epoch: int, entry: JournalEntry, blobs: Mapping[str, Json] = NO_BLOBS) -> bool:
        """Add an entry and merge its state changes into the session; return whether a cancel was asked for.

        `blobs` holds large values that the entry refers to, by their digests; one that is stored already stays as it
        is. Raises FencedError when `epoch` is not the run's, or the run is not RUNNING; then nothing has changed.
        """

    async def suspend(self, run_id: str, epoch: int, waiting_for: Sequence[PauseRecord], now: float) -> RunStatus:
        """Open the pauses that are new, give the run up, and return its status.

        PAUSED; PENDING when one of them has been answered meanwhile; CANCELLED (and they are closed) when a cancel was
        asked for. Raises FencedError as `append` does.
        """

    async def release_run(self, run_id: str, epoch: int, now: float) -> None:
        """Give the run up as PENDING; does nothing when the claim is no longer held."""

    async def finish_run(self, run_id: str, epoch: int, status: RunStatus, outcome: Json, now: float) -> None:
        """End the run. Raises FencedError as `append` does."""

    async def reopen_run(self, run_id: str, now: float) -> bool:
        """Make a run PENDING that ended in ERROR; False, and nothing changes, in any other status.

        Its outcome stays, until it ends again. Pauses that its end had closed are open once more, a cancel that came
        too late is forgotten, and a run of the bot is no longer settled.
        """

    async def close_pause(self, pause_id: str, answered: AnswerRecord, digest: str | None = None) -> PauseRecord | None:
        """Answer a pause that is open and whose deadline is after `answered.at`; with a digest, only if it is its own.

        Its run becomes PENDING if it was PAUSED. This one conditional UPDATE is the claim: the pause as it is now, or
        None when it was not open to this answer.
        """

    async def renew_pause(self, digest: str, pause: PauseRecord) -> PauseRecord | None:
        """Put an open pause in other words: those of `pause`, with its digest, if the stored one has `digest`.

        All else stays as it is. Return it as it is now; None when it is not open, or somebody was faster.
        """

    async def expire_pauses(self, now: float, limit: int, workflow_id: str | None = None) -> Sequence[PauseRecord]:
        """Answer up to `limit` open pauses whose deadline is not after `now` with their `silence`, oldest first.

        Each is recorded as answered at its deadline, by `timeout`, through `clock`. Their runs become PENDING if they
        were PAUSED. With an id, only pauses of runs of that workflow are answered.
        """

    async def next_deadline(self) -> float | None:
        """Return the earliest deadline of an open pause."""

    async def cancel_run(self, run_id: str, by: str, door: str, now: float) -> RunStatus | None:
        """Cancel a run and return the status it had; None when there is no such run.

        PENDING, PAUSED, or RUNNING with a lapsed lease: CANCELLED at once (outcome `{"cancelled_by": by}`), a new
        epoch, open pauses closed. RUNNING: the cancel is noted for its worker. Ended: nothing changes.
        """

    async def load_run(self, run_id: str) -> Snapshot | None:
        """Return all that is known of a run."""

    async def get_run(self, run_id: str) -> RunRecord | None:
        """Return the run's own row."""

    async def get_pause(self, pause_id: str) -> PauseRecord | None:
        """Return one pause."""

    async def list_open_pauses(self, limit: int) -> Sequence[OpenPause]:
        """Return open pauses of the bot's runs: by their deadlines, then those without one by age."""

    async def count_open_pauses(self, workflow_id: str) -> int:
        """Return how many pauses of the bot's runs of a workflow are open."""

    async def get_session(self, session_id: str) -> SessionRecord | None:
        """Return one session."""

    async def update_session(
        self, session_id: str, now: float, *, name: str | None = None, state: StateChanges | None = None
    ) -> bool:
        """Give a session a name, merge changes into its state, or both; False when there is no such session."""

    async def delete_session(self, session_id: str) -> bool:
        """Delete a session with its runs, their journals, pauses and messages; False when there is no such session.

        Blobs stay, because other sessions may share them. Raises ConflictError, naming the run, when one of its runs
        has not ended; then nothing has changed.
        """

    async def get_blobs(self, digests: Sequence[str]) -> dict[str, Json]:
        """Return large values by their digests; raise StorageError when one is missing or damaged, naming it."""

    async def list_runs(self, which: RunFilter) -> Sequence[RunRecord]:
        """Return the runs that match, newest first."""

    async def list_work(self, limit: int) -> Sequence[str]:
        """Return ids of the bot's runs that have something to do and no live lease.

        First those whose worker died, then the others by age.
        """

    async def close(self) -> None:
        """Let go of connections and threads; the store opens itself again when it is used."""
