"""Taking the decisions that an author's program made on requirements to the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from kernbot.db.base import PauseRecord, RunRecord, Snapshot, Store
from kernbot.engine.ledger import TooLateError, check_answer, expire_due, give_answer
from kernbot.errors import ConflictError, DefinitionError, UsageError
from kernbot.run.status import RunStatus
from kernbot.workflow.requirements import Requirement

BY = "library"
DOOR = "python"


def check_may_continue(run: RunRecord, workflow_id: str, session_id: str | None, user_id: str | None) -> None:
    """Refuse to continue a run of another workflow, session or person, or one that has ended."""
    if run.workflow_id != workflow_id:
        raise UsageError(f"Run {run.run_id} is of workflow {run.workflow_id!r}; {workflow_id!r} can't continue it.")
    if session_id not in (None, run.session_id):
        raise UsageError(f"Run {run.run_id} is not a run of session {session_id!r}.")
    if user_id is not None and run.user_id is not None and user_id != run.user_id:
        raise UsageError(f"Run {run.run_id} is not a run of user {user_id!r}.")
    if run.status.has_ended:
        raise ConflictError(f"Run {run.run_id} is {run.status}; there is nothing left to continue.")


def check_definition_is_unchanged(snapshot: Snapshot) -> None:
    """Raise DefinitionError for a run that waits because its workflow no longer matches what it has done."""
    for pause in snapshot.pauses:
        if pause.state == "open" and pause.question.get("cause") == "definition_changed":
            raise DefinitionError(
                f"Run {snapshot.run.run_id} can't go on: {pause.question['error_message']} Bring the workflow back to "
                "what it was, then retry() the run's error requirement and continue; or cancel the run."
            )


async def answer_from(store: Store, snapshot: Snapshot, requirements: Sequence[Requirement], now: float) -> None:
    """Give the ledger every decision taken on the requirements; all are checked before any is stored.

    A decision counts as of when it was taken; only what is undecided at its deadline is answered by silence. Raises
    UsageError that names what is undecided, AnswerError for an answer that does not fit, ConflictError when a question
    was answered otherwise meanwhile.
    """
    pauses = {pause.pause_id: pause for pause in snapshot.pauses}
    given = {item.pause_id: item for item in requirements if item.is_resolved and not item.is_stored}
    _refuse_undecided(snapshot, given, now)
    for pause_id, item in given.items():
        if pause_id not in pauses:
            raise UsageError(f"The requirement of step {item.step_name!r} is not one of run {snapshot.run.run_id}.")
        if item.answer is not None:
            check_answer(pauses[pause_id], item.answer)
    for pause_id, item in given.items():
        await _give(store, pauses[pause_id], item)
    if any(pause.state == "open" and not _is_waiting(pause, now) for pause in snapshot.pauses):
        await expire_due(store, now)


def _refuse_undecided(snapshot: Snapshot, given: dict[str, Requirement], now: float) -> None:
    if snapshot.run.status is not RunStatus.PAUSED:
        return
    names = [pause.step_name for pause in snapshot.pauses if _is_waiting(pause, now) and pause.pause_id not in given]
    if names:
        raise UsageError(
            f"Run {snapshot.run.run_id} still waits for an answer about {', '.join(names)}; "
            "answer its requirements, then continue."
        )


def _is_waiting(pause: PauseRecord, now: float) -> bool:
    return pause.state == "open" and (pause.deadline is None or now < pause.deadline)


async def _give(store: Store, pause: PauseRecord, item: Requirement) -> None:
    if item.answer is None or item.resolved_at is None:
        return
    try:
        await give_answer(store, pause.pause_id, item.answer, at=item.resolved_at, by=BY, door=DOOR)
    except TooLateError as late:
        closed = late.pause.answered
        if closed is None or closed.by != "timeout":
            raise
    item.is_stored = True
