"""Many open questions of one workflow: one message in the channel stands for them."""

from __future__ import annotations

from kernbot.slack import ids
from tests.scenarios.team import CHANNEL, Team, words
from tests.scenarios.workflows import QUESTION, Deploy


async def test_more_than_five_questions_are_one_message(team: Team) -> None:
    """Its button shows them to the one who presses it; it counts down, and the next crowd gets a message of its own."""
    async with team.bot(Deploy().workflow):
        cards = [await team.ask("deploy", QUESTION) for _ in range(6)]
        fold = (await team.until(team.folds))[0]
        assert "*6 questions* of `deploy` wait." in words(fold)
        assert [call["reply_broadcast"] for call in team.calls("chat.postMessage") if call["text"] == QUESTION] == [
            *[True] * 5,
            False,
        ]
        await team.person("ana").click(CHANNEL, fold["ts"], ids.SHOW_WAITING)
        assert QUESTION in await team.hears("ana", "You may answer:")
        for card in cards:
            await team.click("bob", card, "pause.approve")
        await team.until(lambda: "All questions of `deploy` are answered." in words(team.folds()[0]))
        for _ in range(6):
            await team.ask("deploy", QUESTION)
        assert len(await team.until(lambda: team.folds()[1:])) == 1


async def test_who_may_not_answer_is_shown_none(team: Team) -> None:
    """A guest of the channel presses the button and reads that nothing waits for them."""
    async with team.bot(Deploy().workflow):
        for _ in range(6):
            await team.ask("deploy", QUESTION)
        fold = (await team.until(team.folds))[0]
        await team.person("gus").click(CHANNEL, fold["ts"], ids.SHOW_WAITING)
        await team.hears("gus", "Nothing waits for you.")
