"""Stored runs as the author's program sees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kernbot.db.base import PauseRecord, Snapshot
from kernbot.engine.gates import fields_of
from kernbot.engine.journal import ROOT, Journal
from kernbot.engine.values import decode
from kernbot.run.answer import Action, Answer
from kernbot.run.status import RunStatus
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow.types import ErrorRequirement, PauseKind, StepInput, StepOutput, StepRequirement

NOTHING_RAN = "No steps were executed."


def run_output(snapshot: Snapshot) -> WorkflowRunOutput:
    """Return a run as its author's program sees it."""
    run = snapshot.run
    results = top_level_outputs(snapshot)
    waiting = [pause for pause in snapshot.pauses if pause.state == "open"] if run.status is RunStatus.PAUSED else []
    return WorkflowRunOutput(
        run_id=run.run_id,
        session_id=run.session_id,
        workflow_id=run.workflow_id,
        workflow_name=run.workflow_name,
        user_id=run.user_id,
        status=run.status,
        input=decode(run.request["input"]),
        content=content_of(snapshot, results),
        step_results=results,
        step_requirements=[_step_requirement(snapshot, p) for p in snapshot.pauses if p.kind != "error"],
        error_requirements=[_error_requirement(snapshot, pause) for pause in waiting if pause.kind == "error"],
        error=(run.outcome or {}).get("error"),
        paused_step_name=waiting[-1].step_name if waiting else None,
        paused_step_index=waiting[-1].question["index"] if waiting else None,
        pause_kind=PauseKind.STEP if waiting else None,
        metadata=decode(run.request["metadata"]),
        created_at=int(run.created_at),
    )


def top_level_outputs(snapshot: Snapshot) -> list[StepOutput]:
    """Return the outputs of the top-level nodes that are over, in the order in which they ended."""
    journal = Journal(snapshot)
    paths = [entry.path for entry in snapshot.journal if entry.kind == "output" and _is_top_level(entry.path)]
    return [output for path in paths if (output := journal.output(path))]


def content_of(snapshot: Snapshot, results: list[StepOutput]) -> Any:
    """Return the content of a run: the result of one that is over, the reason of one that was cancelled."""
    if snapshot.run.status is RunStatus.CANCELLED:
        outcome = snapshot.run.outcome
        return outcome.get("reason") or f"The run was cancelled by {outcome['cancelled_by']}."
    if snapshot.run.status is not RunStatus.COMPLETED:
        return None
    passed = [output for output in results if output.passes_on]
    if passed:
        return passed[-1].last_content
    return None if any(output.failed_steps() for output in results) else NOTHING_RAN


def _is_top_level(path: str) -> bool:
    return path.count("/") == 1 and path.startswith(f"{ROOT}/")


def _common(pause: PauseRecord) -> dict[str, Any]:
    answered = pause.answered
    return {
        "pause_id": pause.pause_id,
        "step_id": pause.path,
        "step_name": pause.step_name,
        "step_index": pause.question["index"],
        "timeout_at": datetime.fromtimestamp(pause.deadline, UTC) if pause.deadline is not None else None,
        "answer": _answer(pause),
        "resolved_at": answered.at if answered else None,
        "is_stored": pause.state != "open",
    }


def _answer(pause: PauseRecord) -> Answer | None:
    """Return the answer of a pause; one that was closed by a cancel counts as answered so."""
    if pause.state == "open" or pause.answered is None:
        return None
    stored = pause.answered.answer
    answer = Answer.from_dict(stored) if stored else Answer(action=Action.cancel)
    return Answer(action=answer.action, values=decode(answer.values), feedback=answer.feedback)


def _step_requirement(snapshot: Snapshot, pause: PauseRecord) -> StepRequirement:
    question = pause.question
    common = _common(pause)
    answer = common["answer"]
    given = answer.values if answer and answer.action is Action.provide else None
    schema = [replace(item, value=(given or {}).get(item.name, item.value)) for item in fields_of(question)]
    return StepRequirement(
        **common,
        confirmed=answer and answer.action in (Action.confirm, Action.provide),
        user_input=given,
        step_type=question["step_type"],
        requires_confirmation=question["requires_confirmation"],
        confirmation_message=question["confirmation_message"] or question["message"],
        on_reject=question["on_reject"],
        requires_user_input=question["requires_user_input"],
        user_input_message=question["user_input_message"] or question["message"],
        user_input_schema=schema or None,
        on_timeout=question["on_timeout"],
        step_input=_step_input(snapshot, question),
    )


def _step_input(snapshot: Snapshot, question: dict[str, Any]) -> StepInput:
    """Return what the step would see: the run's input, and by reference what came before it."""
    previous = previous_output(snapshot, question)
    return StepInput(
        input=decode(snapshot.run.request["input"]),
        previous_step_content=previous.last_content if previous else None,
        additional_data=decode(snapshot.run.request["additional_data"]) or {},
    )


def previous_output(snapshot: Snapshot, question: dict[str, Any]) -> StepOutput | None:
    """Return the output that a question refers to as what came before."""
    reference = question.get("previous")
    return Journal(snapshot).output(reference["path"]) if reference else None


def _error_requirement(snapshot: Snapshot, pause: PauseRecord) -> ErrorRequirement:
    question = pause.question
    earlier = [other for other in snapshot.pauses if other.path == pause.path and other.kind == "error"]
    answers = [answer for other in earlier if (answer := _answer(other))]
    actions = tuple(Action(name) for name in question["actions"] if name != Action.cancel)
    return ErrorRequirement(
        **_common(pause),
        error_type=question["error_type"],
        error_message=question["error_message"],
        retry_count=sum(answer.action is Action.retry for answer in answers),
        actions=actions,
    )
