"""The engine's transactions, each one plain function on a connection that is in a transaction.

A transaction that writes to a run begins by an UPDATE of the run's row, so that two of them on one run wait for each
other, in one order; what it changes in the session comes last, so that no two wait in a circle. The caller commits; an
error rolls everything back.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    RowMapping,
    Select,
    Update,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    update,
)

from kernbot.db import conflicts, rules, sql_shared
from kernbot.db.base import (
    AnswerRecord,
    JournalEntry,
    Json,
    OpenPause,
    PauseRecord,
    RunFilter,
    RunRecord,
    Snapshot,
    StateChanges,
)
from kernbot.db.rows import (
    ALL_ENTRIES,
    ALL_PAUSES,
    ALL_RUNS,
    answer_row,
    entry_record,
    entry_row,
    insert_if_absent,
    intact,
    pause_record,
    pause_row,
    readable,
    run_record,
    session_record,
)
from kernbot.db.tables import journal, pauses, runs
from kernbot.run.status import RunStatus

Instant = float | ColumnElement[float]
"""Unix seconds, or SQL for them."""

DATABASE_CLOCK: Instant = cast(func.extract("epoch", func.clock_timestamp()), Float)
"""The clock of a PostgreSQL server, the same one for all who use it."""

_NEWEST_FIRST = (runs.c.created_at.desc(), runs.c.seq.desc())

_ANSWERED_BY_SILENCE: dict[str, Any] = {
    "state": "answered",
    "answer": pauses.c.silence,
    "answered_at": pauses.c.deadline,
    "answered_by": "timeout",
    "answered_door": "clock",
}

_UNANSWERED: dict[str, Any] = {
    "state": "open",
    "answer": None,
    "answered_at": None,
    "answered_by": None,
    "answered_door": None,
}

_CLAIMED = update(runs).where(
    runs.c.run_id == bindparam("claimed"), runs.c.epoch == bindparam("claim"), runs.c.status == RunStatus.RUNNING
)
_FENCE = _CLAIMED.values(updated_at=bindparam("now")).returning(
    runs.c.session_id, runs.c.cancel_requested_by, runs.c.cancel_door
)
"""Made once, because they run at every step of every run."""


def create_run(connection: Connection, run: RunRecord, session_state: dict[str, Json], *, replaces_state: bool) -> None:
    """See `Store.create_run`."""
    is_first = sql_shared.begin_session(connection, rules.new_session(run, session_state))
    if not insert_if_absent(connection, runs, {**vars(run), "settled": run.origin != "bot"}):
        raise conflicts.run_exists(run.run_id)
    if replaces_state:
        sql_shared.replace_state(connection, run.session_id, session_state, run.created_at)
    elif not is_first:
        sql_shared.merge_state(connection, run.session_id, StateChanges(set=session_state), run.created_at)


def claim_run(connection: Connection, run_id: str, owner: str, now: Instant, lease_seconds: float) -> Snapshot | None:
    """See `Store.claim_run`."""
    claim = update(runs).where(runs.c.run_id == run_id, or_(runs.c.status == RunStatus.PENDING, _is_orphan(now)))
    claim = claim.values(status=RunStatus.RUNNING, owner=owner, lease_until=now + lease_seconds, updated_at=now)
    claimed = connection.execute(claim.values(epoch=runs.c.epoch + 1)).rowcount
    return load_run(connection, run_id) if claimed else None


def renew_lease(connection: Connection, run_id: str, epoch: int, now: Instant, lease_seconds: float) -> bool:
    """See `Store.renew_lease`."""
    renew = _CLAIMED.values(lease_until=now + lease_seconds)
    return connection.execute(renew, _claim(run_id, epoch)).rowcount == 1


def append(connection: Connection, run_id: str, epoch: int, entry: JournalEntry, blobs: Mapping[str, Json]) -> bool:
    """See `Store.append`."""
    run = _fence(connection, run_id, epoch, entry.created_at)
    if not insert_if_absent(connection, journal, entry_row(run_id, entry)):
        raise conflicts.entry_exists(run_id, entry)
    sql_shared.store_blobs(connection, blobs, entry.created_at)
    if entry.state_changes is not None:
        sql_shared.merge_state(connection, run["session_id"], entry.state_changes, entry.created_at)
    return run["cancel_requested_by"] is not None


def suspend(
    connection: Connection, run_id: str, epoch: int, waiting_for: Sequence[PauseRecord], now: float
) -> RunStatus:
    """See `Store.suspend`."""
    run = _fence(connection, run_id, epoch, now)
    for pause in waiting_for:
        insert_if_absent(connection, pauses, pause_row(pause))
    if run["cancel_requested_by"] is not None:
        _cancel(connection, run_id, run["cancel_requested_by"], run["cancel_door"], now)
        return RunStatus.CANCELLED
    status = RunStatus.PENDING if _any_answered(connection, waiting_for) else RunStatus.PAUSED
    connection.execute(_give_up(update(runs).where(runs.c.run_id == run_id), status, now))
    return status


def release_run(connection: Connection, run_id: str, epoch: int, now: float) -> None:
    """See `Store.release_run`."""
    connection.execute(_give_up(_CLAIMED, RunStatus.PENDING, now), _claim(run_id, epoch))


def finish_run(
    connection: Connection, run_id: str, epoch: int, status: RunStatus, outcome: Json, *, now: float
) -> None:
    """See `Store.finish_run`."""
    finish = _give_up(_CLAIMED, status, now).values(outcome=outcome)
    if not connection.execute(finish, _claim(run_id, epoch)).rowcount:
        raise conflicts.fenced(run_id, epoch)
    _close_open_pauses(connection, run_id, rules.closed_by_end(now))


def reopen_run(connection: Connection, run_id: str, now: float) -> bool:
    """See `Store.reopen_run`."""
    reopen = update(runs).where(runs.c.run_id == run_id, runs.c.status == RunStatus.ERROR)
    reopen = reopen.values(status=RunStatus.PENDING, settled=runs.c.origin != "bot", updated_at=now)
    if not connection.execute(reopen.values(cancel_requested_by=None, cancel_door=None)).rowcount:
        return False
    closed = update(pauses).where(pauses.c.run_id == run_id, pauses.c.state == "closed")
    connection.execute(closed.where(pauses.c.answered_door == rules.END).values(_UNANSWERED))
    return True


def renew_pause(connection: Connection, digest: str, pause: PauseRecord) -> PauseRecord | None:
    """See `Store.renew_pause`."""
    same = update(pauses).where(pauses.c.pause_id == pause.pause_id, pauses.c.digest == digest)
    renew = same.where(pauses.c.state == "open").values(question=pause.question, digest=pause.digest)
    is_renewed = connection.execute(renew).rowcount == 1
    return get_pause(connection, pause.pause_id) if is_renewed else None


def close_pause(
    connection: Connection, pause_id: str, answered: AnswerRecord, digest: str | None
) -> PauseRecord | None:
    """See `Store.close_pause`."""
    _hold(connection, runs.c.run_id == select(pauses.c.run_id).where(pauses.c.pause_id == pause_id).scalar_subquery())
    in_time = or_(pauses.c.deadline.is_(None), pauses.c.deadline > answered.at)
    close = update(pauses).where(pauses.c.pause_id == pause_id, pauses.c.state == "open", in_time)
    if digest is not None:
        close = close.where(pauses.c.digest == digest)
    close = close.values(answer_row(answered) | {"state": "answered"})
    run_id = connection.execute(close.returning(pauses.c.run_id)).scalar()
    if run_id is None:
        return None
    _wake(connection, [run_id], answered.at)
    return get_pause(connection, pause_id)


def expire_pauses(connection: Connection, now: float, limit: int, workflow_id: str | None) -> Sequence[PauseRecord]:
    """See `Store.expire_pauses`."""
    due = pauses.c.seq.in_(connection.execute(_due(now, limit, workflow_id)).scalars().all())
    expire = update(pauses).where(due).values(_ANSWERED_BY_SILENCE)
    _wake(connection, connection.execute(expire.returning(pauses.c.run_id)).scalars().all(), now)
    expired = ALL_PAUSES.where(due).order_by(pauses.c.deadline, pauses.c.seq)
    return list(readable(connection.execute(expired).mappings(), pause_record))


def next_deadline(connection: Connection) -> float | None:
    """See `Store.next_deadline`."""
    deadlines = select(pauses.c.deadline).where(pauses.c.state == "open", pauses.c.deadline.is_not(None))
    return connection.execute(deadlines.order_by(pauses.c.deadline).limit(1)).scalar()


def cancel_run(
    connection: Connection, run_id: str, by: str, door: str, now: float, *, lease_now: Instant
) -> RunStatus | None:
    """See `Store.cancel_run`; `lease_now` is the time on the clock that leases are measured with."""
    if not _hold(connection, runs.c.run_id == run_id):
        return None
    status, has_live_lease = _standing(connection, run_id, lease_now)
    if has_live_lease:
        _note_cancel(connection, run_id, by, door, now)
    elif not status.has_ended:
        _cancel(connection, run_id, by, door, now)
    return status


def load_run(connection: Connection, run_id: str) -> Snapshot | None:
    """See `Store.load_run`."""
    run = get_run(connection, run_id)
    if run is None:
        return None
    session = connection.execute(sql_shared.select_session(run.session_id)).mappings().one()
    entries = ALL_ENTRIES.where(journal.c.run_id == run_id).order_by(journal.c.seq)
    asked = ALL_PAUSES.where(pauses.c.run_id == run_id).order_by(pauses.c.seq)
    return Snapshot(
        run=run,
        session=session_record(session),
        journal=tuple(map(entry_record, connection.execute(entries).mappings())),
        pauses=tuple(map(pause_record, connection.execute(asked).mappings())),
    )


def get_run(connection: Connection, run_id: str) -> RunRecord | None:
    """See `Store.get_run`."""
    row = connection.execute(ALL_RUNS.where(runs.c.run_id == run_id)).mappings().one_or_none()
    return None if row is None else run_record(row)


def get_pause(connection: Connection, pause_id: str) -> PauseRecord | None:
    """See `Store.get_pause`."""
    row = connection.execute(ALL_PAUSES.where(pauses.c.pause_id == pause_id)).mappings().one_or_none()
    return None if row is None else pause_record(row)


def list_open_pauses(connection: Connection, limit: int) -> Sequence[OpenPause]:
    """See `Store.list_open_pauses`."""
    waiting = ALL_PAUSES.join(runs).where(pauses.c.state == "open", runs.c.origin == "bot")
    with_deadline = waiting.where(pauses.c.deadline.is_not(None)).order_by(pauses.c.deadline, pauses.c.seq).limit(limit)
    found = connection.execute(with_deadline).mappings().all()
    others = waiting.where(pauses.c.deadline.is_(None)).order_by(pauses.c.seq).limit(limit - len(found))
    open_pauses = list(readable([*found, *connection.execute(others).mappings()], pause_record))
    of_these = ALL_RUNS.where(runs.c.run_id.in_({pause.run_id for pause in open_pauses}))
    by_id = {run.run_id: run for run in readable(connection.execute(of_these).mappings(), run_record)}
    return [OpenPause(run=by_id[pause.run_id], pause=pause) for pause in open_pauses if pause.run_id in by_id]


def count_open_pauses(connection: Connection, workflow_id: str) -> int:
    """See `Store.count_open_pauses`."""
    which = (pauses.c.state == "open", runs.c.origin == "bot", runs.c.workflow_id == workflow_id)
    counted = select(func.count()).select_from(pauses.join(runs)).where(*which)
    return connection.execute(counted).scalar_one()


def list_runs(connection: Connection, which: RunFilter) -> Sequence[RunRecord]:
    """See `Store.list_runs`."""
    newest_first = ALL_RUNS.order_by(*_NEWEST_FIRST).limit(which.limit)
    if which.statuses is None:
        newest_first = newest_first.where(*_conditions(which))
    else:
        newest_first = newest_first.where(runs.c.seq.in_(_newest_of_each(connection, which.statuses, which)))
    return list(readable(connection.execute(newest_first).mappings(), run_record))


def list_work(connection: Connection, now: Instant, limit: int) -> Sequence[str]:
    """See `Store.list_work`."""
    oldest_first = select(runs.c.run_id).where(runs.c.origin == "bot").order_by(runs.c.created_at, runs.c.seq)
    orphans = oldest_first.where(_is_orphan(now)).limit(limit)
    found = connection.execute(orphans).scalars().all()
    waiting = oldest_first.where(runs.c.status == RunStatus.PENDING).limit(limit - len(found))
    return [*found, *connection.execute(waiting).scalars()]


def _is_orphan(now: Instant) -> ColumnElement[bool]:
    return and_(runs.c.status == RunStatus.RUNNING, runs.c.lease_until <= now)


def _claim(run_id: str, epoch: int) -> dict[str, Any]:
    return {"claimed": run_id, "claim": epoch}


def _fence(connection: Connection, run_id: str, epoch: int, now: float) -> RowMapping:
    run = connection.execute(_FENCE, _claim(run_id, epoch) | {"now": now}).mappings().one_or_none()
    if run is None:
        raise conflicts.fenced(run_id, epoch)
    return run


def _hold(connection: Connection, which: ColumnElement[bool]) -> bool:
    """Take the run's row, unchanged, before anything else; return whether there is one."""
    return connection.execute(update(runs).where(which).values(updated_at=runs.c.updated_at)).rowcount == 1


def _standing(connection: Connection, run_id: str, now: Instant) -> tuple[RunStatus, bool]:
    """Return the status of a run, and whether a worker holds it."""
    is_held = and_(runs.c.status == RunStatus.RUNNING, runs.c.lease_until > now)
    query = select(runs.c.status, is_held.label("is_held")).where(runs.c.run_id == run_id)
    row = intact(connection.execute(query).mappings().one(), f"run {run_id}")
    return row["status"], bool(row["is_held"])


def _give_up(which: Update, status: RunStatus, now: float) -> Update:
    return which.values(status=status, owner=None, lease_until=None, updated_at=now)


def _note_cancel(connection: Connection, run_id: str, by: str, door: str, now: float) -> None:
    unasked = update(runs).where(runs.c.run_id == run_id, runs.c.cancel_requested_by.is_(None))
    connection.execute(unasked.values(cancel_requested_by=by, cancel_door=door, updated_at=now))


def _cancel(connection: Connection, run_id: str, by: str, door: str, now: float) -> None:
    cancel = _give_up(update(runs).where(runs.c.run_id == run_id), RunStatus.CANCELLED, now)
    connection.execute(cancel.values(outcome=rules.cancelled_outcome(by), epoch=runs.c.epoch + 1))
    _close_open_pauses(connection, run_id, rules.closed_by(by, door, now))


def _close_open_pauses(connection: Connection, run_id: str, closed: AnswerRecord) -> None:
    still_open = update(pauses).where(pauses.c.run_id == run_id, pauses.c.state == "open")
    connection.execute(still_open.values(answer_row(closed) | {"state": "closed"}))


def _wake(connection: Connection, run_ids: Sequence[str], now: float) -> None:
    """Make the runs PENDING that are PAUSED."""
    paused = update(runs).where(runs.c.run_id.in_(run_ids), runs.c.status == RunStatus.PAUSED)
    connection.execute(paused.values(status=RunStatus.PENDING, updated_at=now))


def _any_answered(connection: Connection, asked: Sequence[PauseRecord]) -> bool:
    ids = [pause.pause_id for pause in asked]
    answered = select(pauses.c.seq).where(pauses.c.pause_id.in_(ids), pauses.c.state == "answered")
    return connection.execute(answered.limit(1)).first() is not None


def _due(now: float, limit: int, workflow_id: str | None) -> Select[tuple[int]]:
    """Select pauses and hold their runs; those that another transaction holds are left to the next call."""
    due = select(pauses.c.seq).join(runs).where(pauses.c.state == "open", pauses.c.deadline <= now)
    if workflow_id is not None:
        due = due.where(runs.c.workflow_id == workflow_id)
    return due.order_by(pauses.c.deadline, pauses.c.seq).limit(limit).with_for_update(skip_locked=True)


def _newest_of_each(connection: Connection, statuses: Sequence[RunStatus], which: RunFilter) -> list[int]:
    """Return the numbers of the newest runs of each status, read along an index, whatever other runs there are."""
    newest = select(runs.c.seq).where(*_conditions(which)).order_by(*_NEWEST_FIRST).limit(which.limit)
    queries = [newest.where(runs.c.status == status) for status in statuses]
    return [seq for query in queries for seq in connection.execute(query).scalars()]


def _conditions(which: RunFilter) -> Iterator[ColumnElement[bool]]:
    if which.workflow_ids is not None:
        yield runs.c.workflow_id.in_(which.workflow_ids)
    if which.session_id is not None:
        yield runs.c.session_id == which.session_id
    if which.user_id is not None:
        yield runs.c.user_id == which.user_id
    if which.run_id_prefix is not None:
        yield runs.c.run_id >= which.run_id_prefix
        yield runs.c.run_id <= which.run_id_prefix + chr(sys.maxunicode)
    if which.origin is not None:
        yield runs.c.origin == which.origin
