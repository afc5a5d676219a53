"""What the stores refuse, or warn of, in words: the same from each of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from kernbot.db.base import FencedError, JournalEntry, RunExistsError
from kernbot.db.slack import SlackMessage
from kernbot.errors import ConflictError, StorageError

_log = logging.getLogger(__name__)


def run_exists(run_id: str) -> RunExistsError:
    """Return the error for a run id that is taken."""
    return RunExistsError(f"there is a run {run_id} already: start the new one under another run_id, or under none")


def fenced(run_id: str, epoch: int) -> FencedError:
    """Return the error for a worker that no longer holds its claim on a run."""
    return FencedError(
        f"claim {epoch} on run {run_id} is no longer held: the run has ended, was given up or has another worker; "
        "nothing was written, stop working on it"
    )


def entry_exists(run_id: str, entry: JournalEntry) -> ConflictError:
    """Return the error for an entry at a place of the journal that is taken."""
    return ConflictError(
        f"the journal of run {run_id} has entry {entry.kind!r} of attempt {entry.attempt} at {entry.path} already: "
        "entries are never changed, load the run again"
    )


def message_exists(message: SlackMessage) -> ConflictError:
    """Return the error for a second message of one run, role, pause and person."""
    return ConflictError(
        f"run {message.run_id} has another {message.role} message for pause {message.pause_id} already: "
        "list its messages again"
    )


def session_in_use(session_id: str, run_id: str) -> ConflictError:
    """Return the error for a session that is to be deleted while a run of it has not ended."""
    return ConflictError(
        f"session {session_id} is not deleted, because its run {run_id} has not ended: "
        "wait for its end or cancel it, then delete the session again"
    )


def blob_missing(digest: str) -> StorageError:
    """Return the error for a large value that is not stored."""
    return StorageError(f"the large value {digest} is missing; restore it from a backup")


def warn_of_overwriting(session_id: str, keys: Sequence[str]) -> None:
    """Log that keys of a session's state were written by somebody else while a step ran; their values stay unnamed."""
    if keys:
        _log.warning("session %s: somebody else wrote %s meanwhile, which is overwritten", session_id, keys)
