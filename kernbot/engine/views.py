"""Stored runs as the author's program sees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kernbot.db.base import PauseRecord, Snapshot
from kernbot.engine.agent_views import executor_runs
from kernbot.engine.gates import Verdict, decide, fields_of
from kernbot.engine.journal import ROOT, Journal
from kernbot.engine.tool_views import about_calls, group_of
from kernbot.engine.values import decode
from kernbot.run.answer import Action, Answer
from kernbot.run.status import RunStatus
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow.types import ErrorRequirement, PauseKind, StepInput, StepOutput, StepRequirement, StepType

NOTHING_RAN = "No steps were executed."
_YES = (Action.confirm, Action.provide, Action.select, Action.edit)


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
        step_executor_runs=executor_runs(snapshot, Journal(snapshot)),
        step_requirements=_step_requirements(snapshot),
        error_requirements=[_error_requirement(snapshot, pause) for pause in waiting if pause.kind == "error"],
        error=(run.outcome or {}).get("error") if run.status is RunStatus.ERROR else None,
        paused_step_name=waiting[-1].step_name if waiting else None,
        paused_step_index=waiting[-1].question["index"] if waiting else None,
        pause_kind=_kind(waiting[-1]) if waiting else None,
        metadata=decode(run.request["metadata"]),
        created_at=int(run.created_at),
    )


def _kind(pause: PauseRecord) -> PauseKind:
    return PauseKind.EXECUTOR if pause.kind == "tool" else PauseKind.STEP


def _step_requirements(snapshot: Snapshot) -> list[StepRequirement]:
    """Return all questions about nodes so far, the open ones last; those about calls that go together as one."""
    groups: dict[str, list[PauseRecord]] = {}
    for pause in snapshot.pauses:
        if pause.kind != "error":
            groups.setdefault(group_of(pause), []).append(pause)
    return [
        StepRequirement(**{**_common(pauses[0]), **about_calls(snapshot.run.run_id, pauses)})
        if pauses[0].kind == "tool"
        else _step_requirement(snapshot, pauses[0])
        for pauses in sorted(groups.values(), key=lambda pauses: pauses[0].state == "open")
    ]


def top_level_outputs(snapshot: Snapshot) -> list[StepOutput]:
    """Return the outputs of the top-level nodes, in the order in which they ended; one under review is among them."""
    journal = Journal(snapshot)
    left = [entry.path for entry in snapshot.journal if entry.kind in ("output", "draft")]
    reviewed = [pause.path for pause in snapshot.pauses if pause.kind == "iteration_review"]
    paths = dict.fromkeys(path for path in (*left, *reviewed) if _is_top_level(path))
    return [output for path in paths if (output := _shown(snapshot, journal, path))]


def _shown(snapshot: Snapshot, journal: Journal, path: str) -> StepOutput | None:
    """Return the output of a node; of one that isn't over, what is under review, unless it is done again."""
    if journal.is_over(path):
        return journal.output(path)
    if (number := journal.last_number(path, "draft")) == 0:
        return _iterations(snapshot, journal, path)
    reviewed = journal.pause(path, "output_review", number)
    return None if reviewed and _is_done_again(reviewed) else journal.draft(path, number)


def _iterations(snapshot: Snapshot, journal: Journal, path: str) -> StepOutput | None:
    """Return what the iterations of a loop have left, one of which is under review; None if it goes on."""
    asked = [pause for pause in snapshot.pauses if pause.path == path and pause.kind == "iteration_review"]
    if not asked or _is_done_again(asked[-1]):
        return None
    inside = (entry.path for entry in snapshot.journal if entry.kind == "output" and _is_in_iteration(entry.path, path))
    outputs = [output for where in inside if (output := journal.output(where))]
    loop = StepOutput(step_name=asked[-1].step_name, step_type=StepType.LOOP, steps=outputs)
    return replace(loop, content=loop.last_content, success=all(output.success for output in outputs))


def _is_in_iteration(path: str, loop: str) -> bool:
    return path.startswith(f"{loop}/iter-") and path.count("/") == loop.count("/") + 2


def _is_done_again(reviewed: PauseRecord) -> bool:
    return reviewed.state == "answered" and decide(reviewed).verdict is Verdict.RETRY


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
    return replace(answer, values=decode(answer.values), output=decode(answer.output))


def _step_requirement(snapshot: Snapshot, pause: PauseRecord) -> StepRequirement:
    question = pause.question
    common = _common(pause)
    answer = common["answer"]
    given = answer.values if answer and answer.action is Action.provide else None
    schema = [replace(item, value=(given or {}).get(item.name, item.value)) for item in fields_of(question)]
    return StepRequirement(
        **common,
        **_review(snapshot, pause),
        **_routes(question),
        confirmed=_confirmed(answer),
        user_input=given,
        step_type=question["step_type"],
        confirmation_message=question.get("confirmation_message") or question["message"],
        on_reject=question["on_reject"],
        promised_on_reject=question["on_reject"],
        requires_user_input=question.get("requires_user_input", False),
        user_input_message=question.get("user_input_message") or question["message"],
        user_input_schema=schema or None,
        retry_count=question.get("retry_count", 0),
        max_retries=question.get("max_retries"),
        on_timeout=question["on_timeout"],
        step_input=_step_input(snapshot, question),
    )


def _confirmed(answer: Answer | None) -> bool | None:
    return None if answer is None else answer.action in _YES


def _review(snapshot: Snapshot, pause: PauseRecord) -> dict[str, Any]:
    """Return what a requirement says of the yes or no: before a node runs, or about what came out."""
    if "reviewed" not in pause.question:
        return {"requires_confirmation": pause.question.get("requires_confirmation", False)}
    return {
        "requires_confirmation": True,
        "requires_output_review": True,
        "output_review_message": pause.question["message"],
        "is_post_execution": True,
        "step_output": reviewed_output(snapshot, pause),
    }


def _routes(question: dict[str, Any]) -> dict[str, Any]:
    if "choices" not in question:
        return {}
    return {
        "requires_route_selection": "allow_multiple_selections" in question,
        "available_choices": [choice["name"] for choice in question["choices"]],
        "proposed_choices": question.get("proposed"),
        "allow_multiple_selections": question.get("allow_multiple_selections", False),
    }


def reviewed_output(snapshot: Snapshot, pause: PauseRecord) -> StepOutput | None:
    """Return what a question for a review refers to."""
    reviewed = pause.question["reviewed"]
    if "draft" in reviewed:
        return Journal(snapshot).draft(pause.path, reviewed["draft"])
    return Journal(snapshot).output(reviewed["path"]) if reviewed["path"] else None


def _step_input(snapshot: Snapshot, question: dict[str, Any]) -> StepInput:
    """Return what the step would see: what the run, or the workflow it is in, began with, and what came before it."""
    given, previous = question.get("input"), question.get("previous")
    return StepInput(
        input=_content_at(snapshot, given) if given else decode(snapshot.run.request["input"]),
        previous_step_content=_content_at(snapshot, previous) if previous and previous != given else None,
        additional_data=decode(snapshot.run.request["additional_data"]) or {},
    )


def _content_at(snapshot: Snapshot, reference: dict[str, str]) -> Any:
    output = Journal(snapshot).output(reference["path"])
    return output and output.last_content


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
