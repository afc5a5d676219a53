"""What every store does for the Slack app."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kernbot.db.slack import OfferedForm, Preferences
from kernbot.errors import ConflictError

if TYPE_CHECKING:
    from tests.contracts.conftest import Bench


async def test_messages_are_listed_as_they_were_stored(bench: Bench) -> None:
    """A run's own messages come back, field by field, in the order of their first storing."""
    parent = bench.message("m2")
    card = bench.message("m1", role="card", pause_id="p1", ts="1.2", thread_ts="1.1", shown="d1", revision=3)
    for message in (parent, card, bench.message("m3", run_id="r2")):
        await bench.store.save_message(message)
    assert await bench.store.list_messages("r1") == [parent, card]
    assert await bench.store.list_messages("nobody") == []


async def test_a_message_is_replaced_by_its_id(bench: Bench) -> None:
    """The newer state of a message is listed, in the old place."""
    parent, card = bench.message("m1"), bench.message("m2", role="card", pause_id="p1")
    await bench.store.save_message(parent)
    await bench.store.save_message(card)
    posted = replace(parent, ts="1.1", shown="d1", revision=1)
    await bench.store.save_message(posted)
    assert await bench.store.list_messages("r1") == [posted, card]


@pytest.mark.parametrize(("role", "pause_id"), [("parent", None), ("card", "p1")])
async def test_a_run_has_one_message_of_a_kind(bench: Bench, role: str, pause_id: str | None) -> None:
    """ConflictError is raised, and nothing changes, for another message of the same run, role and pause."""
    first = bench.message("m1", role=role, pause_id=pause_id)
    await bench.store.save_message(first)
    with pytest.raises(ConflictError, match=f"another {role} message"):
        await bench.store.save_message(replace(first, message_id="m2"))
    assert await bench.store.list_messages("r1") == [first]


async def test_messages_differ_by_run_role_pause_and_person(bench: Bench) -> None:
    """Messages that differ in run, role, pause or person are all kept."""
    messages = [
        bench.message("m1"),
        bench.message("m2", role="result"),
        bench.message("m3", role="card", pause_id="p1"),
        bench.message("m4", role="card", pause_id="p2"),
        bench.message("m5", role="copy", pause_id="p1", person_id="slack:T01:U02ANA"),
        bench.message("m6", role="copy", pause_id="p1", person_id="slack:T01:U03BOB"),
    ]
    for message in [*messages, bench.message("m7", run_id="r2")]:
        await bench.store.save_message(message)
    assert await bench.store.list_messages("r1") == messages


async def test_runs_of_the_bot_are_unsettled(bench: Bench) -> None:
    """The bot's runs are listed, oldest first, until they are settled; a library's never."""
    await bench.create("new", created_at=3.0)
    await bench.create("old", created_at=1.0)
    await bench.create("library", created_at=2.0, origin="library")
    assert await bench.store.list_unsettled(9) == ["old", "new"]
    assert await bench.store.list_unsettled(1) == ["old"]
    await bench.store.settle_run("old")
    await bench.store.settle_run("old")
    assert await bench.store.list_unsettled(9) == ["new"]


async def test_the_inbox_is_worked_off_oldest_first(bench: Bench) -> None:
    """Payloads come back with their id and time, in the order of their storing, until they are deleted."""
    first = await bench.store.put_inbox({"type": "block_actions", "n": 1}, 1001.0)
    second = await bench.store.put_inbox({"type": "view_submission", "n": 2}, 1000.0)
    items = await bench.store.list_inbox(9)
    assert [item.item_id for item in items] == [first, second]
    assert [item.received_at for item in items] == [1001.0, 1000.0]
    assert items[0].payload == {"type": "block_actions", "n": 1}
    assert await bench.store.list_inbox(1) == items[:1]
    await bench.store.delete_inbox(first)
    await bench.store.delete_inbox(first)
    assert await bench.store.list_inbox(9) == items[1:]


async def test_an_inbox_id_is_never_used_again(bench: Bench) -> None:
    """A late delete of an item that is gone takes no other one."""
    first = await bench.store.put_inbox({}, 1000.0)
    await bench.store.delete_inbox(first)
    second = await bench.store.put_inbox({}, 1001.0)
    await bench.store.delete_inbox(first)
    assert [item.item_id for item in await bench.store.list_inbox(9)] == [second]


async def test_a_key_is_made_once(bench: Bench) -> None:
    """The same 32 random bytes are returned for a name, each time, and others for another name."""
    key = await bench.store.get_key("modal")
    assert len(key) == 32
    assert await bench.store.get_key("modal") == key
    assert await bench.store.get_key("another") != key


async def test_what_a_person_prefers_is_kept(bench: Bench) -> None:
    """Who has chosen nothing gets no direct messages; the last choice counts, and is of nobody else."""
    ana = Preferences(person_id="slack:T01:U02ANA", direct_messages=True)
    bob = Preferences(person_id="slack:T01:U02BOB")
    assert await bench.store.get_preferences(bob.person_id) == bob
    await bench.store.save_preferences(bob)
    await bench.store.save_preferences(ana)
    assert await bench.store.get_preferences(ana.person_id) == ana
    assert await bench.store.get_preferences(bob.person_id) == bob
    await bench.store.save_preferences(replace(ana, direct_messages=False))
    assert await bench.store.get_preferences(ana.person_id) == replace(ana, direct_messages=False)


async def test_who_wants_direct_messages_is_listed(bench: Bench) -> None:
    """Those who want questions as direct messages are listed by their ids, the others are not."""
    for name, wanted in (("UC", True), ("UA", True), ("UB", False)):
        await bench.store.save_preferences(Preferences(person_id=name, direct_messages=wanted))
    assert await bench.store.list_direct_message_readers() == ["UA", "UC"]


async def test_a_form_is_kept_until_it_is_old(bench: Bench) -> None:
    """What was stored first under an id comes back; what is older than a time is forgotten."""
    old = OfferedForm(form_id="aa", asked={"text": "péché 🎉", "channel": None}, created_at=1.5)
    new = OfferedForm(form_id="bb", asked={}, created_at=2.5)
    assert [await bench.store.put_form(form) for form in (old, new)] == [True, True]
    assert not await bench.store.put_form(replace(old, asked={"text": "other"}))
    assert [await bench.store.get_form(name) for name in ("aa", "bb", "cc")] == [old, new, None]
    await bench.store.delete_forms(2.5)
    assert [await bench.store.get_form(name) for name in ("aa", "bb")] == [None, new]
