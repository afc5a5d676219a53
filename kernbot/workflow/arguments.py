"""The keywords that `run` and `arun` take beside the input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict


class RunArguments(TypedDict, total=False):
    """What a run may be started with; all of it survives a pause."""

    run_id: str | None
    """Made if not given; one that is taken is refused."""
    session_id: str | None
    user_id: str | None
    session_state: dict[str, Any] | None
    """Merged by key into the state of the session."""
    additional_data: dict[str, Any] | None
    dependencies: dict[str, Any] | None
    metadata: dict[str, Any] | None


class WithoutEffect(TypedDict, total=False):
    """What the documents' programs give a Workflow, and what has no effect here."""

    telemetry: bool
    debug_mode: bool | None
    debug_level: int
    store_events: bool
    store_executor_outputs: bool
    store_media: bool
    cache_session: bool


class ContinueArguments(TypedDict, total=False):
    """What `continue_run` and `acontinue_run` take instead of, or beside, a run that was loaded."""

    run_id: str | None
    session_id: str | None
    user_id: str | None
    """If given, only a run of this user is continued."""
    step_requirements: Any
    """The requirements that carry the decisions; without them, those of the run that is given."""


def check_names(given: Mapping[str, Any], allowed: type, method: str) -> None:
    """Raise TypeError, as Python does, for a keyword that `method` doesn't take."""
    for name in given:
        if name not in allowed.__annotations__:
            raise TypeError(f"{method}() got an unexpected keyword argument {name!r}")
