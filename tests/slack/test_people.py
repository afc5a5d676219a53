"""Who somebody is, as Slack tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.engine.authority import MEMBERS, Deed, Refusal, may_answer
from kernbot.localslack import Kind, LocalSlack
from kernbot.runtime.service import FRESH_SECONDS, REMEMBERED_SECONDS, CannotCheckError
from kernbot.slack.manifest import manifest
from kernbot.slack.outbox.pace import Pace
from kernbot.slack.people import SlackPeople
from tests.scenarios.team import MovedClock, passing

OPS = "C01OPS"


class Office:
    """A local Slack and what the bot knows of its people."""

    def __init__(self, slack: LocalSlack, people: SlackPeople, clock: MovedClock) -> None:
        self.slack = slack
        self.people = people
        self.clock = clock

    def asked(self, method: str) -> int:
        """Return how often a method was called."""
        return sum(entry.name == method for entry in self.slack.log)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    """Yield an office with people of every kind."""
    clock = MovedClock()
    slack = LocalSlack(clock=clock)
    for name, kind in (("ana", Kind.MEMBER), ("gus", Kind.GUEST), ("sam", Kind.STRANGER), ("dora", Kind.DEACTIVATED)):
        slack.add_person(f"U{name.upper()}", name=name, kind=kind)
    slack.add_person("UOLGA", name="olga")
    slack.add_channel(OPS, name="ops", members=["UANA", "UGUS", "USAM", "UDORA"])
    app = slack.install(manifest())
    slack.invite(app, OPS)
    async with slack.serve() as server:
        client = AsyncWebClient(token=app.bot_token, base_url=server.base_url, retry_handlers=[])
        yield Office(slack, SlackPeople(client, Pace(passing()), "T01LOCAL", clock), clock)


@pytest.mark.parametrize(
    ("user_id", "refusal"),
    [
        ("UANA", None),
        ("UGUS", Refusal.GUEST),
        ("USAM", Refusal.STRANGER),
        ("UDORA", Refusal.DEACTIVATED),
        ("UOLGA", Refusal.NOT_A_MEMBER),
    ],
)
async def test_everybody_is_told_from_everybody_else(office: Office, user_id: str, refusal: Refusal | None) -> None:
    """Only a full, active member of the channel may answer."""
    person = await office.people.look_up(f"slack:T01LOCAL:{user_id}", OPS)
    assert may_answer(MEMBERS, person, None, Deed.APPROVE) is refusal


async def test_many_who_wait_share_one_request(office: Office) -> None:
    """Fifty questions about one person at once are two requests."""
    await asyncio.gather(*(office.people.look_up("slack:T01LOCAL:UANA", OPS) for _ in range(50)))
    assert (office.asked("users.info"), office.asked("conversations.members")) == (1, 1)


async def test_what_is_known_is_read_again_after_a_while(office: Office) -> None:
    """Somebody who leaves is a member no more, at the latest after a minute; at a claim, after ten seconds."""
    ana = "slack:T01LOCAL:UANA"
    assert (await office.people.look_up(ana, OPS)).is_member
    office.slack.leave("UANA", OPS)
    office.clock.move(FRESH_SECONDS + 1)
    assert (await office.people.look_up(ana, OPS)).is_member
    assert not (await office.people.look_up(ana, OPS, max_age=FRESH_SECONDS)).is_member
    office.slack.join("UANA", OPS)
    office.clock.move(REMEMBERED_SECONDS + 1)
    assert (await office.people.look_up(ana, OPS)).is_member


async def test_a_failure_is_not_remembered(office: Office) -> None:
    """Nobody is let in whom Slack does not know, and as soon as it does, they are."""
    with pytest.raises(CannotCheckError):
        await office.people.look_up("slack:T01LOCAL:UNEW", OPS)
    office.slack.add_person("UNEW", name="new")
    office.slack.join("UNEW", OPS)
    office.clock.move(REMEMBERED_SECONDS + 1)
    assert (await office.people.look_up("slack:T01LOCAL:UNEW", OPS)).is_member


@pytest.mark.parametrize("person_id", ["terminal:dee", "library", "slack:T01LOCAL", ""])
async def test_whoever_is_not_of_slack_can_not_be_checked(office: Office, person_id: str) -> None:
    """A name of another door is refused without asking Slack."""
    with pytest.raises(CannotCheckError):
        await office.people.look_up(person_id, OPS)
    assert office.asked("users.info") == 0
