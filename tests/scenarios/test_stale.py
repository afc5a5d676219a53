"""Questions without a deadline that nobody answers."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from kernbot.errors import ConfigurationError
from kernbot.workflow import Workflow
from tests.scenarios.team import Team, words
from tests.scenarios.workflows import QUESTION, Deploy

ADMINS = "C03ADMINS"
DAY = 86_400.0


def add_admins(team: Team) -> None:
    """Add the operators' channel, with the bot in it."""
    team.slack.add_channel(ADMINS, name="admins", members=["UANA"])
    team.slack.invite(team.app, ADMINS)


def notices(team: Team) -> list[str]:
    """Return what the operators' channel was told."""
    return [words(message["blocks"]) for message in team.person("ana").messages(ADMINS) if message["is_bot"]]


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what the log was told of questions that wait."""
    return [record for record in caplog.records if record.name == "kernbot.runtime.stale"]


async def test_after_a_week_owners_are_told_once_a_day(team: Team) -> None:
    """The operators' channel gets a list with links, which calls the owners; until somebody answers."""
    add_admins(team)
    later = Workflow(name="later", steps=Deploy(timeout=30 * DAY).workflow.steps)
    settings: dict[str, Any] = {"register": {"owners": ["UBOB"]}, "operators_channel": "#admins", "sweep_seconds": 0.02}
    async with team.bot(Deploy().workflow, later, **settings):
        card = await team.ask("deploy secret-input", QUESTION)
        await team.ask("later", QUESTION)
        team.clock.move(7 * DAY - 1)
        team.clock.move(3_601)
        told = await team.until(lambda: notices(team))
        (only,) = told
        assert "1 question of `deploy` waits for more than 7 d." in only
        assert "`deploy` · step 2 of 3 · run " in only
        assert "|open it>" in only
        assert "Owners: <@UBOB>. They have no deadline: answer them, or cancel their runs." in only
        assert "secret-input" not in only
        team.clock.move(3_601)
        await team.type("ana", "list")
        assert len(notices(team)) == 1
        team.clock.move(DAY)
        await team.until(lambda: notices(team)[1:])
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")
        team.clock.move(DAY + 1)
        await team.type("ana", "list")
        assert len(notices(team)) == 2


async def test_without_an_operators_channel_the_log_tells(team: Team, caplog: pytest.LogCaptureFixture) -> None:
    """One line for each workflow, with the ids of the runs."""
    async with team.bot(Deploy().workflow, register={"stale_after": 60.0}, sweep_seconds=0.02):
        await team.ask("deploy", QUESTION)
        with caplog.at_level(logging.WARNING, logger="kernbot.runtime.stale"):
            team.clock.move(3_601)
            await team.eventually(lambda: lines(caplog))
    (record,) = lines(caplog)
    assert record.message == "questions have waited too long"
    assert vars(record)["run_ids"] == [(await team.run()).run.run_id]


async def test_stale_after_none_tells_nobody(team: Team, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever does not want to be told says so at the registration; in the end the question is still open."""
    async with team.bot(Deploy().workflow, register={"stale_after": None}):
        card = await team.ask("deploy", QUESTION)
    team.clock.move(100 * DAY)
    async with team.bot(Deploy().workflow, register={"stale_after": None}):
        assert not lines(caplog)
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_an_operators_channel_that_is_not_there_keeps_the_bot_from_starting(team: Team) -> None:
    """The sentence names it, and the ways out."""
    with pytest.raises(ConfigurationError, match="The operators' channel is #nowhere, which the bot can't see"):
        async with team.bot(Deploy().workflow, operators_channel="#nowhere"):
            pass
