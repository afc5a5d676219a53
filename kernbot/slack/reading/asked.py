"""Who is asked a question, read from the rows of its run, so that a card says the same in each of its states: pure."""

from __future__ import annotations

from itertools import takewhile

from kernbot.db.base import PauseRecord, Snapshot
from kernbot.engine.authority import MEMBERS, Rule, deed_of, takes_from_requester, wants_other_eyes
from kernbot.slack.ids import is_group, slack_user
from kernbot.slack.render.facts import Approver

LARGE = 20
"""A group of more people is called once per run."""


def approvers_of(snapshot: Snapshot, pause: PauseRecord) -> list[Approver] | None:
    """Return who alone may answer, people first; None where the full members of the channel may."""
    rule = _rule_of(pause)
    if rule.approvers is None:
        return None
    ids = rule.approvers - (_ids_of_requester(snapshot) if wants_other_eyes(rule, deed_of(pause)) else set())
    found = [_approver(of, snapshot, pause) for of in ids]
    return sorted(found, key=lambda approver: (is_group(approver.id), approver.id))


def requester_may(snapshot: Snapshot, pause: PauseRecord) -> bool | None:
    """Return whether the requester may answer, or may not, where a reader would have to guess; else None."""
    rule, deed, notes = _rule_of(pause), deed_of(pause), snapshot.run.request["notes"]
    if rule.approvers is None:
        return True if notes.get("is_member", True) else None
    if wants_other_eyes(rule, deed):
        by_group = any(map(is_group, rule.approvers))
        return False if by_group or rule.approvers & _ids_of_requester(snapshot) else None
    is_named = bool(rule.approvers & _ids_of_requester(snapshot))
    return True if takes_from_requester(rule, deed) and not is_named and notes.get("is_full_member", True) else None


def _rule_of(pause: PauseRecord) -> Rule:
    stored = pause.question.get("rule")
    return Rule.from_dict(stored) if stored else MEMBERS


def _ids_of_requester(snapshot: Snapshot) -> set[str]:
    requester = snapshot.run.user_id
    return {requester, slack_user(requester) or requester} if requester else set()


def _approver(of: str, snapshot: Snapshot, pause: PauseRecord) -> Approver:
    if not is_group(of):
        return Approver(slack_user(of) or of)
    group = snapshot.run.request["notes"].get("groups", {}).get(of)
    is_large = group is not None and group["members"] > LARGE
    return Approver(of, group["name"] if is_large and _was_called_before(of, snapshot, pause) else None)


def _was_called_before(group: str, snapshot: Snapshot, pause: PauseRecord) -> bool:
    before = takewhile(lambda earlier: earlier.pause_id != pause.pause_id, snapshot.pauses)
    return any(group in (_rule_of(earlier).approvers or ()) for earlier in before)
