"""Forms that start a workflow, where the database takes long: what was acked counts, and nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from kernbot.db.in_memory import InMemoryDb
from kernbot.db.slack import OfferedForm
from kernbot.errors import StorageError
from kernbot.slack import ids
from kernbot.slack.listeners import inbox
from kernbot.workflow import Workflow
from tests.scenarios.slow_store import SlowForms
from tests.scenarios.team import CHANNEL, Team, words


class _Order(BaseModel):
    region: str
    units: int


def _orders() -> Workflow:
    return Workflow(name="orders", steps=[lambda step_input: f"{step_input.input}"], input_schema=_Order)


@pytest.fixture(autouse=True)
def hurry(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - a team has a patient bot
    """Have the bot wait for its database a tenth of a second only."""
    monkeypatch.setattr(inbox, "SECONDS_TO_DECIDE", 0.1)


@pytest.fixture
def slow(team: Team) -> SlowForms:
    """Give the team a store that finds forms late."""
    store = SlowForms()
    team.store = store
    return store


async def _sent(team: Team, *typed: str) -> dict[str, Any]:
    """Have a form sent that takes long to be found; return what stands in its place."""
    await team.type("dee", "run orders")
    view = await team.modal("dee", lambda view: view["title"]["text"] == "Start a workflow")
    assert (await team.send("dee", view, *typed)).ok
    return await team.modal("dee", lambda view: view["title"]["text"] == "Received")


async def test_a_form_is_received_and_starts_later(team: Team, slow: SlowForms) -> None:
    """The modal says that it was received, then that it has started; so does a message where it was asked for."""
    async with team.bot(_orders()):
        await _sent(team, "EU", "3")
        assert len(await slow.list_inbox(9)) == 1
        slow.go_on.set()
        view = await team.modal("dee", lambda view: view["title"]["text"] == "Started")
        assert "|Open the run>" in words(view)
        await team.hears("dee", "Started `orders`")
        assert not await slow.list_inbox(9)


async def test_a_form_that_was_received_starts_after_a_restart(team: Team, slow: SlowForms) -> None:
    """Once."""
    team.refused.add("not_found")
    async with team.bot(_orders()):
        await _sent(team, "EU", "3")
    assert await team.runs() == 0
    slow.go_on.set()
    async with team.bot(_orders()):
        await team.hears("dee", "Started `orders`")
        assert await team.runs() == 1


async def test_what_is_found_wrong_too_late_is_said_with_what_was_typed(team: Team, slow: SlowForms) -> None:
    """In the modal, to copy; there are no fields any more that an error could be said at."""
    async with team.bot(_orders()):
        await _sent(team, "The EU", "many")
        slow.go_on.set()
        view = await team.modal("dee", lambda view: view["title"]["text"] == "Not started")
        assert "“many” is not a whole number." in words(view)
        assert "The EU" in words(view)
        assert await team.runs() == 0


async def test_the_choice_of_a_workflow_that_is_read_late_leads_to_its_form(team: Team, slow: SlowForms) -> None:
    """In the place of what said that it was received."""
    async with team.bot(_orders()):
        await team.type("dee", "run")
        view = await team.modal("dee", lambda view: view["title"]["text"] == "Start a workflow")
        assert (await team.send("dee", view, "0.0")).ok
        await team.modal("dee", lambda view: view["title"]["text"] == "Received")
        slow.go_on.set()
        view = await team.modal("dee", lambda view: view["title"]["text"] == "Start a workflow")
        assert (await team.send("dee", view, "EU", "3")).ok
        await team.hears("dee", "Started `orders`")


async def test_a_button_that_nobody_made_opens_nothing(team: Team) -> None:
    """One whose form is forgotten says so, and no form opens."""
    async with team.bot(_orders()):
        await team.person("dee").say(CHANNEL, "@kern run orders")
        parent = team.person("dee").messages(CHANNEL)[-1]["ts"]
        offer = await team.until(lambda: next(iter(team.person("dee").messages(CHANNEL, parent)[1:]), None))
        await team.store.delete_forms(team.clock() + 1)
        assert (await team.click("dee", dict(offer), ids.START_OPEN)).ok
        dee = team.person("dee")
        await team.until(lambda: any("no longer valid" in words(m) for m in dee.messages(CHANNEL, parent)))
        assert dee.view() is None


class _BrokenForms(InMemoryDb):
    async def put_form(self, form: OfferedForm) -> bool:
        raise StorageError(f"The disk is full: form {form.form_id} is not stored.")


async def test_no_form_is_left_loading(team: Team) -> None:
    """Whatever goes wrong on the way, what was opened says so."""
    team.store = _BrokenForms()
    async with team.bot(_orders()):
        await team.type("dee", "run orders")
        view = await team.modal("dee", lambda view: view["title"]["text"] == "Not started")
        assert "the form could not be made just now" in words(view)


async def test_a_form_that_is_sent_long_after_it_was_opened_is_answered_directly(team: Team) -> None:
    """The address that came with the command is not good any more: what has started is said to the person."""
    team.refused.update(("expired_url", "used_url"))
    async with team.bot(_orders()):
        await team.type("dee", "run orders")
        view = await team.modal("dee", lambda view: view["title"]["text"] == "Start a workflow")
        team.clock.move(1_801)
        assert (await team.send("dee", view, "EU", "3")).ok
        direct = team.direct_channel("dee")
        dee = team.person("dee")
        await team.until(lambda: any("Started `orders`" in words(m) for m in dee.messages(direct)))
