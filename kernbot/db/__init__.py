"""The stores: what they keep (`base`, `slack`), and one module for each kind of database.

The modules that need SQLAlchemy are imported when a store is used, not when it is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kernbot.errors import ConfigurationError

if TYPE_CHECKING:
    from kernbot.db import sql_runs, sql_slack

__all__ = ["missing_package", "sql_runs", "sql_slack"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        raise missing_package(error) from error


def missing_package(error: ModuleNotFoundError) -> ConfigurationError:
    """Return the error for a driver, or another package, that is not installed."""
    return ConfigurationError(f"the database needs the package {error.name}: run `pip install {error.name}`")
