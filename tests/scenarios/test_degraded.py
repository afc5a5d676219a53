"""Degrade, never strand: what cannot be shown is said to wait, and holds nothing else up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kernbot.db.in_memory import InMemoryDb
from kernbot.slack.outbox import wanted
from tests.scenarios.team import Team, words
from tests.scenarios.test_stale import add_admins, notices
from tests.scenarios.workflows import QUESTION, Deploy


class DamagedDb(InMemoryDb):
    """Can lose what stands in a question."""

    def damage(self, pause_id: str) -> None:
        """Empty it, as the row of another program might be."""
        self._pauses[pause_id] = replace(self._pauses[pause_id], question={})


async def test_a_card_that_cannot_be_made_becomes_a_plain_one(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """It opens the question, which is answered there; parent and result stand as ever."""

    def fail(*_: Any, **__: Any) -> dict[str, Any]:
        raise ValueError("no such value")

    monkeypatch.setattr(wanted, "card", fail)
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        plain = await team.ask("deploy", "A question of deploy waits")
        assert "*A question waits:* `deploy`, step `deploy`" in words(plain)
        review = await team.press("ana", plain, "pause.review")
        assert QUESTION in words(review)
        await team.send("ana", review)
        await team.says(plain, "Approved, the step ran")
        await team.under(team.parents()[0], "Result of deploy")
        assert deploy.ran == ["build", "deploy", "announce"]


async def test_a_question_whose_row_is_damaged_says_so(team: Team) -> None:
    """Card, details, lists and operators are told that it cannot be read; its run can be cancelled, others go on."""
    team.store = store = DamagedDb()
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        (pause,) = (await team.run()).pauses
        other = await team.ask("deploy", QUESTION)
    store.damage(pause.pause_id)
    add_admins(team)
    async with team.bot(Deploy().workflow, operators_channel="#admins"):
        card = await team.says(card, "nobody can answer it")
        details = await team.press("ana", card, "pause.details")
        assert "What is stored of the question of step deploy cannot be read" in words(details).replace("\n", "")
        listed = words(await team.reads("ana", "pending"))
        assert QUESTION in listed
        assert "cannot be read" in listed
        (told,) = await team.until(lambda: notices(team))
        assert "A question can't be read; a plain card says so." in told
        assert "pause.retry" not in str((card, details))
        await team.click("ana", other, "pause.approve")
        await team.says(other, "Approved, the step ran")
        await team.click("dee", card, "run.cancel")
        await team.says(team.parents()[0], "Cancelled by <@UDEE>")
        await team.says(card, "Closed")
