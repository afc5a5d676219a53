"""Sessions: what runs share, and what they do not."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.errors import ConflictError, UsageError
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


@pytest.mark.parametrize("keyword", ["telemetry", "debug_mode", "store_events", "cache_session"])
def test_some_keywords_are_without_effect(calls: Calls, keyword: str) -> None:
    """Programs that give them run."""
    assert Workflow(steps=[calls.step("a")], **{keyword: False}).run("x").content == "a(x)"  # type: ignore[arg-type]


def test_what_a_workflow_can_not_do_is_no_keyword() -> None:
    """TypeError, as for any keyword that does not exist."""
    with pytest.raises(TypeError, match="agent"):
        Workflow(agent=None)  # type: ignore[call-arg]
