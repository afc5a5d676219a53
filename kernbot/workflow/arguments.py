"""The keywords that a Workflow and its methods take beside the ones in their signatures, and those they never will."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


class RunArguments(TypedDict, total=False):
    """What a run may be started with; all of it survives a pause."""

    run_id: str | None
    """Made if not given; one that is taken is refused."""
    session_id: str | None
    user_id: str | None
    session_state: dict[str, Any] | None
    """Merged by key into the state of the session, or its new state, with `overwrite_db_session_state`."""
    additional_data: dict[str, Any] | None
    dependencies: dict[str, Any] | None
    metadata: dict[str, Any] | None


class WithoutEffect(TypedDict, total=False):
    """What the documents' programs give a Workflow, and what has no effect here.

    Nothing is ever sent anywhere, all events are streamed that a call asks for, everything that a resume needs is
    stored, and nothing else; sessions are always read from the database.
    """

    telemetry: bool
    debug_mode: bool | None
    debug_level: int
    stream_executor_events: bool
    store_events: bool
    events_to_skip: Sequence[Any] | None
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


NO_MEDIA = "no media: pass a path or an address in the input, or bytes in additional_data"
_NO_WEBSOCKETS = "no websockets: send the events of arun(stream=True) where they belong"
ABSENT = {
    "agent": "no agent that steers a workflow: choose with a Condition or a Router",
    "add_dependencies_to_context": "no prompt of a workflow: a step reads run_context.dependencies",
    "add_session_state_to_context": "no prompt of a workflow: a step reads run_context.session_state",
    "background": "no runs in the background: await arun() in a task of your own, or have a bot serve the workflow",
    "background_tasks": "no tasks beside a run: do that work in a step",
    "websocket": _NO_WEBSOCKETS,
    "websocket_handler": _NO_WEBSOCKETS,
    "audio": NO_MEDIA,
    "images": NO_MEDIA,
    "videos": NO_MEDIA,
    "files": NO_MEDIA,
    "media_storage": NO_MEDIA,
}
"""Keywords of the programs that kernbot's API comes from: what does not exist here, and what to do instead."""


def check_names(given: Mapping[str, Any], allowed: type, method: str, absent: Mapping[str, str] = ABSENT) -> None:
    """Raise TypeError, as Python does, for a keyword that `method` doesn't take; with the reason, if it is `absent`."""
    for name in given:
        if name in allowed.__annotations__:
            continue
        if name in absent:
            raise TypeError(f"{method}() takes no {name!r}, because kernbot has {absent[name]}.")
        raise TypeError(f"{method}() got an unexpected keyword argument {name!r}")


def check_steps(steps: object) -> None:
    """Raise TypeError for a function in the place of a workflow's steps."""
    if callable(steps):
        raise TypeError(
            f"Workflow() takes no function as its steps, because kernbot has no workflow that is one function: "
            f"give a list, steps=[{getattr(steps, '__name__', 'function')}]."
        )
