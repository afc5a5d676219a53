"""Let an agent act, and stop before the calls that matter.

To try: `/kern run refund A-20419`. The agent asks for two calls at once. Decide each by its own buttons, or both by
Approve all; *Edit* lets you correct the amount. The token that the mail needs is shown to nobody. A reject, with a note
or without, is told to the agent, and its last words say what became of each call.
"""

from __future__ import annotations

from decimal import Decimal

from kernbot.agent import Agent
from kernbot.examples.models import model_or_script
from kernbot.models.scripted import call
from kernbot.tools import tool
from kernbot.workflow import Step, StepInput, Workflow


@tool(requires_confirmation=True, irreversible=True, editable=["amount"])
def send_refund(order: str, amount: Decimal, to: str) -> str:
    """Send money back.

    Args:
        order: Which order it is for.
        amount: How much, in EUR.
        to: The card that was paid with.
    """
    return f"{amount} EUR for {order} are on their way to {to}"


@tool(requires_confirmation=True, secret_args=["mail_token"])
def tell_customer(to: str, mail_token: str, text: str) -> str:
    """Write to the customer."""
    return f"{to} has mail of {len(text)} letters" if mail_token else "no token, no mail"


agent = Agent(
    name="refund-agent",
    instructions="Refund the order that you are given, and tell the customer, both at once. Sum up what was done.",
    model=model_or_script(
        lambda told: [
            call("send_refund", order=told, amount="129.00", to="card ending 4417"),
            call(
                "tell_customer",
                to="jo.park@example.com",
                mail_token="an-example-of-24-letters",  # noqa: S106 - shows that nobody sees it
                text="Dear Jo, we are sorry that your lamp came broken. 129.00 EUR are on their way back to you.",
            ),
        ],
        lambda told: f"Done with it: {told}.",
    ),
    tools=[send_refund, tell_customer],
)


def find_order(step_input: StepInput) -> str:
    """Find out which order it is about."""
    return str(step_input.input or "A-20419")


workflow = Workflow(
    name="refund",
    description="Refunds an order; each payment and each mail is approved by somebody.",
    steps=[Step(name="find_order", executor=find_order), Step(name="settle", agent=agent)],
)
