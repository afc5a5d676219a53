"""Ask for parameters before a step runs."""

from __future__ import annotations

from kernbot.workflow import Workflow
from kernbot.workflow.step import Step
from kernbot.workflow.types import StepInput, StepOutput, UserInputField


def analyze(step_input: StepInput) -> str:
    """Look at the input."""
    return f"Analyzed: {step_input.get_input_as_string() or 'nothing in particular'}"


def process_with_params(step_input: StepInput) -> StepOutput:
    """Process with the values that a person has filled in."""
    user_input = step_input.additional_data.get("user_input", {})
    threshold = user_input.get("threshold", 0.5)
    mode = user_input.get("mode", "fast")
    return StepOutput(content=f"Processed with threshold={threshold}, mode={mode}")


def report(step_input: StepInput) -> str:
    """Report what was done."""
    return f"Report: {step_input.previous_step_content}"


workflow = Workflow(
    name="configurable_pipeline",
    description="Analyzes and processes data with the parameters that somebody fills in.",
    steps=[
        Step(name="analyze", executor=analyze),
        Step(
            name="process",
            executor=process_with_params,
            requires_user_input=True,
            user_input_message="Configure processing:",
            user_input_schema=[
                UserInputField(
                    name="threshold",
                    field_type="float",
                    description="Processing threshold (0.0-1.0)",
                    required=True,
                ),
                UserInputField(
                    name="mode",
                    field_type="str",
                    description="Mode: 'fast' or 'accurate'",
                    required=True,
                ),
                UserInputField(
                    name="batch_size",
                    field_type="int",
                    description="Records per batch",
                    required=False,
                ),
            ],
        ),
        Step(name="report", executor=report),
    ],
)
