"""Questions which way a run goes on."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.run import RunStatus
from kernbot.workflow import HumanReview, Router, Step, Workflow
from tests.scenarios.team import Team, words

QUESTION = "Which way?"


def routed(count: int = 3, **settings: Any) -> Workflow:
    """Return a workflow with a Router of so many choices, whose selector proposes the second one."""
    choices = [Step(f"way-{n}", lambda _, n=n: f"went way {n}", description=f"the way {n}") for n in range(count)]
    review = {"requires_user_input": True, "user_input_message": QUESTION, **settings}
    router = Router(choices, selector=lambda _: "way-1", name="ways", human_review=HumanReview(**review))
    return Workflow(name="routed", steps=[router])


async def result(team: Team) -> str:
    """Wait for the result of the run."""
    return words(await team.under(team.parents()[0], "Result of"))


async def test_one_of_a_few_choices_is_a_click(team: Team) -> None:
    """Each choice has a button, the proposed one is primary; the card says what was chosen."""
    async with team.bot(routed()):
        card = await team.ask("routed", QUESTION)
        assert "way-0 the way 0\nway-1 the way 1\nway-2 the way 2" in words(card)
        assert "Proposed: `way-1`." in words(card)
        await team.click("ana", card, "pause.choice.2")
        card = await team.says(card, "Chosen, the step ran: Which way?")
        assert "`way-2`. The step ran" in words(card)
        assert "went way 2" in await result(team)


async def test_one_of_many_choices_is_made_in_a_form(team: Team) -> None:
    """A hundred and one choices stand in a menu, in groups; the one that is sent runs."""
    async with team.bot(routed(101)):
        card = await team.ask("routed", QUESTION)
        form = await team.press("ana", card, "pause.choose")
        element = form["blocks"][-1]["element"]
        assert [len(group["options"]) for group in element["option_groups"]] == [100, 1]
        assert (await team.send("ana", form, element["option_groups"][1]["options"][0]["value"])).ok
        await team.says(card, "Chosen, the step ran")
        assert "went way 100" in await result(team)


@pytest.mark.parametrize("count", [3, 12])
async def test_several_choices_run_in_the_order_of_the_list(team: Team, count: int) -> None:
    """What was ticked runs in the order that the form says, whatever the order of the ticks."""
    async with team.bot(routed(count, allow_multiple_selections=True)):
        card = await team.ask("routed", QUESTION)
        form = await team.press("ana", card, "pause.choose")
        options = form["blocks"][-1]["element"]["options"]
        assert form["blocks"][-1]["element"]["initial_options"] == [options[1]]
        assert (await team.send("ana", form, [options[2]["value"], options[0]["value"]])).ok
        card = await team.says(card, "Chosen, the step ran")
        assert "`way-0`, `way-2`" in words(card)
        assert "went way 2" in await result(team)


async def test_a_choice_that_lost_is_given_back(team: Team) -> None:
    """Who chooses second is told what was chosen, and what they had chosen."""
    async with team.bot(routed(5)):
        card = await team.ask("routed", QUESTION)
        mine, theirs = await team.press("ana", card, "pause.choose"), await team.press("bob", card, "pause.choose")
        options = mine["blocks"][-1]["element"]["options"]
        assert (await team.send("bob", theirs, options[4]["value"])).ok
        await team.send("ana", mine, options[3]["value"])
        shown = words(await team.modal("ana", lambda view: view["title"]["text"] == "Not recorded"))
        assert "<@UBOB> chose `way-4`" in shown
        assert "way-3" in shown


@pytest.mark.parametrize(
    ("settings", "says", "ends"),
    [
        ({"on_timeout": "approve"}, "No answer in time, the step ran", "went way 1"),
        ({"on_timeout": "skip"}, "No answer in time, the step was skipped", ""),
    ],
)
async def test_silence_takes_the_proposal_or_skips(team: Team, settings: dict[str, Any], says: str, ends: str) -> None:
    """At the deadline the clock does what the card says."""
    async with team.bot(routed(timeout=60, **settings)):
        card = await team.ask("routed", QUESTION)
        team.clock.move(61)
        await team.click("ana", card, "pause.choice.0")
        await team.says(card, says)
        await team.says(team.parents()[0], "Finished")
        assert ends in await result(team)


async def test_a_reject_asks_again_on_the_same_card(team: Team) -> None:
    """The card shows the feedback and which retry it is, and can be answered again."""
    async with team.bot(routed(on_reject="retry", max_retries=1)):
        first = await team.ask("routed", QUESTION)
        form = await team.press("ana", first, "pause.feedback")
        assert (await team.send("ana", form, "none of these")).ok
        second = await team.says(first, "feedback: none of these")
        assert second["text"] == QUESTION
        assert "*Asked again:* retry 1 of 1." in words(second)
        await team.click("ana", second, "pause.reject")
        await team.says(second, "Rejected, the step was skipped")


async def test_what_a_selector_chose_is_confirmed(team: Team) -> None:
    """The card names the proposal; Approve runs it, and a Reject may ask again first."""
    workflow = routed(
        requires_user_input=False, requires_confirmation=True, confirmation_message="Go this way?", on_reject="retry"
    )
    async with team.bot(workflow):
        first = await team.ask("routed", "Go this way?")
        assert "proposed: way-1" in words(first)
        assert "*Reject* asks for feedback and puts the question again (retry 1 of 3)." in words(first)
        form = await team.press("ana", first, "pause.feedback")
        assert (await team.send("ana", form, "wait")).ok
        second = await team.says(first, "feedback: wait")
        await team.click("ana", second, "pause.approve")
        await team.says(second, "Approved, the step ran")
        assert "went way 1" in await result(team)
        assert (await team.run()).run.status is RunStatus.COMPLETED
