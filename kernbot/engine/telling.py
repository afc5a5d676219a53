"""The events that tell of an open question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kernbot.db.base import PauseRecord, RunRecord
from kernbot.engine.execution import event_of
from kernbot.engine.tool_views import executor_run_id, group_of, run_requirement
from kernbot.run.events import (
    RouterPausedEvent,
    StepExecutorPausedEvent,
    StepOutputReviewEvent,
    StepPausedEvent,
    WorkflowRunOutputEvent,
)


def paused_events(run: RunRecord, pauses: Sequence[PauseRecord]) -> list[WorkflowRunOutputEvent]:
    """Return the events of questions that have just been opened; one for all calls of tools in a step."""
    together: dict[str, list[PauseRecord]] = {}
    for pause in pauses:
        together.setdefault(group_of(pause), []).append(pause)
    return [_paused_event(run, asked) for asked in together.values()]


def _paused_event(run: RunRecord, asked: Sequence[PauseRecord]) -> WorkflowRunOutputEvent:
    """Return the event of a question that has just been opened, or of several about calls in one step."""
    pause = asked[-1]
    match pause.kind:
        case "route":
            return event_of(run, RouterPausedEvent, **_place(pause), **_choices(pause))
        case "tool":
            return event_of(run, StepExecutorPausedEvent, **_place(pause), **_executor(run, asked))
        case "output_review" | "iteration_review":
            message = pause.question["message"]
            return event_of(run, StepOutputReviewEvent, **_place(pause), output_review_message=message)
        case _:
            return event_of(run, StepPausedEvent, **_place(pause), **_needs(pause))


def _place(pause: PauseRecord) -> dict[str, Any]:
    """Return where a question is asked; one about a call of a tool, in its step."""
    path = pause.question["step_path"] if pause.kind == "tool" else pause.path
    index = pause.question["index"]
    return {"step_name": pause.step_name, "step_index": index, "step_id": path, "nested_depth": path.count("/") - 1}


def _executor(run: RunRecord, asked: Sequence[PauseRecord]) -> dict[str, Any]:
    executor = asked[-1].question["executor"]
    return {
        "executor_id": executor["id"],
        "executor_name": executor["name"],
        "executor_type": executor["kind"],
        "executor_run_id": executor_run_id(run.run_id, asked[-1]),
        "executor_requirements": [run_requirement(run.run_id, pause) for pause in asked],
    }


def _choices(pause: PauseRecord) -> dict[str, Any]:
    return {
        "available_choices": [choice["name"] for choice in pause.question["choices"]],
        "user_input_message": pause.question["message"],
        "allow_multiple_selections": pause.question["allow_multiple_selections"],
    }


def _needs(pause: PauseRecord) -> dict[str, Any]:
    question = pause.question
    return {
        "requires_confirmation": question.get("requires_confirmation", False),
        "confirmation_message": question["message"],
        "requires_user_input": question.get("requires_user_input", False),
        "user_input_message": question.get("user_input_message"),
        "user_input_schema": question.get("fields"),
    }
