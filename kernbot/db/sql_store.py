"""What the stores with SQL have in common: everything but how a connection is made."""
# ruff: noqa: D102 - the protocols say what the methods do

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar
from weakref import finalize

from kernbot import db
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

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kernbot.db.sql_runs import Instant

T = TypeVar("T")
P = ParamSpec("P")


class SqlConnection(Protocol):
    """A way to a database that is open; usable from any thread and event loop."""

    def submit(self, work: Callable[[Connection], T], *, writes: bool) -> Future[T]:
        """Run a function in a transaction of its own, and commit; an error rolls it back.

        One that only reads sees one state of the database. Errors of the driver are raised as StorageError.
        """

    def close(self) -> None:
        """Finish what was submitted, and let go of connections and threads; submit nothing afterwards."""


class SqlStore(Store, SlackStore):
    """Each method is one function of `sql_runs`, `sql_shared` or `sql_slack`, run in a transaction of its own.

    `clock` returns unix seconds, or SQL for them; leases are measured with it. The connection is made at first use.
    """

    def __init__(self, clock: Callable[[], Instant]) -> None:
        self._clock = clock
        self._opening = Lock()
        self._submitting = Lock()
        self._connection: SqlConnection | None = None
        self._release: Callable[[], object] = _nothing_to_release

    @abstractmethod
    def _connect(self) -> SqlConnection:
        """Load the driver, and open the database; blocks."""

    async def close(self) -> None:
        """See `Store.close`; without it, this happens when the object is gone or the program ends."""
        with self._submitting:
            release = self._release
            self._connection, self._release = None, _nothing_to_release
        await asyncio.to_thread(release)

    async def _transact(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        future = self._submit(work, writes=writes)
        while future is None:
            await asyncio.to_thread(self._open)
            future = self._submit(work, writes=writes)
        return await asyncio.wrap_future(future)

    def _submit(self, work: Callable[[Connection], T], *, writes: bool) -> Future[T] | None:
        with self._submitting:
            return None if self._connection is None else self._connection.submit(work, writes=writes)

    def _open(self) -> None:
        with self._opening:
            if self._connection is None:
                connection = self._connect()
                with self._submitting:
                    self._connection, self._release = connection, finalize(self, connection.close)

    async def _write(
        self, transaction: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._transact(lambda connection: transaction(connection, *args, **kwargs), writes=True)

    async def _read(self, transaction: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._transact(lambda connection: transaction(connection, *args, **kwargs), writes=False)

    async def create_run(self, run: RunRecord, session_state: dict[str, Json], *, replaces_state: bool = False) -> None:
        await self._write(db.sql_runs.create_run, run, session_state, replaces_state=replaces_state)

    async def claim_run(self, run_id: str, owner: str, lease_seconds: float) -> Snapshot | None:
        return await self._write(db.sql_runs.claim_run, run_id, owner, self._clock(), lease_seconds)

    async def renew_lease(self, run_id: str, epoch: int, lease_seconds: float) -> bool:
        return await self._write(db.sql_runs.renew_lease, run_id, epoch, self._clock(), lease_seconds)

    async def append(self, run_id: str, epoch: int, entry: JournalEntry, blobs: Mapping[str, Json] = NO_BLOBS) -> bool:
        return await self._write(db.sql_runs.append, run_id, epoch, entry, blobs)

    async def suspend(self, run_id: str, epoch: int, waiting_for: Sequence[PauseRecord], now: float) -> RunStatus:
        return await self._write(db.sql_runs.suspend, run_id, epoch, waiting_for, now)

    async def release_run(self, run_id: str, epoch: int, now: float) -> None:
        await self._write(db.sql_runs.release_run, run_id, epoch, now)

    async def finish_run(self, run_id: str, epoch: int, status: RunStatus, outcome: Json, now: float) -> None:
        await self._write(db.sql_runs.finish_run, run_id, epoch, status, outcome, now=now)

    async def reopen_run(self, run_id: str, now: float) -> bool:
        return await self._write(db.sql_runs.reopen_run, run_id, now)

    async def close_pause(self, pause_id: str, answered: AnswerRecord, digest: str | None = None) -> PauseRecord | None:
        return await self._write(db.sql_runs.close_pause, pause_id, answered, digest)

    async def renew_pause(self, digest: str, pause: PauseRecord) -> PauseRecord | None:
        return await self._write(db.sql_runs.renew_pause, digest, pause)

    async def expire_pauses(self, now: float, limit: int, workflow_id: str | None = None) -> Sequence[PauseRecord]:
        return await self._write(db.sql_runs.expire_pauses, now, limit, workflow_id)

    async def next_deadline(self) -> float | None:
        return await self._read(db.sql_runs.next_deadline)

    async def cancel_run(self, run_id: str, by: str, door: str, now: float) -> RunStatus | None:
        return await self._write(db.sql_runs.cancel_run, run_id, by, door, now, lease_now=self._clock())

    async def load_run(self, run_id: str) -> Snapshot | None:
        return await self._read(db.sql_runs.load_run, run_id)

    async def get_run(self, run_id: str) -> RunRecord | None:
        return await self._read(db.sql_runs.get_run, run_id)

    async def get_pause(self, pause_id: str) -> PauseRecord | None:
        return await self._read(db.sql_runs.get_pause, pause_id)

    async def list_open_pauses(self, limit: int) -> Sequence[OpenPause]:
        return await self._read(db.sql_runs.list_open_pauses, limit)

    async def count_open_pauses(self, workflow_id: str) -> int:
        return await self._read(db.sql_runs.count_open_pauses, workflow_id)

    async def get_session(self, session_id: str) -> SessionRecord | None:
        return await self._read(db.sql_shared.get_session, session_id)

    async def update_session(
        self, session_id: str, now: float, *, name: str | None = None, state: StateChanges | None = None
    ) -> bool:
        return await self._write(db.sql_shared.update_session, session_id, now, name=name, state=state)

    async def delete_session(self, session_id: str) -> bool:
        return await self._write(db.sql_shared.delete_session, session_id)

    async def get_blobs(self, digests: Sequence[str]) -> dict[str, Json]:
        return await self._read(db.sql_shared.get_blobs, digests)

    async def list_runs(self, which: RunFilter) -> Sequence[RunRecord]:
        return await self._read(db.sql_runs.list_runs, which)

    async def list_work(self, limit: int) -> Sequence[str]:
        return await self._read(db.sql_runs.list_work, self._clock(), limit)

    async def list_messages(self, run_id: str) -> Sequence[SlackMessage]:
        return await self._read(db.sql_slack.list_messages, run_id)

    async def save_message(self, message: SlackMessage) -> None:
        await self._write(db.sql_slack.save_message, message)

    async def list_unsettled(self, limit: int) -> Sequence[str]:
        return await self._read(db.sql_slack.list_unsettled, limit)

    async def settle_run(self, run_id: str) -> None:
        await self._write(db.sql_slack.settle_run, run_id)

    async def put_inbox(self, payload: Json, received_at: float) -> int:
        return await self._write(db.sql_slack.put_inbox, payload, received_at)

    async def list_inbox(self, limit: int) -> Sequence[InboxItem]:
        return await self._read(db.sql_slack.list_inbox, limit)

    async def delete_inbox(self, item_id: int) -> None:
        await self._write(db.sql_slack.delete_inbox, item_id)

    async def put_form(self, form: OfferedForm) -> bool:
        return await self._write(db.sql_slack.put_form, form)

    async def get_form(self, form_id: str) -> OfferedForm | None:
        return await self._read(db.sql_slack.get_form, form_id)

    async def delete_forms(self, before: float) -> None:
        await self._write(db.sql_slack.delete_forms, before)

    async def get_preferences(self, person_id: str) -> Preferences:
        return await self._read(db.sql_slack.get_preferences, person_id)

    async def save_preferences(self, preferences: Preferences) -> None:
        await self._write(db.sql_slack.save_preferences, preferences)

    async def list_direct_message_readers(self) -> Sequence[str]:
        return await self._read(db.sql_slack.list_direct_message_readers)

    async def get_key(self, name: str) -> bytes:
        return await self._write(db.sql_slack.get_key, name)


def check_table_names(store: str, names: Iterable[str]) -> None:
    """Raise TypeError for a keyword of a store that is no name of a table; those of tables have no effect."""
    for name in names:
        if not name.endswith("_table"):
            raise TypeError(f"{store}() got an unexpected keyword argument {name!r}")


def _nothing_to_release() -> None:
    """Stand for a connection that was never opened."""
