"""Taking the decisions that an author's program made on requirements to the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from kernbot.db.base import PauseRecord, RunRecord, Snapshot, Store
from kernbot.engine.ledger import TooLateError, check_answer, expire_due, give_answer, in_words
from kernbot.engine.promises import check_holds
from kernbot.errors import ConflictError, DefinitionError, UsageError
from kernbot.run.answer import Answer
from kernbot.run.requirement import RunRequirement
from kernbot.run.status import RunStatus
from kernbot.workflow.node import Node
from kernbot.workflow.requirement import Requirement
from kernbot.workflow.requirements import StepRequirement

BY = "library"
DOOR = "python"


def check_may_continue(run: RunRecord, workflow_id: str, session_id: str | None, user_id: str | None) -> None:
    """Refuse to continue a run of another workflow, session or person, or one that ended otherwise than in ERROR."""
    if run.workflow_id != workflow_id:
        raise UsageError(f"Run {run.run_id} is of workflow {run.workflow_id!r}; {workflow_id!r} can't continue it.")
    if session_id not in (None, run.session_id):
        raise UsageError(f"Run {run.run_id} is not a run of session {session_id!r}.")
    if user_id is not None and run.user_id is not None and user_id != run.user_id:
        raise UsageError(f"Run {run.run_id} is not a run of user {user_id!r}.")
    if run.status in (RunStatus.COMPLETED, RunStatus.CANCELLED):
        raise ConflictError(f"Run {run.run_id} is {run.status}; there is nothing left to continue.")


async def retry_if_failed(store: Store, run: RunRecord, now: float) -> None:
    """Have a run that ended in ERROR go on: what had failed is tried once more."""
    if run.status is RunStatus.ERROR:
        await store.reopen_run(run.run_id, now)


def check_definition_is_unchanged(snapshot: Snapshot) -> None:
    """Raise DefinitionError for a run that waits because its workflow no longer matches what it has done."""
    for pause in snapshot.pauses:
        if pause.state == "open" and pause.question.get("cause") == "definition_changed":
            raise DefinitionError(
                f"Run {snapshot.run.run_id} can't go on: {pause.question['error_message']} Bring the workflow back to "
                "what it was, then retry() the run's error requirement and continue; or cancel the run."
            )


async def answer_from(
    store: Store,
    snapshot: Snapshot,
    requirements: Sequence[Requirement | RunRequirement],
    now: float,
    nodes: Sequence[Node],
) -> None:
    """Give the ledger every decision taken on the requirements; all are checked before any is stored.

    A decision counts as of when it was taken; only what is undecided at its deadline is answered by silence. Raises
    UsageError that names what is undecided, AnswerError for an answer that does not fit, ConflictError when a question
    was answered otherwise meanwhile, or one of the `nodes` that it is about has changed since it was asked.
    """
    pauses = {pause.pause_id: pause for pause in snapshot.pauses}
    given = {item.pause_id: item for item in _decided(requirements)}
    for pause_id, item in given.items():
        if pause_id not in pauses:
            raise UsageError(f"The requirement about {_name(item)!r} is not one of run {snapshot.run.run_id}.")
    _refuse_undecided(snapshot, given.keys(), now)
    for pause_id, item in given.items():
        if (answer := _answer(item)) is not None:
            check_answer(pauses[pause_id], answer)
    for pause_id in given:
        await check_holds(store, nodes, pauses[pause_id])
    for pause_id, item in given.items():
        await _give(store, pauses[pause_id], item, now)
    if any(pause.state == "open" and not _is_waiting(pause, now) for pause in snapshot.pauses):
        await expire_due(store, now)


def _decided(requirements: Sequence[Requirement | RunRequirement]) -> Iterator[Requirement | RunRequirement]:
    """Yield what was decided and is not stored yet; what a step asks about calls of tools one by one."""
    for item in requirements:
        if isinstance(item, StepRequirement) and item.requires_executor_input:
            yield from _decided(item.executor_requirements or ())
        elif not item.is_stored and _is_decided(item):
            yield item


def _is_decided(item: Requirement | RunRequirement) -> bool:
    if isinstance(item, RunRequirement):
        return item.is_resolved()
    item.note_what_was_set()
    return item.is_resolved


def _refuse_undecided(snapshot: Snapshot, given: AbstractSet[str], now: float) -> None:
    if snapshot.run.status is not RunStatus.PAUSED:
        return
    names = [_asked_name(pause) for pause in snapshot.pauses if _is_waiting(pause, now) and pause.pause_id not in given]
    late = [pause for pause in snapshot.pauses if pause.pause_id in given and pause.state != "open"]
    if names:
        raise UsageError(
            f"Run {snapshot.run.run_id} still waits for an answer about {', '.join(names)}; "
            "answer its requirements, then continue."
            + "".join(f" The question about {_asked_name(pause)} is closed: {in_words(pause)}" for pause in late)
        )


def _asked_name(pause: PauseRecord) -> str:
    return f"{pause.step_name} ({pause.question['tool']['name']})" if pause.kind == "tool" else pause.step_name


def _is_waiting(pause: PauseRecord, now: float) -> bool:
    return pause.state == "open" and (pause.deadline is None or now < pause.deadline)


async def _give(store: Store, pause: PauseRecord, item: Requirement | RunRequirement, now: float) -> None:
    answer, at = _answer(item), item.resolved_at
    if answer is None or at is None:
        return
    try:
        await give_answer(store, pause.pause_id, answer, at=min(at, now), by=BY, door=DOOR)
    except TooLateError as late:
        closed = late.pause.answered
        if closed is None or closed.by != "timeout":
            raise
    if isinstance(item, RunRequirement):
        item.stored_answer = answer
    else:
        item.is_stored = True


def _answer(item: Requirement | RunRequirement) -> Answer | None:
    return item.answer if isinstance(item, RunRequirement) else item.answer_to_store()


def _name(item: Requirement | RunRequirement) -> str | None:
    return item.tool_execution.tool_name if isinstance(item, RunRequirement) else item.step_name
