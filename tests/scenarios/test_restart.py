"""A bot that is stopped and started again on the same database."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.workflow import Step, Workflow
from tests.scenarios.failing_store import FailingStore, InterruptedLedger
from tests.scenarios.team import Team, words
from tests.scenarios.workflows import QUESTION, Deploy, configure


async def test_the_old_card_works(team: Team) -> None:
    """A card posted before the restart can be answered after it, and steps that were done do not run again."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
    async with team.bot(deploy.workflow):
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")
        await team.says(team.parents()[0], "Finished")
        assert deploy.ran == ["build", "deploy", "announce"]
        assert len(team.parents()) == 1


async def test_an_open_form_works(team: Team) -> None:
    """A form that was opened before the restart can be sent after it."""
    async with team.bot(configure(requires_confirmation=True)):
        card = await team.ask("configure", "Configure processing:")
        form = await team.press("ana", card, "pause.fill")
    async with team.bot(configure(requires_confirmation=True)):
        mode = next(block["element"]["options"][0]["value"] for block in form["blocks"] if "mode" in words(block))
        assert (await team.send("ana", form, "0.7", mode)).ok
        await team.says(card, "Filled in and approved, the step ran")


@pytest.mark.parametrize(
    ("on_timeout", "text"),
    [("approve", "the step ran"), ("skip", "the step was skipped"), ("cancel", "the run was cancelled")],
)
async def test_a_deadline_that_passed_meanwhile_is_kept(team: Team, on_timeout: str, text: str) -> None:
    """What silence does is done at the start, as of the deadline."""
    deploy = Deploy(timeout=60, on_timeout=on_timeout)
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        deadline = team.clock() + 60
    team.clock.move(1_000)
    async with team.bot(deploy.workflow):
        card = await team.says(card, f"No answer in time, {text}")
        assert f"<!date^{int(deadline)}^" in words(card)


async def test_race_3_rejected_in_time_and_resumed_after_the_deadline(team: Team) -> None:
    """A reject that was stored in time stands after a restart past the deadline, whatever silence would have done."""
    deploy = Deploy(timeout=60, on_timeout="approve", on_reject="cancel")
    team.store = store = FailingStore()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        store.fails = True
        await team.click("ana", card, "pause.reject")
        await team.says(card, "will be tried again; the decision stays")
    store.fails = False
    team.clock.move(1_000)
    async with team.bot(deploy.workflow):
        await team.says(card, "Rejected, the run was cancelled")
        assert deploy.ran == ["build"]


async def test_race_4_stopped_between_ledger_and_ack(team: Team) -> None:
    """The person was told that the click failed; it counts all the same, and the card shows so after a restart."""
    deploy = Deploy()
    team.refused.update(("operation_timeout", "dispatch_failed"))
    team.store = store = InterruptedLedger()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        assert not (await team.click("ana", card, "pause.approve")).ok
    store.interrupts = False
    async with team.bot(deploy.workflow):
        await team.says(card, "Approved, the step ran")
        await team.says(team.parents()[0], "Finished")
        assert deploy.ran == ["build", "deploy", "announce"]


async def test_a_workflow_that_changed_meanwhile_is_looked_at_again(team: Team) -> None:
    """Retry puts the same question until the workflow fits again; then the card says that the run went on."""
    deploy, changed = Deploy(), Deploy()
    changed.workflow = Workflow(name="deploy", steps=[Step("compile", lambda _: ""), *changed.workflow.steps[1:]])
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
    async with team.bot(changed.workflow):
        await team.click("ana", card, "pause.approve")
        parent = team.parents()[0]
        first = await team.under(parent, "Look again at")
        await team.click("ana", first, "pause.retry")
        second = await team.until(lambda: next((m for m in team.thread(parent) if _asks_anew(m, first)), None))
    async with team.bot(deploy.workflow):
        await team.click("ana", second, "pause.retry")
        await team.says(second, "The run went on.")
        await team.says(team.parents()[0], "Finished")
        assert deploy.ran == ["build", "deploy", "announce"]


async def test_messages_that_were_not_posted_are_posted(team: Team) -> None:
    """While Slack refuses posts, the run goes on; after a restart its parent and its card are there."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        team.line.refuse("chat.postMessage", "fatal_error", times=99, status=500)
        await team.type("dee", "run deploy")
        await team.hears("dee", "Started `deploy`")
        await team.eventually(lambda: deploy.ran == ["build"])
        assert not team.parents()
    team.line.clear()
    async with team.bot(deploy.workflow):
        card = await team.under((await team.until(team.parents))[0], QUESTION)
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step ran")


async def test_messages_that_were_not_updated_are_brought_up_to_date(team: Team) -> None:
    """While Slack refuses updates, the run goes on; after a restart parent and card show how it ended."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        team.line.refuse("chat.update", "fatal_error", times=99, status=500)
        await team.click("ana", card, "pause.approve")
        await team.eventually(lambda: deploy.ran == ["build", "deploy", "announce"])
    team.line.clear()
    async with team.bot(deploy.workflow):
        await team.says(card, "Approved, the step ran")
        await team.says(team.parents()[0], "Finished")


async def test_a_run_that_was_cancelled_elsewhere_is_shown_so(team: Team) -> None:
    """What another door did while no bot ran is shown at the start: the card is closed, the parent says who did it."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
    run_id = (await team.run()).run.run_id
    await team.store.cancel_run(run_id, "slack:T01LOCAL:UDEE", "python", team.clock())
    async with team.bot(Deploy().workflow):
        await team.says(team.parents()[0], "Cancelled by <@UDEE>")
        shown = await team.says(card, "Run cancelled")
        assert "pause.approve" not in str(shown)


def _asks_anew(message: dict[str, Any], before: dict[str, Any]) -> bool:
    return bool(message["text"] == before["text"] and message["blocks"] != before["blocks"])
