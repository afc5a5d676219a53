"""The schema, one for SQLite and PostgreSQL.

A change here is also a new file in `migrations/versions`, and its id the new REVISION; a test compares the two.
`seq` numbers the rows of a table in the order in which they were written. Instants are unix seconds, UTC.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from kernbot.run.status import RunStatus

REVISION = "0005"
"""The newest revision of the schema."""

UNREADABLE: Any = object()
"""Stands for a stored value that is damaged, so that the rows beside it can be read."""


NO_TEXT = "\N{REPLACEMENT CHARACTER}"
"""What is read in place of stored bytes that are no text; there is none in JSON of ours, which is ASCII."""


class JsonText(TypeDecorator[Any]):
    """A JSON value as text in ASCII, so that every string can be stored, one with half a surrogate pair too."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the text to store; None is stored as NULL."""
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Return the value of a stored text; UNREADABLE when it is no JSON, or not even text."""
        if value is None:
            return None
        try:
            return UNREADABLE if NO_TEXT in value else json.loads(value)
        except (ValueError, TypeError):
            return UNREADABLE


class JsonObject(JsonText):
    """A JSON object, as `JsonText`."""

    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return the object of a stored text; UNREADABLE when it is none."""
        found = super().process_result_value(value, dialect)
        return found if found is None or isinstance(found, dict) else UNREADABLE


class StatusName(TypeDecorator[RunStatus]):
    """The status of a run by its name."""

    impl = String(16)
    cache_ok = True

    def process_bind_param(self, value: RunStatus | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the name to store."""
        return None if value is None else value.name

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Return the status of a stored name; UNREADABLE when there is none of that name."""
        return RunStatus.__members__.get(str(value), UNREADABLE)


ID = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared by code point in every database, so that a prefix is a range."""

SEQ = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers the rows of a table only by a column of type INTEGER."""

metadata = MetaData()

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", ID, primary_key=True),
    Column("workflow_id", Text, nullable=False),
    Column("user_id", Text),
    Column("state", JsonObject, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("name", Text),
)

runs = Table(
    "runs",
    metadata,
    Column("seq", SEQ, primary_key=True),
    Column("run_id", ID, nullable=False, unique=True),
    Column("session_id", ID, ForeignKey("sessions.session_id"), nullable=False),
    Column("workflow_id", Text, nullable=False),
    Column("workflow_name", Text, nullable=False),
    Column("user_id", Text),
    Column("origin", Text, nullable=False),
    Column("status", StatusName, nullable=False),
    Column("request", JsonText),
    Column("outcome", JsonText),
    Column("epoch", Integer, nullable=False),
    Column("owner", Text),
    Column("lease_until", Float),
    Column("cancel_requested_by", Text),
    Column("cancel_door", Text),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("settled", Boolean, nullable=False),
    Index("runs_by_status", "status", "created_at"),
    Index("runs_by_settled", "settled", "created_at"),
    Index("runs_by_session", "session_id", "created_at"),
    Index("runs_by_session_and_status", "session_id", "status", "created_at"),
    Index("runs_by_workflow", "workflow_id", "created_at"),
    Index("runs_by_workflow_and_status", "workflow_id", "status", "created_at"),
    Index("runs_by_user", "user_id", "created_at"),
    Index("runs_by_age", "created_at"),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", SEQ, primary_key=True),
    Column("run_id", ID, ForeignKey("runs.run_id"), nullable=False),
    Column("path", ID, nullable=False),
    Column("kind", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("node", Text, nullable=False),
    Column("payload", JsonText),
    Column("state_changes", JsonObject),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("run_id", "path", "kind", "attempt"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("digest", ID, primary_key=True),
    Column("data", JsonText),
    Column("created_at", Float, nullable=False),
)
"""Large values, each one stored once, whichever journals refer to it."""

pauses = Table(
    "pauses",
    metadata,
    Column("seq", SEQ, primary_key=True),
    Column("pause_id", ID, nullable=False, unique=True),
    Column("run_id", ID, ForeignKey("runs.run_id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("step_name", Text, nullable=False),
    Column("question", JsonText),
    Column("digest", Text, nullable=False),
    Column("silence", JsonText),
    Column("opened_at", Float, nullable=False),
    Column("deadline", Float),
    Column("state", Text, nullable=False),
    Column("answer", JsonText),
    Column("answered_at", Float),
    Column("answered_by", Text),
    Column("answered_door", Text),
    Index("pauses_by_run", "run_id"),
    Index("pauses_by_deadline", "state", "deadline"),
)

slack_messages = Table(
    "slack_messages",
    metadata,
    Column("seq", SEQ, primary_key=True),
    Column("message_id", ID, nullable=False, unique=True),
    Column("run_id", ID, nullable=False),
    Column("role", Text, nullable=False),
    Column("pause_id", ID, nullable=False),
    Column("person_id", ID, nullable=False),
    Column("channel", Text, nullable=False),
    Column("ts", Text),
    Column("thread_ts", Text),
    Column("shown", Text),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("run_id", "role", "pause_id", "person_id"),
)
"""A message that belongs to no pause, or to nobody, has an empty id there: NULLs would not count as equal."""

slack_inbox = Table(
    "slack_inbox",
    metadata,
    Column("item_id", SEQ, primary_key=True),
    Column("payload", JsonText),
    Column("received_at", Float, nullable=False),
    sqlite_autoincrement=True,
)
"""An id is never used again, or a late delete would take a payload that is new."""

slack_keys = Table(
    "slack_keys",
    metadata,
    Column("name", ID, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
)

slack_forms = Table(
    "slack_forms",
    metadata,
    Column("form_id", ID, primary_key=True),
    Column("asked", JsonText),
    Column("created_at", Float, nullable=False),
    Index("slack_forms_by_age", "created_at"),
)

slack_preferences = Table(
    "slack_preferences",
    metadata,
    Column("person_id", ID, primary_key=True),
    Column("direct_messages", Boolean, nullable=False),
    Index("slack_preferences_by_direct_messages", "direct_messages", "person_id"),
)

alembic_version = Table(
    "alembic_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""As Alembic makes it."""
