"""The events of a run, in the order in which they happen. Those of a paused run come after the pause is stored."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kernbot.run.status import RunStatus
from kernbot.workflow.inputs import as_plain
from kernbot.workflow.types import StepOutput

if TYPE_CHECKING:
    from kernbot.run.requirement import RunRequirement


class WorkflowRunEvent(StrEnum):
    """The names of the events."""

    workflow_started = "WorkflowStarted"
    workflow_completed = "WorkflowCompleted"
    workflow_error = "WorkflowError"
    workflow_cancelled = "WorkflowCancelled"
    workflow_paused = "WorkflowPaused"
    step_started = "StepStarted"
    step_completed = "StepCompleted"
    step_output = "StepOutput"
    step_error = "StepError"
    step_paused = "StepPaused"
    step_output_review = "StepOutputReview"
    router_paused = "RouterPaused"
    step_executor_paused = "StepExecutorPaused"
    step_executor_continued = "StepExecutorContinued"
    step_continued = "StepContinued"
    steps_execution_started = "StepsExecutionStarted"
    steps_execution_completed = "StepsExecutionCompleted"
    condition_execution_started = "ConditionExecutionStarted"
    condition_execution_completed = "ConditionExecutionCompleted"
    loop_execution_started = "LoopExecutionStarted"
    loop_iteration_started = "LoopIterationStarted"
    loop_iteration_completed = "LoopIterationCompleted"
    loop_execution_completed = "LoopExecutionCompleted"
    router_execution_started = "RouterExecutionStarted"
    router_execution_completed = "RouterExecutionCompleted"
    parallel_execution_started = "ParallelExecutionStarted"
    parallel_execution_completed = "ParallelExecutionCompleted"


@dataclass(kw_only=True)
class WorkflowRunOutputEvent:
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

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without what is None."""
        return {name: value for name, value in as_plain(self).items() if value is not None}


@dataclass(kw_only=True)
class WorkflowStartedEvent(WorkflowRunOutputEvent):
    """The run begins."""


@dataclass(kw_only=True)
class WorkflowCompletedEvent(WorkflowRunOutputEvent):
    """The run is over; some of its steps may have failed."""

    content: Any = None
    step_results: list[StepOutput] = field(default_factory=list)


@dataclass(kw_only=True)
class WorkflowErrorEvent(WorkflowRunOutputEvent):
    """The run ended in ERROR; the exception follows."""

    error: str | None = None
    error_type: str | None = None


@dataclass(kw_only=True)
class WorkflowCancelledEvent(WorkflowRunOutputEvent):
    """The run was cancelled, by a reject or by somebody."""

    reason: str | None = None
    content: Any = None
    is_cancelled: bool = True


@dataclass(kw_only=True)
class WorkflowPausedEvent(WorkflowRunOutputEvent):
    """The last event of a stream that stops at a question; the question is on the stored run."""

    status: RunStatus = RunStatus.PAUSED
    paused_step_name: str | None = None
    pause_kind: str | None = None
    is_paused: bool = True


@dataclass(kw_only=True)
class StepEvent(WorkflowRunOutputEvent):
    """What every event of a node has."""

    step_name: str | None = None
    step_index: int | None = None
    """Position of the top-level node that it is, or is in, from 0."""
    nested_depth: int = 0
    """How many nodes are around it."""


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
class StepOutputReviewEvent(StepEvent):
    """What came out of a node waits for a review."""

    output_review_message: str | None = None
    requires_output_review: bool = True


@dataclass(kw_only=True)
class RouterPausedEvent(StepEvent):
    """A router waits for people to select among its choices."""

    available_choices: list[str] = field(default_factory=list)
    user_input_message: str | None = None
    allow_multiple_selections: bool = False


@dataclass(kw_only=True)
class StepExecutorPausedEvent(StepEvent):
    """The agent or team in a step waits for people to decide about calls of tools."""

    executor_id: str | None = None
    executor_name: str | None = None
    executor_run_id: str | None = None
    executor_type: str | None = None
    """`agent` or `team`."""
    executor_requirements: list[RunRequirement] = field(default_factory=list, repr=False)
    """The open questions about its calls, to be looked at; they are decided on the stored run."""

    @property
    def executor_agent_name(self) -> str | None:
        """What `executor_name` is called in programs written for earlier interfaces."""
        return self.executor_name

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without the requirements: their arguments are whole, even where they are secret."""
        return {name: value for name, value in super().to_dict().items() if name != "executor_requirements"}


@dataclass(kw_only=True)
class StepExecutorContinuedEvent(StepEvent):
    """The calls have been decided."""

    executor_id: str | None = None
    executor_name: str | None = None
    executor_run_id: str | None = None
    executor_type: str | None = None


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
    step_results: list[StepOutput] = field(default_factory=list)


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
    step_results: list[StepOutput] = field(default_factory=list)


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
class RouterExecutionStartedEvent(StepEvent):
    """The choices of a router were selected."""

    selected_steps: list[str] = field(default_factory=list)
    """Their names, in the order in which they run."""


@dataclass(kw_only=True)
class RouterExecutionCompletedEvent(StepEvent):
    """The selected choices are over."""

    selected_steps: list[str] = field(default_factory=list)
    executed_steps: int = 0
    step_results: list[StepOutput] = field(default_factory=list)


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
    StepOutputReviewEvent,
    RouterPausedEvent,
    StepExecutorPausedEvent,
    StepExecutorContinuedEvent,
    StepContinuedEvent,
)
"""What a stream yields without `stream_events`; of the outputs, those of top-level steps."""
