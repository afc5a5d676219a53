"""Who is asked, read from the rows of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kernbot.db.base import PauseRecord, RunRecord, SessionRecord, Snapshot
from kernbot.engine.authority import Rule
from kernbot.run.status import RunStatus
from kernbot.slack.reading.asked import LARGE, approvers_of, requester_may
from kernbot.slack.render.facts import Approver

GROUPS = {
    "S01REL": {"name": "@release-managers", "members": LARGE},
    "S02ALL": {"name": "@everybody", "members": LARGE + 1},
}
PAUSE = PauseRecord(
    pause_id="p1",
    run_id="r",
    path="root/a",
    kind="confirmation",
    number=1,
    step_name="a",
    question={},
    digest="d",
    silence=None,
    opened_at=0.0,
    deadline=None,
)


def asked(*ids: str, kind: Any = "confirmation", **rule: Any) -> PauseRecord:
    """Return a question that these ids may answer."""
    return replace(PAUSE, kind=kind, question={"rule": Rule(approvers=frozenset(ids), **rule).to_dict()})


def run_with(*pauses: PauseRecord, **notes: Any) -> Snapshot:
    """Return a run that Dee has started."""
    run = RunRecord(
        run_id="r",
        session_id="s",
        workflow_id="w",
        workflow_name="w",
        user_id="slack:T1:U0DEE",
        origin="bot",
        status=RunStatus.PAUSED,
        request={"notes": {"requester": "Dee", "groups": GROUPS, **notes}},
        created_at=0.0,
        updated_at=0.0,
    )
    session = SessionRecord(session_id="s", workflow_id="w", user_id=None, state={}, created_at=0.0, updated_at=0.0)
    return Snapshot(run=run, session=session, journal=(), pauses=pauses)


def called(pause: PauseRecord, *before: PauseRecord) -> list[Approver] | None:
    """Return who is asked, after these other questions."""
    return approvers_of(run_with(*before, pause), pause)


def test_without_approvers_nobody_is_called() -> None:
    """The members of the channel may answer; also a question of the time before there were approvers."""
    assert called(replace(PAUSE, question={"rule": Rule().to_dict()})) is None
    assert called(PAUSE) is None


def test_people_come_first_then_groups() -> None:
    """Whoever is named is called, in whatever way the id is given."""
    people_and_group = [Approver("U1ANA"), Approver("U2BOB"), Approver("S01REL")]
    assert called(asked("S01REL", "U2BOB", "slack:T1:U1ANA")) == people_and_group


def test_a_large_group_is_called_once_per_run() -> None:
    """Afterwards its name is shown; one of up to twenty is called each time."""
    first = asked("S01REL", "S02ALL")
    later = replace(first, pause_id="p2")
    assert called(first) == [Approver("S01REL"), Approver("S02ALL")]
    assert called(later, first) == [Approver("S01REL"), Approver("S02ALL", "@everybody")]
    answered_meanwhile = replace(first, state="answered")
    assert approvers_of(run_with(answered_meanwhile, later), first) == [Approver("S01REL"), Approver("S02ALL")]


def test_a_group_that_was_not_known_when_the_run_began_is_called_each_time() -> None:
    """It was named later, or the run was not started from Slack: how large it is is not known."""
    first = asked("S09NEW")
    assert called(replace(first, pause_id="p2"), first) == [Approver("S09NEW")]


def test_whoever_asked_is_not_called_to_approve() -> None:
    """The requester is left out, and named where a reader would have to guess."""
    for pause, names, may in (
        (asked("U1ANA", "U0DEE"), [Approver("U1ANA")], False),
        (asked("S01REL"), [Approver("S01REL")], False),
        (asked("U1ANA"), [Approver("U1ANA")], None),
        (asked("U1ANA", "U0DEE", requester_may_approve=True), [Approver("U0DEE"), Approver("U1ANA")], None),
        (asked("U1ANA", kind="route"), [Approver("U1ANA")], True),
        (asked("U1ANA", "U0DEE", kind="route"), [Approver("U0DEE"), Approver("U1ANA")], None),
        (asked("U1ANA", "U0DEE", kind="route", is_of_gate=True), [Approver("U1ANA")], False),
    ):
        assert (called(pause), requester_may(run_with(pause), pause)) == (names, may)


def test_whoever_asked_is_named_among_the_members_only_as_one() -> None:
    """Somebody who may start a workflow need not be in its channel; a guest gives no input."""
    assert requester_may(run_with(PAUSE), PAUSE) is True
    assert requester_may(run_with(PAUSE, is_member=False), PAUSE) is None
    route = asked("U1ANA", kind="route")
    assert requester_may(run_with(route, is_full_member=False), route) is None
