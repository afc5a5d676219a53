"""Add large values and names of sessions, and let runs be listed by their status."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a table, a column and an index, and change another index."""
    op.create_table(
        "blobs",
        sa.Column("digest", ID, primary_key=True),
        sa.Column("data", sa.Text),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.add_column("sessions", sa.Column("name", sa.Text))
    op.drop_index("runs_by_status", "runs")
    op.create_index("runs_by_status", "runs", ["status", "created_at"])
    op.create_index("runs_by_session_and_status", "runs", ["session_id", "status", "created_at"])
