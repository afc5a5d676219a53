"""What `/kern` answers."""

from __future__ import annotations

import pytest

from kernbot.run import RunStatus
from tests.scenarios.team import CHANNEL, ELSEWHERE, Team, words
from tests.scenarios.workflows import QUESTION, Deploy, configure

UNKNOWN = "No such run, or not yours."


@pytest.mark.parametrize("text", ["", "help", "HELP"])
async def test_help_shows_what_there_is(team: Team, text: str) -> None:
    """The command alone, or with `help`, shows every command."""
    async with team.bot(Deploy().workflow):
        told = await team.type("dee", text)
        assert all(
            f"/kern {word}" in told for word in ("run", "list", "status", "pending", "history", "cancel", "retry")
        )


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("run deplyo", "There is no workflow `deplyo`. Did you mean `deploy`?"),
        ("stauts", "`stauts` is not a command. Did you mean `status`?"),
        ("deploy", "Did you mean `/kern run deploy`?"),
        ("cancel", "Which run? Type `/kern cancel RUN`"),
        ("cancel ffffff", UNKNOWN),
        ("retry", "Which run? Type `/kern retry RUN`"),
        ("retry ffffff", UNKNOWN),
        ("history deplyo", "There is no workflow `deplyo`. Did you mean `deploy`?"),
        ("status ffffff", UNKNOWN),
        ("status %", UNKNOWN),
        ("run <!channel>", "There is no workflow `&lt;!channel&gt;`."),
    ],
)
async def test_what_is_typed_wrong_gets_a_sentence_that_helps(team: Team, text: str, answer: str) -> None:
    """The answer says what to type instead, and no run is stored."""
    async with team.bot(Deploy().workflow, configure()):
        assert answer in await team.type("dee", text)
        assert await team.runs() == 0


async def test_list_shows_what_one_may_start(team: Team) -> None:
    """A member sees the workflows, somebody outside of the channel none."""
    async with team.bot(Deploy().workflow, configure()):
        told = await team.type("dee", "list")
        assert "`configure`" in told
        assert "`deploy`" in told
        assert "There is no workflow that you may start." in await team.type("olga", "list", channel=ELSEWHERE)


async def test_status_shows_ones_runs(team: Team) -> None:
    """The starter reads where each stands, with a link; another member has none of their own."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        told = await team.type("dee", "status")
        assert "*Waiting for an answer:* `deploy`, step 2 of 3" in told
        assert "|open it>" in told
        assert "You have no runs." in await team.type("ana", "status")
        await team.click("ana", card, "pause.approve")
        await team.says(card, "the step ran")
        await team.says(team.parents()[0], "Finished")
        assert "*Finished:* `deploy`, all 3 steps" in await team.type("dee", "status")


async def test_status_of_one_run_is_for_those_who_may_see_it(team: Team) -> None:
    """Its starter and members of the channel read it; to anybody else it reads as if there was none."""
    async with team.bot(Deploy().workflow):
        await team.ask("deploy", QUESTION)
        typed = f"status {(await team.run()).run.run_id[:6]}"
        assert "Waiting for an answer" in await team.type("dee", typed)
        assert "Waiting for an answer" in await team.type("ana", typed)
        assert UNKNOWN in await team.type("olga", typed, channel=ELSEWHERE)
        assert UNKNOWN in await team.type("gus", typed)


async def test_a_beginning_of_several_runs_is_asked_back(team: Team) -> None:
    """An id that fits several runs gets a sentence, and none is cancelled."""
    async with team.bot(Deploy().workflow):
        ids: list[str] = []
        while len({run_id[0] for run_id in ids}) == len(ids):
            await team.ask("deploy", QUESTION)
            ids.append((await team.run()).run.run_id)
            team.clock.move(1)
        assert "2 of your runs begin with" in await team.type("dee", f"cancel {ids[-1][0]}")
        assert (await team.run()).run.status is RunStatus.PAUSED


async def test_the_requester_cancels_a_run(team: Team) -> None:
    """The run ends, its card says who cancelled it, and a second time there is nothing to cancel."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        typed = f"cancel {(await team.run()).run.run_id[:6]}"
        assert "Cancelled run" in await team.type("dee", typed)
        card = await team.says(card, "Run cancelled")
        assert "<@UDEE>" in words(card)
        await team.says(team.parents()[0], "was cancelled")
        assert "Nothing to cancel" in await team.type("dee", typed)
        assert deploy.ran == ["build"]


async def test_the_requester_of_another_cannot_be_found_out(team: Team) -> None:
    """Cancelling a run that one may not see reads as if there was none, and changes nothing."""
    async with team.bot(Deploy().workflow):
        await team.ask("deploy", QUESTION)
        before = await team.run()
        told = await team.type("olga", f"cancel {before.run.run_id[:6]}", channel=ELSEWHERE)
        assert UNKNOWN in told
        assert "Dee" not in told
        assert await team.run() == before


async def test_the_starter_gets_a_link_to_the_run(team: Team) -> None:
    """What the starter alone reads leads to the run's parent message."""
    async with team.bot(Deploy().workflow):
        parent = await team.start("deploy")
        await team.hears("dee", f"/archives/{CHANNEL}/p{parent['ts'].replace('.', '')}|Open the run>")
