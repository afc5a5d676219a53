"""Step page, "Confirmation"; functions stand for its agents."""
# ruff: noqa: T201

from kernbot.db.sqlite import SqliteDb
from kernbot.workflow import OnReject, Workflow
from kernbot.workflow.step import Step
from kernbot.workflow.types import StepInput


def fetch(step_input: StepInput) -> str:
    """Stand for fetch_agent."""
    return f"fetched({step_input.input})"


def process(step_input: StepInput) -> str:
    """Stand for process_agent."""
    return f"processed({step_input.previous_step_content})"


def save(step_input: StepInput) -> str:
    """Stand for save_agent."""
    return f"saved({step_input.previous_step_content})"


workflow = Workflow(
    name="data_pipeline",
    db=SqliteDb(db_file="workflow.db"),
    steps=[
        Step(name="fetch_data", executor=fetch),
        Step(
            name="process_data",
            executor=process,
            requires_confirmation=True,
            confirmation_message="Process sensitive data?",
            on_reject=OnReject.skip,
        ),
        Step(name="save_results", executor=save),
    ],
)

run_output = workflow.run("Process user data")

if run_output.is_paused:
    for req in run_output.steps_requiring_confirmation:
        print(f"Step: {req.step_name}")
        print(f"Message: {req.confirmation_message}")

        if input("Confirm? (y/n): ").lower() == "y":
            req.confirm()
        else:
            req.reject()

    run_output = workflow.continue_run(run_output)

print(run_output.content)
