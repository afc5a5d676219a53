"""Who may do what: pure rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kernbot.engine.authority import Person, Refusal, may_answer, may_cancel, may_see, may_start

MEMBER = Person(person_id="slack:T1:U1", display_name="Ana", is_member=True)
OUTSIDERS = [
    (replace(MEMBER, is_active=False), Refusal.DEACTIVATED),
    (replace(MEMBER, is_bot=True), Refusal.BOT),
    (replace(MEMBER, is_stranger=True), Refusal.STRANGER),
    (replace(MEMBER, is_guest=True), Refusal.GUEST),
    (replace(MEMBER, is_member=False), Refusal.NOT_A_MEMBER),
]


def test_a_member_may_start_answer_and_see() -> None:
    """A full member of the workflow's channel may, whoever asked for the run; nothing is refused."""
    assert [may_start(MEMBER), may_answer(MEMBER), may_see(MEMBER, "slack:T1:U2")] == [None, None, None]


@pytest.mark.parametrize(("person", "refusal"), OUTSIDERS)
def test_nobody_else_may(person: Person, refusal: Refusal) -> None:
    """Deactivated people, bots, strangers, guests and people who are not in the channel are refused, each by name."""
    assert {may_start(person), may_answer(person), may_see(person, "slack:T1:U2")} == {refusal}


def test_asking_for_a_run_gives_no_right_to_answer_it() -> None:
    """Its requester may see and cancel it, also without being a member, but not answer."""
    requester = replace(MEMBER, is_member=False)
    assert may_see(requester, requester.person_id) is None
    assert may_cancel(requester, requester.person_id, frozenset()) is None
    assert may_answer(requester) is Refusal.NOT_A_MEMBER


def test_only_its_requester_and_owners_cancel_a_run() -> None:
    """A member of the channel may not."""
    assert may_cancel(MEMBER, "slack:T1:U2", frozenset({MEMBER.person_id})) is None
    assert may_cancel(MEMBER, "slack:T1:U2", frozenset()) is Refusal.NOT_YOURS


def test_who_was_deactivated_may_do_nothing() -> None:
    """Not even with runs of their own."""
    gone = replace(MEMBER, is_active=False)
    assert may_see(gone, gone.person_id) is Refusal.DEACTIVATED
    assert may_cancel(gone, gone.person_id, frozenset({gone.person_id})) is Refusal.DEACTIVATED
