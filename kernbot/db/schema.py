"""The schema of a database that is opened: made when there is nothing yet, else checked, never changed."""

from __future__ import annotations

from sqlalchemy import Connection, insert, inspect, select

from kernbot.db.tables import REVISION, alembic_version, metadata
from kernbot.errors import StorageError


def ensure_schema(connection: Connection) -> None:
    """Create the schema in an empty database; raise StorageError when there is another one than ours.

    The caller's transaction keeps two processes from doing it at once.
    """
    found = inspect(connection).get_table_names()
    if not found:
        metadata.create_all(connection, checkfirst=False)
        connection.execute(insert(alembic_version).values(version_num=REVISION))
    else:
        revision = _revision(connection) if alembic_version.name in found else None
        if revision != REVISION:
            raise _wrong_revision(connection, revision)


def _revision(connection: Connection) -> str | None:
    return connection.execute(select(alembic_version.c.version_num)).scalar()


def _wrong_revision(connection: Connection, revision: str | None) -> StorageError:
    url = connection.engine.url
    found = f"at schema revision {revision}" if revision else "without a schema revision of kernbot"
    return StorageError(
        f"the database {url} has tables {found}, this version of kernbot needs {REVISION}, and nothing was changed: "
        f"make a backup and run `kernbot db upgrade --url {url}`, or use the version of kernbot that made it"
    )
