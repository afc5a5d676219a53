"""What is sent next of a run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from kernbot.db.slack import STREAMING, SlackMessage
from kernbot.run.status import RunStatus
from kernbot.slack.outbox.pace import Urgency
from kernbot.slack.outbox.wanted import Key, wanted_messages
from kernbot.slack.outbox.work import PARENT, Desk, Work, key_of
from kernbot.slack.render.facts import RunFacts, TalkFacts
from tests.slack.render_samples import CONFIRMATION, RUN, TOKENS, ended

EARLY = TalkFacts(
    talk_id="1" * 32,
    kind="agent",
    agent="Ann",
    step_name="build",
    state="done",
    text="Built.",
    calls=[],
    began_at=CONFIRMATION.opened_at - 60,
)
LATE = replace(EARLY, talk_id="2" * 32, began_at=CONFIRMATION.opened_at + 60)
SAID: Key = ("talk", EARLY.talk_id, None)
CARD: Key = ("card", CONFIRMATION.pause_id, None)


def _row(key: Key, *, ts: str | None = "1.1", shown: str | None = None) -> SlackMessage:
    role, pause_id, _ = key
    return SlackMessage(
        message_id=f"{role}{pause_id}", run_id=RUN.run_id, role=role, pause_id=pause_id, channel="C", ts=ts, shown=shown
    )


def _next(run: RunFacts, posted: Collection[Key], **more: Any) -> Work:
    """Return what is to be sent next where the newest form of what is posted is shown."""
    wanted = list(wanted_messages(run, TOKENS))
    rows = {item.key: _row(item.key, shown=item.state) for item in wanted if item.key in posted}
    desk = Desk(run_id=RUN.run_id, workflow_id="w", has_ended=False, home="C", wanted=wanted, rows=rows, **more)
    work = desk.next_work(lambda _: False)
    assert work is not None
    return work


def test_what_was_said_goes_before_the_question() -> None:
    """It is as urgent then as the question that waits for it; what is said later is not."""
    run = replace(RUN, talks=[EARLY, LATE])
    first, then, last = (_next(run, posted) for posted in ([PARENT], [PARENT, SAID], [PARENT, SAID, CARD]))
    assert [work.wanted.key for work in (first, then, last)] == [SAID, CARD, ("talk", LATE.talk_id, None)]
    assert [work.urgency for work in (first, then, last)] == [Urgency.QUESTION, Urgency.QUESTION, Urgency.PROGRESS]


def test_the_result_goes_last() -> None:
    """Below all that was said."""
    run = ended(RunStatus.COMPLETED, pauses=[], talks=[LATE], content="done")
    assert [_next(run, [PARENT]).wanted.role, _next(run, [PARENT, ("talk", LATE.talk_id, None)]).wanted.role] == [
        "talk",
        "result",
    ]


def test_what_slack_refuses_holds_nothing_up() -> None:
    """The question is asked without it."""
    assert _next(replace(RUN, talks=[EARLY]), [PARENT], given_up=[SAID]).wanted.key == CARD


def test_a_question_waits_for_what_is_about_to_be_streamed() -> None:
    """What is streamed already is left alone, and holds nothing up."""
    run = replace(RUN, talks=[EARLY])
    wanted = list(wanted_messages(run, TOKENS))
    parent = _row(PARENT, shown=next(item.state for item in wanted if item.key == PARENT))
    desk = Desk(run_id="r", workflow_id="w", has_ended=False, home="C", wanted=wanted, rows={PARENT: parent})
    assert replace(desk, streamed=[SAID], about_to_begin=[SAID]).next_work(lambda _: False) is None
    begun = _row(SAID, shown=STREAMING)
    streamed = replace(desk, rows={PARENT: parent, key_of(begun): begun}, streamed=[SAID])
    work = streamed.next_work(lambda _: False)
    assert work is not None
    assert work.wanted.key == CARD
