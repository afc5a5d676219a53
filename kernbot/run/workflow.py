"""A workflow's run as the author's program sees it, and the names of its events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kernbot.run import team
from kernbot.run.agent import RunOutput
from kernbot.run.events import (
    ConditionExecutionCompletedEvent,
    ConditionExecutionStartedEvent,
    LoopExecutionCompletedEvent,
    LoopExecutionStartedEvent,
    LoopIterationCompletedEvent,
    LoopIterationStartedEvent,
    ParallelExecutionCompletedEvent,
    ParallelExecutionStartedEvent,
    RouterExecutionCompletedEvent,
    RouterExecutionStartedEvent,
    RouterPausedEvent,
    StepCompletedEvent,
    StepContinuedEvent,
    StepErrorEvent,
    StepExecutorContinuedEvent,
    StepExecutorPausedEvent,
    StepOutputEvent,
    StepOutputReviewEvent,
    StepPausedEvent,
    StepsExecutionCompletedEvent,
    StepsExecutionStartedEvent,
    StepStartedEvent,
    WorkflowCancelledEvent,
    WorkflowCompletedEvent,
    WorkflowErrorEvent,
    WorkflowPausedEvent,
    WorkflowRunEvent,
    WorkflowRunOutputEvent,
    WorkflowStartedEvent,
)
from kernbot.run.status import RunStatus
from kernbot.workflow.dicts import as_dict, fields_in, read, read_objects
from kernbot.workflow.inputs import as_plain
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
    "RouterExecutionCompletedEvent",
    "RouterExecutionStartedEvent",
    "RouterPausedEvent",
    "StepCompletedEvent",
    "StepContinuedEvent",
    "StepErrorEvent",
    "StepExecutorContinuedEvent",
    "StepExecutorPausedEvent",
    "StepOutputEvent",
    "StepOutputReviewEvent",
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
    "WorkflowRunOutputEvent",
    "WorkflowStartedEvent",
]


@dataclass(kw_only=True)
class WorkflowRunOutput:
    """A run as it is stored; loading it again gives an equal one."""

    run_id: str = ""
    session_id: str = ""
    workflow_id: str = ""
    workflow_name: str = ""
    user_id: str | None = None
    status: RunStatus = RunStatus.PENDING
    input: Any = None
    content: Any = None
    """That of the deepest last step; None while paused, the reason of a cancelled run."""
    step_results: list[StepOutput] = field(default_factory=list)
    """Outputs of the top-level nodes that are over; skipped ones are absent."""
    step_executor_runs: list[RunOutput] = field(default_factory=list, repr=False)
    """What agents and teams have done in steps, and in their functions, in the order in which they began; each once.

    What a model was told of itself is not in their `messages`.
    """
    step_requirements: list[StepRequirement] = field(default_factory=list)
    """All questions about nodes so far; the open one is last."""
    error_requirements: list[ErrorRequirement] = field(default_factory=list)
    """The open questions about failures."""
    error: str | None = None
    """Why the run ended in ERROR: class and message."""
    events: list[WorkflowRunOutputEvent] = field(default_factory=list)
    """Always empty: events are streamed, not kept."""
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
    def steps_requiring_output_review(self) -> list[StepRequirement]:
        """Those whose output, or iteration, is to be reviewed."""
        return [item for item in self.step_requirements if item.needs_output_review]

    @property
    def steps_requiring_route(self) -> list[StepRequirement]:
        """The routers whose choices are to be selected."""
        return [item for item in self.step_requirements if item.needs_route_selection]

    @property
    def steps_requiring_executor_resolution(self) -> list[StepRequirement]:
        """Those in which calls of tools are to be decided."""
        return [item for item in self.step_requirements if item.needs_executor_resolution]

    @property
    def steps_with_errors(self) -> list[ErrorRequirement]:
        """The failures that are not decided."""
        return [item for item in self.error_requirements if item.needs_decision]

    @property
    def active_error_requirements(self) -> list[ErrorRequirement]:
        """The same, under its other name."""
        return self.steps_with_errors

    def get_content_as_string(self, **options: Any) -> str:
        """Return the content as text: what is none as JSON, shaped by the options of `json.dumps`; no content as ""."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        return json.dumps(as_plain(self.content), **{"ensure_ascii": False, **options})

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, with the decisions taken on its requirements so far; models become dicts."""
        return as_dict(
            self,
            step_results=[output.to_dict() for output in self.step_results],
            step_executor_runs=[output.to_dict() for output in self.step_executor_runs],
            step_requirements=[item.to_dict() for item in self.step_requirements],
            error_requirements=[item.to_dict() for item in self.error_requirements],
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> WorkflowRunOutput:
        """Return what `to_dict` was called on, with plain data in the place of models; it may be continued.

        Other keys are left out. What `StepRequirement.from_dict` says of decisions holds here too.
        """
        known = fields_in(
            cls,
            data,
            status=lambda name: read(RunStatus, name) or name,
            pause_kind=lambda name: read(PauseKind, name) or name,
            step_results=partial(read_objects, StepOutput.from_dict),
            step_executor_runs=partial(read_objects, team.run_from_dict),
            step_requirements=partial(read_objects, StepRequirement.from_dict),
            error_requirements=partial(read_objects, ErrorRequirement.from_dict),
            events=lambda _: [],
        )
        return cls(**known)
