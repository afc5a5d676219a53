"""App Home: what waits for one person, kept up to date while they have it open."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.db.slack import Preferences
from kernbot.localslack.block_kit import check_view
from kernbot.run import RunStatus
from kernbot.slack.listeners import home
from kernbot.workflow import HumanReview, Step, Workflow
from tests.scenarios.team import CHANNEL, Team, words
from tests.scenarios.workflows import QUESTION, Deploy, configure

NOTHING = "No question names you, or a group that you are in."


async def opened(team: Team, who: str) -> dict[str, Any]:
    """Have somebody open their Home; return it as it is shown then."""
    known = len(published(team, who))
    await team.person(who).open_home()
    await team.until(lambda: len(published(team, who)) > known)
    return shown(team, who)


def published(team: Team, who: str) -> list[Any]:
    """Return the Homes that were published for somebody."""
    return [call for call in team.calls("views.publish") if call["user_id"] == f"U{who.upper()}"]


def shown(team: Team, who: str) -> dict[str, Any]:
    """Return somebody's Home."""
    view = team.person(who).home()
    assert view is not None
    return view


async def shows(team: Team, who: str, true: Callable[[str], bool]) -> dict[str, Any]:
    """Wait until what somebody's Home says makes something true."""
    await team.until(lambda: true(words(shown(team, who)["blocks"])))
    return shown(team, who)


async def unfolded(team: Team, who: str) -> dict[str, Any]:
    """Have somebody open their Home and show all questions that they may answer."""
    await opened(team, who)
    assert (await team.person(who).home_action("home.more")).ok
    return await shows(team, who, lambda text: "Hide" in text)


async def test_a_question_is_answered_in_home_and_closes_everywhere(team: Team) -> None:
    """Approved there, its card closes, and it leaves this Home, that of others, and `/kern pending`."""
    async with team.bot(Deploy().workflow):
        card = await team.ask("deploy", QUESTION)
        assert QUESTION in words(await unfolded(team, "ana"))
        await unfolded(team, "bob")
        assert (await team.person("ana").home_action("home.answer.0")).ok
        view = await team.modal("ana", lambda view: view["title"]["text"] == "Details")
        assert (await team.person("ana").view_action(view["id"], "pause.approve")).ok
        await team.says(card, "Approved, the step ran")
        for who in ("ana", "bob"):
            await shows(team, who, lambda text: QUESTION not in text)
            assert "Nothing waits for you." in await team.type(who, "pending")


async def test_who_is_named_is_asked_first(team: Team) -> None:
    """An approver sees the question whole and may answer others too; a member who is not named sees nothing of it."""
    named = HumanReview(requires_confirmation=True, confirmation_message="Release?", approvers=["UANA"])
    release = Workflow(name="release", steps=[Step(name="ship", executor=lambda _: "shipped", human_review=named)])
    async with team.bot(release, Deploy().workflow):
        card = await team.ask("release", "Release?")
        await team.ask("deploy", QUESTION)
        text = words(await opened(team, "ana"))
        assert "Asked of you: 1" in text
        assert "Release?" in text
        assert "*You may also answer:* 1 more" in text
        assert "Asked of you: 0" in words(await unfolded(team, "bob"))
        for told in (words(shown(team, "bob")), await team.type("bob", "pending")):
            assert "Release?" not in told
            assert QUESTION in told
        told = await team.type("ana", "pending")
        assert told.index("*Asked of you:* 1") < told.index("Release?") < told.index("*You may also answer:* 1")
        assert (await team.person("ana").home_action("home.answer.0")).ok
        view = await team.modal("ana", lambda view: view["title"]["text"] == "Details")
        assert (await team.person("ana").view_action(view["id"], "pause.approve")).ok
        await team.says(card, "Approved, the step ran")
        await shows(team, "ana", lambda text: "Asked of you: 0" in text)


async def test_who_is_in_a_group_that_is_named_is_asked(team: Team) -> None:
    """Its members see what the group is asked; who is in it is asked of Slack once for all of them."""
    team.slack.add_group("S01OPS", name="Ops", handle="ops-people", members=["UANA", "UOLGA"])
    async with team.bot(Deploy().workflow, register={"approvers": ["@ops-people"]}):
        await team.ask("deploy", QUESTION)
        asked = len(team.calls("usergroups.users.list"))
        for who, count in (("ana", 1), ("olga", 1), ("bob", 0)):
            assert f"Asked of you: {count}" in words(await opened(team, who))
        assert len(team.calls("usergroups.users.list")) == asked


async def test_a_new_question_appears_while_home_is_open(team: Team) -> None:
    """Nobody has to open it again."""
    async with team.bot(Deploy().workflow):
        assert "may answer" not in words(await opened(team, "ana"))
        await team.ask("deploy", QUESTION)
        await shows(team, "ana", lambda text: "*You may answer:* 1" in text)


async def test_nothing_is_published_that_has_not_changed(team: Team) -> None:
    """A run of others that asks nothing changes no Home, and nobody's who has not opened it."""
    async with team.bot(Deploy(requires_confirmation=False).workflow):
        await opened(team, "ana")
        parent = await team.start("deploy")
        await team.says(parent, "Finished")
        await asyncio.sleep(0)
        assert len(published(team, "ana")) == 1
        assert not published(team, "bob")


@pytest.mark.parametrize("who", ["olga", "gus", "sam"])
async def test_whoever_may_not_answer_sees_nothing_of_it(team: Team, who: str) -> None:
    """Somebody outside of the channel, a guest in it and one of another organisation see no question and no run."""
    async with team.bot(Deploy().workflow):
        await team.ask("deploy the-secret", QUESTION)
        text = words(await opened(team, who))
        assert NOTHING in text
        assert "You have started none." in text
        assert "may answer" not in text
        assert "deploy" not in text


async def test_whoever_has_lost_the_right_is_refused(team: Team) -> None:
    """A Home that still shows a question does not make its answer count."""
    async with team.bot(Deploy().workflow):
        await team.ask("deploy", QUESTION)
        await unfolded(team, "ana")
        team.slack.leave("UANA", CHANNEL)
        team.clock.move(61)
        assert (await team.person("ana").home_action("home.answer.0")).ok
        await team.modal("ana", lambda view: "Not recorded: you are not a full member of" in words(view))
        assert QUESTION not in words(await opened(team, "ana"))


async def test_ones_own_runs_are_shown_and_opened(team: Team) -> None:
    """The newest ones, each with its Details; those of others are not among them."""
    async with team.bot(Deploy().workflow, configure()):
        await team.ask("deploy the-secret", QUESTION)
        team.clock.move(1)
        await team.ask("configure", "Configure processing:", who="bob")
        view = await opened(team, "dee")
        assert "*Waiting for an answer:* `deploy`, step 2 of 3" in words(view)
        assert "`configure`" not in words(view)
        assert "the-secret" not in words(view)
        assert (await team.person("dee").home_action("run.details.0")).ok
        details = await team.modal("dee", lambda view: view["title"]["text"] == "Run")
        assert "the-secret" in words(details)


async def test_a_workflow_is_started_from_home(team: Team) -> None:
    """The button opens the form in which one is chosen."""
    async with team.bot(Deploy().workflow, configure()):
        await opened(team, "dee")
        assert (await team.person("dee").home_action("home.start")).ok
        form = await team.modal("dee", lambda view: view["title"]["text"] == "Start a workflow")
        assert "configure" in words(form)


async def test_a_run_of_ones_own_is_followed_to_its_end(team: Team) -> None:
    """Its line in an open Home changes with it, and one that was started meanwhile is added."""
    async with team.bot(Deploy().workflow, configure()):
        card = await team.ask("deploy", QUESTION)
        await opened(team, "dee")
        await team.click("ana", card, "pause.approve")
        await shows(team, "dee", lambda text: "*Finished:* `deploy`, all 3 steps" in text)
        team.clock.move(1)
        await team.ask("configure", "Configure processing:")
        await shows(team, "dee", lambda text: "*Waiting for an answer:* `configure`" in text)


async def test_300_open_questions_keep_the_limits(team: Team) -> None:
    """A Home has at most 100 blocks, the rest is counted; who is in the channel is asked once for all of them."""
    async with team.bot(Deploy(timeout=3600).workflow):
        for _ in range(3):
            await team.ask("deploy", QUESTION)
        await copy_questions(team, 300)
        view = await unfolded(team, "ana")
        assert check_view({key: view[key] for key in ("type", "callback_id", "blocks")}) == []
        assert len(view["blocks"]) <= 100
        assert "*You may answer:* 300" in words(view)
        assert "288 more wait" in words(view)
        assert len(team.calls("conversations.members")) == 1


async def test_what_was_unfolded_is_folded_after_a_restart(team: Team) -> None:
    """A button does what is written on it, whether this process has shown it or another."""
    async with team.bot(Deploy().workflow):
        await team.ask("deploy", QUESTION)
        await unfolded(team, "ana")
    async with team.bot(Deploy().workflow):
        assert (await team.person("ana").home_action("home.less")).ok
        view = await shows(team, "ana", lambda text: "Show" in text)
        assert QUESTION not in words(view)


async def test_a_home_that_another_process_has_shown_is_left_to_it(team: Team) -> None:
    """Who opened it where another bot listens sees what that one shows, and nothing goes back and forth."""
    team.refused.add("hash_conflict")
    async with team.bot(Deploy().workflow):
        await opened(team, "ana")
        client = AsyncWebClient(token=team.app.bot_token, base_url=team.settings.slack_api_url)
        blocks = [{"type": "section", "text": {"type": "plain_text", "text": "by the other bot"}}]
        await client.views_publish(user_id="UANA", view={"type": "home", "blocks": blocks})
        await team.ask("deploy", QUESTION)
        await team.until(lambda: any("hash_conflict" in entry.verdict for entry in team.slack.log))
        assert words(shown(team, "ana")["blocks"]) == "by the other bot"
        assert "may answer" in words(await opened(team, "ana"))


async def test_what_a_person_prefers_is_kept(team: Team) -> None:
    """The box is stored for this person alone, and shown ticked when they open Home again, after a restart too."""
    async with team.bot(Deploy().workflow):
        view = await opened(team, "ana")
        await tick(team, "ana", view, ticked=True)
        assert (await team.store.get_preferences("slack:T01LOCAL:UANA")).direct_messages
    async with team.bot(Deploy().workflow):
        view = await opened(team, "ana")
        assert "initial_options" in box(view)
        assert "initial_options" not in box(await opened(team, "bob"))
        await tick(team, "ana", view, ticked=False)
        preferences = await team.store.get_preferences("slack:T01LOCAL:UANA")
        assert preferences == Preferences(person_id="slack:T01LOCAL:UANA")


async def test_a_preference_that_cannot_be_stored_in_time_is_not_acked(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person is told by Slack that it failed, and it is not stored later."""
    monkeypatch.setattr(home, "SECONDS_TO_STORE", 0.1)
    team.refused.update(("operation_timeout", "dispatch_failed"))
    async with team.bot(Deploy().workflow):
        view = await opened(team, "ana")
        team.clock.move(61)
        held = team.line.hold("users.info")
        chosen = [option["value"] for option in box(view)["options"]]
        assert not (await team.person("ana").home_action("home.dm", option=chosen)).ok
        held.release()
        await team.ask("deploy", QUESTION)
        assert not (await team.store.get_preferences("slack:T01LOCAL:UANA")).direct_messages


async def test_while_slack_cannot_be_asked_no_question_is_shown(team: Team) -> None:
    """Home says that rights can't be checked, and shows them when it is opened again."""
    team.refused.add("fatal_error")
    async with team.bot(Deploy().workflow):
        await team.ask("deploy", QUESTION)
        team.clock.move(61)
        team.line.refuse("users.info", "fatal_error", times=9)
        assert "cannot check your rights just now" in words(await opened(team, "bob"))
        team.line.clear()
        assert "may answer" in words(await opened(team, "bob"))


async def tick(team: Team, who: str, view: dict[str, Any], *, ticked: bool) -> None:
    """Have somebody tick the box, or take the tick away."""
    chosen = [option["value"] for option in box(view)["options"]] if ticked else []
    assert (await team.person(who).home_action("home.dm", option=chosen)).ok


def box(view: dict[str, Any]) -> dict[str, Any]:
    """Return the box for direct messages."""
    elements = [element for block in view["blocks"] for element in block.get("elements", [])]
    return next(element for element in elements if element.get("action_id") == "home.dm")


async def copy_questions(team: Team, in_all: int) -> None:
    """Store more runs like the newest, each waiting for the answer to the same question."""
    newest = await team.run()
    for _ in range(in_all - await team.runs()):
        run_id = uuid.uuid4().hex
        again = replace(newest.run, run_id=run_id, session_id=run_id, status=RunStatus.PENDING)
        await team.store.create_run(again, {})
        claimed = await team.store.claim_run(run_id, "another bot", 30.0)
        assert claimed is not None
        pause = replace(newest.pauses[0], pause_id=uuid.uuid4().hex, run_id=run_id)
        await team.store.suspend(run_id, claimed.run.epoch, [pause], team.clock())
