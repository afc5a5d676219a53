"""Executor page: "Composite Steps", completed, and resolved as its first program is."""
# ruff: noqa: T201

from kernbot.agent import Agent
from kernbot.db.sqlite import SqliteDb
from kernbot.models.openai import OpenAIResponses
from kernbot.tools import tool
from kernbot.workflow.condition import Condition
from kernbot.workflow.step import Step
from kernbot.workflow.types import StepInput
from kernbot.workflow.workflow import Workflow


def gather_data(step_input: StepInput) -> str:
    """Complete what the page leaves out."""
    return f"gathered({step_input.input})"


@tool(requires_confirmation=True)
def analyze(depth: int) -> str:
    """Complete what the page leaves out."""
    return f"analyzed {depth} deep"


def quick_summary(step_input: StepInput) -> str:
    """Complete what the page leaves out; not chosen."""
    return f"summary({step_input.previous_step_content})"


def generate_report(step_input: StepInput) -> str:
    """Complete what the page leaves out."""
    return f"report({step_input.previous_step_content})"


db = SqliteDb(db_file="workflow.db")
analysis_agent = Agent(name="AnalysisAgent", model=OpenAIResponses(id="gpt-5.4"), tools=[analyze], db=db)

workflow = Workflow(
    name="ConditionExecutorHITL",
    db=db,
    steps=[
        Step(name="gather_data", executor=gather_data),
        Condition(
            name="analysis_decision",
            evaluator=lambda step_input: True,  # noqa: ARG005 - as on the page
            steps=[Step(name="detailed_analysis", agent=analysis_agent)],
            else_steps=[Step(name="quick_summary", executor=quick_summary)],
        ),
        Step(name="report", executor=generate_report),
    ],
)

response = workflow.run("Q4 sales")

if response.is_paused:
    for step_req in response.step_requirements or []:
        if step_req.requires_executor_input:
            print(f"{step_req.step_name}: {step_req.executor_name}")
            for executor_req in step_req.executor_requirements or []:
                executor_req.confirm()

    response = workflow.continue_run(response)

print(response.content)
