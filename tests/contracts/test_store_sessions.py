"""What every store does with sessions: naming, changing, noticing who else wrote, deleting."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from kernbot.db.base import RunFilter, StateChanges
from kernbot.errors import ConflictError
from kernbot.run.status import RunStatus

if TYPE_CHECKING:
    from tests.contracts.conftest import Bench

GOES_ON = [RunStatus.PENDING, RunStatus.PAUSED]


async def finish(bench: Bench, run_id: str, **changes: Any) -> None:
    """Store a run that has ended, with an entry, a pause and a message."""
    epoch = await bench.start(run_id, **changes)
    await bench.store.append(run_id, epoch, bench.entry(), {f"large value of {run_id}": "x"})
    await bench.store.suspend(run_id, epoch, [bench.pause(f"pause of {run_id}", run_id)], bench.clock.now)
    await bench.store.save_message(bench.message(f"message of {run_id}", run_id=run_id))
    await bench.store.cancel_run(run_id, "ana", "button", bench.clock.now)


async def test_a_session_has_no_name_at_first(bench: Bench) -> None:
    """The session that a run begins is called nothing."""
    await bench.create()
    session = await bench.store.get_session("s1")
    assert session is not None
    assert session.name is None


async def test_a_session_is_named(bench: Bench) -> None:
    """True is returned, and the session has the name, for the runs that join it too, until it gets another one."""
    await bench.create()
    assert await bench.store.update_session("s1", 1001.0, name="Zoë's report") is True
    await bench.create("r2", created_at=1002.0)
    session = (await bench.claim("r2")).session
    assert (session.name, session.updated_at) == ("Zoë's report", 1002.0)
    assert await bench.store.update_session("s1", 1003.0, name="") is True
    session = (await bench.claim()).session
    assert (session.name, session.updated_at) == ("", 1003.0)


async def test_a_session_is_changed_beside_its_runs(bench: Bench) -> None:
    """True is returned, keys are set and deleted, and the name and the other keys stay."""
    await bench.store.create_run(bench.run(), {"kept": 1, "gone": 1})
    await bench.store.update_session("s1", 1001.0, name="May")
    changes = StateChanges(set={"new": [2]}, deleted=("gone",))
    assert await bench.store.update_session("s1", 1002.0, state=changes) is True
    session = await bench.store.get_session("s1")
    assert session is not None
    assert (session.name, session.state, session.updated_at) == ("May", {"kept": 1, "new": [2]}, 1002.0)


async def test_no_session_is_changed(bench: Bench) -> None:
    """False is returned for a session that does not exist, and none is made."""
    changes = StateChanges(set={"count": 1})
    assert await bench.store.update_session("nobody", 1001.0, name="May", state=changes) is False
    assert await bench.store.get_session("nobody") is None


@pytest.mark.parametrize(
    ("was", "keys"),
    [
        (None, None),
        ({"same": 1, "deep": {"a": [1, 2], "b": None}, "gone": 1}, None),
        ({"same": 1, "deep": {"b": None, "a": [1, 2]}, "gone": 1}, None),
        ({"same": 1, "deep": {"a": [2, 1], "b": None}, "gone": 1}, "deep"),
        ({"same": True, "deep": {"a": [1, 2], "b": None}, "gone": 1}, "same"),
        ({"same": 1, "deep": {"a": [1, 2], "b": None}}, "gone"),
        ({"same": 1, "deep": {"a": [1, 2], "b": None}, "gone": 1, "new": None}, "new"),
        ({}, "deep', 'gone', 'same"),
    ],
)
async def test_an_overwrite_is_logged(
    bench: Bench, caplog: pytest.LogCaptureFixture, was: dict[str, Any] | None, keys: str | None
) -> None:
    """The session and the keys are logged that hold something else than the step saw; what it wrote is stored."""
    await bench.store.create_run(bench.run(), {"same": 1, "deep": {"a": [1, 2], "b": None}, "gone": 1, "other": 1})
    await bench.claim()
    changes = StateChanges(set={"same": 9, "deep": "secret", "new": 9}, deleted=("gone",), was=was)
    with caplog.at_level(logging.WARNING):
        await bench.store.append("r1", 1, bench.entry(state_changes=changes))
    logged = f"session s1: somebody else wrote ['{keys}'] meanwhile, which is overwritten"
    assert caplog.messages == ([] if keys is None else [logged])
    assert await bench.state_now() == {"same": 9, "deep": "secret", "new": 9, "other": 1}


async def test_an_overwrite_beside_the_runs_is_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """A change of the session by hand is checked like that of a step."""
    await bench.store.create_run(bench.run(), {"count": 1})
    with caplog.at_level(logging.WARNING):
        await bench.store.update_session("s1", 1001.0, state=StateChanges(set={"count": 3}, was={"count": 2}))
    assert caplog.messages == ["session s1: somebody else wrote ['count'] meanwhile, which is overwritten"]


async def test_what_a_step_saw_is_not_stored(bench: Bench) -> None:
    """The entry comes back with what was changed, and without what the step saw before."""
    epoch = await bench.start()
    changes = StateChanges(set={"count": 1}, deleted=("gone",), was={"gone": 1})
    await bench.store.append("r1", epoch, bench.entry(state_changes=changes))
    snapshot = await bench.store.load_run("r1")
    assert snapshot is not None
    assert snapshot.journal[0].state_changes == StateChanges(set={"count": 1}, deleted=("gone",))


async def test_a_session_is_deleted_with_its_runs(bench: Bench) -> None:
    """True is returned, and no run, entry, pause or message of the session is left; large values stay."""
    for run_id in ("r1", "r2"):
        await finish(bench, run_id)
    assert await bench.store.delete_session("s1") is True
    assert await bench.store.get_session("s1") is None
    for run_id in ("r1", "r2"):
        assert await bench.store.load_run(run_id) is None
        assert await bench.store.get_pause(f"pause of {run_id}") is None
        assert await bench.store.list_messages(run_id) == []
    assert await bench.store.list_unsettled(9) == []
    assert await bench.store.get_blobs(["large value of r1"]) == {"large value of r1": "x"}


async def test_other_sessions_stay(bench: Bench) -> None:
    """What belongs to another session is as it was after one is deleted."""
    await finish(bench, "r1")
    await finish(bench, "r2", session_id="s2")
    before = await bench.store.load_run("r2")
    await bench.store.delete_session("s1")
    assert await bench.store.load_run("r2") == before
    assert await bench.store.list_messages("r2") == [bench.message("message of r2", run_id="r2")]
    assert [run.run_id for run in await bench.store.list_runs(RunFilter())] == ["r2"]


async def test_a_deleted_session_is_begun_anew(bench: Bench) -> None:
    """A run of the same ids starts with nothing of what was deleted."""
    await finish(bench, "r1")
    await bench.store.update_session("s1", 1001.0, name="May", state=StateChanges(set={"count": 1}))
    await bench.store.delete_session("s1")
    await bench.create()
    snapshot = await bench.claim()
    assert (snapshot.session.name, snapshot.session.state) == (None, {})
    assert (snapshot.run.epoch, snapshot.journal, snapshot.pauses) == (1, (), ())
    assert await bench.store.append("r1", 1, bench.entry()) is False


@pytest.mark.parametrize("status", GOES_ON)
async def test_a_session_in_use_is_not_deleted(bench: Bench, status: RunStatus) -> None:
    """ConflictError names a run that has not ended, and nothing is deleted."""
    await finish(bench, "r1")
    await bench.create("r2", status=status)
    before = await bench.store.load_run("r1")
    with pytest.raises(ConflictError, match="session s1 is not deleted, because its run r2 has not ended"):
        await bench.store.delete_session("s1")
    assert await bench.store.load_run("r1") == before
    assert (await bench.run_now("r2")).status is status


async def test_a_session_with_a_running_run_is_not_deleted(bench: Bench) -> None:
    """ConflictError is raised, and the worker goes on, even after its lease has lapsed."""
    epoch = await bench.start()
    bench.clock.now = 1040.0
    with pytest.raises(ConflictError, match="run r1 has not ended"):
        await bench.store.delete_session("s1")
    assert await bench.store.append("r1", epoch, bench.entry()) is False


async def test_no_session_is_deleted(bench: Bench) -> None:
    """False is returned for a session that does not exist."""
    assert await bench.store.delete_session("nobody") is False
