"""A question for values: filled in in a modal, with errors at the fields."""

from __future__ import annotations

from kernbot.examples import configurable_pipeline
from kernbot.workflow import Step, Workflow
from tests.scenarios.team import Team, words
from tests.scenarios.workflows import configure


async def test_values_are_filled_in_and_used(team: Team) -> None:
    """A text that is no number is refused at its field and nothing is stored; corrected, it is used."""
    async with team.bot(configurable_pipeline.workflow):
        card = await team.ask("configurable_pipeline", "Configure processing:")
        form = await team.press("ana", card, "pause.fill")
        before = await team.run()
        refused = await team.send("ana", form, "abc", "fast")
        assert "“abc” is not a number" in next(iter((refused.errors or {}).values()))
        assert await team.run() == before
        assert (await team.send("ana", form, "0.7", "fast")).ok
        assert team.person("ana").view() is None
        await team.says(card, "Filled in, the step ran: Configure processing:")
        result = await team.under(team.parents()[0], "Result of configurable_pipeline")
        assert "Report: Processed with threshold=0.7, mode=fast" in words(result)


async def test_values_and_a_yes_come_together(team: Team) -> None:
    """Where a step asks for both, one form gives both."""
    async with team.bot(configure(requires_confirmation=True)):
        card = await team.ask("configure", "Configure processing:")
        form = await team.press("ana", card, "pause.fill")
        assert form["submit"]["text"] == "Send and approve"
        assert (await team.send("ana", form, "0.7", _choice(form, "fast"))).ok
        await team.says(card, "Filled in and approved, the step ran")
        result = await team.under(team.parents()[0], "Result of configure")
        assert "Processed with threshold=0.7, mode=fast" in words(result)


async def test_where_both_are_asked_a_no_needs_no_values(team: Team) -> None:
    """Reject stands beside the form, and decides alone."""
    async with team.bot(configure(requires_confirmation=True)):
        card = await team.ask("configure", "Configure processing:")
        await team.click("ana", card, "pause.reject")
        await team.says(card, "Rejected, the step was skipped")


async def test_values_without_a_schema_are_given_as_json(team: Team) -> None:
    """Where the author does not say which values, the form takes an object."""
    step = Step("any", lambda step_input: str(step_input.user_input), requires_user_input=True)
    async with team.bot(Workflow(name="free", steps=[step])):
        card = await team.ask("free", "Fill in what `any` needs")
        form = await team.press("ana", card, "pause.fill")
        assert "This is not JSON" in str((await team.send("ana", form, "x=1")).errors)
        assert (await team.send("ana", form, '{"x": 1}')).ok
        assert "{'x': 1}" in words(await team.under(team.parents()[0], "Result of free"))


async def test_a_form_that_lost_keeps_what_was_typed(team: Team) -> None:
    """A form sent after somebody else's answer shows who answered, and what was typed, to copy."""
    async with team.bot(configure()):
        card = await team.ask("configure", "Configure processing:")
        mine = await team.press("ana", card, "pause.fill")
        theirs = await team.press("bob", card, "pause.fill")
        assert (await team.send("bob", theirs, "0.1", _choice(theirs, "fast"))).ok
        await team.send("ana", mine, "0.7", _choice(mine, "accurate"))
        shown = words(await team.modal("ana", lambda view: view["title"]["text"] == "Not recorded"))
        assert "<@UBOB> filled it in" in shown
        assert "0.7" in shown
        assert "accurate" in shown
        result = await team.under(team.parents()[0], "Result of configure")
        assert "threshold=0.1, mode=fast" in words(result)


async def test_a_form_opened_too_late_is_not_shown(team: Team) -> None:
    """Pressing Fill in on an old copy of an answered card shows who answered."""
    async with team.bot(configure()):
        card = await team.ask("configure", "Configure processing:")
        form = await team.press("bob", card, "pause.fill")
        await team.send("bob", form, "0.1", _choice(form, "fast"))
        await team.says(card, "Filled in, the step ran")
        await team.click("ana", card, "pause.fill", stale=True)
        shown = await team.modal("ana", lambda view: view["title"]["text"] == "Not recorded")
        assert "<@UBOB> filled it in" in words(shown)


def _choice(form: dict[str, object], label: str) -> str:
    blocks = form["blocks"]
    assert isinstance(blocks, list)
    options = [option for block in blocks for option in block.get("element", {}).get("options", [])]
    return next(str(option["value"]) for option in options if option["text"]["text"] == label)
