"""Which messages a run should have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kernbot.run.answer import Action
from kernbot.run.status import RunStatus
from kernbot.slack.outbox.pace import Urgency
from kernbot.slack.outbox.wanted import SECONDS_OF_A_BROADCAST, Key, Place, Wanted, wanted_messages
from kernbot.slack.render.facts import PauseFacts
from tests.slack.render_samples import ANSWERED_AT, CONFIRMATION, RUN, TOKENS, answered, ended

ANA = "slack:T01:U02ANA"


def asked(name: str, after: float = 0.0, **changes: Any) -> PauseFacts:
    """Return an open question, asked so many seconds after the first."""
    opened_at = CONFIRMATION.opened_at + after
    return replace(CONFIRMATION, pause_id=name * 32, opened_at=opened_at, **changes)


def cards(*pauses: PauseFacts, place: Place | None = None, known: tuple[Key, ...] = ()) -> list[Wanted]:
    """Return what shows the questions of a run."""
    wanted = wanted_messages(replace(RUN, pauses=list(pauses)), TOKENS, place, known)
    return [item for item in wanted if item.pause_id]


def test_one_broadcast_speaks_for_the_questions_after_it() -> None:
    """The next one is broadcast only if it is more than 15 minutes younger."""
    late = SECONDS_OF_A_BROADCAST
    shown = cards(asked("a"), asked("b", late), asked("c", late + 1), asked("d", late + 2))
    assert [card.broadcast for card in shown] == [True, False, True, False]


def test_a_question_after_an_answered_one_is_broadcast() -> None:
    """Who has answered the last one gets to see the next."""
    first = answered(asked("a"), Action.confirm, "ran")
    assert [card.broadcast for card in cards(first, asked("b", ANSWERED_AT - first.opened_at))] == [True, True]


def test_rounds_of_a_question_share_a_card() -> None:
    """It shows the newest round, under the key of the first, and is as urgent as a question."""
    first = answered(asked("a"), Action.reject, "again")
    (card,) = cards(first, asked("b", 60, first_asked="a" * 32))
    assert (card.key, card.urgency) == (("card", "a" * 32, None), Urgency.QUESTION)
    assert TOKENS.make("pause.approve", "b" * 32, CONFIRMATION.digest) in str(card.render(revision=1))


def test_an_answer_is_shown_before_what_came_of_it() -> None:
    """A claim is the most urgent of all; an outcome waits for questions; a parent for everything."""
    claimed, over = (answered(asked("a"), Action.confirm, followed) for followed in ("resuming", "ran"))
    assert [card.urgency for card in (*cards(claimed), *cards(over))] == [Urgency.CLAIM, Urgency.OUTCOME]
    parent = next(iter(wanted_messages(RUN, TOKENS)))
    assert (parent.role, parent.urgency) == ("parent", Urgency.PROGRESS)


def test_a_copy_outlives_what_it_was_made_for() -> None:
    """It is posted while the question is open, and kept up to date wherever it stands afterwards."""
    (_, copy) = cards(asked("a"), place=Place(readers={"a" * 32: [ANA]}))
    assert (copy.key, copy.channel, copy.can_be_new) == (("copy", "a" * 32, ANA), "U02ANA", True)
    over = answered(asked("a"), Action.confirm, "ran")
    assert len(cards(over, place=Place(readers={"a" * 32: [ANA]}))) == 1
    (_, closed) = cards(over, known=(copy.key,))
    assert (closed.key, closed.can_be_new) == (copy.key, False)


def test_who_ended_their_own_run_is_not_told() -> None:
    """Everybody else who asked for a run is told of its end, in the thread."""
    run = replace(ended(RunStatus.CANCELLED, cancelled_by="U01DEE"), requester_id="U01DEE")
    assert [item.role for item in wanted_messages(run, TOKENS) if not item.pause_id] == ["parent"]
    others = replace(run, cancelled_by="U02ANA")
    assert [item.role for item in wanted_messages(others, TOKENS) if not item.pause_id] == ["parent", "result"]
