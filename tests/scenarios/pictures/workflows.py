"""One workflow for each kind of question, with words that a picture may show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from kernbot.agent import Agent
from kernbot.models.scripted import ScriptedModel, call
from kernbot.tools import tool
from kernbot.workflow import Condition, HumanReview, Loop, Parallel, Router, Step, StepInput, Steps, Workflow
from kernbot.workflow.types import UserInputField

SHIP = "Ship this release to production?"

DRAFT = (
    "This week the checkout team cut failed payments by 18 percent, mostly by retrying soft declines after an hour. "
    "Support tickets about double charges fell to 4, the lowest since March. Search latency stayed flat at 210 ms, "
    "and the new index is built but not in use yet. Hiring: two offers are out for the payments team."
)


def saying(text: str) -> Callable[[StepInput], str]:
    """Return a function for a step that says this."""
    return lambda _: text


def deploy(gated: Any) -> Workflow:
    """Return a workflow with something gated between two plain steps."""
    build = Step("build", saying("version 2026.11.3, 41 commits, 3 migrations"))
    return Workflow(name="deploy", steps=[build, gated, Step("announce", saying("announced"))])


def confirmed(kind: str) -> Workflow:
    """Return a workflow whose node of this kind is confirmed."""
    gate: dict[str, Any] = {"requires_confirmation": True, "confirmation_message": SHIP}
    ship, test = Step("ship", saying("shipped to 40 servers")), Step("test", saying("312 tests passed"))
    nodes: dict[str, Callable[[], Any]] = {
        "step": lambda: Step("ship", saying("shipped to 40 servers"), timeout=7200, on_timeout="skip", **gate),
        "steps": lambda: Steps(name="release", steps=[test, ship], **gate),
        "condition": lambda: Condition(
            name="release", evaluator=True, steps=[ship], else_steps=[test], on_reject="else", **gate
        ),
        "loop": lambda: Loop(name="release", steps=[ship], max_iterations=2, **gate),
        "router": lambda: Router([ship, test], selector=lambda _: "ship", name="release", **gate),
    }
    return deploy(nodes[kind]())


def report(**gate: Any) -> Workflow:
    """Return a workflow that asks what a report should cover."""
    fields = [
        UserInputField(name="headline", field_type="str", description="One line for the top of the report"),
        UserInputField(name="items", field_type="int", description="How many, at most 50"),
        UserInputField(name="audience", field_type="str", allowed_values=["everyone", "managers", "the board"]),
        UserInputField(name="include_numbers", field_type="bool"),
        UserInputField(name="notes", field_type="str", description="Anything the writer should know", required=False),
    ]
    write = Step(
        "write",
        lambda given: f"a report on {given.additional_data['user_input']['headline']}",
        requires_user_input=True,
        user_input_message="Fill in what this week's report should cover",
        user_input_schema=fields,
        **gate,
    )
    return Workflow(name="weekly-report", steps=[write, Step("send", saying("sent"))])


def reviewed(**review: Any) -> Workflow:
    """Return a workflow whose draft is reviewed before it is sent."""

    def write(step_input: StepInput) -> str:
        feedback = step_input.additional_data.get("rejection_feedback")
        return "Failed payments are down 18 percent. Search is flat." if feedback else DRAFT

    settings: dict[str, Any] = {
        "requires_output_review": True,
        "output_review_message": "Approve this draft of the weekly report?",
    }
    steps = [Step("write", write, human_review=HumanReview(**settings, **review)), Step("send", saying("sent"))]
    return Workflow(name="weekly-report", steps=steps)


def tried() -> Workflow:
    """Return a workflow that tries subject lines until one is accepted."""
    lines = {None: "Weekly report, week 47", "shorter": "Week 47: payments up"}
    loop = Loop(
        name="subject-line",
        steps=[Step("try", lambda given: lines[given.additional_data.get("rejection_feedback")])],
        max_iterations=3,
        human_review=HumanReview(
            requires_iteration_review=True, iteration_review_message="Accept this subject line?", on_reject="retry"
        ),
    )
    return Workflow(name="weekly-report", steps=[loop, Step("send", saying("sent"))])


def routed(choices: list[Any], proposed: str, *, several: bool = False) -> Workflow:
    """Return a workflow in which people choose how it goes on."""
    router = Router(
        choices,
        selector=lambda _: proposed,
        name="roll-out",
        requires_user_input=True,
        user_input_message="Choose how this release reaches production",
        allow_multiple_selections=several,
    )
    return deploy(router)


def way(name: str, description: str = "") -> Step:
    """Return a choice of a router."""
    return Step(name, saying(f"rolled out: {name}"), description=description or None)


WAYS = [
    ("canary", "5 percent first, everyone after 30 minutes"),
    ("blue-green", "a second set of servers, then switch over"),
    ("all-at-once", "every server now"),
]
REGIONS = [
    ("eu-west", "Ireland, 12 servers"),
    ("eu-north", "Sweden, 4 servers"),
    ("us-east", "Virginia, 20 servers"),
    ("us-west", "Oregon, 16 servers"),
    ("ap-south", "Mumbai, 6 servers"),
    ("ap-east", "Tokyo, 8 servers"),
]


@tool(requires_confirmation=True, irreversible=True)
def issue_refund(order: str, amount: str, to: str) -> str:
    """Give money back."""
    return f"refunded {amount} for {order} to {to}"


@tool(requires_confirmation=True)
def book_refund(order: str, amount: str) -> str:
    """Note that money is to be given back."""
    return f"{order}: {amount}"


@tool(requires_confirmation=True, secret_args=["api_token"])
def notify_customer(to: str, api_token: str, message: str) -> str:
    """Write to a customer."""
    return f"told {to}: {message} with {len(api_token)} signs"


@tool(requires_user_input=True, user_input_fields=["pickup_time"], secret_args=["account_key"])
def book_courier(order: str, address: str, pickup_time: str, account_key: str) -> str:
    """Have a parcel fetched."""
    return f"booked for {pickup_time}: {order} at {address} with {len(account_key)} signs"


@tool(external_execution=True)
def warehouse_check(order: str, shelf: str, question: str) -> str:
    """Have somebody look into the warehouse."""
    return f"{order} {shelf} {question}"


REFUND = call("issue_refund", order="A-20419", amount="129.00 EUR", to="card ending 4417")
BOOKING = call("book_refund", order="A-20419", amount="129.00 EUR")
BOOKING_TOO = call("book_refund", order="A-20433", amount="18.50 EUR")
NOTICE = call(
    "notify_customer",
    to="jo.park@example.com",
    api_token="an-example-of-24-letters",
    message="Dear Jo, we are sorry that your parcel came late and damaged. We have sent 129.00 EUR back to the card "
    "that you paid with; your bank may need two to five working days to show it. Please keep the damaged lamp.",
)
COURIER = call(
    "book_courier",
    order="A-20419",
    address="Calle Mayor 4, Madrid",
    pickup_time="Mon 09:00",
    account_key="sixteen-letters!",
)
LOOK = call("warehouse_check", order="A-20419", shelf="B-17", question="Is the returned lamp in stock again?")


def agent_calls(*calls: Any, tools: list[Any]) -> Workflow:
    """Return a workflow with an agent that makes these calls in one turn."""
    model = ScriptedModel([list(calls), "The customer has been helped."])
    agent = Agent(name="refund-agent", model=model, tools=tools)
    return Workflow(name="refund", steps=[Step("look-up", saying("order A-20419")), Step("settle", agent=agent)])


def failing(text: str) -> Workflow:
    """Return a workflow whose last step fails at first, and asks what to do."""
    tries: list[str] = []

    def announce(_: StepInput) -> str:
        tries.append(text)
        if len(tries) == 1:
            raise ConnectionError(text)
        return "announced"

    steps = [Step("ship", saying("shipped")), Step("announce", announce, on_error="pause")]
    return Workflow(name="deploy", steps=steps)


def hanging(*, hangs: bool) -> Workflow:
    """Return a workflow whose approved step takes for ever, or no time at all."""

    async def ship(_: StepInput) -> str:
        if hangs:
            await asyncio.Event().wait()
        return "shipped to 40 servers"

    return deploy(Step("ship", ship, requires_confirmation=True, confirmation_message=SHIP))


def redeployed() -> Workflow:
    """Return the workflow of `confirmed("step")` after somebody renamed its first step."""
    gate: dict[str, Any] = {"requires_confirmation": True, "confirmation_message": SHIP}
    steps = [Step("compile", saying("compiled")), Step("ship", saying("shipped"), **gate)]
    return Workflow(name="deploy", steps=[*steps, Step("announce", saying("announced"))])


def side_by_side() -> Workflow:
    """Return a workflow that asks two questions at once."""
    regions = [
        Step(f"ship-{name}", saying("shipped"), requires_confirmation=True, confirmation_message=f"Ship to {name}?")
        for name in ("Europe", "America")
    ]
    return deploy(Parallel(*regions, name="regions"))
