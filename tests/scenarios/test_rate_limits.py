"""429 with Retry-After: what people wait for is asked again, and what cannot wait is told truthfully."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.team import Team
from tests.scenarios.workflows import QUESTION, Deploy

PUT_OFF: dict[str, Any] = {"error": "ratelimited", "status": 429, "retry_after": "30"}
NAMED: dict[str, Any] = {"approvers": ["S01RELEASE"], "starters": ["UDEE"]}


@pytest.mark.parametrize(
    ("method", "rule"),
    [
        ("users.info", {}),
        ("conversations.info", {}),
        ("conversations.members", {}),
        ("usergroups.users.list", NAMED),
    ],
)
async def test_race_9_a_look_up_that_is_put_off_is_waited_for(team: Team, method: str, rule: dict[str, Any]) -> None:
    """A click is recorded once Slack tells who it was by, and nobody is told that this cannot be checked."""
    team.slack.add_group("S01RELEASE", name="Releasers", handle="releasers", members=["UANA"])
    deploy = Deploy()
    async with team.bot(deploy.workflow, register=rule):
        card = await team.ask("deploy", QUESTION)
        team.clock.move(61)
        team.line.refuse(method, times=3, **PUT_OFF)
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")
        assert team.line.faults_met == 3
        assert not team.told("ana")


@pytest.mark.parametrize("method", ["views.update", "conversations.list"])
async def test_what_nobody_has_to_be_acked_for_is_waited_for(team: Team, method: str) -> None:
    """A modal is filled, and a bot starts, once Slack lets it."""
    team.line.refuse(method, times=2, **PUT_OFF)
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        await team.press("ana", card, "pause.details")
        assert team.line.faults_met == 2


async def test_a_modal_that_cannot_be_opened_is_told_of(team: Team) -> None:
    """Its trigger lives three seconds, so the person is to try again; nothing was changed."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        team.line.refuse("views.open", **PUT_OFF)
        await team.click("ana", card, "pause.details")
        await team.hears("ana", "could not open this just now")
        await team.press("ana", card, "pause.details")
