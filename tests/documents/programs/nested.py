"""Nested page: its first program and "Resolution Loop" in one."""
# ruff: noqa: T201

from kernbot.agent import Agent
from kernbot.db.sqlite import SqliteDb
from kernbot.models.openai import OpenAIResponses
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.tools import tool
from kernbot.workflow.step import Step
from kernbot.workflow.workflow import Workflow


@tool(requires_confirmation=True)
def send_alert(city: str, message: str) -> str:
    """As on the page."""
    return f"Alert sent for {city}: {message}"


alert_agent = Agent(
    name="AlertAgent",
    model=OpenAIResponses(id="gpt-5.4"),
    tools=[send_alert],
    db=SqliteDb(db_file="workflow.db"),
)

workflow = Workflow(
    name="DualConfirmation",
    db=SqliteDb(db_file="workflow.db"),
    steps=[
        Step(
            name="send_alert",
            agent=alert_agent,
            requires_confirmation=True,  # step-level gate
            confirmation_message="Proceed with sending the alert?",
        ),
    ],
)


def resolve_step_pause(run_output: WorkflowRunOutput) -> None:
    """As on the page, with what its user sees."""
    for req in (run_output.step_requirements or [])[-1:]:
        if req.requires_confirmation and not req.requires_executor_input:
            print(f"{run_output.pause_kind}: {req.confirmation_message}")
            req.confirm()  # or req.reject()


def resolve_executor_pause(run_output: WorkflowRunOutput) -> None:
    """As on the page, with what its user sees."""
    for req in (run_output.step_requirements or [])[-1:]:
        if req.requires_executor_input:
            for executor_req in req.executor_requirements or []:
                call = executor_req.tool_execution
                print(f"{run_output.pause_kind}: {call.tool_name}({call.tool_args})")
                executor_req.confirm()  # or .reject(note=...) / .provide_user_input(...)


run_output = workflow.run("Send a weather alert for Tokyo about heavy rain")

while run_output.is_paused:
    _active = (run_output.step_requirements or [])[-1:]
    if any(r.requires_executor_input for r in _active):
        resolve_executor_pause(run_output)
    else:
        resolve_step_pause(run_output)

    run_output = workflow.continue_run(run_output)

print(run_output.content)
