"""Sessions: what runs share, and what they do not."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import date
from threading import Barrier
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.errors import ConflictError, NotFoundError, UsageError
from kernbot.run import RunStatus
from kernbot.workflow import Step, StepInput, Workflow
from tests.engine.bench import Calls, confirm


def _count(_: StepInput, session_state: dict[str, Any]) -> int:
    session_state["n"] += 1
    return int(session_state["n"])


def _state(workflow: Workflow, session_id: str | None = None) -> Any:
    session = workflow.get_session(session_id)
    assert session is not None
    return session.session_data["session_state"]


def test_runs_of_one_session_share_its_state(db: Store) -> None:
    """It begins with the workflow's, which never overwrites what is there; what a call gives does."""
    workflow = Workflow(db=db, steps=[_count], session_state={"n": 0})
    assert [workflow.run().content for _ in range(3)] == [1, 2, 3]
    assert workflow.run(session_state={"n": 10}).content == 11


def test_runs_of_two_sessions_share_nothing(db: Store) -> None:
    """Each counts for itself."""
    workflow = Workflow(db=db, steps=[_count], session_state={"n": 0})
    assert [workflow.run(session_id=name).content for name in ("one", "two", "one")] == [1, 1, 2]


def test_two_people_at_once_do_not_see_each_others_state(db: Store) -> None:
    """Runs of two users get sessions of their own, in threads of their own and in one."""
    workflow = Workflow(db=db, steps=[_count], session_state={"n": 0})
    with ThreadPoolExecutor(2) as threads:
        runs = list(threads.map(lambda user: workflow.run(user_id=user), ["ann", "bob"]))
    here = [workflow.run(user_id=user) for user in ("ann", "bob")]
    assert [run.content for run in (*runs, *here)] == [1, 1, 1, 1]


def test_a_session_outlives_a_pause(db: Store) -> None:
    """State changed before the pause is there after it, also for another object in another context."""
    settings: dict[str, Any] = {"name": "w", "db": db, "session_state": {"n": 0}}
    steps = [Step("count", _count), Step("again", _count, requires_confirmation=True)]
    run = Workflow(steps=steps, **settings).run()
    other = Workflow(steps=steps, **settings)
    assert copy_context().run(confirm, other, run).content == 2
    assert _state(other, run.session_id) == {"n": 2}


def test_state_is_merged_by_key(db: Store) -> None:
    """Two runs of one session at once keep each other's keys; the last writer of a key wins."""

    async def add(seen: StepInput, session_state: dict[str, Any]) -> None:
        await asyncio.sleep(0.01)
        session_state[seen.input] = 1
        session_state["last"] = seen.input

    workflow = Workflow(db=db, steps=[add])

    async def both() -> None:
        await asyncio.gather(*(workflow.arun(name, session_id="s") for name in ("a", "b")))

    asyncio.run(both())
    state = _state(workflow, "s")
    assert (state["a"], state["b"], state["last"] in ("a", "b")) == (1, 1, True)


def test_a_key_can_be_taken_out(db: Store) -> None:
    """What a step deletes is gone for the next one."""

    def forget(_: StepInput, session_state: dict[str, Any]) -> None:
        del session_state["n"]

    workflow = Workflow(db=db, steps=[forget], session_state={"n": 0, "m": 1})
    workflow.run(session_id="s")
    assert _state(workflow, "s") == {"m": 1}


def test_a_failed_step_changes_no_state() -> None:
    """Its changes are not stored, and the next attempt does not see them."""
    seen: list[int] = []

    def fail(_: StepInput, session_state: dict[str, Any]) -> None:
        session_state["n"] += 1
        seen.append(session_state["n"])
        raise ValueError("no")

    workflow = Workflow(steps=[Step("fail", fail, max_retries=1)], session_state={"n": 0})
    workflow.run(session_id="s")
    assert (seen, _state(workflow, "s")) == ([1, 1], {"n": 0})


def test_state_is_a_dict_with_text_keys() -> None:
    """Anything else is refused at the start; a step that makes it so has failed."""

    def spoil(_: StepInput, session_state: dict[Any, Any]) -> None:
        session_state[1] = 2

    workflow = Workflow(steps=[Step("spoil", spoil, max_retries=0)])
    with pytest.raises(UsageError, match="keys are text"):
        workflow.run(session_state={1: 2})  # type: ignore[dict-item]
    assert workflow.run().has_failed_steps


def test_a_session_lists_its_runs(db: Store, calls: Calls) -> None:
    """In the order in which they were started; paused ones are independent of each other."""
    workflow = Workflow(db=db, steps=[calls.step("g", requires_confirmation=True)])
    first, second = workflow.run("x"), workflow.run("y")
    confirm(workflow, second)
    session = workflow.get_session()
    assert session is not None
    assert [run.run_id for run in session.runs] == [first.run_id, second.run_id]
    assert [run.status for run in session.runs[-2:]] == [RunStatus.PAUSED, RunStatus.COMPLETED]
    assert (len(session.runs), bool(session.runs)) == (2, True)


def test_get_session_is_the_one_last_used(calls: Calls) -> None:
    """By this workflow, in this context: also where it was named for one run, and after a continue."""
    db = InMemoryDb()
    workflow = Workflow(name="w", db=db, steps=[calls.step("g", requires_confirmation=True)])
    with pytest.raises(UsageError, match="has not run"):
        workflow.get_session()
    run = workflow.run("x", session_id="named")
    other = Workflow(name="w", db=db, steps=workflow.steps)
    confirm(other, run)
    for each in (workflow, other):
        session = each.get_session()
        assert session is not None
        assert session.session_id == "named"
    assert workflow.get_session("nobody") is None


def test_a_run_id_is_used_once(calls: Calls) -> None:
    """The second run of that id is refused, and the first is as it was."""
    workflow = Workflow(steps=[calls.step("a")])
    run = workflow.run("x", run_id="R")
    with pytest.raises(ConflictError, match="R"):
        workflow.run("y", run_id="R")
    assert workflow.get_run_output("R") == run
    assert workflow.get_run_output("R", "another session") is None


def test_the_last_run_of_a_session(db: Store, calls: Calls) -> None:
    """The newest one that was started, of the last session or of the one that is named; None where there is none."""
    workflow = Workflow(db=db, steps=[calls.step("a")])
    runs = [workflow.run(given, session_id=name) for given, name in (("x", "one"), ("y", "one"), ("z", "two"))]
    assert workflow.get_last_run_output() == workflow.get_run(runs[2].run_id) == runs[2]
    assert workflow.get_last_run_output("one") == runs[1]
    assert (workflow.get_last_run_output("nobody"), workflow.get_run("nobody")) == (None, None)


def test_a_program_changes_the_state_of_a_session(db: Store) -> None:
    """Key by key; the next run sees it."""
    workflow = Workflow(db=db, steps=[_count], session_state={"n": 0, "who": "ann"})
    workflow.run(session_id="s")
    assert workflow.update_session_state({"n": 10}) == {"n": 10, "who": "ann"}
    assert workflow.get_session_state("s") == {"n": 10, "who": "ann"}
    assert workflow.run().content == 11


def test_values_of_a_state_keep_their_types(db: Store) -> None:
    """What a program puts there comes back as what it was, in a copy."""
    workflow = Workflow(db=db, steps=[_count], session_state={"n": 0})
    workflow.run()
    day = date(2026, 1, 2)
    assert workflow.update_session_state({"day": day})["day"] == day
    workflow.get_session_state()["day"] = None
    assert workflow.get_session_state()["day"] == day


def test_a_session_has_a_name(db: Store, calls: Calls) -> None:
    """Empty at first; given, or made of the workflow's name and the time."""
    workflow = Workflow(name="w", db=db, steps=[calls.step("a")])
    workflow.run("x")
    assert workflow.get_session_name() == ""
    named = workflow.set_session_name(session_name="the first")
    assert named.session_data["session_name"] == workflow.get_session_name(named.session_id) == "the first"
    workflow.set_session_name(autogenerate=True)
    assert re.fullmatch(r"w \d{4}-\d\d-\d\d \d\d:\d\d", workflow.get_session_name())
    with pytest.raises(UsageError, match="needs a session_name"):
        workflow.set_session_name()


def test_a_session_is_deleted_with_its_runs(db: Store, calls: Calls) -> None:
    """But not while one of them has not ended; the next run begins it anew."""
    workflow = Workflow(db=db, steps=[calls.step("a", requires_confirmation=True)], session_state={"n": 0})
    run = workflow.run("x", session_id="s")
    workflow.update_session_state({"n": 1})
    with pytest.raises(ConflictError, match=run.run_id):
        workflow.delete_session("s")
    workflow.cancel_run(run.run_id)
    assert workflow.delete_session("s")
    assert (workflow.get_session("s"), workflow.get_run(run.run_id)) == (None, None)
    assert not workflow.delete_session("s")
    workflow.run("y", session_id="s")
    assert workflow.get_session_state() == {"n": 0}


def test_a_session_is_shown_to_its_user(db: Store, calls: Calls) -> None:
    """If a user is named: another one neither sees nor deletes it."""
    workflow = Workflow(db=db, steps=[calls.step("a")])
    workflow.run("x", session_id="s", user_id="ann")
    assert workflow.get_session("s", "bob") is None
    assert not workflow.delete_session("s", "bob")
    session = workflow.get_session("s", "ann")
    assert session is not None
    assert session.user_id == "ann"


def test_a_session_that_is_not_stored_is_not_found(db: Store) -> None:
    """NotFoundError, a LookupError, for what needs one."""
    workflow = Workflow(db=db)
    needing_one: list[Callable[[], object]] = [
        lambda: workflow.get_session_state("nobody"),
        lambda: workflow.update_session_state({"n": 1}, "nobody"),
        lambda: workflow.get_session_name("nobody"),
        lambda: workflow.set_session_name("nobody", session_name="n"),
    ]
    for call in needing_one:
        with pytest.raises(NotFoundError, match="no session nobody"):
            call()


async def test_sessions_from_async_code(db: Store, calls: Calls) -> None:
    """Every method has its twin."""
    workflow = Workflow(name="w", db=db, steps=[calls.step("a")])
    run = await workflow.arun("x", session_id="s")
    assert await workflow.aupdate_session_state({"n": 1}) == await workflow.aget_session_state() == {"n": 1}
    assert (await workflow.aset_session_name(session_name="named")).session_id == "s"
    assert await workflow.aget_session_name() == "named"
    assert await workflow.aget_last_run_output() == await workflow.aget_run(run.run_id) == run
    assert await workflow.adelete_session("s")
    assert await workflow.aget_session("s") is None


def test_five_threads_in_one_session_lose_no_key(db: Store, caplog: pytest.LogCaptureFixture) -> None:
    """T69: each one's own key is there, the last writer of a shared key wins, and the overwriting is in the log."""
    all_have_read = Barrier(5)

    def add(seen: StepInput, session_state: dict[str, Any]) -> None:
        session_state["n"] = int(session_state["n"]) + int(seen.input)
        session_state[seen.input] = True
        all_have_read.wait(10)

    workflow = Workflow(db=db, steps=[add], session_state={"n": 0})
    with ThreadPoolExecutor(5) as threads, caplog.at_level(logging.WARNING):
        runs = list(threads.map(lambda number: workflow.run(number, session_id="s"), "12345"))
    assert not any(run.has_failed_steps for run in runs)
    state = workflow.get_session_state("s")
    assert ({*state}, state["n"] in range(1, 6)) == ({"n", *"12345"}, True)
    assert [("s" in line, "n" in line, "12345" in line) for line in caplog.messages] == [(True, True, False)] * 4
