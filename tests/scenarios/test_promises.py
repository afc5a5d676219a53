"""A bot that is started again with other code while a card is open."""

from __future__ import annotations

from kernbot.db.base import Snapshot
from kernbot.workflow import HumanReview, Step, StepInput, Workflow
from tests.scenarios.team import Team, words

QUESTION = "Ship this release to production?"
TIMEOUT = 1_200


def _ship(version: str, *, accept_changes: bool = False) -> Workflow:
    def ship(_: StepInput) -> str:
        return f"shipped by version {version}"

    review = HumanReview(
        requires_confirmation=True,
        confirmation_message=QUESTION,
        timeout=TIMEOUT,
        on_timeout="reject",
        accept_changes=accept_changes,
    )
    return Workflow(name="deploy", steps=[Step("ship", executor=ship, version=version, human_review=review)])


def _values(version: str) -> Workflow:
    def configure(step_input: StepInput) -> str:
        return f"{version}: {step_input.user_input}"

    review = HumanReview(requires_user_input=True, user_input_message=QUESTION, user_input_schema=[{"name": "city"}])
    return Workflow(name="deploy", steps=[Step("ship", executor=configure, version=version, human_review=review)])


def _deadline(known: Snapshot) -> float | None:
    (pause,) = known.pauses
    return pause.deadline


async def test_a_click_on_the_old_card_is_refused_and_the_question_stands_anew(team: Team) -> None:
    """Nothing is run; the same card asks again, says what changed, and keeps its deadline; then a click counts."""
    async with team.bot(_ship("3")):
        card = await team.ask("deploy", QUESTION)
        deadline = _deadline(await team.run())
    team.clock.move(600)
    async with team.bot(_ship("4")):
        await team.click("ana", card, "pause.approve")
        told = await team.hears("ana", "Not recorded: the step changed since this was asked")
        assert "The version of the step was `3`, now it is `4`." in told
        anew = await team.says(card, "The step changed since this was asked")
        assert anew["text"] == f"The step changed since this was asked: {QUESTION}"
        assert "runs the step as it is now" in words(anew)
        assert f"<!date^{int(deadline or 0)}^" in words(anew)
        assert "(unchanged)" in words(anew)
        assert _deadline(await team.run()) == deadline
        await team.click("bob", card, "pause.approve", stale=True)
        await team.hears("bob", "Not recorded: the step changed since this was asked")
        await team.click("ana", anew, "pause.approve")
        closed = await team.says(card, "Approved, the step ran")
        assert "changed" not in words(closed)
        assert "shipped by version 4" in str((await team.run()).journal)


async def test_a_form_that_was_open_is_refused(team: Team) -> None:
    """It says why, and gives back what was typed, to copy; a new one can be sent."""
    async with team.bot(_values("3")):
        card = await team.ask("deploy", QUESTION)
        form = await team.press("ana", card, "pause.fill")
    async with team.bot(_values("4")):
        assert (await team.send("ana", form, "Tokyo")).ok
        refused = await team.modal("ana", lambda view: "the step changed since this was asked" in words(view))
        assert "What you wrote, to copy*\nTokyo" in words(refused)
        anew = await team.says(card, "The step changed since this was asked")
        await team.click("ana", anew, "pause.fill")
        form = await team.modal("ana", lambda view: bool(view.get("submit")))
        assert (await team.send("ana", form, "Tokyo")).ok
        await team.says(card, "Filled in, the step ran")


async def test_a_form_is_not_opened_for_the_old_question(team: Team) -> None:
    """Nobody fills in what will not count."""
    async with team.bot(_values("3")):
        card = await team.ask("deploy", QUESTION)
    async with team.bot(_values("4")):
        view = await team.press("ana", card, "pause.fill")
        assert "the step changed since this was asked" in words(view)
        await team.says(card, "The step changed since this was asked")


async def test_an_author_may_accept_changes(team: Team) -> None:
    """Then the old card is answered, and the new code runs."""
    async with team.bot(_ship("3", accept_changes=True)):
        card = await team.ask("deploy", QUESTION)
    async with team.bot(_ship("4", accept_changes=True)):
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")
        assert "shipped by version 4" in str((await team.run()).journal)


async def test_silence_is_what_was_promised(team: Team) -> None:
    """A question that is asked anew lapses when it would have, with what was said then."""
    async with team.bot(_ship("3")):
        card = await team.ask("deploy", QUESTION)
    async with team.bot(_ship("4"), sweep_seconds=1):
        await team.click("ana", card, "pause.approve")
        await team.says(card, "The step changed since this was asked")
        await team.hears("ana", "Not recorded", times=2)
        team.clock.move(TIMEOUT)
        await team.says(card, "No answer in time, the step was skipped")
