"""The schema of a database that is opened: made when there is nothing yet, else checked, never changed."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, inspect, select
from sqlalchemy.schema import CreateSchema

from kernbot.db.tables import REVISION, alembic_version, metadata
from kernbot.errors import StorageError

_LOCK = int.from_bytes(b"kernbot")
"""Names the lock, among all of a PostgreSQL database, of those who make or change a schema."""


def enter_schema(connection: Connection, schema: str, *, create: bool) -> None:
    """Work in a schema of a PostgreSQL database, alone until the transaction ends; make the schema if that is wanted.

    One that is not there, and is not to be made, is an error of the driver when the first table is.
    """
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    if create and not inspect(connection).has_schema(schema):
        connection.execute(CreateSchema(schema))
    connection.execute(select(func.set_config("search_path", func.quote_ident(schema), True)))


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
        f"make a backup and run `kernbot db upgrade --db {url}`, or use the version of kernbot that made it"
    )
