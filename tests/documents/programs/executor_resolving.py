"""Executor page: "Tool Decorators", "The Pause Object" and "Resolving Each Type" in one."""
# ruff: noqa: T201

from typing import Any

from kernbot.agent import Agent
from kernbot.db.sqlite import SqliteDb
from kernbot.models.openai import OpenAIResponses
from kernbot.tools import tool
from kernbot.workflow.step import Step
from kernbot.workflow.workflow import Workflow


@tool(requires_confirmation=True)
def delete_user(user_id: str) -> str:
    """Complete what the page leaves out."""
    return f"deleted {user_id}"


@tool(requires_user_input=True, user_input_fields=["recipient"])
def send_money(amount: float, recipient: str, note: str) -> str:
    """Complete what the page leaves out."""
    return f"sent {amount} to {recipient} for {note}"


@tool(external_execution=True)
def run_query(sql: str) -> str:
    """As on the page: never run here."""
    raise AssertionError(sql)


def user_approves() -> bool:
    """Ask the user of this program."""
    return input("approve? ") == "y"


def prompt(name: str) -> str:
    """Ask the user of this program."""
    return input(f"{name}: ")


def my_dispatcher(tool_name: str | None, tool_args: dict[str, Any]) -> str:
    """Stand for what runs tools elsewhere."""
    return f"{tool_name} elsewhere with {tool_args}"


workflow = Workflow(
    name="BankWorkflow",
    db=SqliteDb(db_file="workflow.db"),
    steps=[
        Step(
            name="serve",
            agent=Agent(
                name="BankAgent",
                model=OpenAIResponses(id="gpt-5.4"),
                tools=[delete_user, send_money, run_query],
                db=SqliteDb(db_file="workflow.db"),
            ),
        )
    ],
)

response = workflow.run("Close the account of u1 and pay them out")

step_req = (response.step_requirements or [])[0]
print(response.pause_kind, step_req.requires_executor_input, step_req.executor_name, step_req.executor_type)
executor_req = (step_req.executor_requirements or [])[0]
print(executor_req.tool_execution.tool_name, executor_req.tool_execution.tool_args)
print(executor_req.needs_confirmation, executor_req.needs_user_input, executor_req.needs_external_execution)

for step_req in response.step_requirements or []:
    if step_req.requires_executor_input:
        for executor_req in step_req.executor_requirements or []:
            if executor_req.needs_confirmation:
                if user_approves():
                    executor_req.confirm()
                else:
                    executor_req.reject(note="User declined")

response = workflow.continue_run(response)

for step_req in response.step_requirements or []:
    if step_req.requires_executor_input:
        for executor_req in step_req.executor_requirements or []:
            if executor_req.needs_user_input:
                values = {field.name: prompt(field.name) for field in executor_req.user_input_schema or []}
                executor_req.provide_user_input(values)

response = workflow.continue_run(response)

for step_req in response.step_requirements or []:
    if step_req.requires_executor_input:
        for executor_req in step_req.executor_requirements or []:
            if executor_req.needs_external_execution:
                tool_name = executor_req.tool_execution.tool_name
                tool_args = executor_req.tool_execution.tool_args

                result = my_dispatcher(tool_name, tool_args)

                executor_req.tool_execution.result = result

response = workflow.continue_run(response)

print(response.content)
