"""The engine's transactions on what runs share, their sessions and large values, made as those of `sql_runs` are.

A session's row is taken after the rows of its runs, so that no two transactions wait in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, select, update

from kernbot.db import conflicts, rules
from kernbot.db.base import Json, SessionRecord, StateChanges
from kernbot.db.rows import ALL_SESSIONS, insert_if_absent, intact, session_record
from kernbot.db.tables import blobs, journal, pauses, runs, sessions, slack_messages


def select_session(session_id: str) -> Select[Any]:
    """Select the row of a session."""
    return ALL_SESSIONS.where(sessions.c.session_id == session_id)


def get_session(connection: Connection, session_id: str) -> SessionRecord | None:
    """See `Store.get_session`."""
    row = connection.execute(select_session(session_id)).mappings().one_or_none()
    return None if row is None else session_record(row)


def begin_session(connection: Connection, session: SessionRecord) -> bool:
    """Store a session unless it is there; return whether it is new.

    One that is there cannot be deleted before the transaction ends.
    """
    kept = select(sessions.c.session_id).where(sessions.c.session_id == session.session_id)
    kept = kept.with_for_update(read=True, key_share=True)
    while not insert_if_absent(connection, sessions, vars(session)):
        if connection.execute(kept).first() is not None:
            return False
    return True


def replace_state(connection: Connection, session_id: str, state: dict[str, Json], now: float) -> None:
    """Give a session another state, whatever it held."""
    which = update(sessions).where(sessions.c.session_id == session_id)
    connection.execute(which.values(state=state, updated_at=now))


def merge_state(connection: Connection, session_id: str, changes: StateChanges, now: float) -> None:
    """Merge changes into the state of a session."""
    which = update(sessions).where(sessions.c.session_id == session_id)
    session = connection.execute(which.values(updated_at=now).returning(sessions.c.state)).mappings().one()
    state = intact(session, f"session {session_id}")["state"]
    conflicts.warn_of_overwriting(session_id, rules.overwritten(state, changes))
    connection.execute(which.values(state=rules.merge_state(state, changes)))


def update_session(
    connection: Connection, session_id: str, now: float, *, name: str | None, state: StateChanges | None
) -> bool:
    """See `Store.update_session`."""
    changed = update(sessions).where(sessions.c.session_id == session_id).values(updated_at=now)
    if not connection.execute(changed if name is None else changed.values(name=name)).rowcount:
        return False
    if state is not None:
        merge_state(connection, session_id, state, now)
    return True


def delete_session(connection: Connection, session_id: str) -> bool:
    """See `Store.delete_session`."""
    held = _hold_ended_runs(connection, session_id)
    if not _hold_session(connection, session_id):
        return False
    of_session = runs.c.session_id == session_id
    for run_id in connection.execute(select(runs.c.run_id).where(of_session)).scalars():
        if run_id not in held:  # it joined before the session was held
            raise conflicts.session_in_use(session_id, run_id)
    for table in (slack_messages, pauses, journal):
        connection.execute(delete(table).where(table.c.run_id.in_(select(runs.c.run_id).where(of_session))))
    connection.execute(delete(runs).where(of_session))
    connection.execute(delete(sessions).where(sessions.c.session_id == session_id))
    return True


def store_blobs(connection: Connection, values: Mapping[str, Json], now: float) -> None:
    """Store large values that are not there yet, in one order, so that no two transactions wait in a circle."""
    for digest in sorted(values):
        insert_if_absent(connection, blobs, {"digest": digest, "data": values[digest], "created_at": now})


def get_blobs(connection: Connection, digests: Sequence[str]) -> dict[str, Json]:
    """See `Store.get_blobs`."""
    rows = connection.execute(select(blobs.c.digest, blobs.c.data).where(blobs.c.digest.in_(digests))).mappings()
    found = {row["digest"]: intact(row, f"the large value {row['digest']}")["data"] for row in rows}
    for digest in digests:
        if digest not in found:
            raise conflicts.blob_missing(digest)
    return found


def _hold_ended_runs(connection: Connection, session_id: str) -> set[str]:
    """Take the rows of a session's runs, and return their ids; raise ConflictError when one has not ended."""
    its_runs = select(runs.c.run_id, runs.c.status).where(runs.c.session_id == session_id)
    rows = connection.execute(its_runs.order_by(runs.c.seq).with_for_update()).mappings().all()
    for row in rows:
        if not intact(row, f"run {row['run_id']}")["status"].has_ended:
            raise conflicts.session_in_use(session_id, row["run_id"])
    return {row["run_id"] for row in rows}


def _hold_session(connection: Connection, session_id: str) -> bool:
    """Take the row of a session; return whether there is one."""
    which = select(sessions.c.session_id).where(sessions.c.session_id == session_id)
    return connection.execute(which.with_for_update()).first() is not None
