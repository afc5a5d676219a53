"""Add what people prefer in Slack, and let the runs of a workflow be listed by their status."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a table and two indices."""
    op.create_table(
        "slack_preferences",
        sa.Column("person_id", ID, primary_key=True),
        sa.Column("direct_messages", sa.Boolean, nullable=False),
    )
    op.create_index("slack_preferences_by_direct_messages", "slack_preferences", ["direct_messages", "person_id"])
    op.create_index("runs_by_workflow_and_status", "runs", ["workflow_id", "status", "created_at"])
