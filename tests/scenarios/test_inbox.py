"""Nothing is acked that is not committed: what the ledger can't take in time is kept, and counts."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.slack.listeners import inbox
from tests.scenarios.slow_store import SlowLedger
from tests.scenarios.team import CHANNEL, Team, words
from tests.scenarios.workflows import QUESTION, Deploy, configure


@pytest.fixture(autouse=True)
def hurry(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - a team has a patient bot
    """Have the bot wait for its ledger a tenth of a second only."""
    monkeypatch.setattr(inbox, "SECONDS_TO_DECIDE", 0.1)


@pytest.fixture
def slow(team: Team) -> SlowLedger:
    """Give the team a store whose ledger waits."""
    store = SlowLedger()
    team.store = store
    return store


async def test_a_click_is_acked_in_time_and_counts_later(team: Team, slow: SlowLedger) -> None:
    """The payload is on disk when it is acked; the step runs once the ledger has the answer."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        assert (await team.click("ana", card, "pause.approve")).ok
        assert len(await slow.list_inbox(9)) == 1
        assert deploy.ran == ["build"]
        slow.go_on.set()
        await team.says(card, "Approved, the step ran")
        assert not await slow.list_inbox(9)


async def test_a_click_that_was_acked_counts_after_a_restart(team: Team, slow: SlowLedger) -> None:
    """A bot that stops before the ledger had the answer works it off when it starts, even past the deadline."""
    deploy = Deploy(timeout=60, on_timeout="cancel")
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        assert (await team.click("ana", card, "pause.approve")).ok
    assert deploy.ran == ["build"]
    slow.go_on.set()
    team.clock.move(1_000)
    async with team.bot(deploy.workflow):
        await team.says(card, "Approved, the step ran")
        await team.says(team.parents()[0], "Finished")
        assert deploy.ran == ["build", "deploy", "announce"]
        assert not await slow.list_inbox(9)


async def test_a_form_is_received_and_counts_later(team: Team, slow: SlowLedger) -> None:
    """The modal says that it was received; the values are used once the ledger has them."""
    async with team.bot(configure()):
        card = await team.ask("configure", "Configure processing:")
        form = await team.press("ana", card, "pause.fill")
        assert (await team.send("ana", form, "0.7", _first_choice(form))).ok
        await team.modal("ana", lambda view: "Received" in words(view["title"]))
        slow.go_on.set()
        result = await team.under(team.parents()[0], "Result of configure")
        assert "threshold=0.7, mode=fast" in words(result)


async def test_a_form_that_turns_out_too_late_says_so(team: Team, slow: SlowLedger) -> None:
    """Of two forms that were received, one counts; the other's modal shows who was faster, and what was typed."""
    async with team.bot(configure()):
        card = await team.ask("configure", "Configure processing:")
        for who in ("ana", "bob"):
            form = await team.press(who, card, "pause.fill")
            await team.send(who, form, "0.7", _first_choice(form))
            await slow.arrived.acquire()
        slow.go_on.set()
        shown = words(await team.modal("bob", lambda view: "Not recorded" in words(view["title"])))
        assert "<@UANA> filled it in" in shown
        assert "0.7" in shown


async def test_a_click_that_turns_out_too_late_is_told_so(team: Team, slow: SlowLedger) -> None:
    """Of two clicks that were acked, one counts; the other person is told who was faster."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        await team.click("ana", card, "pause.approve")
        await slow.arrived.acquire()
        await team.click("bob", card, "pause.reject")
        slow.go_on.set()
        await team.hears("bob", "<@UANA> approved it")


async def test_a_payload_that_was_decided_already_changes_nothing_more(team: Team) -> None:
    """A click that is left in the inbox though the ledger has it is dropped without a word."""
    deploy = Deploy()
    async with team.bot(deploy.workflow):
        card = await team.ask("deploy", QUESTION)
        await team.click("ana", card, "pause.approve")
        await team.says(team.parents()[0], "Finished")
        clicked = next(entry.payload for entry in team.slack.log if entry.name == "block_actions")
        await team.store.put_inbox(clicked, team.clock())
    async with team.bot(deploy.workflow):
        assert not await team.store.list_inbox(9)
        assert not team.told("ana")
        assert deploy.ran == ["build", "deploy", "announce"]


async def test_a_mention_is_on_disk_when_it_is_acked_and_answered_once(team: Team) -> None:
    """A bot that stops before it has answered does so when it starts, once, though Slack has told it twice."""
    async with team.bot(Deploy().workflow):
        held = team.line.hold("users.info")
        await team.person("dee").say(CHANNEL, "@kern run deploy")
        await held.reached()
        (mention,) = await team.store.list_inbox(9)
        await team.store.put_inbox(mention.payload, mention.received_at)
    held.release()
    async with team.bot(Deploy().workflow):
        await team.until(lambda: team.calls("chat.postMessage"))
        await team.person("ana").say(CHANNEL, "@kern run deploy")
        offers = await team.until(lambda: team.calls("chat.postMessage")[1:] and team.calls("chat.postMessage"))
    assert [words(offer["blocks"]).partition(",")[0] for offer in offers] == ["`Dee`", "`Ana`"]


async def test_a_mention_whose_answer_was_under_way_is_answered_after_a_restart(team: Team) -> None:
    """Nobody can tell whether it has been: it is answered once more rather than not at all."""
    async with team.bot(Deploy().workflow):
        held = team.line.hold("chat.postMessage")
        await team.person("dee").say(CHANNEL, "@kern run deploy")
        await held.reached()
    team.line.clear()
    team.clock.move(1)
    async with team.bot(Deploy().workflow):
        await team.until(lambda: team.calls("chat.postMessage"))


async def test_a_mention_that_waits_for_slack_holds_no_deadline_up(team: Team) -> None:
    """What cannot be an answer is worked off beside everything else."""
    deploy = Deploy(timeout=60, on_timeout="skip")
    async with team.bot(deploy.workflow, sweep_seconds=0.1):
        await team.ask("deploy", QUESTION)
        held = team.line.hold("chat.postMessage")
        await team.person("dee").say(CHANNEL, "@kern run deploy")
        await held.reached()
    team.clock.move(61)
    async with team.bot(deploy.workflow):
        await team.eventually(lambda: deploy.ran == ["build", "announce"])


async def test_a_command_that_takes_long_is_answered_later_and_starts_one_run(team: Team) -> None:
    """While Slack takes long to tell who somebody is, the command is acked; one run starts, even after a restart."""
    async with team.bot(Deploy().workflow):
        held = team.line.hold("users.info")
        assert not await team.type("dee", "run deploy")
        assert await team.runs() == 0
    held.release()
    async with team.bot(Deploy().workflow):
        await team.hears("dee", "Started `deploy`")
        assert await team.runs() == 1


def _first_choice(form: dict[str, Any]) -> str:
    elements = [block["element"] for block in form["blocks"] if block["type"] == "input"]
    return next(str(element["options"][0]["value"]) for element in elements if "options" in element)
