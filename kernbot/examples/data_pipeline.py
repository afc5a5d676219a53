"""Ask before sensitive data is processed: approve, reject, or let ten minutes pass."""

from __future__ import annotations

from kernbot.agent import Agent
from kernbot.examples.models import model_or_script
from kernbot.workflow import OnReject, OnTimeout, Workflow
from kernbot.workflow.step import Step

fetch_agent = Agent(
    name="Fetcher",
    instructions="Say in one line which rows you would fetch for what you are asked.",
    model=model_or_script(lambda told: f"Fetched 1,204 rows for: {told or 'everything'}"),
)
process_agent = Agent(
    name="Processor",
    instructions="Say in one line how you would process what you are given.",
    model=model_or_script(lambda told: f"Processed. {told}"),
)
save_agent = Agent(
    name="Saver",
    instructions="Say in one line what you would save: processed, or as it was fetched if a person said no.",
    model=model_or_script(lambda told: f"Saved. {told}"),
)

workflow = Workflow(
    name="data_pipeline",
    description="Fetches, processes and saves data; asks before it processes.",
    steps=[
        Step(name="fetch_data", agent=fetch_agent),
        Step(
            name="process_data",
            agent=process_agent,
            requires_confirmation=True,
            confirmation_message="Process sensitive data?",
            on_reject=OnReject.skip,
            timeout=600,
            on_timeout=OnTimeout.cancel,
        ),
        Step(name="save_results", agent=save_agent),
    ],
)
