"""Make the first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create all tables."""
    _create_sessions()
    _create_runs()
    _create_journal()
    _create_pauses()
    _create_slack()


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_id", ID, primary_key=True),
        sa.Column("workflow_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("seq", SEQ, primary_key=True),
        sa.Column("run_id", ID, nullable=False, unique=True),
        sa.Column("session_id", ID, sa.ForeignKey("sessions.session_id"), nullable=False),
        sa.Column("workflow_id", sa.Text, nullable=False),
        sa.Column("workflow_name", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("request", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("lease_until", sa.Float),
        sa.Column("cancel_requested_by", sa.Text),
        sa.Column("cancel_door", sa.Text),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
    )
    op.create_index("runs_by_status", "runs", ["status", "lease_until"])
    op.create_index("runs_by_settled", "runs", ["settled", "created_at"])
    op.create_index("runs_by_session", "runs", ["session_id", "created_at"])
    op.create_index("runs_by_workflow", "runs", ["workflow_id", "created_at"])
    op.create_index("runs_by_user", "runs", ["user_id", "created_at"])
    op.create_index("runs_by_age", "runs", ["created_at"])


def _create_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", SEQ, primary_key=True),
        sa.Column("run_id", ID, sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("path", ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("payload", sa.Text),
        sa.Column("state_changes", sa.Text),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.UniqueConstraint("run_id", "path", "kind", "attempt"),
    )


def _create_pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("seq", SEQ, primary_key=True),
        sa.Column("pause_id", ID, nullable=False, unique=True),
        sa.Column("run_id", ID, sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("step_name", sa.Text, nullable=False),
        sa.Column("question", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("silence", sa.Text),
        sa.Column("opened_at", sa.Float, nullable=False),
        sa.Column("deadline", sa.Float),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("answered_at", sa.Float),
        sa.Column("answered_by", sa.Text),
        sa.Column("answered_door", sa.Text),
    )
    op.create_index("pauses_by_run", "pauses", ["run_id"])
    op.create_index("pauses_by_deadline", "pauses", ["state", "deadline"])


def _create_slack() -> None:
    op.create_table(
        "slack_messages",
        sa.Column("seq", SEQ, primary_key=True),
        sa.Column("message_id", ID, nullable=False, unique=True),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("pause_id", ID, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("ts", sa.Text),
        sa.Column("thread_ts", sa.Text),
        sa.Column("shown", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.UniqueConstraint("run_id", "role", "pause_id"),
    )
    op.create_table(
        "slack_inbox",
        sa.Column("item_id", SEQ, primary_key=True),
        sa.Column("payload", sa.Text),
        sa.Column("received_at", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "slack_keys",
        sa.Column("name", ID, primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
    )
