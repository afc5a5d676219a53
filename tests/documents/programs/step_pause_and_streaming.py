"""Step page, "The @pause Decorator" and "Streaming"; the loop is completed for the values that it leaves out."""
# ruff: noqa: T201

from kernbot.db.sqlite import SqliteDb
from kernbot.run.workflow import StepPausedEvent
from kernbot.workflow import Workflow
from kernbot.workflow.decorators import pause
from kernbot.workflow.step import Step
from kernbot.workflow.types import StepInput, StepOutput, UserInputField


@pause(
    requires_confirmation=True,
    confirmation_message="Execute this step?",
)
def step_with_confirmation(step_input: StepInput) -> StepOutput:  # noqa: ARG001 - as on the page
    """As on the page."""
    return StepOutput(content="Executed after confirmation")


@pause(
    requires_user_input=True,
    user_input_message="Enter parameters:",
    user_input_schema=[
        UserInputField(name="value", field_type="str", required=True),
    ],
)
def step_with_input(step_input: StepInput) -> StepOutput:
    """As on the page."""
    value = step_input.additional_data["user_input"]["value"]
    return StepOutput(content=f"Received: {value}")


workflow = Workflow(
    db=SqliteDb(db_file="workflow.db"),
    steps=[
        Step(name="confirm_step", executor=step_with_confirmation),
        Step(name="input_step", executor=step_with_input),
    ],
)

for event in workflow.run("input", stream=True, stream_events=True):
    if isinstance(event, StepPausedEvent):
        print(f"Paused at: {event.step_name}")

session = workflow.get_session()
assert session is not None
run_output = session.runs[-1]

while run_output.is_paused:
    for req in run_output.steps_requiring_confirmation:
        req.confirm()
    for req in run_output.steps_requiring_user_input:
        req.set_user_input(value=input("value: "))

    for event in workflow.continue_run(run_output, stream=True, stream_events=True):
        if isinstance(event, StepPausedEvent):
            print(f"Paused at: {event.step_name}")

    session = workflow.get_session()
    assert session is not None
    run_output = session.runs[-1]

print(run_output.content)
