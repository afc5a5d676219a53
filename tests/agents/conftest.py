"""The fixtures of the engine's tests."""

from __future__ import annotations

from tests.engine.conftest import calls, db, desk

__all__ = ["calls", "db", "desk"]
