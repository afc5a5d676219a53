"""Each kind of question on a phone: its card open, its form, and the card as it was answered.

`KERNBOT_PICTURES=folder` keeps the pictures.
"""

from __future__ import annotations

import pytest

from kernbot.models.scripted import call
from kernbot.tools.user_feedback import UserFeedbackTools
from tests.scenarios.pictures import workflows
from tests.scenarios.pictures.booth import Booth, choice

pytestmark = pytest.mark.long


@pytest.mark.parametrize("kind", ["step", "steps", "condition", "loop", "router"])
async def test_confirmation(booth: Booth, kind: str) -> None:
    """Approve runs the node, and the card says who approved."""
    async with booth.asked(workflows.confirmed(kind), value="2026.11.3") as card:
        await booth.see(card, workflows.SHIP, "Approve", "Reject")
        await booth.take(card, "open")
        await booth.press(card, "Approve")
        await booth.see(await booth.answered("Approved by @Ana"), workflows.SHIP)


async def test_confirmation_rejected(booth: Booth) -> None:
    """Reject skips the step, and the card says so."""
    async with booth.asked(workflows.confirmed("step")) as card:
        await booth.press(card, "Reject")
        await booth.see(await booth.answered("Rejected by @Ana"), "skipped")


async def test_confirmation_timed_out(booth: Booth) -> None:
    """A deadline that passed is told as such, and names nobody."""
    async with booth.asked(workflows.confirmed("step")) as card:
        await booth.see(card, "If nobody answers by")
        booth.team.clock.move(7_201)
        await booth.press(card, "Approve")
        await booth.answered("No answer by")


async def test_user_input(booth: Booth) -> None:
    """Typed fields are filled in; a wrong number is refused at its field."""
    async with booth.asked(workflows.report()) as card:
        await booth.take(card, "open")
        form = await booth.open(card, "Fill in")
        await form.get_by_label("headline").fill("Payments")
        await form.get_by_label("items").fill("twelve")
        await choice(form, "managers").check()
        await choice(form, "Yes").check()
        await form.locator("button[type=submit]").click()
        await booth.see(form, "not a whole number")
        await booth.take(form, "form")
        await form.get_by_label("items").fill("12")
        await booth.send(form)
        await booth.answered("Filled in by @Ana")


async def test_user_input_and_confirmation(booth: Booth) -> None:
    """One form gives the values and the yes."""
    async with booth.asked(workflows.report(requires_confirmation=True)) as card:
        await booth.see(card, "Reject")
        await booth.take(card, "open")
        form = await booth.open(card, "Fill in and approve")
        await form.get_by_label("headline").fill("Payments")
        await form.get_by_label("items").fill("12")
        await choice(form, "everyone").check()
        await choice(form, "No").check()
        await booth.take(form, "form")
        await booth.send(form)
        await booth.answered("approved by @Ana")


async def test_output_review_edited(booth: Booth) -> None:
    """A cut draft is read whole, changed, and the card shows the difference."""
    async with booth.asked(workflows.reviewed()) as card:
        await booth.take(card, "open")
        review = await booth.open(card, "Review")
        await booth.see(review, "two offers are out")
        await booth.take(review, "review")
        await review.get_by_role("button", name="Close").last.click()
        form = await booth.open(card, "Edit")
        text = form.get_by_role("textbox").last
        await text.fill((await text.input_value()).replace("18 percent", "8 percent"))
        await booth.take(form, "form")
        await booth.send(form)
        await booth.see(await booth.answered("Approved with changes"), "8 percent")


async def test_output_review_with_feedback(booth: Booth) -> None:
    """A reject with feedback has the draft written again, and the card shows both then."""
    async with booth.asked(workflows.reviewed(on_reject="retry", max_retries=3)) as card:
        form = await booth.open(card, "Reject")
        await form.get_by_role("textbox").fill("shorter")
        await booth.take(form, "form")
        await booth.send(form)
        again = booth.card("Search is flat.")
        await booth.see(again, "shorter")
        await booth.take(again, "open-again")
        await booth.send(await booth.open(again, "Review"))
        await booth.answered("Approved by @Ana")


async def test_iteration_review(booth: Booth) -> None:
    """Next iteration takes feedback, Accept and stop ends the loop."""
    async with booth.asked(workflows.tried()) as card:
        await booth.take(card, "open")
        form = await booth.open(card, "Next iteration")
        await form.get_by_role("textbox").fill("shorter")
        await booth.take(form, "form")
        await booth.send(form)
        again = booth.card("Week 47: payments up")
        await booth.see(again, "Accept and stop")
        await booth.take(again, "open-again")
        await booth.press(again, "Accept and stop")
        await booth.answered("Accepted by @Ana")


async def test_route(booth: Booth) -> None:
    """A few choices are buttons."""
    ways = [workflows.way(*way) for way in workflows.WAYS]
    async with booth.asked(workflows.routed(ways, "canary")) as card:
        await booth.take(card, "open")
        await booth.press(card, "blue-green")
        await booth.see(await booth.answered("Chosen by @Ana"), "blue-green")


async def test_route_several(booth: Booth) -> None:
    """Several of some choices are ticked in a form."""
    regions = [workflows.way(*region) for region in workflows.REGIONS]
    async with booth.asked(workflows.routed(regions, "eu-west", several=True)) as card:
        await booth.take(card, "open")
        form = await booth.open(card, "Choose")
        await choice(form, "eu-north").check()
        await booth.take(form, "form")
        await booth.send(form)
        await booth.see(await booth.answered("Chosen by @Ana"), "eu-west", "eu-north")


async def test_route_nested(booth: Booth) -> None:
    """A choice that is a pipeline is chosen like any other, and a choice inside is asked next."""
    inner = workflows.routed([workflows.way("monday"), workflows.way("friday")], "monday").steps[1]
    choices = [workflows.way("now"), [workflows.way("freeze"), inner]]
    async with booth.asked(workflows.routed(choices, "now")) as card:
        await booth.take(card, "open")
        await booth.press(card, "steps_group_1")
        await booth.answered("Chosen by @Ana", goes_on=True)
        again = booth.card("monday")
        await booth.take(again, "open-inside")
        await booth.press(again, "friday")
        await booth.see(await booth.answered("friday"), "Chosen by @Ana")


async def test_route_of_over_a_hundred(booth: Booth) -> None:
    """One of 101 choices is found by typing."""
    servers = [workflows.way(f"server-{number}") for number in range(101)]
    async with booth.asked(workflows.routed(servers, "server-7")) as card:
        await booth.take(card, "open")
        form = await booth.open(card, "Choose")
        await form.get_by_role("combobox").fill("100")
        await booth.take(form, "form")
        await form.get_by_role("option", name="server-100").click()
        await booth.send(form)
        await booth.see(await booth.answered("Chosen by @Ana"), "server-100")


async def test_call(booth: Booth) -> None:
    """One call of a tool is approved; what cannot be undone asks back."""
    async with booth.asked(workflows.agent_calls(workflows.REFUND, tools=[workflows.issue_refund])) as card:
        await booth.take(card, "open")
        await booth.press(card, "Approve")
        await booth.take(booth.dialog, "dialog")
        await booth.press(booth.dialog, "Approve")
        await booth.answered("Approved by @Ana")


async def test_calls(booth: Booth) -> None:
    """Two calls of one turn share a card; while a value is cut, all are approved in a form that shows everything."""
    tools = [workflows.issue_refund, workflows.notify_customer]
    async with booth.asked(workflows.agent_calls(workflows.REFUND, workflows.NOTICE, tools=tools)) as card:
        await booth.see(card, "issue_refund", "notify_customer")
        await booth.take(card, "open")
        form = await booth.open(card, "Review all")
        await booth.see(form, "Please keep the damaged lamp.")
        await booth.take(form, "form")
        await form.get_by_role("checkbox").check()
        await booth.send(form)
        await booth.answered("Approved by @Ana")


async def test_calls_one_by_one(booth: Booth) -> None:
    """One call is approved and another rejected, each on its own; the card says so in between."""
    tools = [workflows.book_refund, workflows.notify_customer]
    async with booth.asked(workflows.agent_calls(workflows.BOOKING, workflows.NOTICE, tools=tools)) as card:
        await booth.press(card, "Approve")
        await booth.see(booth.card("Approved by @Ana"), "1 of 2 decided")
        await booth.take(booth.card("1 of 2 decided"), "partly-answered")
        form = await booth.open(booth.card("1 of 2 decided"), "Reject")
        await form.get_by_role("textbox").fill("Write it shorter.")
        await booth.send(form)
        await booth.answered("Rejected by @Ana")


async def test_calls_approved_at_once(booth: Booth) -> None:
    """Where nothing is cut, Approve all is a click."""
    calls = [workflows.BOOKING, workflows.BOOKING_TOO]
    async with booth.asked(workflows.agent_calls(*calls, tools=[workflows.book_refund])) as card:
        await booth.take(card, "open")
        await booth.press(card, "Approve all")
        await booth.answered("Approved by @Ana")


async def test_call_user_input(booth: Booth) -> None:
    """What a call still needs is filled in; the rest is shown, without the secret."""
    async with booth.asked(workflows.agent_calls(workflows.COURIER, tools=[workflows.book_courier])) as card:
        await booth.take(card, "open")
        form = await booth.open(card, "Fill in")
        await form.get_by_label("pickup_time").fill("Tue 10:00")
        await booth.take(form, "form")
        await booth.send(form)
        await booth.answered("Filled in by @Ana")


async def test_external_execution(booth: Booth) -> None:
    """The result of what somebody did themselves is handed in."""
    async with booth.asked(workflows.agent_calls(workflows.LOOK, tools=[workflows.warehouse_check])) as card:
        await booth.take(card, "open")
        await booth.take(await booth.open(card, "Show as JSON"), "json")
        await booth.page.keyboard.press("Escape")
        form = await booth.open(card, "Provide result")
        await form.get_by_role("textbox").last.fill("Yes, 3 of them.")
        await booth.take(form, "form")
        await booth.send(form)
        await booth.answered("Result given by @Ana")


async def test_user_feedback(booth: Booth) -> None:
    """An agent's questions are answered by choosing."""
    colours = [{"label": "red", "description": "warm"}, {"label": "blue"}]
    sizes = [{"label": "S"}, {"label": "M"}, {"label": "L"}]
    questions = [
        {"question": "Which colour has the lamp?", "options": colours},
        {"question": "Which sizes do we still have?", "options": sizes, "multi_select": True},
    ]
    workflow = workflows.agent_calls(call("ask_user", questions=questions), tools=[UserFeedbackTools()])
    async with booth.asked(workflow) as card:
        await booth.take(card, "open")
        form = await booth.open(card, "Answer")
        await choice(form, "blue").check()
        await choice(form, "S").check()
        await choice(form, "L").check()
        await booth.take(form, "form")
        await booth.send(form)
        await booth.answered("Answered by @Ana")


async def test_error(booth: Booth) -> None:
    """Retry does the failed step again."""
    async with booth.asked(workflows.failing("503 Service Unavailable")) as card:
        await booth.see(card, "503 Service Unavailable")
        await booth.take(card, "open")
        await booth.press(card, "Retry")
        await booth.answered("Retried by @Ana")


async def test_may_have_run_already(booth: Booth) -> None:
    """A bot that stopped in the middle of an approved step asks before it repeats it."""
    async with booth.asked(workflows.hanging(hangs=True)) as card:
        await booth.press(card, "Approve")
        await booth.see(booth.card("Approved by @Ana"), "Approved by @Ana")
    async with booth.team.bot(workflows.hanging(hangs=False)):
        card = booth.card("may have run")
        await booth.take(card, "open")
        await booth.press(card, "Retry")
        await booth.take(booth.dialog, "dialog")
        await booth.press(booth.dialog, "Run it again")
        await booth.answered("Retried by @Ana")


async def test_definition_changed(booth: Booth) -> None:
    """A run whose workflow was changed under it says what changed; looking again finds it put back."""
    async with booth.asked(workflows.confirmed("step")) as card:
        await booth.see(card, workflows.SHIP)
    async with booth.team.bot(workflows.redeployed()):
        await booth.press(card, "Approve")
        changed = booth.card("compile")
        await booth.take(changed, "open")
    async with booth.team.bot(workflows.confirmed("step")):
        await booth.press(changed, "Retry")
        await booth.answered("Retried by @Ana")


async def test_several_at_once(booth: Booth) -> None:
    """Two questions of one run have a card each."""
    async with booth.asked(workflows.side_by_side()):
        for name in ("Europe", "America"):
            card = booth.card(f"Ship to {name}?")
            await booth.take(card, f"open-{name.lower()}")
        await booth.press(booth.card("Ship to America?"), "Approve")
        await booth.answered("Approved by @Ana")
        await booth.press(booth.card("Ship to Europe?"), "Reject")
        await booth.answered("Rejected by @Ana")
