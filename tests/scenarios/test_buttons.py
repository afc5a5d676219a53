"""Buttons that are old, copied or made up."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kernbot.workflow import Step, Workflow
from tests.scenarios.team import Team
from tests.scenarios.workflows import QUESTION, Deploy

NOT_VALID = "this button is no longer valid"


async def test_a_click_on_an_old_copy_is_told_who_was_faster(team: Team) -> None:
    """Whoever still sees the buttons after an answer is told who gave it; nothing changes."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        await team.click("ana", card, "pause.reject")
        await team.says(team.parents()[0], "Finished")
        before = await team.run()
        await team.click("bob", card, "pause.approve", stale=True)
        refusal = await team.hears("bob", "Not recorded")
        assert "this was answered before your click" in refusal
        assert "<@UANA> rejected it" in refusal
        assert "Your *Approve* changed nothing." in refusal
        assert await team.run() == before


async def test_the_refusal_stands_wherever_the_card_stands(team: Team) -> None:
    """A run's first card is in its thread and in the channel; so is the refusal, for the one who clicked."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        await team.click("gus", card, "pause.approve")
        await team.hears("gus", "Not recorded", times=2)
        for place in (card["thread_ts"], None):
            seen = team.person("gus").messages("C01OPS", place)
            assert len([message for message in seen if message["ephemeral"]]) == 1


async def test_race_5_the_old_card_of_one_question_never_answers_the_next(team: Team) -> None:
    """With the second question open, the first one's button is refused, on its old card and put onto the new one."""
    gated = [
        Step(name=name, executor=lambda _: "done", requires_confirmation=True, confirmation_message=f"The {name} one?")
        for name in ("first", "second")
    ]
    async with team.bot(Workflow(name="two", steps=gated)):
        first = await team.ask("two", "The first one?")
        await team.click("ana", first, "pause.approve")
        second = await team.under(team.parents()[0], "The second one?")
        await team.says(first, "the step ran")
        before = await team.run()
        copied = _with_value(second, "pause.approve", _value(first, "pause.approve"))
        for times, shown in enumerate((first, copied), start=1):
            await team.click("bob", shown, "pause.approve", stale=True)
            await team.hears("bob", "<@UANA> approved it", times=times)
        assert await team.run() == before


@pytest.mark.parametrize("value", ["garbage", "k1.AAAA", "k1." + "A" * 43, "k2.AAAA", "k1.not base64!"])
async def test_a_value_that_the_bot_did_not_make_is_refused(team: Team, value: str) -> None:
    """A made-up value is refused and nothing changes."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        before = await team.run()
        await team.click("ana", _with_value(card, "pause.approve", value), "pause.approve", stale=True)
        await team.hears("ana", NOT_VALID)
        assert await team.run() == before


async def test_a_value_is_good_for_its_own_action_only(team: Team) -> None:
    """The value of Reject, put onto Approve, is refused; so is one whose last letter was changed."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        before = await team.run()
        genuine = _value(card, "pause.approve")
        changed = genuine[:-2] + ("AA" if genuine[-2:] != "AA" else "BA")
        for times, value in enumerate((_value(card, "pause.reject"), changed), start=1):
            await team.click("ana", _with_value(card, "pause.approve", value), "pause.approve", stale=True)
            await team.hears("ana", NOT_VALID, times=times)
        assert await team.run() == before


async def test_a_value_of_a_question_cancels_no_run(team: Team) -> None:
    """A question's value, put onto a run's Cancel, is refused."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        before = await team.run()
        shown = _with_value(team.parents()[0], "run.cancel", _value(card, "pause.approve"))
        await team.click("dee", shown, "run.cancel", stale=True)
        await team.hears("dee", "Started")
        await team.hears("dee", NOT_VALID)
        assert await team.run() == before


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [element for block in message["blocks"] if block["type"] == "actions" for element in block["elements"]]


def _value(message: dict[str, Any], action_id: str) -> str:
    return next(str(button["value"]) for button in _buttons(message) if button["action_id"] == action_id)


def _with_value(message: dict[str, Any], action_id: str, value: str) -> dict[str, Any]:
    changed = copy.deepcopy(message)
    for button in _buttons(changed):
        if button["action_id"] == action_id:
            button["value"] = value
    return changed
