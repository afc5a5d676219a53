"""Who may do what: one pure function per question, asked at every door and again at the claim."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why a person may not."""

    DEACTIVATED = "deactivated"
    BOT = "bot"
    STRANGER = "stranger"
    """Of another organisation."""
    GUEST = "guest"
    NOT_A_MEMBER = "not_a_member"
    """A full member of the workspace, but not of the channel that the workflow is registered for."""
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


def may_answer(person: Person) -> Refusal | None:
    """Say why a person may not answer a workflow's questions, or None.

    By default the full members of the channel that the workflow is registered for may, wherever a run was started.
    """
    if not person.is_active:
        return Refusal.DEACTIVATED
    if person.is_bot:
        return Refusal.BOT
    if person.is_stranger:
        return Refusal.STRANGER
    if person.is_guest:
        return Refusal.GUEST
    return None if person.is_member else Refusal.NOT_A_MEMBER


def may_start(person: Person) -> Refusal | None:
    """Say why a person may not start a workflow, or None: those who may answer may start."""
    return may_answer(person)


def may_see(person: Person, requester: str | None) -> Refusal | None:
    """Say why a person may not see a run's values and result, or None: its requester and those who may answer may."""
    if not person.is_active:
        return Refusal.DEACTIVATED
    return None if person.person_id == requester else may_answer(person)


def may_cancel(person: Person, requester: str | None, owners: frozenset[str]) -> Refusal | None:
    """Say why a person may not cancel a run, or None: its requester and the workflow's owners may."""
    if not person.is_active:
        return Refusal.DEACTIVATED
    return None if person.person_id in {requester, *owners} else Refusal.NOT_YOURS
