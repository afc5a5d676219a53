"""An agent's run as its author sees it, and the names of its events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from kernbot.run.events import WorkflowRunOutputEvent
from kernbot.run.messages import Message, Usage
from kernbot.run.requirement import RunRequirement
from kernbot.run.status import RunStatus
from kernbot.run.tool_execution import ToolExecution
from kernbot.workflow.dicts import as_dict, fields_in, read, read_objects
from kernbot.workflow.inputs import as_plain
from kernbot.workflow.types import ErrorRequirement


@dataclass(kw_only=True)
class AsksPeople:
    """What asks people about calls of tools."""

    requirements: list[RunRequirement] = field(default_factory=list, repr=False)
    """All questions so far; decide the open ones, and continue the run."""
    error_requirements: list[ErrorRequirement] = field(default_factory=list, repr=False)
    """The open questions about calls that may have been made already when a process died."""

    @property
    def active_requirements(self) -> list[RunRequirement]:
        """The questions that are not decided."""
        return [item for item in self.requirements if not item.is_resolved()]

    @property
    def active_error_requirements(self) -> list[ErrorRequirement]:
        """The questions about calls that may have been made, as far as they are not decided."""
        return [item for item in self.error_requirements if item.needs_decision]

    @property
    def tools_requiring_confirmation(self) -> list[ToolExecution]:
        """The calls that need a yes or no."""
        return [item.tool_execution for item in self.active_requirements if item.needs_confirmation]

    @property
    def tools_requiring_user_input(self) -> list[ToolExecution]:
        """The calls that need values."""
        return [item.tool_execution for item in self.active_requirements if item.needs_user_input]

    @property
    def tools_requiring_user_feedback(self) -> list[ToolExecution]:
        """The calls that need choices."""
        return [item.tool_execution for item in self.active_requirements if item.needs_user_feedback]

    @property
    def tools_awaiting_external_execution(self) -> list[ToolExecution]:
        """The calls whose result is to be supplied."""
        return [item.tool_execution for item in self.active_requirements if item.needs_external_execution]


@dataclass(kw_only=True)
class RunOutput(AsksPeople):
    """What an agent has done and said; loading it again gives an equal one."""

    run_id: str
    session_id: str
    agent_id: str | None = None
    agent_name: str | None = None
    user_id: str | None = None
    status: RunStatus = RunStatus.PENDING
    input: Any = None
    content: Any = None
    """The last words of the agent; a short sentence while it waits, the reason of a run that was cancelled."""
    messages: list[Message] = field(default_factory=list, repr=False)
    """What was said in this run: first what the model was told of itself, then the input."""
    tools: list[ToolExecution] = field(default_factory=list)
    """All calls so far, in the order in which they were asked for."""
    usage: Usage = field(default_factory=Usage)
    """Of this agent's own model."""
    error: str | None = None
    """Why the run ended in ERROR: class and message."""
    metadata: dict[str, Any] | None = None
    created_at: int = 0
    """Unix seconds."""

    @property
    def is_paused(self) -> bool:
        """Whether the run waits for people."""
        return self.status is RunStatus.PAUSED

    @property
    def is_cancelled(self) -> bool:
        """Whether the run was cancelled."""
        return self.status is RunStatus.CANCELLED

    @property
    def metrics(self) -> Usage:
        """The same as `usage`, under its other name."""
        return self.usage

    def get_content_as_string(self, **options: Any) -> str:
        """Return the content as text: what is none as JSON, shaped by the options of `json.dumps`; no content as ""."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        return json.dumps(as_plain(self.content), **{"ensure_ascii": False, **options})

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without what is None."""
        whole = as_dict(
            self,
            tools=[item.to_dict() for item in self.tools],
            requirements=[item.to_dict() for item in self.requirements],
            error_requirements=[item.to_dict() for item in self.error_requirements],
        )
        return {name: value for name, value in whole.items() if value is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was called on, with plain data in the place of models; it may be continued.

        Other keys are left out.
        """
        return cls(**cls._known(data))

    @classmethod
    def _known(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"run_id": "", "session_id": ""} | fields_in(
            cls,
            data,
            status=lambda name: read(RunStatus, name) or name,
            messages=lambda messages: read(list[Message], messages) or [],
            tools=partial(read_objects, ToolExecution.from_dict),
            usage=lambda usage: read(Usage, usage) or Usage(),
            requirements=partial(read_objects, RunRequirement.from_dict),
            error_requirements=partial(read_objects, ErrorRequirement.from_dict),
        )


@dataclass(kw_only=True)
class RunEvent(WorkflowRunOutputEvent):
    """What every event of an agent has; `step_name` is set inside a workflow."""

    agent_id: str | None = None
    agent_name: str | None = None
    step_name: str | None = None
    executor_run_id: str | None = None
    """Inside a workflow: the `run_id` of what it does, in `step_executor_runs`."""
    content: Any = None

    @property
    def is_paused(self) -> bool:
        """Whether the agent waits for people now."""
        return False

    @property
    def is_cancelled(self) -> bool:
        """Whether the run was cancelled."""
        return False


@dataclass(kw_only=True)
class RunStartedEvent(RunEvent):
    """An agent begins."""


@dataclass(kw_only=True)
class RunContentEvent(RunEvent):
    """A piece of what it says."""


@dataclass(kw_only=True)
class ToolCallStartedEvent(RunEvent):
    """A tool is about to be called."""

    tool: ToolExecution | None = None


@dataclass(kw_only=True)
class ToolCallCompletedEvent(RunEvent):
    """A tool has been called, or its call refused."""

    tool: ToolExecution | None = None


@dataclass(kw_only=True)
class RunPausedEvent(AsksPeople, RunEvent):
    """It waits for people; what secret arguments there are is in the requirements only.

    In the stream of an agent that runs by itself the requirements are here, to be decided and given to `continue_run`.
    Inside a workflow they are on the stored run.
    """

    tools: list[ToolExecution] = field(default_factory=list)

    @property
    def is_paused(self) -> bool:
        """Whether the agent waits for people now."""
        return True

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without the requirements: their arguments are whole, even where they are secret."""
        return {name: value for name, value in super().to_dict().items() if "requirements" not in name}


@dataclass(kw_only=True)
class RunContinuedEvent(RunEvent):
    """The questions have been answered."""


@dataclass(kw_only=True)
class RunCompletedEvent(RunEvent):
    """It has said its last word."""


@dataclass(kw_only=True)
class RunCancelledEvent(RunEvent):
    """The run was cancelled; `content` says why."""

    @property
    def is_cancelled(self) -> bool:
        """Whether the run was cancelled."""
        return True


@dataclass(kw_only=True)
class RunErrorEvent(RunEvent):
    """It failed; the exception follows."""

    error: str | None = None
