"""What Alembic runs: the migrations, on the connection and in the transaction that `upgrade` has opened."""

from __future__ import annotations

from alembic import context

from kernbot.db.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
