"""What every store decides alike."""

from __future__ import annotations

import json

from kernbot.db.base import AnswerRecord, Json, PauseRecord, RunRecord, SessionRecord, StateChanges
from kernbot.run.status import RunStatus

END = "end"
"""The door through which a run closes its pauses when it ends by itself."""


def new_session(run: RunRecord, state: dict[str, Json]) -> SessionRecord:
    """Return the session that the first run of it begins."""
    return SessionRecord(
        session_id=run.session_id,
        workflow_id=run.workflow_id,
        user_id=run.user_id,
        state=state,
        created_at=run.created_at,
        updated_at=run.created_at,
    )


def merge_state(state: dict[str, Json], changes: StateChanges) -> dict[str, Json]:
    """Return the session state after the changes."""
    kept = {key: value for key, value in state.items() if key not in changes.deleted}
    return kept | changes.set


def overwritten(state: dict[str, Json], changes: StateChanges) -> list[str]:
    """Return the keys that somebody else has written since the step saw them; none when it is not known what it saw."""
    if changes.was is None:
        return []
    changed = {*changes.set, *changes.deleted}
    return sorted(key for key in changed if _text(state, key) != _text(changes.was, key))


def has_work(status: RunStatus, lease_until: float | None, now: float) -> bool:
    """Tell whether a run can be claimed: it is PENDING, or RUNNING with a lease that has lapsed."""
    if status is RunStatus.RUNNING:
        return lease_until is not None and lease_until <= now
    return status is RunStatus.PENDING


def cancelled_outcome(by: str) -> Json:
    """Return the outcome of a run that `by` cancelled."""
    return {"cancelled_by": by}


def closed_by(by: str, door: str, now: float) -> AnswerRecord:
    """Return what closes the pauses of a run that was cancelled."""
    return AnswerRecord(answer=None, at=now, by=by, door=door)


def closed_by_end(now: float) -> AnswerRecord:
    """Return what closes the pauses that are open when a run ends by itself: a reject beside them can end it."""
    return closed_by("run", END, now)


def is_closed_by_end(pause: PauseRecord) -> bool:
    """Tell whether it was the end of its run that closed a pause."""
    return pause.state == "closed" and pause.answered is not None and pause.answered.door == END


def _text(state: dict[str, Json], key: str) -> str | None:
    """Return a value as it would be stored, because for Python True is 1; None for one that is absent."""
    return json.dumps(state[key], sort_keys=True) if key in state else None
