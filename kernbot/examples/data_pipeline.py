"""Ask before sensitive data is processed: approve, reject, or let ten minutes pass."""

from __future__ import annotations

from kernbot.workflow import OnReject, OnTimeout, Workflow
from kernbot.workflow.step import Step
from kernbot.workflow.types import StepInput


def fetch_data(step_input: StepInput) -> str:
    """Fetch what was asked for."""
    return f"Fetched 1,204 rows for: {step_input.get_input_as_string() or 'everything'}"


def process_data(step_input: StepInput) -> str:
    """Process what was fetched."""
    return f"Processed. {step_input.previous_step_content}"


def save_results(step_input: StepInput) -> str:
    """Save what is there: processed, or as it was fetched if a person said no."""
    return f"Saved. {step_input.previous_step_content}"


workflow = Workflow(
    name="data_pipeline",
    description="Fetches, processes and saves data; asks before it processes.",
    steps=[
        Step(name="fetch_data", executor=fetch_data),
        Step(
            name="process_data",
            executor=process_data,
            requires_confirmation=True,
            confirmation_message="Process sensitive data?",
            on_reject=OnReject.skip,
            timeout=600,
            on_timeout=OnTimeout.cancel,
        ),
        Step(name="save_results", executor=save_results),
    ],
)
