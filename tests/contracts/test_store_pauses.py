"""What every store does with pauses: opening, answering, expiring, closing by a cancel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kernbot.db.base import AnswerRecord, FencedError, PauseRecord
from kernbot.run.status import RunStatus

if TYPE_CHECKING:
    from tests.contracts.conftest import Bench

ENDED = [RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.ERROR]
SILENCE = {"action": "skip"}


def timed(bench: Bench, pause_id: str, deadline: float, run_id: str = "r1") -> PauseRecord:
    """Return a pause that answers itself at a deadline."""
    return bench.pause(pause_id, run_id, deadline=deadline, silence=SILENCE)


async def test_a_suspended_run_waits(bench: Bench) -> None:
    """PAUSED is returned, the run has neither owner nor lease, and its pauses are open as they were given."""
    pauses = [bench.pause("p1"), timed(bench, "p2", 2000.0)]
    assert await bench.ask(*pauses) is RunStatus.PAUSED
    run = await bench.run_now()
    assert (run.status, run.owner, run.lease_until) == (RunStatus.PAUSED, None, None)
    assert [await bench.pause_now("p1"), await bench.pause_now("p2")] == pauses


async def test_a_pause_is_opened_once(bench: Bench) -> None:
    """A pause that is there already stays as it is when the run is suspended at it again."""
    await bench.ask(bench.pause("p1"), bench.pause("p2"))
    await bench.store.close_pause("p1", bench.answer())
    epoch = (await bench.claim()).run.epoch
    again = [bench.pause("p2", digest="another"), bench.pause("p3")]
    assert await bench.store.suspend("r1", epoch, again, 1001.0) is RunStatus.PAUSED
    assert await bench.pause_now("p2") == bench.pause("p2")
    assert await bench.pause_now("p3") == bench.pause("p3")


async def test_an_answer_that_was_faster_keeps_the_run_going(bench: Bench) -> None:
    """PENDING is returned when a pause that is waited for has been answered while the worker was still running."""
    await bench.ask(bench.pause("p1"), bench.pause("p2"))
    await bench.store.close_pause("p1", bench.answer())
    epoch = (await bench.claim()).run.epoch
    await bench.store.close_pause("p2", bench.answer())
    assert await bench.store.suspend("r1", epoch, [bench.pause("p2")], 1001.0) is RunStatus.PENDING
    assert (await bench.claim()).run.epoch == epoch + 1


async def test_a_cancel_that_was_faster_ends_the_run(bench: Bench) -> None:
    """CANCELLED is returned, and every pause is closed by who asked, when a cancel came before the suspension."""
    epoch = await bench.start()
    await bench.store.cancel_run("r1", "ana", "command", 1001.0)
    assert await bench.store.suspend("r1", epoch, [bench.pause("p1"), bench.pause("p2")], 1002.0) is RunStatus.CANCELLED
    run = await bench.run_now()
    assert (run.status, run.outcome, run.owner) == (RunStatus.CANCELLED, {"cancelled_by": "ana"}, None)
    closed = AnswerRecord(answer=None, at=1002.0, by="ana", door="command")
    for pause in (await bench.pause_now("p1"), await bench.pause_now("p2")):
        assert (pause.state, pause.answered) == ("closed", closed)


async def test_an_answer_closes_a_pause(bench: Bench) -> None:
    """The pause is returned and stored with who answered what, when and where; its run is PENDING."""
    await bench.ask(bench.pause())
    answered = bench.answer(at=1001.0)
    pause = await bench.store.close_pause("p1", answered)
    assert pause == bench.pause(state="answered", answered=answered)
    assert await bench.pause_now() == pause
    run = await bench.run_now()
    assert (run.status, run.updated_at) == (RunStatus.PENDING, 1001.0)


async def test_the_first_answer_wins(bench: Bench) -> None:
    """None is returned to the second answer, and the first one stays."""
    await bench.ask(bench.pause())
    first = await bench.store.close_pause("p1", bench.answer())
    assert await bench.store.close_pause("p1", bench.answer(by="slack:T01:U03BEN")) is None
    assert await bench.pause_now() == first


async def test_an_answer_to_nothing(bench: Bench) -> None:
    """None is returned for a pause that does not exist."""
    assert await bench.store.close_pause("nothing", bench.answer()) is None


async def test_an_answer_leaves_other_pauses_open(bench: Bench) -> None:
    """The other pauses of the run can still be answered."""
    await bench.ask(bench.pause("p1"), bench.pause("p2"))
    await bench.store.close_pause("p1", bench.answer())
    assert (await bench.pause_now("p2")).state == "open"
    assert await bench.store.close_pause("p2", bench.answer()) is not None


async def test_an_answer_while_the_run_is_running(bench: Bench) -> None:
    """The pause is answered, and the run stays with its worker."""
    await bench.ask(bench.pause("p1"), bench.pause("p2"))
    await bench.store.close_pause("p1", bench.answer())
    running = (await bench.claim()).run
    assert await bench.store.close_pause("p2", bench.answer()) is not None
    assert await bench.run_now() == running


@pytest.mark.parametrize(("at", "state"), [(1499.9, "answered"), (1500.0, "open"), (1500.1, "open")])
async def test_an_answer_must_come_before_the_deadline(bench: Bench, at: float, state: str) -> None:
    """An answer counts when it was given before the deadline, and is refused at it and after it."""
    await bench.ask(timed(bench, "p1", 1500.0))
    pause = await bench.store.close_pause("p1", bench.answer(at=at))
    assert (pause is not None) == (state == "answered")
    assert (await bench.pause_now()).state == state


async def test_silence_answers_at_the_deadline(bench: Bench) -> None:
    """The pause is answered with its silence, by `timeout` through `clock`, at its deadline; its run is PENDING."""
    await bench.ask(timed(bench, "p1", 1500.0))
    expired = await bench.store.expire_pauses(1600.0, 10)
    answered = AnswerRecord(answer=SILENCE, at=1500.0, by="timeout", door="clock")
    assert list(expired) == [await bench.pause_now()]
    assert ((await bench.pause_now()).state, (await bench.pause_now()).answered) == ("answered", answered)
    run = await bench.run_now()
    assert (run.status, run.updated_at) == (RunStatus.PENDING, 1600.0)


async def test_only_what_is_due_expires(bench: Bench) -> None:
    """A deadline that is not after now is due; later ones, answered ones and pauses without one are left alone."""
    await bench.ask(timed(bench, "due", 1500.0), timed(bench, "later", 1500.1), bench.pause("never"))
    await bench.ask(timed(bench, "answered", 1400.0, "r2"), run_id="r2")
    await bench.store.close_pause("answered", bench.answer())
    assert [pause.pause_id for pause in await bench.store.expire_pauses(1500.0, 10)] == ["due"]
    assert await bench.store.expire_pauses(1500.0, 10) == []
    assert (await bench.pause_now("later")).state == "open"


async def test_pauses_expire_in_batches(bench: Bench) -> None:
    """No more than the limit expire at once, oldest deadline first, and the next call goes on there."""
    for number, deadline in enumerate((5.0, 3.0, 4.0, 1.0, 2.0)):
        run_id = f"r{number}"
        await bench.ask(timed(bench, f"p{deadline:.0f}", deadline, run_id), run_id=run_id)
    assert [pause.pause_id for pause in await bench.store.expire_pauses(9.0, 2)] == ["p1", "p2"]
    assert await bench.store.next_deadline() == 3.0
    assert [pause.pause_id for pause in await bench.store.expire_pauses(9.0, 9)] == ["p3", "p4", "p5"]


async def test_the_pauses_of_one_workflow_expire(bench: Bench) -> None:
    """Only pauses of runs of the workflow that is named are answered, up to the limit."""
    for number, workflow_id in enumerate(("daily", "weekly", "daily", "daily")):
        epoch = await bench.start(f"r{number}", workflow_id=workflow_id)
        pause = timed(bench, f"p{number}", 1500.0 + number, f"r{number}")
        await bench.store.suspend(f"r{number}", epoch, [pause], 1000.0)
    assert [pause.pause_id for pause in await bench.store.expire_pauses(1600.0, 2, "daily")] == ["p0", "p2"]
    assert [pause.pause_id for pause in await bench.store.expire_pauses(1600.0, 9, "daily")] == ["p3"]
    assert await bench.store.expire_pauses(1600.0, 9, "nobody") == []
    assert (await bench.pause_now("p1")).state == "open"


async def test_silence_leaves_a_running_run_with_its_worker(bench: Bench) -> None:
    """The pause expires, and the status of a run that is not PAUSED stays."""
    await bench.ask(bench.pause("p1"), timed(bench, "p2", 1500.0))
    await bench.store.close_pause("p1", bench.answer())
    running = (await bench.claim()).run
    assert len(await bench.store.expire_pauses(1500.0, 10)) == 1
    assert await bench.run_now() == running


async def test_the_next_deadline(bench: Bench) -> None:
    """The earliest deadline of the open pauses is returned; None when none of them has one."""
    assert await bench.store.next_deadline() is None
    await bench.ask(bench.pause("p0"), timed(bench, "p1", 1600.0), timed(bench, "p2", 1500.0))
    assert await bench.store.next_deadline() == 1500.0
    await bench.store.close_pause("p2", bench.answer())
    assert await bench.store.next_deadline() == 1600.0
    await bench.store.cancel_run("r1", "ana", "button", 1001.0)
    assert await bench.store.next_deadline() is None


@pytest.mark.parametrize("status", [RunStatus.PENDING, RunStatus.PAUSED])
async def test_a_run_that_nobody_works_on_is_cancelled_at_once(bench: Bench, status: RunStatus) -> None:
    """The status it had is returned; the run is CANCELLED in a new epoch, with who did it as its outcome."""
    await bench.create(status=status, epoch=3)
    assert await bench.store.cancel_run("r1", "ana", "button", 1001.0) is status
    run = await bench.run_now()
    assert (run.status, run.outcome, run.epoch) == (RunStatus.CANCELLED, {"cancelled_by": "ana"}, 4)
    assert (run.owner, run.lease_until, run.updated_at) == (None, None, 1001.0)


async def test_a_cancel_closes_open_pauses(bench: Bench) -> None:
    """Open pauses are closed by who cancelled, answered ones stay, and nobody can answer any more."""
    await bench.ask(bench.pause("p1"), timed(bench, "p2", 1500.0))
    await bench.store.close_pause("p1", bench.answer())
    assert await bench.store.cancel_run("r1", "ana", "modal", 1001.0) is RunStatus.PENDING
    assert await bench.pause_now("p1") == bench.pause(state="answered", answered=bench.answer())
    closed = await bench.pause_now("p2")
    assert closed.state == "closed"
    assert closed.answered == AnswerRecord(answer=None, at=1001.0, by="ana", door="modal")
    assert await bench.store.close_pause("p2", bench.answer(at=1002.0)) is None
    assert await bench.store.expire_pauses(2000.0, 10) == []


async def test_a_cancel_is_noted_for_a_worker(bench: Bench) -> None:
    """A RUNNING run with a live lease stays RUNNING in its epoch; the first who asked is noted."""
    epoch = await bench.start()
    assert await bench.store.cancel_run("r1", "ana", "button", 1001.0) is RunStatus.RUNNING
    assert await bench.store.cancel_run("r1", "ben", "command", 1002.0) is RunStatus.RUNNING
    run = await bench.run_now()
    assert (run.status, run.epoch, run.cancel_requested_by) == (RunStatus.RUNNING, epoch, "ana")


async def test_a_cancel_outlives_a_release(bench: Bench) -> None:
    """The next worker is told of a cancel that the one before it was asked for."""
    epoch = await bench.start()
    await bench.store.cancel_run("r1", "ana", "button", 1001.0)
    await bench.store.release_run("r1", epoch, 1002.0)
    run = (await bench.claim()).run
    assert run.cancel_requested_by == "ana"
    assert await bench.store.append("r1", run.epoch, bench.entry()) is True


async def test_a_run_whose_worker_died_is_cancelled_at_once(bench: Bench) -> None:
    """RUNNING is returned and the run is CANCELLED when its lease has lapsed; its worker is fenced off."""
    epoch = await bench.start()
    bench.clock.now = 1030.0
    assert await bench.store.cancel_run("r1", "ana", "button", 1030.0) is RunStatus.RUNNING
    assert (await bench.run_now()).status is RunStatus.CANCELLED
    with pytest.raises(FencedError):
        await bench.store.append("r1", epoch, bench.entry())


@pytest.mark.parametrize("status", ENDED)
async def test_a_run_that_has_ended_is_not_cancelled(bench: Bench, status: RunStatus) -> None:
    """The status is returned, and nothing changes."""
    run = await bench.create(status=status)
    assert await bench.store.cancel_run("r1", "ana", "button", 1001.0) is status
    assert await bench.run_now() == run


async def test_a_cancel_of_nothing(bench: Bench) -> None:
    """None is returned for a run that does not exist."""
    assert await bench.store.cancel_run("nobody", "ana", "button", 1001.0) is None


async def test_the_end_of_a_run_closes_what_is_open(bench: Bench) -> None:
    """A pause that is open when its run ends is closed, so that nobody can answer in vain."""
    await bench.ask(bench.pause("p1"), bench.pause("p2"))
    await bench.store.close_pause("p1", bench.answer())
    epoch = (await bench.claim()).run.epoch
    await bench.store.finish_run("r1", epoch, RunStatus.CANCELLED, {"reason": "rejected"}, 1002.0)
    pause = await bench.pause_now("p2")
    assert (pause.state, pause.answered) == ("closed", AnswerRecord(answer=None, at=1002.0, by="run", door="end"))
    assert await bench.store.close_pause("p2", bench.answer(at=1003.0)) is None


async def test_open_pauses_are_listed_by_their_deadlines(bench: Bench) -> None:
    """The nearest deadline comes first, then those without one by age, each with its run; never more than asked for."""
    await bench.ask(bench.pause("p1"), bench.pause("p2", path="root/b", deadline=3000.0))
    await bench.ask(bench.pause("p3", "r2", deadline=2000.0), bench.pause("p4", "r2", path="root/b"), run_id="r2")
    found = await bench.store.list_open_pauses(9)
    assert [(item.run.run_id, item.pause.pause_id) for item in found] == [
        ("r2", "p3"),
        ("r1", "p2"),
        ("r1", "p1"),
        ("r2", "p4"),
    ]
    assert found[0].run == await bench.run_now("r2")
    assert found[0].pause == await bench.pause_now("p3")
    assert [item.pause.pause_id for item in await bench.store.list_open_pauses(3)] == ["p3", "p2", "p1"]


async def test_what_does_not_wait_for_people_is_not_listed(bench: Bench) -> None:
    """Pauses that are answered or closed are left out, and those of a library's runs."""
    await bench.ask(bench.pause("p1"))
    assert await bench.store.close_pause("p1", bench.answer()) is not None
    await bench.ask(bench.pause("p2", "r2"), run_id="r2")
    await bench.store.cancel_run("r2", "ana", "button", bench.clock.now)
    epoch = await bench.start("r3", origin="library")
    await bench.store.suspend("r3", epoch, [bench.pause("p3", "r3")], bench.clock.now)
    assert await bench.store.list_open_pauses(9) == []


async def test_an_open_pause_is_put_in_other_words(bench: Bench) -> None:
    """Question and digest are new; when it was asked, its deadline and what silence does stay."""
    await bench.ask(timed(bench, "p1", 2000.0))
    known = await bench.pause_now("p1")
    other = replace(known, question={"other": True}, digest="new", deadline=1.0, opened_at=1.0)
    renewed = await bench.store.renew_pause(known.digest, other)
    assert renewed == await bench.pause_now("p1") == replace(known, question={"other": True}, digest="new")
    assert (await bench.run_now()).status is RunStatus.PAUSED


async def test_a_pause_is_put_in_other_words_once(bench: Bench) -> None:
    """Whoever knows it only as it was comes too late; so does everybody once it is answered."""
    await bench.ask(bench.pause("p1"))
    known = await bench.pause_now("p1")
    assert await bench.store.renew_pause(known.digest, replace(known, digest="new")) is not None
    assert await bench.store.renew_pause(known.digest, replace(known, digest="newer")) is None
    await bench.store.close_pause("p1", bench.answer())
    assert await bench.store.renew_pause("new", replace(known, digest="newest")) is None
    assert await bench.store.renew_pause("new", replace(known, pause_id="nothing")) is None
    assert (await bench.pause_now("p1")).digest == "new"


async def test_an_answer_may_name_the_question_that_it_is_for(bench: Bench) -> None:
    """One for other words is not stored."""
    await bench.ask(bench.pause("p1"))
    known = await bench.pause_now("p1")
    await bench.store.renew_pause(known.digest, replace(known, digest="new"))
    assert await bench.store.close_pause("p1", bench.answer(), known.digest) is None
    assert (await bench.pause_now("p1")).state == "open"
    assert await bench.store.close_pause("p1", bench.answer(), "new") is not None
