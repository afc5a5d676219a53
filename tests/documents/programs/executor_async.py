"""Executor page: "Sync, Async, and Continue", its async column, with the first program's agent and workflow."""
# ruff: noqa: T201

import asyncio

from kernbot.agent import Agent
from kernbot.db.sqlite import SqliteDb
from kernbot.models.openai import OpenAIResponses
from kernbot.run.workflow import StepExecutorContinuedEvent, StepExecutorPausedEvent, WorkflowRunOutput
from kernbot.tools import tool
from kernbot.workflow.step import Step
from kernbot.workflow.workflow import Workflow


@tool(requires_confirmation=True)
def get_the_weather(city: str) -> str:
    """As on the page."""
    return f"It is 70 degrees and cloudy in {city}"


weather_agent = Agent(
    name="WeatherAgent",
    model=OpenAIResponses(id="gpt-5.4"),
    tools=[get_the_weather],
    db=SqliteDb(db_file="workflow.db"),
)

workflow = Workflow(
    name="WeatherWorkflow",
    db=SqliteDb(db_file="workflow.db"),
    steps=[Step(name="get_weather", agent=weather_agent)],
)


def confirm_all(run_output: WorkflowRunOutput) -> None:
    """Resolve as on the page."""
    for step_req in run_output.step_requirements or []:
        for executor_req in step_req.executor_requirements or []:
            executor_req.confirm()


async def main() -> None:
    """Run and continue, plain and then streamed."""
    run_output = await workflow.arun("What is the weather in Tokyo?")
    confirm_all(run_output)
    run_output = await workflow.acontinue_run(run_output)
    print(run_output.content)

    async for event in workflow.arun("What is the weather in Tokyo?", stream=True):
        if isinstance(event, StepExecutorPausedEvent):
            print(f"Paused: {event.executor_name} ({event.executor_type})")
    session = await workflow.aget_session()
    assert session is not None
    run_output = session.runs[-1]
    confirm_all(run_output)
    async for event in workflow.acontinue_run(run_output, stream=True):
        if isinstance(event, StepExecutorContinuedEvent):
            print(f"Resumed: {event.executor_name}")
    session = await workflow.aget_session()
    assert session is not None
    print(session.runs[-1].content)


asyncio.run(main())
