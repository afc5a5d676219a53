"""Let an agent ask for what it lacks: choices, values, and work that is done elsewhere.

To try: `/kern run returned_parcel A-20419`. First the agent has you choose, then it wants a time for the courier (its
own guess stands as a hint), and last somebody must look into the warehouse and write down what is there.
"""

from __future__ import annotations

from datetime import time

from kernbot.agent import Agent
from kernbot.examples.models import model_or_script
from kernbot.models.scripted import call
from kernbot.tools import tool
from kernbot.tools.user_feedback import UserFeedbackTools
from kernbot.workflow import Step, Workflow

_QUESTIONS = [
    {
        "question": "What shall the customer get?",
        "options": [
            {"label": "Money back", "description": "129.00 EUR"},
            {"label": "A new lamp", "description": "in stock, two days"},
        ],
    },
    {
        "question": "What was wrong with the parcel?",
        "options": [{"label": "Late"}, {"label": "Broken"}, {"label": "Not what was ordered"}],
        "multi_select": True,
    },
]


@tool(requires_user_input=True, user_input_fields=["pickup_time"])
def book_courier(address: str, pickup_time: time) -> str:
    """Have the parcel fetched.

    Args:
        address: Where it is.
        pickup_time: When somebody is at home.
    """
    return f"a courier comes to {address} at {pickup_time:%H:%M}"


@tool(external_execution=True)
def look_into_shelf(shelf: str, question: str) -> str:
    """Have somebody in the warehouse look."""
    raise NotImplementedError(f"people do this: {shelf}, {question}")


agent = Agent(
    name="returns-agent",
    instructions="Settle a returned parcel: ask what the customer gets, book a courier, have the shelf looked into.",
    model=model_or_script(
        lambda _: [call("ask_user", questions=_QUESTIONS)],
        lambda _: [call("book_courier", address="Calle Mayor 4, Madrid", pickup_time="09:00")],
        lambda _: [call("look_into_shelf", shelf="B-17", question="Is the returned lamp in stock again?")],
        lambda told: f"All is settled. The warehouse says: {told}",
    ),
    tools=[UserFeedbackTools(), book_courier, look_into_shelf],
)

workflow = Workflow(
    name="returned_parcel",
    description="Settles a parcel that came back; the agent asks for what it can't know.",
    steps=[Step(name="settle", agent=agent)],
)
