"""Keep the forms that people are offered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "slack_forms",
        sa.Column("form_id", ID, primary_key=True),
        sa.Column("asked", sa.Text),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_index("slack_forms_by_age", "slack_forms", ["created_at"])
