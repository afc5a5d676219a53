"""Questions about the calls of tools that an agent asks for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from kernbot.agent import Agent
from kernbot.models.scripted import ScriptedModel, call
from kernbot.tools import Function, tool
from kernbot.tools.user_control_flow import UserControlFlowTools
from kernbot.tools.user_feedback import UserFeedbackTools
from kernbot.workflow import HumanReview, Step, Workflow
from tests.scenarios.team import Team, words


class Desk:
    """An agent that makes the calls of a script, and what came of them."""

    def __init__(self, *calls: Any, tools: list[Any], **review: Any) -> None:
        self.model = ScriptedModel([list(calls), "The agent is done."])
        agent = Agent(name="clerk", model=self.model, tools=tools)
        step = Step("settle", agent=agent, human_review=HumanReview(**review))
        self.workflow = Workflow(name="refund", steps=[step])

    @property
    def told(self) -> list[str]:
        """What the model was told of its calls."""
        return [str(message.content) for message in self.model.requests[-1].messages if message.role == "tool"]


def refund(made: list[str], **settings: Any) -> Function:
    """Return a tool that notes the refunds that it makes."""

    def issue_refund(order: str, amount: int, api_token: str = "") -> str:
        made.append(f"{order}: {amount}, {api_token}")
        return "refunded"

    function: Function = tool(**{"requires_confirmation": True, **settings})(issue_refund)
    return function


async def test_a_call_is_approved_and_made_once(team: Team) -> None:
    """The card shows who asks and the arguments without the secret; after Approve the call is made with it."""
    made: list[str] = []
    desk = Desk(
        call("issue_refund", order="A-1", amount=129, api_token="t0p"), tools=[refund(made, secret_args=["api_token"])]
    )
    async with team.bot(desk.workflow):
        card = await team.ask("refund", "Run the tool `issue_refund`?")
        assert "order: A-1\namount: 129\napi_token: •••••••• hidden, 3 characters" in words(card)
        assert "step 1 of 1, agent `clerk`" in words(card)
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the call was made: Run the tool `issue_refund`?")
        await team.under(team.parents()[0], "Result of refund")
        assert made == ["A-1: 129, t0p"]
        assert not [text for entry in team.slack.log for text in [str(entry.payload)] if "t0p" in text]


async def test_a_reject_tells_the_agent_why(team: Team) -> None:
    """The call is not made, the model reads the feedback, and the run goes on."""
    made: list[str] = []
    desk = Desk(call("issue_refund", order="A-1", amount=129), tools=[refund(made)])
    async with team.bot(desk.workflow):
        card = await team.ask("refund", "issue_refund")
        assert "*Reject*: the call is not made; the agent is told, with your feedback." in words(card)
        form = await team.press("ana", card, "pause.feedback")
        assert (await team.send("ana", form, "Too much.")).ok
        await team.says(card, "Rejected, the call was not made, the agent was told")
        await team.under(team.parents()[0], "Result of refund")
        assert (made, desk.told) == ([], ["Too much."])


def two_refunds(made: list[str], **settings: Any) -> Desk:
    """Return an agent that asks for two calls at once."""
    calls = call("issue_refund", order="A-1", amount=1), call("issue_refund", order="A-2", amount=2)
    return Desk(*calls, tools=[refund(made, **settings)])


async def test_several_calls_of_one_turn_are_decided_one_by_one(team: Team) -> None:
    """They share a card on which each has its row; the agent goes on when both are decided."""
    made: list[str] = []
    async with team.bot(two_refunds(made).workflow):
        card = await team.ask("refund", "Approve 2 calls of `clerk`?")
        await team.click("ana", card, "call.approve.1")
        card = await team.says(card, "*1 of 2 decided.* The agent goes on when both are.")
        assert "*Approved* by <@UANA>" in words(card)
        assert not made
        form = await team.press("bob", card, "call.feedback.2")
        assert (await team.send("bob", form, "Twice.")).ok
        card = await team.says(card, "Both decided: ")
        card = await team.says(card, "The call was made.")
        assert "*Rejected* by <@UBOB>" in words(card)
        assert "The call was not made, the agent was told. Reason:\nTwice." in words(card)
        assert made == ["A-1: 1, "]
        assert len([m for m in team.thread(team.parents()[0]) if "calls" in m["text"]]) == 1


async def test_all_calls_are_approved_at_once(team: Team) -> None:
    """One click answers each question by itself."""
    made: list[str] = []
    async with team.bot(two_refunds(made).workflow):
        card = await team.ask("refund", "Approve 2 calls")
        await team.click("ana", card, "pause.approve_all")
        await team.says(card, "Approved, the call was made: ")
        assert made == ["A-1: 1, ", "A-2: 2, "]
        answered = [pause.answered for pause in (await team.run()).pauses if pause.answered]
        assert [answer.by.rpartition(":")[2] for answer in answered] == ["UANA", "UANA"]


async def test_who_approves_all_is_told_what_others_have_decided_before(team: Team) -> None:
    """What is open is approved; of the rest stands who was faster. A second time, all of it was too late."""
    made: list[str] = []
    async with team.bot(two_refunds(made).workflow):
        old = await team.ask("refund", "Approve 2 calls")
        form = await team.press("bob", old, "call.feedback.1")
        assert (await team.send("bob", form)).ok
        await team.says(old, "1 of 2 decided")
        await team.click("ana", old, "pause.approve_all", stale=True)
        await team.says(old, "Both decided")
        told = await team.hears("ana", "Approved all but this one of the 2 calls")
        assert "Call 1, `issue_refund`: <@UBOB> rejected it" in told
        team.clock.move(1)
        await team.click("ana", old, "pause.approve_all", stale=True)
        assert "Your *Approve all* changed nothing." in await team.hears("ana", "Not recorded")
        assert made == ["A-2: 2, "]


async def test_two_people_who_approve_all_at_once_make_each_call_once(team: Team) -> None:
    """Whoever wins which, every call is made once, and a third click is told that it came too late."""
    made: list[str] = []
    async with team.bot(two_refunds(made).workflow):
        card = await team.ask("refund", "Approve 2 calls")
        clicks = (team.click(who, card, "pause.approve_all", stale=True) for who in ("ana", "bob"))
        assert all(delivery.ok for delivery in await asyncio.gather(*clicks))
        await team.says(card, "Approved, the call was made: ")
        await team.click("dora", card, "pause.approve_all", stale=True)
        await team.hears("dora", "Not recorded")
        assert sorted(made) == ["A-1: 1, ", "A-2: 2, "]


async def test_what_does_not_fit_is_read_before_all_is_approved(team: Team) -> None:
    """Review all shows every value and has a box for each call that can't be undone."""
    made: list[str] = []
    calls = call("issue_refund", order="long " * 100, amount=1), call("issue_refund", order="A-2", amount=2)
    desk = Desk(*calls, tools=[refund(made, irreversible=True)])
    async with team.bot(desk.workflow):
        card = await team.ask("refund", "Approve 2 calls")
        form = await team.press("ana", card, "pause.review_all")
        assert "long " * 100 in words(form)
        assert (await team.send("ana", form, ["0.0"], [])).errors
        assert (await team.send("ana", form, ["0.0"], ["1.0"])).ok
        await team.says(card, "Approved, the call was made: ")
        assert len(made) == 2


async def test_twelve_calls_have_two_cards(team: Team) -> None:
    """None is lost: each card decides its own, and the agent goes on after the last."""
    made: list[str] = []
    calls = [call("issue_refund", order=f"A-{number}", amount=number) for number in range(1, 13)]
    async with team.bot(Desk(*calls, tools=[refund(made)]).workflow):
        first = await team.ask("refund", "Approve calls 1 to 10 of 12")
        second = await team.under(team.parents()[0], "Approve calls 11 to 12 of 12")
        await team.click("ana", first, "pause.approve_all")
        await team.says(first, "The agent goes on once the other calls are decided.")
        assert not made
        await team.click("bob", second, "pause.approve_all")
        await team.says(second, "Approved, the call was made")
        await team.says(first, "Approved, the call was made")
        assert len(made) == 12


async def test_an_irreversible_call_asks_back(team: Team) -> None:
    """Approve has a dialog; a form, which can't ask back, has a box to tick."""
    made: list[str] = []
    desk = Desk(
        call("issue_refund", order="A-1", amount=129), tools=[refund(made, irreversible=True, editable=["amount"])]
    )
    async with team.bot(desk.workflow):
        card = await team.ask("refund", "issue_refund")
        assert " · cannot be undone" in words(card)
        assert "This cannot be undone." in words(card["blocks"][-1]["elements"][0]["confirm"])
        form = await team.press("ana", card, "pause.fill")
        assert (await team.send("ana", form, "100", [])).errors
        assert (await team.send("ana", form, "100", ["1.0"])).ok
        card = await team.says(card, "Approved with changes, the call was made")
        assert "amount: `129` → `100`" in words(card)
        assert made == ["A-1: 100, "]


async def test_a_call_gets_the_values_that_people_fill_in(team: Team) -> None:
    """What is asked for is empty, with the model's guess as a hint; a secret is shown nowhere afterwards."""
    made: list[str] = []
    settings = {
        "requires_confirmation": False,
        "requires_user_input": True,
        "user_input_fields": ["amount", "api_token"],
        "secret_args": ["api_token"],
    }
    desk = Desk(call("issue_refund", order="A-1", amount=9), tools=[refund(made, **settings)])
    async with team.bot(desk.workflow):
        card = await team.ask("refund", "Fill in what the tool `issue_refund` needs")
        form = await team.press("ana", card, "pause.fill")
        amount, secret = [block for block in form["blocks"] if block["type"] == "input"]
        assert "initial_value" not in amount["element"]
        assert "The model's guess, not used unless you type it: “9”." in amount["hint"]["text"]
        assert "Secret" in secret["hint"]["text"]
        assert "order: A-1" in words(form)
        assert (await team.send("ana", form, "many", "t0p")).errors
        assert (await team.send("ana", form, "100", "t0p")).ok
        card = await team.says(card, "Filled in, the call was made")
        assert "t0p" not in words(card)
        assert made == ["A-1: 100, t0p"]


async def test_a_result_from_elsewhere_reaches_the_agent(team: Team) -> None:
    """The form takes the result of what somebody did themselves; the tool does not run."""
    made: list[str] = []
    desk = Desk(
        call("issue_refund", order="A-1", amount=129),
        tools=[refund(made, requires_confirmation=False, external_execution=True)],
    )
    async with team.bot(desk.workflow):
        card = await team.ask("refund", "Run `issue_refund` elsewhere, and give its result")
        form = await team.press("ana", card, "pause.result")
        assert (await team.send("ana", form, "Done by hand.")).ok
        await team.says(card, "Result given, the agent went on")
        await team.under(team.parents()[0], "Result of refund")
        assert (made, desk.told) == ([], ["Done by hand."])


@pytest.mark.parametrize("beside", [0, 1])
async def test_a_call_to_be_made_elsewhere_is_shown_as_json(team: Team, beside: int) -> None:
    """Whole, with masks in the place of secrets, for whoever may see the run; alone and beside other calls."""
    kept_elsewhere = refund([], requires_confirmation=False, external_execution=True, secret_args=["api_token"])
    calls = [call("issue_refund", order="A-1 t0p-secret", amount=129, api_token="t0p-secret")] * (1 + beside)
    desk = Desk(*calls, tools=[kept_elsewhere])
    async with team.bot(desk.workflow):
        card = await team.ask("refund", "calls of `clerk`" if beside else "Run `issue_refund` elsewhere")
        view = await team.press("bob", card, "call.json.2" if beside else "pause.json")
        assert view["title"]["text"] == "Call as JSON"
        (shown,) = [block["elements"][0] for block in view["blocks"][2:]]
        assert shown["type"] == "rich_text_preformatted"
        assert json.loads(words(shown)) == {
            "tool": "issue_refund",
            "arguments": {"order": "A-1 ••••••••", "amount": 129, "api_token": "•••••••• hidden, 10 characters"},
        }


async def test_an_agent_has_people_choose(team: Team) -> None:
    """Each question has its choices, one or several; the agent is told what was chosen."""
    options = [{"label": "red", "description": "warm"}, {"label": "blue"}]
    asked = [
        {"question": "Which colour?", "options": options},
        {"question": "Which sizes?", "options": [{"label": "S"}, {"label": "M"}, {"label": "L"}], "multi_select": True},
    ]
    desk = Desk(call("ask_user", questions=asked), tools=[UserFeedbackTools()])
    async with team.bot(desk.workflow):
        card = await team.ask("refund", "Answer what the agent asks")
        assert "question 1: Which colour?\nquestion 2: Which sizes?" in words(card)
        form = await team.press("ana", card, "pause.fill")
        assert (await team.send("ana", form, "0.1", ["1.2", "1.0"])).ok
        await team.says(card, "Answered, the agent went on")
        await team.under(team.parents()[0], "Result of refund")
        (told,) = desk.told
        assert json.loads(told) == [
            {"question": "Which colour?", "selected": ["blue"]},
            {"question": "Which sizes?", "selected": ["S", "L"]},
        ]


async def test_an_agent_asks_for_values(team: Team) -> None:
    """The fields are those that the agent names."""
    fields = [{"field_name": "city"}, {"field_name": "days", "field_type": "int"}]
    desk = Desk(call("get_user_input", user_input_fields=fields), tools=[UserControlFlowTools()])
    async with team.bot(desk.workflow):
        card = await team.ask("refund", "Fill in what the agent asks for")
        assert "city, days" in words(card)
        form = await team.press("ana", card, "pause.fill")
        assert (await team.send("ana", form, "Oslo", "3")).ok
        await team.says(card, "Filled in, the agent went on")
        await team.under(team.parents()[0], "Result of refund")
        assert desk.told == ['[{"name": "city", "value": "Oslo"}, {"name": "days", "value": 3}]']


async def test_silence_rejects_a_call(team: Team) -> None:
    """At the deadline the call is not made and the agent is told that nobody answered; a late click changes nothing."""
    made: list[str] = []
    desk = Desk(call("issue_refund", order="A-1", amount=129), tools=[refund(made)], timeout=60, on_timeout="reject")
    async with team.bot(desk.workflow):
        card = await team.ask("refund", "issue_refund")
        assert "rejected, the agent is told that nobody answered." in words(card)
        team.clock.move(61)
        await team.click("ana", card, "pause.approve")
        await team.says(card, "No answer in time, the call was not made, the agent was told")
        await team.under(team.parents()[0], "Result of refund")
        assert (made, desk.told) == ([], ["no answer in time"])


async def test_a_result_that_lost_is_given_back(team: Team) -> None:
    """Who sends a result after somebody rejected the call gets their text to copy."""
    desk = Desk(
        call("issue_refund", order="A-1", amount=129),
        tools=[refund([], requires_confirmation=False, external_execution=True)],
    )
    async with team.bot(desk.workflow):
        card = await team.ask("refund", "issue_refund")
        mine = await team.press("ana", card, "pause.result")
        theirs = await team.press("bob", card, "pause.feedback")
        assert (await team.send("bob", theirs, "Not now.")).ok
        await team.send("ana", mine, "Done by hand.")
        shown = words(await team.modal("ana", lambda view: view["title"]["text"] == "Not recorded"))
        assert "<@UBOB> rejected it" in shown
        assert "Done by hand." in shown
