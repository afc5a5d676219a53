"""A workflow's run as the author's program sees it, and the names of its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kernbot.run.events import (
    ConditionExecutionCompletedEvent,
    ConditionExecutionStartedEvent,
    LoopExecutionCompletedEvent,
    LoopExecutionStartedEvent,
    LoopIterationCompletedEvent,
    LoopIterationStartedEvent,
    ParallelExecutionCompletedEvent,
    ParallelExecutionStartedEvent,
    StepCompletedEvent,
    StepContinuedEvent,
    StepErrorEvent,
    StepOutputEvent,
    StepPausedEvent,
    StepsExecutionCompletedEvent,
    StepsExecutionStartedEvent,
    StepStartedEvent,
    WorkflowCancelledEvent,
    WorkflowCompletedEvent,
    WorkflowErrorEvent,
    WorkflowPausedEvent,
    WorkflowRunEvent,
    WorkflowStartedEvent,
)
from kernbot.run.status import RunStatus
from kernbot.workflow.types import ErrorRequirement, PauseKind, StepOutput, StepRequirement

__all__ = [
    "ConditionExecutionCompletedEvent",
    "ConditionExecutionStartedEvent",
    "LoopExecutionCompletedEvent",
    "LoopExecutionStartedEvent",
    "LoopIterationCompletedEvent",
    "LoopIterationStartedEvent",
    "ParallelExecutionCompletedEvent",
    "ParallelExecutionStartedEvent",
    "StepCompletedEvent",
    "StepContinuedEvent",
    "StepErrorEvent",
    "StepOutputEvent",
    "StepPausedEvent",
    "StepStartedEvent",
    "StepsExecutionCompletedEvent",
    "StepsExecutionStartedEvent",
    "WorkflowCancelledEvent",
    "WorkflowCompletedEvent",
    "WorkflowErrorEvent",
    "WorkflowPausedEvent",
    "WorkflowRunEvent",
    "WorkflowRunOutput",
    "WorkflowStartedEvent",
]


@dataclass(kw_only=True)
class WorkflowRunOutput:
    """A run as it is stored; loading it again gives an equal one."""

    run_id: str
    session_id: str
    workflow_id: str
    workflow_name: str
    user_id: str | None = None
    status: RunStatus = RunStatus.PENDING
    input: Any = None
    content: Any = None
    """That of the deepest last step; None while paused, the reason of a cancelled run."""
    step_results: list[StepOutput] = field(default_factory=list)
    """Outputs of the top-level nodes that are over; skipped ones are absent."""
    step_requirements: list[StepRequirement] = field(default_factory=list)
    """All questions about nodes so far; the open one is last."""
    error_requirements: list[ErrorRequirement] = field(default_factory=list)
    """The open questions about failures."""
    error: str | None = None
    """Why the run ended in ERROR: class and message."""
    paused_step_name: str | None = None
    paused_step_index: int | None = None
    """Position of the paused top-level node, from 0."""
    pause_kind: PauseKind | None = None
    metadata: dict[str, Any] | None = None
    created_at: int = 0
    """Unix seconds."""

    @property
    def is_paused(self) -> bool:
        """Whether the run waits for an answer."""
        return self.status is RunStatus.PAUSED

    @property
    def is_cancelled(self) -> bool:
        """Whether the run was cancelled."""
        return self.status is RunStatus.CANCELLED

    @property
    def has_completed(self) -> bool:
        """Whether the run went to its end or to an error."""
        return self.status in (RunStatus.COMPLETED, RunStatus.ERROR)

    @property
    def failed_steps(self) -> list[StepOutput]:
        """The steps that failed, at any depth."""
        return [failed for output in self.step_results for failed in output.failed_steps()]

    @property
    def has_failed_steps(self) -> bool:
        """Whether a step failed; such a run can be COMPLETED all the same, with the default `on_error=skip`."""
        return bool(self.failed_steps)

    @property
    def active_step_requirements(self) -> list[StepRequirement]:
        """The questions about nodes that are not decided."""
        return [item for item in self.step_requirements if not item.is_resolved]

    @property
    def steps_requiring_confirmation(self) -> list[StepRequirement]:
        """Those that need a yes or no."""
        return [item for item in self.step_requirements if item.needs_confirmation]

    @property
    def steps_requiring_user_input(self) -> list[StepRequirement]:
        """Those that need values."""
        return [item for item in self.step_requirements if item.needs_user_input]

    @property
    def steps_with_errors(self) -> list[ErrorRequirement]:
        """The failures that are not decided."""
        return [item for item in self.error_requirements if item.needs_decision]
