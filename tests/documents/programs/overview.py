"""Overview page: its first program, "Timeout" and "The @pause Decorator" in one, with the agents that it names."""
# ruff: noqa: T201

from kernbot.agent import Agent
from kernbot.db.sqlite import SqliteDb
from kernbot.models.openai import OpenAIResponses
from kernbot.run.workflow import StepPausedEvent
from kernbot.workflow import OnReject, OnTimeout, Workflow
from kernbot.workflow.decorators import pause
from kernbot.workflow.step import Step
from kernbot.workflow.types import HumanReview, StepInput, StepOutput, UserInputField

fetch_agent = Agent(name="fetch", model=OpenAIResponses(id="gpt-5.4"), instructions="fetched")
deploy_agent = Agent(name="deploy", model=OpenAIResponses(id="gpt-5.4"), instructions="deployed")


@pause(
    requires_user_input=True,
    user_input_message="Enter parameters:",
    user_input_schema=[
        UserInputField(name="threshold", field_type="float", required=True),
    ],
)
def process_data(step_input: StepInput) -> StepOutput:
    """As on the page."""
    threshold = step_input.additional_data["user_input"]["threshold"]
    return StepOutput(content=f"Processed with threshold {threshold}")


workflow = Workflow(
    name="data_pipeline",
    db=SqliteDb(db_file="workflow.db"),  # Required for HITL
    steps=[
        Step(
            name="fetch_data",
            agent=fetch_agent,
            human_review=HumanReview(
                requires_confirmation=True,
                confirmation_message="Process sensitive data?",
                on_reject=OnReject.skip,
            ),
        ),
        Step(name="process", executor=process_data),
        Step(
            name="approve_deploy",
            agent=deploy_agent,
            human_review=HumanReview(
                requires_confirmation=True,
                confirmation_message="Approve deployment?",
                timeout=300,  # 5 minutes
                on_timeout=OnTimeout.approve,  # approve | reject | cancel
            ),
        ),
    ],
)

run_output = workflow.run("Process user data")

if run_output.is_paused:
    for req in run_output.steps_requiring_confirmation:
        req.confirm()  # or req.reject()
    run_output = workflow.continue_run(run_output)

print(run_output.paused_step_name, run_output.pause_kind)
for req in run_output.steps_requiring_user_input:
    req.set_user_input(threshold=float(input("threshold: ")))

for event in workflow.continue_run(run_output, stream=True):
    if isinstance(event, StepPausedEvent):
        print(f"{event.step_name}: {event.confirmation_message}")

session = workflow.get_session()
assert session is not None
run_output = session.runs[-1]

if run_output.is_paused:
    latest = (run_output.step_requirements or [])[-1]
    latest.confirm()
    for event in workflow.continue_run(run_output, stream=True):  # noqa: B007 - as on the page
        pass
    session = workflow.get_session()
    assert session is not None
    run_output = session.runs[-1]

print(run_output.content)
