"""Who may do what: pure rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from kernbot.db.base import PauseRecord
from kernbot.engine.authority import (
    MEMBERS,
    Deed,
    Ids,
    Person,
    Policy,
    Refusal,
    Rule,
    deed_of,
    is_named,
    may_answer,
    may_cancel,
    may_see,
    may_start,
)
from kernbot.run.answer import Action
from kernbot.workflow.review import HumanReview

MEMBER = Person(person_id="slack:T1:U1", display_name="Ana", is_member=True, also_known_as=frozenset({"U1"}))
OUTSIDERS = [
    (replace(MEMBER, is_active=False), Refusal.DEACTIVATED),
    (replace(MEMBER, is_bot=True), Refusal.BOT),
    (replace(MEMBER, is_stranger=True), Refusal.STRANGER),
    (replace(MEMBER, is_guest=True), Refusal.GUEST),
    (replace(MEMBER, is_member=False), Refusal.NOT_A_MEMBER),
]
NOBODY_NAMED = Policy()
ELSE = "slack:T1:U2"
"""Somebody else, who asked for the run."""
BY_ID = Rule(approvers=frozenset({"U1"}))
BY_GROUP = Rule(approvers=frozenset({"S1"}))
OTHERS = Rule(approvers=frozenset({"U9", "S9"}))

QUESTIONS: list[tuple[str, dict[str, Any], list[tuple[Action | None, Deed]]]] = [
    ("confirmation", {}, [(None, Deed.APPROVE), (Action.confirm, Deed.APPROVE), (Action.reject, Deed.APPROVE)]),
    ("output_review", {}, [(None, Deed.APPROVE), (Action.edit, Deed.APPROVE), (Action.reject, Deed.APPROVE)]),
    ("iteration_review", {}, [(None, Deed.APPROVE), (Action.confirm, Deed.APPROVE)]),
    ("user_input", {"requires_confirmation": True}, [(None, Deed.APPROVE), (Action.provide, Deed.APPROVE)]),
    ("user_input", {"requires_confirmation": False}, [(None, Deed.PROVIDE), (Action.provide, Deed.PROVIDE)]),
    ("route", {}, [(None, Deed.PROVIDE), (Action.select, Deed.PROVIDE), (Action.reject, Deed.PROVIDE)]),
    ("tool", {"tool": {"asks": "confirmation"}}, [(None, Deed.APPROVE), (Action.confirm, Deed.APPROVE)]),
    ("tool", {"tool": {"asks": "user_input"}}, [(None, Deed.PROVIDE), (Action.provide, Deed.PROVIDE)]),
    ("tool", {"tool": {"asks": "external_execution"}}, [(None, Deed.PROVIDE), (Action.supply, Deed.PROVIDE)]),
    ("tool", {"tool": {"asks": "fields"}}, [(None, Deed.PROVIDE), (Action.provide, Deed.PROVIDE)]),
    ("tool", {"tool": {"asks": "questions"}}, [(None, Deed.PROVIDE), (Action.provide, Deed.PROVIDE)]),
    ("error", {"cause": "failed"}, [(None, Deed.RETRY), (Action.retry, Deed.RETRY), (Action.skip, Deed.SKIP)]),
    ("error", {"cause": "may_have_run"}, [(None, Deed.REPEAT), (Action.retry, Deed.REPEAT), (Action.skip, Deed.SKIP)]),
    ("error", {"cause": "definition_changed"}, [(None, Deed.RETRY), (Action.retry, Deed.RETRY)]),
]
"""Every kind of question, and what each answer to it is."""


def pause_of(kind: Any, question: dict[str, Any]) -> PauseRecord:
    """Return a question."""
    return PauseRecord(
        pause_id="p",
        run_id="r",
        path="root/a",
        kind=kind,
        number=1,
        step_name="a",
        question=question,
        digest="d",
        silence=None,
        opened_at=0.0,
        deadline=None,
    )


@pytest.mark.parametrize(("kind", "question", "deeds"), QUESTIONS)
def test_every_answer_to_every_question_is_a_deed(
    kind: str, question: dict[str, Any], deeds: list[tuple[Action | None, Deed]]
) -> None:
    """A yes or no is an approval; values, choices and results are given; after an error something is done again."""
    pause = pause_of(kind, question)
    assert [deed_of(pause, action) for action, _ in deeds] == [deed for _, deed in deeds]


def test_a_member_may_start_answer_and_see() -> None:
    """A full member of the workflow's channel may, whoever asked for the run; nothing is refused."""
    for deed in Deed:
        assert may_answer(MEMBERS, MEMBER, ELSE, deed) is None
        assert may_answer(MEMBERS, MEMBER, MEMBER.person_id, deed) is None
    assert [may_start(NOBODY_NAMED, MEMBER), may_see(NOBODY_NAMED, MEMBER, ELSE)] == [None, None]


@pytest.mark.parametrize(("person", "refusal"), OUTSIDERS)
def test_nobody_else_may(person: Person, refusal: Refusal) -> None:
    """Deactivated people, bots, strangers, guests and people who are not in the channel are refused, each by name."""
    answers = {may_answer(MEMBERS, person, ELSE, deed) for deed in Deed}
    assert {may_start(NOBODY_NAMED, person), *answers, may_see(NOBODY_NAMED, person, ELSE)} == {refusal}


def test_asking_for_a_run_gives_no_right_to_answer_it() -> None:
    """Where the channel's members answer, its requester may see and cancel it without being one, but not answer."""
    requester = replace(MEMBER, is_member=False)
    assert may_see(NOBODY_NAMED, requester, requester.person_id) is None
    assert may_cancel(NOBODY_NAMED, requester, requester.person_id) is None
    assert may_answer(MEMBERS, requester, requester.person_id, Deed.PROVIDE) is Refusal.NOT_A_MEMBER


def everybody() -> Iterator[Person]:
    """Yield a person of each kind: whoever they are, wherever they are, and in whichever group."""
    flags = ("is_active", "is_bot", "is_stranger", "is_guest", "is_member")
    for values in product((False, True), repeat=len(flags)):
        for groups in (frozenset[str](), frozenset({"S1"})):
            yield replace(MEMBER, **dict(zip(flags, values, strict=True)), groups=groups)  # type: ignore[arg-type]


def everything() -> Iterator[tuple[Rule, Person, bool, Deed]]:
    """Yield every rule with every person, as requester or not, and every deed."""
    lists: tuple[Ids | None, ...] = (None, *(rule.approvers for rule in (BY_ID, BY_GROUP, OTHERS)))
    rules = [
        Rule(approvers=approvers, requester_may_approve=may, is_of_gate=approvers is not None and of_gate)
        for approvers, may, of_gate in product(lists, (False, True), (False, True))
    ]
    yield from product(dict.fromkeys(rules), everybody(), (False, True), Deed)


def test_the_whole_table_of_who_may_answer() -> None:
    """What the documents say of it, for every rule, person and deed, written down the other way round."""

    def expected(rule: Rule, person: Person, has_asked: bool, deed: Deed) -> bool:
        is_here = person.is_active and not person.is_bot
        is_full = is_here and not person.is_stranger and not person.is_guest
        if rule.approvers is None:
            return is_full and person.is_member
        named = is_here and ("U1" in rule.approvers or (is_full and "S1" in rule.approvers & person.groups))
        if not has_asked or rule.requester_may_approve:
            gives_input = has_asked and deed is Deed.PROVIDE and not rule.is_of_gate
            return named or (gives_input and is_full)
        if rule.is_of_gate or deed in (Deed.APPROVE, Deed.REPEAT, Deed.SKIP):
            return False
        return named or (deed is Deed.PROVIDE and is_full)

    for rule, person, has_asked, deed in everything():
        refusal = may_answer(rule, person, person.person_id if has_asked else ELSE, deed)
        assert (refusal is None) is expected(rule, person, has_asked, deed), (rule, person, has_asked, deed, refusal)


def test_nobody_named_is_never_everybody() -> None:
    """A rule whose approvers are gone lets nobody approve, not even the channel's members."""
    nobody = Rule(approvers=frozenset())
    for person, deed in product(everybody(), Deed):
        assert may_answer(nobody, person, ELSE, deed) is not None
    assert may_start(Policy(starters=frozenset()), MEMBER) is Refusal.NOT_NAMED


def test_whoever_asked_is_told_that_another_pair_of_eyes_is_wanted() -> None:
    """An approver who asked for the run does not approve it, but gives it input, and has what failed tried again."""
    assert may_answer(BY_ID, MEMBER, MEMBER.person_id, Deed.APPROVE) is Refusal.REQUESTER
    assert may_answer(BY_ID, MEMBER, MEMBER.person_id, Deed.SKIP) is Refusal.REQUESTER
    assert may_answer(BY_ID, MEMBER, MEMBER.person_id, Deed.PROVIDE) is None
    assert may_answer(BY_ID, MEMBER, MEMBER.person_id, Deed.RETRY) is None
    assert may_answer(replace(BY_ID, requester_may_approve=True), MEMBER, MEMBER.person_id, Deed.APPROVE) is None


def test_a_guest_counts_by_id_alone() -> None:
    """In a group that is named, a guest or stranger is still refused as one; named by id they may."""
    for outsider, refusal in OUTSIDERS[2:4]:
        in_group = replace(outsider, groups=frozenset({"S1"}))
        assert may_answer(BY_GROUP, in_group, ELSE, Deed.APPROVE) is refusal
        assert may_answer(BY_ID, in_group, ELSE, Deed.APPROVE) is None
        assert may_start(Policy(starters=frozenset({"U1"})), in_group) is None
        assert not is_named(frozenset({"S1"}), in_group)


def test_what_a_gate_says_wins_over_its_workflow() -> None:
    """Its approvers take the place of the workflow's; what it does not say is what the workflow says."""
    assert BY_ID.at(HumanReview()) == BY_ID
    assert BY_ID.at(HumanReview(approvers=["S1"])) == replace(BY_GROUP, is_of_gate=True)
    assert BY_ID.at(HumanReview(requester_may_approve=True)) == replace(BY_ID, requester_may_approve=True)
    assert replace(BY_ID, requester_may_approve=True).at(HumanReview(requester_may_approve=False)) == BY_ID
    assert Rule.from_dict(BY_ID.to_dict()) == BY_ID


def test_owners_see_to_what_failed() -> None:
    """They retry or skip, whoever may answer; they do not approve, and not what they asked for themselves."""
    owners = frozenset({"U1"})
    for deed in (Deed.RETRY, Deed.REPEAT, Deed.SKIP):
        assert may_answer(OTHERS, MEMBER, ELSE, deed, owners) is None
        assert may_answer(MEMBERS, replace(MEMBER, is_member=False), ELSE, deed, owners) is None
    assert may_answer(OTHERS, MEMBER, ELSE, Deed.APPROVE, owners) is Refusal.NOT_NAMED
    assert may_answer(OTHERS, MEMBER, MEMBER.person_id, Deed.SKIP, owners) is Refusal.REQUESTER


def test_starters_alone_start() -> None:
    """Where they are named, neither approvers nor members do; else both of these."""
    outside = replace(MEMBER, is_member=False)
    assert may_start(Policy(starters=frozenset({"U9"}), rule=BY_ID), MEMBER) is Refusal.NOT_NAMED
    assert may_start(Policy(starters=frozenset({"U1"})), outside) is None
    assert may_start(Policy(rule=BY_ID), outside) is None
    assert may_start(Policy(rule=OTHERS), MEMBER) is None


@pytest.mark.parametrize(
    "policy",
    [
        Policy(rule=BY_ID),
        Policy(gates=frozenset({"U1"})),
        Policy(owners=frozenset({"U1"})),
        Policy(operators=frozenset({"U1"})),
    ],
    ids=["approver", "approver of a gate", "owner", "operator"],
)
def test_who_has_a_part_in_it_sees_a_run(policy: Policy) -> None:
    """Also without being in the channel; whoever may only start the workflow does not see the runs of others."""
    outside = replace(MEMBER, is_member=False)
    assert may_see(policy, outside, ELSE) is None
    assert may_see(Policy(starters=frozenset({"U1"})), outside, ELSE) is Refusal.NOT_A_MEMBER


def test_only_its_requester_owners_and_operators_cancel_a_run() -> None:
    """A member of the channel and an approver may not."""
    assert may_cancel(Policy(owners=frozenset({"U1"})), MEMBER, ELSE) is None
    assert may_cancel(Policy(operators=frozenset({MEMBER.person_id})), MEMBER, ELSE) is None
    assert may_cancel(Policy(rule=BY_ID), MEMBER, ELSE) is Refusal.NOT_YOURS


def test_who_was_deactivated_may_do_nothing() -> None:
    """Not even with runs of their own."""
    gone = replace(MEMBER, is_active=False)
    policy = Policy(owners=frozenset({"U1"}), starters=frozenset({"U1"}))
    assert may_see(policy, gone, gone.person_id) is Refusal.DEACTIVATED
    assert may_start(policy, gone) is Refusal.DEACTIVATED
    assert may_cancel(policy, gone, gone.person_id) is Refusal.DEACTIVATED
