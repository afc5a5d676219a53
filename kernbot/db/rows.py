"""Rows and records: how one becomes the other, and how a row gets into its table.

A row that is damaged raises StorageError, which names the row and the column, when it becomes a record.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, RowMapping, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from kernbot.db.base import AnswerRecord, JournalEntry, PauseRecord, RunRecord, SessionRecord, StateChanges
from kernbot.db.slack import InboxItem, SlackMessage
from kernbot.db.tables import UNREADABLE, journal, pauses, runs, sessions, slack_messages
from kernbot.errors import StorageError

_log = logging.getLogger(__name__)

T = TypeVar("T")

ALL_RUNS = select(*(runs.c[field.name] for field in fields(RunRecord)))
ALL_SESSIONS = select(*(sessions.c[field.name] for field in fields(SessionRecord)))
ALL_ENTRIES = select(*(column for column in journal.c if column is not journal.c.seq))
ALL_PAUSES = select(*(column for column in pauses.c if column is not pauses.c.seq))
ALL_MESSAGES = select(*(slack_messages.c[field.name] for field in fields(SlackMessage)))

_DIALECTS: dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert_if_absent(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless one like it is there; return whether it was inserted."""
    return connection.execute(_insert_if_absent(connection.dialect.name, table), row).first() is not None


@cache
def _insert_if_absent(dialect: str, table: Table) -> Executable:
    return _DIALECTS[dialect](table).on_conflict_do_nothing().returning(*table.primary_key)


def intact(row: RowMapping, what: str) -> RowMapping:
    """Return the row; raise StorageError when a value in it is damaged. `what` names the row."""
    for column, value in row.items():
        if value is UNREADABLE:
            raise StorageError(
                f"{what} cannot be read: what is stored in column {column} is damaged; restore it from a backup"
            )
    return row


def readable(rows: Iterable[RowMapping], record: Callable[[RowMapping], T]) -> Iterator[T]:
    """Yield the records of a list; rows that are damaged are logged and left out."""
    for row in rows:
        try:
            yield record(row)
        except StorageError as error:
            _log.warning("row left out: %s", error)


def run_record(row: RowMapping) -> RunRecord:
    """Return the run of a row."""
    return RunRecord(**intact(row, f"run {row['run_id']}"))


def session_record(row: RowMapping) -> SessionRecord:
    """Return the session of a row."""
    return SessionRecord(**intact(row, f"session {row['session_id']}"))


def entry_row(run_id: str, entry: JournalEntry) -> dict[str, Any]:
    """Return the row of a journal entry."""
    changes = entry.state_changes
    stored = changes and {"set": changes.set, "deleted": changes.deleted}
    return {**vars(entry), "run_id": run_id, "state_changes": stored}


def entry_record(row: RowMapping) -> JournalEntry:
    """Return the journal entry of a row."""
    values = dict(intact(row, f"the journal of run {row['run_id']} at {row['path']} ({row['kind']})"))
    del values["run_id"]
    changes = values.pop("state_changes")
    state_changes = changes and StateChanges(set=changes["set"], deleted=tuple(changes["deleted"]))
    return JournalEntry(**values, state_changes=state_changes)


def answer_row(answered: AnswerRecord) -> dict[str, Any]:
    """Return the columns of a pause that say how it was closed."""
    return {
        "answer": answered.answer,
        "answered_at": answered.at,
        "answered_by": answered.by,
        "answered_door": answered.door,
    }


def pause_row(pause: PauseRecord) -> dict[str, Any]:
    """Return the row of a pause that is open."""
    return {name: value for name, value in vars(pause).items() if name != "answered"}


def pause_record(row: RowMapping) -> PauseRecord:
    """Return the pause of a row."""
    values = dict(intact(row, f"pause {row['pause_id']} of run {row['run_id']} at {row['path']}"))
    answered = AnswerRecord(
        answer=values.pop("answer"),
        at=values.pop("answered_at"),
        by=values.pop("answered_by"),
        door=values.pop("answered_door"),
    )
    return PauseRecord(**values, answered=None if row["answered_at"] is None else answered)


def message_row(message: SlackMessage) -> dict[str, Any]:
    """Return the row of a message."""
    return {**vars(message), "pause_id": message.pause_id or "", "person_id": message.person_id or ""}


def message_record(row: RowMapping) -> SlackMessage:
    """Return the message of a row."""
    return SlackMessage(**{**row, "pause_id": row["pause_id"] or None, "person_id": row["person_id"] or None})


def inbox_item(row: RowMapping) -> InboxItem:
    """Return the payload of a row."""
    return InboxItem(**intact(row, f"item {row['item_id']} of the inbox"))
