"""Rows and records: how one becomes the other, and how a row gets into its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from kernbot.db.base import AnswerRecord, JournalEntry, PauseRecord, RunRecord, SessionRecord, StateChanges
from kernbot.db.slack import SlackMessage
from kernbot.db.tables import journal, pauses, runs, sessions, slack_messages

ALL_RUNS = select(*(runs.c[field.name] for field in fields(RunRecord)))
ALL_SESSIONS = select(*(sessions.c[field.name] for field in fields(SessionRecord)))
ALL_ENTRIES = select(*(journal.c[field.name] for field in fields(JournalEntry)))
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


def entry_row(run_id: str, entry: JournalEntry) -> dict[str, Any]:
    """Return the row of a journal entry."""
    changes = entry.state_changes
    return {**vars(entry), "run_id": run_id, "state_changes": changes and vars(changes)}


def entry_record(row: RowMapping) -> JournalEntry:
    """Return the journal entry of a row."""
    changes = row["state_changes"]
    state_changes = changes and StateChanges(set=changes["set"], deleted=tuple(changes["deleted"]))
    return JournalEntry(**{**row, "state_changes": state_changes})


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
    values = dict(row)
    answered = AnswerRecord(
        answer=values.pop("answer"),
        at=values.pop("answered_at"),
        by=values.pop("answered_by"),
        door=values.pop("answered_door"),
    )
    return PauseRecord(**values, answered=None if row["answered_at"] is None else answered)


def message_row(message: SlackMessage) -> dict[str, Any]:
    """Return the row of a message."""
    return {**vars(message), "pause_id": message.pause_id or ""}


def message_record(row: RowMapping) -> SlackMessage:
    """Return the message of a row."""
    return SlackMessage(**{**row, "pause_id": row["pause_id"] or None})
