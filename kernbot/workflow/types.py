"""What goes into a step and what comes out of it; and the public names that the documents import from here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from kernbot.workflow.fields import UserInputField
from kernbot.workflow.requirements import ErrorRequirement, PauseKind, StepRequirement
from kernbot.workflow.review import HumanReview, OnError, OnReject, OnTimeout

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

    STEP = "Step"
    STEPS = "Steps"
    LOOP = "Loop"
    PARALLEL = "Parallel"
    CONDITION = "Condition"


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

    def failed_steps(self) -> list[StepOutput]:
        """Return the steps in here that failed, the deepest ones."""
        if self.steps is None:
            return [] if self.success else [self]
        return [failed for output in self.steps for failed in output.failed_steps()]


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
        """Return the content of the last step before this one."""
        return self.previous_step_content


def _find(outputs: Iterable[StepOutput], step_name: str) -> StepOutput | None:
    for output in outputs:
        if output.step_name == step_name:
            return output
        if output.steps and (found := _find(output.steps, step_name)):
            return found
    return None
