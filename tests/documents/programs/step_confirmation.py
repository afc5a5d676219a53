"""Step page, "Confirmation", with the agents that it names."""
# ruff: noqa: T201

from kernbot.agent import Agent
from kernbot.db.sqlite import SqliteDb
from kernbot.models.openai import OpenAIResponses
from kernbot.workflow import OnReject, Workflow
from kernbot.workflow.step import Step

fetch_agent = Agent(name="fetch", model=OpenAIResponses(id="gpt-5.4"), instructions="fetched")
process_agent = Agent(name="process", model=OpenAIResponses(id="gpt-5.4"), instructions="processed")
save_agent = Agent(name="save", model=OpenAIResponses(id="gpt-5.4"), instructions="saved")

workflow = Workflow(
    name="data_pipeline",
    db=SqliteDb(db_file="workflow.db"),
    steps=[
        Step(name="fetch_data", agent=fetch_agent),
        Step(
            name="process_data",
            agent=process_agent,
            requires_confirmation=True,
            confirmation_message="Process sensitive data?",
            on_reject=OnReject.skip,
        ),
        Step(name="save_results", agent=save_agent),
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
