"""The events of a run, in the order in which they happen. Those of a paused run come after the pause is stored."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from kernbot.run.status import RunStatus
from kernbot.workflow.types import StepOutput


@dataclass(kw_only=True)
class WorkflowRunEvent:
    """What every event has."""

    event: str = ""
    """The class's name without `Event`."""
    created_at: int = field(default_factory=lambda: int(time.time()))
    """Unix seconds."""
    workflow_id: str | None = None
    workflow_name: str | None = None
    session_id: str | None = None
    run_id: str | None = None
    step_id: str | None = None

    def __post_init__(self) -> None:
        self.event = type(self).__name__.removesuffix("Event")


@dataclass(kw_only=True)
class WorkflowStartedEvent(WorkflowRunEvent):
    """The run begins."""


@dataclass(kw_only=True)
class WorkflowCompletedEvent(WorkflowRunEvent):
    """The run is over; some of its steps may have failed."""

    content: Any = None
    step_results: list[StepOutput] = field(default_factory=list)


@dataclass(kw_only=True)
class WorkflowErrorEvent(WorkflowRunEvent):
    """The run ended in ERROR; the exception follows."""

    error: str | None = None
    error_type: str | None = None


@dataclass(kw_only=True)
class WorkflowCancelledEvent(WorkflowRunEvent):
    """The run was cancelled, by a reject or by somebody."""

    reason: str | None = None
    content: Any = None
    is_cancelled: bool = True


@dataclass(kw_only=True)
class WorkflowPausedEvent(WorkflowRunEvent):
    """The last event of a stream that stops at a question; the question is on the stored run."""

    status: RunStatus = RunStatus.PAUSED
    paused_step_name: str | None = None
    pause_kind: str | None = None
    is_paused: bool = True


@dataclass(kw_only=True)
class StepEvent(WorkflowRunEvent):
    """What every event of a node has."""

    step_name: str | None = None
    step_index: int | None = None
    """Position of the top-level node that it is, or is in, from 0."""


@dataclass(kw_only=True)
class StepStartedEvent(StepEvent):
    """A step begins."""


@dataclass(kw_only=True)
class StepCompletedEvent(StepEvent):
    """A step is over and its output stored."""

    content: Any = None
    step_response: StepOutput | None = None


@dataclass(kw_only=True)
class StepOutputEvent(StepEvent):
    """A step's output."""

    step_output: StepOutput | None = None

    @property
    def content(self) -> Any:
        """The output's content."""
        return self.step_output.content if self.step_output else None


@dataclass(kw_only=True)
class StepErrorEvent(StepEvent):
    """A step failed for good: its retries are used up."""

    error: str | None = None


@dataclass(kw_only=True)
class StepPausedEvent(StepEvent):
    """A node waits for an answer before it runs."""

    requires_confirmation: bool = False
    confirmation_message: str | None = None
    requires_user_input: bool = False
    user_input_message: str | None = None
    user_input_schema: list[dict[str, Any]] | None = None


@dataclass(kw_only=True)
class StepContinuedEvent(StepEvent):
    """The question of a node has been answered."""


@dataclass(kw_only=True)
class StepsExecutionStartedEvent(StepEvent):
    """A pipeline begins."""

    steps_count: int = 0


@dataclass(kw_only=True)
class StepsExecutionCompletedEvent(StepEvent):
    """A pipeline is over."""

    steps_count: int = 0
    executed_steps: int = 0


@dataclass(kw_only=True)
class ConditionExecutionStartedEvent(StepEvent):
    """A branch was chosen."""

    condition_result: bool = False
    branch: str | None = None
    """`if` or `else`."""


@dataclass(kw_only=True)
class ConditionExecutionCompletedEvent(StepEvent):
    """The branch is over."""

    condition_result: bool = False
    branch: str | None = None
    executed_steps: int = 0


@dataclass(kw_only=True)
class LoopExecutionStartedEvent(StepEvent):
    """A loop begins, or goes on."""

    max_iterations: int | None = None


@dataclass(kw_only=True)
class LoopIterationStartedEvent(StepEvent):
    """An iteration begins."""

    iteration: int = 0
    """Counted from 1."""
    max_iterations: int | None = None


@dataclass(kw_only=True)
class LoopIterationCompletedEvent(StepEvent):
    """An iteration is over."""

    iteration: int = 0
    max_iterations: int | None = None
    iteration_results: list[StepOutput] = field(default_factory=list)
    should_continue: bool = False


@dataclass(kw_only=True)
class LoopExecutionCompletedEvent(StepEvent):
    """A loop is over."""

    total_iterations: int = 0
    max_iterations: int | None = None
    all_results: list[list[StepOutput]] = field(default_factory=list)


@dataclass(kw_only=True)
class ParallelExecutionStartedEvent(StepEvent):
    """The branches begin, or go on."""

    parallel_step_count: int = 0


@dataclass(kw_only=True)
class ParallelExecutionCompletedEvent(StepEvent):
    """All branches are over."""

    parallel_step_count: int = 0
    step_results: list[StepOutput] = field(default_factory=list)


ALWAYS_STREAMED = (
    WorkflowStartedEvent,
    WorkflowCompletedEvent,
    WorkflowErrorEvent,
    WorkflowCancelledEvent,
    WorkflowPausedEvent,
    StepOutputEvent,
    StepErrorEvent,
    StepPausedEvent,
    StepContinuedEvent,
)
"""What a stream yields without `stream_events`."""
