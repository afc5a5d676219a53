"""Who may do what: one pure function per question, asked at every door and again at the claim.

Who is named (approvers, starters, owners, operators) is a set of opaque ids here: of people, or of groups of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from kernbot.db.base import PauseRecord
from kernbot.run.answer import Action
from kernbot.workflow.review import HumanReview

Ids = AbstractSet[str]
"""Ids of people and of groups."""


class Refusal(StrEnum):
    """Why a person may not."""

    DEACTIVATED = "deactivated"
    BOT = "bot"
    STRANGER = "stranger"
    """Of another organisation."""
    GUEST = "guest"
    NOT_A_MEMBER = "not_a_member"
    """A full member of the workspace, but not of the channel that the workflow is registered for."""
    NOT_NAMED = "not_named"
    """Neither named nor in a group that is."""
    REQUESTER = "requester"
    """Whoever asked for the run: another pair of eyes is wanted."""
    NOT_YOURS = "not_yours"


@dataclass(frozen=True, kw_only=True)
class Person:
    """What must be known of a person to decide; `is_member` is about the workflow's own channel."""

    person_id: str
    display_name: str
    is_active: bool = True
    is_bot: bool = False
    is_stranger: bool = False
    is_guest: bool = False
    is_member: bool = False
    also_known_as: Ids = frozenset()
    """Other ids that name this very person."""
    groups: Ids = frozenset()
    """Ids of groups that the person is in, of those that were asked about."""

    @property
    def is_full_member(self) -> bool:
        """Whether this is a person of the workspace with nothing held back."""
        return _missing(self) is None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who may answer a question."""

    approvers: Ids | None = None
    """None: the full members of the workflow's channel."""
    requester_may_approve: bool = False
    is_of_gate: bool = False
    """Whether the approvers are set on the very gate that asks, not for its workflow."""
    ids: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """What stands for a name that an author gave in the place of an id."""

    def at(self, review: HumanReview) -> Rule:
        """Return the rule of a gate inside a workflow that has this one: what is set on the gate wins."""
        may = review.requester_may_approve
        rule = self if may is None else replace(self, requester_may_approve=may)
        if review.approvers is None:
            return rule
        return replace(rule, approvers=identified(review.approvers, self.ids), is_of_gate=True)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "approvers": None if self.approvers is None else sorted(self.approvers),
            "requester_may_approve": self.requester_may_approve,
            "is_of_gate": self.is_of_gate,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rule:
        """Return what `to_dict` wrote."""
        approvers = data["approvers"]
        return cls(**{**data, "approvers": None if approvers is None else frozenset(approvers)})


MEMBERS = Rule()
"""What holds where nobody says anything: the full members of the channel."""


def identified(given: Iterable[str], ids: Mapping[str, str]) -> Ids:
    """Return ids, also of those that are given by a name."""
    return frozenset(ids.get(name, name) for name in given)


class Deed(StrEnum):
    """What somebody does with a question."""

    APPROVE = "approve"
    """Says yes or no to what is to run, or to what came out."""
    PROVIDE = "provide"
    """Gives input, chooses a route, answers an agent, supplies a result: or declines to."""
    RETRY = "retry"
    """Has what failed done again."""
    REPEAT = "repeat"
    """Has done again what may have been done already: as much as an approval."""
    SKIP = "skip"
    """Leaves out what failed."""


_FOUR_EYES = (Deed.APPROVE, Deed.REPEAT, Deed.SKIP)
_AFTER_AN_ERROR = (Deed.RETRY, Deed.REPEAT, Deed.SKIP)
_ASKS_FOR_APPROVAL = ("confirmation", "output_review", "iteration_review")


_UNREADABLE = {"asks": "confirmation"}
"""What a call is taken for whose question is damaged: what fewest may answer."""


def deed_of(pause: PauseRecord, action: Action | None = None) -> Deed:
    """Return what an action does with a question; without one, the least of what can be done with it."""
    question = pause.question
    if pause.kind == "error":
        if action is Action.skip:
            return Deed.SKIP
        return Deed.REPEAT if question.get("cause") == "may_have_run" else Deed.RETRY
    if pause.kind in _ASKS_FOR_APPROVAL or question.get("requires_confirmation"):
        return Deed.APPROVE
    if pause.kind == "tool" and question.get("tool", _UNREADABLE)["asks"] == "confirmation":
        return Deed.APPROVE
    return Deed.PROVIDE


def may_answer(
    rule: Rule, person: Person, requester: str | None, deed: Deed, owners: Ids = frozenset()
) -> Refusal | None:
    """Say why a person may not do something with a question, or None.

    By default the full members of the workflow's channel may, wherever the run was started. Where approvers are named
    only they may, and the requester may not approve unless the rule says so; input may come from the requester too,
    unless the approvers are those of that very gate. What follows an error is up to the workflow's `owners` as well.
    """
    if not person.is_active or person.is_bot:
        return _missing(person)
    has_asked = requester is not None and requester == person.person_id
    if has_asked and wants_other_eyes(rule, deed):
        return Refusal.REQUESTER
    if deed in _AFTER_AN_ERROR and is_named(owners, person):
        return None
    if rule.approvers is None:
        return _missing(person) or (None if person.is_member else Refusal.NOT_A_MEMBER)
    if has_asked and person.is_full_member and takes_from_requester(rule, deed):
        return None
    return _unless_named(rule.approvers, person)


def wants_other_eyes(rule: Rule, deed: Deed) -> bool:
    """Whether the requester may not do this, even if they are among the approvers."""
    if rule.approvers is None or rule.requester_may_approve:
        return False
    return rule.is_of_gate or deed in _FOUR_EYES


def takes_from_requester(rule: Rule, deed: Deed) -> bool:
    """Whether the requester may do this, even if they are not among the approvers."""
    return deed is Deed.PROVIDE and not rule.is_of_gate


def is_named(ids: Ids, person: Person) -> bool:
    """Whether a person is named: a guest or somebody of another organisation by id only, others by a group too."""
    if ids & {person.person_id, *person.also_known_as}:
        return True
    return person.is_full_member and bool(ids & person.groups)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Who may do what with a workflow."""

    rule: Rule = MEMBERS
    """Who may answer, where a gate says nothing of its own."""
    gates: Ids = frozenset()
    """Everybody who is named as an approver on a gate."""
    starters: Ids | None = None
    """None: those who may answer, and the full members of the channel."""
    owners: Ids = frozenset()
    operators: Ids = frozenset()
    """Those of the bot."""

    @property
    def named(self) -> Ids:
        """All ids that matter here."""
        return frozenset().union(
            self.rule.approvers or (), self.gates, self.starters or (), self.owners, self.operators
        )

    def with_ids(self, ids: Mapping[str, str]) -> Policy:
        """Return the same policy, in which these ids stand for the names that were given in their place."""
        approvers = self.rule.approvers
        known = None if approvers is None else identified(approvers, ids)
        return Policy(
            rule=replace(self.rule, approvers=known, ids={**self.rule.ids, **ids}),
            gates=identified(self.gates, ids),
            starters=None if self.starters is None else identified(self.starters, ids),
            owners=identified(self.owners, ids),
            operators=identified(self.operators, ids),
        )


def may_start(policy: Policy, person: Person) -> Refusal | None:
    """Say why a person may not start a workflow, or None."""
    if not person.is_active or person.is_bot:
        return _missing(person)
    if policy.starters is not None:
        return _unless_named(policy.starters, person)
    if is_named(policy.rule.approvers or frozenset(), person):
        return None
    return _missing(person) or (None if person.is_member else Refusal.NOT_A_MEMBER)


def may_see(policy: Policy, person: Person, requester: str | None) -> Refusal | None:
    """Say why a person may not see a run's values and result, or None.

    They are for its requester, those who may answer, the owners and operators, and full members of the channel.
    """
    if not person.is_active or person.is_bot:
        return _missing(person)
    named = frozenset().union(policy.rule.approvers or (), policy.gates, policy.owners, policy.operators)
    if person.person_id == requester or is_named(named, person):
        return None
    return _missing(person) or (None if person.is_member else Refusal.NOT_A_MEMBER)


def may_cancel(policy: Policy, person: Person, requester: str | None) -> Refusal | None:
    """Say why a person may not cancel a run, or None: its requester, the workflow's owners and the operators may."""
    if not person.is_active or person.is_bot:
        return _missing(person)
    may = person.person_id == requester or is_named(policy.owners | policy.operators, person)
    return None if may else Refusal.NOT_YOURS


def may_trace(policy: Policy, person: Person) -> bool:
    """Whether a person may see tracebacks: the workflow's owners and the operators may."""
    return _missing(person) is None and is_named(policy.owners | policy.operators, person)


def _missing(person: Person) -> Refusal | None:
    """Say what somebody lacks for a full member of the workspace."""
    if not person.is_active:
        return Refusal.DEACTIVATED
    if person.is_bot:
        return Refusal.BOT
    if person.is_stranger:
        return Refusal.STRANGER
    return Refusal.GUEST if person.is_guest else None


def _unless_named(ids: Ids, person: Person) -> Refusal | None:
    if is_named(ids, person):
        return None
    return _missing(person) or Refusal.NOT_NAMED
