"""What goes into a step and what comes out of it; and the public names that the documents import from here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from kernbot.workflow.fields import UserInputField
from kernbot.workflow.inputs import as_plain
from kernbot.workflow.requirement import PauseKind
from kernbot.workflow.requirements import ErrorRequirement, StepRequirement
from kernbot.workflow.review import HumanReview, OnError, OnReject, OnTimeout

if TYPE_CHECKING:
    from kernbot.session.workflow import WorkflowSession

__all__ = [
    "ErrorRequirement",
    "HumanReview",
    "OnError",
    "OnReject",
    "OnTimeout",
    "PauseKind",
    "StepInput",
    "StepOutput",
    "StepRequirement",
    "StepType",
    "UserInputField",
]


class StepType(StrEnum):
    """The kinds of node."""

    FUNCTION = "Function"
    STEP = "Step"
    STEPS = "Steps"
    LOOP = "Loop"
    PARALLEL = "Parallel"
    CONDITION = "Condition"
    ROUTER = "Router"
    WORKFLOW = "Workflow"


@dataclass
class StepOutput:
    """What a step produced. A function may return one, or any other value, which becomes `content`."""

    step_name: str | None = None
    step_id: str | None = None
    step_type: str | None = None
    executor_type: str | None = None
    executor_name: str | None = None
    content: Any = None
    success: bool = True
    error: str | None = None
    stop: bool = False
    """End the run here, COMPLETED."""
    steps: list[StepOutput] | None = None
    """The outputs inside a composite, in order."""

    @property
    def passes_on(self) -> bool:
        """Whether the next step sees anything of it: a failure, or a composite that ran nothing, passes nothing on."""
        return self.success if self.steps is None else any(output.passes_on for output in self.steps)

    @property
    def last_content(self) -> Any:
        """The content of the deepest last successful step, which is what the next step sees."""
        inner = [output for output in self.steps or () if output.passes_on]
        return inner[-1].last_content if inner else self.content

    def replace_content(self, content: Any) -> None:
        """Put another content in the place of what the next step would see."""
        inner = [output for output in self.steps or () if output.passes_on]
        if inner:
            inner[-1].replace_content(content)
        else:
            self.steps, self.success, self.error = None, True, None
        self.content = content

    def failed_steps(self) -> list[StepOutput]:
        """Return the steps in here that failed, the deepest ones."""
        if self.steps is None:
            return [] if self.success else [self]
        return [failed for output in self.steps for failed in output.failed_steps()]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON; a model in `content` becomes a dict."""
        steps = None if self.steps is None else [output.to_dict() for output in self.steps]
        return {**vars(self), "content": as_plain(self.content), "steps": steps}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> StepOutput:
        """Return what `to_dict` was called on, with plain data in the place of models; other keys are left out."""
        steps = data.get("steps")
        inner = None if steps is None else [cls.from_dict(output) for output in steps]
        return cls(**{**_fields_in(cls, data), "steps": inner})


@dataclass
class StepInput:
    """What a step function receives."""

    input: Any = None
    """The input of the run."""
    previous_step_content: Any = None
    """The content of the last step before this one that succeeded; None for the first."""
    previous_step_outputs: dict[str, StepOutput] = field(default_factory=dict)
    """All outputs before this one, by step name."""
    additional_data: dict[str, Any] = field(default_factory=dict)
    """What the run was started with beside the input; `user_input` holds what a person filled in for this step."""
    workflow_session: WorkflowSession | None = field(default=None, repr=False, compare=False)
    """The session of the run. Its state is that of `run_context`; nothing is read before its runs are asked for."""

    def __post_init__(self) -> None:
        self.previous_step_outputs = self.previous_step_outputs or {}
        self.additional_data = self.additional_data or {}

    @property
    def user_input(self) -> dict[str, Any]:
        """What a person filled in for this step; empty if nothing was asked."""
        return dict(self.additional_data.get("user_input") or {})

    def get_input_as_string(self) -> str | None:
        """Return the input as text: a model, dict or list as indented JSON."""
        if self.input is None or isinstance(self.input, str):
            return self.input
        if isinstance(self.input, BaseModel):
            return self.input.model_dump_json(indent=2, exclude_none=True)
        return json.dumps(self.input, indent=2, default=str)

    def get_step_output(self, step_name: str) -> StepOutput | None:
        """Return the output of an earlier step by its name, searched in composites too; the first match wins."""
        if step_name in self.previous_step_outputs:
            return self.previous_step_outputs[step_name]
        return _find(self.previous_step_outputs.values(), step_name)

    def get_step_content(self, step_name: str) -> Any:
        """Return the content of an earlier step; of a composite, that of its deepest last step.

        Of a Parallel, the text of each branch by its name; empty ones are left out.
        """
        output = self.get_step_output(step_name)
        if output is None or output.step_type != StepType.PARALLEL:
            return None if output is None else output.last_content
        inside = [(str(branch.step_name), branch.last_content) for branch in output.steps or ()]
        return {name: str(content) for name, content in inside if content not in (None, "")}

    def get_all_previous_content(self) -> str:
        """Return the content of all earlier steps, each under a line with its name."""
        shown = [(name, output.last_content) for name, output in self.previous_step_outputs.items()]
        return "\n\n".join(f"=== {name} ===\n{content}" for name, content in shown if content is not None)

    def get_last_step_content(self) -> Any:
        """Return the content of the last step before this one that succeeded."""
        if self.previous_step_content is not None:
            return self.previous_step_content
        passed = [output for output in self.previous_step_outputs.values() if output.passes_on]
        return passed[-1].last_content if passed else None

    def get_workflow_history(self, num_runs: int | None = None) -> list[tuple[Any, Any]]:
        """Return (input, content) of the newest COMPLETED runs of this session, oldest first.

        Without `num_runs`, as many as the step's `num_history_runs` says, or else the workflow's. They are read anew at
        each call.
        """
        return self.workflow_session.get_workflow_history(num_runs) if self.workflow_session else []

    def get_workflow_history_context(self, num_runs: int | None = None) -> str | None:
        """Return that history as one text, for a prompt; None if there is none."""
        return self.workflow_session.get_workflow_history_context(num_runs) if self.workflow_session else None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without the session; models become dicts."""
        return {
            "input": as_plain(self.input),
            "previous_step_content": as_plain(self.previous_step_content),
            "previous_step_outputs": {name: output.to_dict() for name, output in self.previous_step_outputs.items()},
            "additional_data": as_plain(self.additional_data),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> StepInput:
        """Return what `to_dict` was called on, with plain data in the place of models; other keys are left out."""
        outputs = data.get("previous_step_outputs") or {}
        rebuilt = {name: StepOutput.from_dict(output) for name, output in outputs.items()}
        return cls(**{**_fields_in(cls, data), "previous_step_outputs": rebuilt})


def _find(outputs: Iterable[StepOutput], step_name: str) -> StepOutput | None:
    for output in outputs:
        if output.step_name == step_name:
            return output
        if output.steps and (found := _find(output.steps, step_name)):
            return found
    return None


def _fields_in(kind: type[StepInput | StepOutput], data: Mapping[str, Any]) -> dict[str, Any]:
    return {item.name: data[item.name] for item in fields(kind) if item.name in data}
