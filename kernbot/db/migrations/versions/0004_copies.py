"""Let a question have copies of its card, one for each person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_KEPT = "message_id, run_id, role, pause_id, channel, ts, thread_ts, shown, revision"


def upgrade() -> None:
    """Make the table of messages anew, with what is in it: SQLite changes no constraint."""
    op.execute("CREATE TABLE kept_messages AS SELECT * FROM slack_messages")
    op.drop_table("slack_messages")
    _create_messages()
    op.execute(
        f"INSERT INTO slack_messages ({_KEPT}, person_id) SELECT {_KEPT}, '' FROM kept_messages ORDER BY seq"  # noqa: S608 - our own columns
    )
    op.drop_table("kept_messages")


def _create_messages() -> None:
    op.create_table(
        "slack_messages",
        sa.Column("seq", SEQ, primary_key=True),
        sa.Column("message_id", ID, nullable=False, unique=True),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("pause_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("ts", sa.Text),
        sa.Column("thread_ts", sa.Text),
        sa.Column("shown", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.UniqueConstraint("run_id", "role", "pause_id", "person_id"),
    )
