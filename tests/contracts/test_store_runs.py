"""What every store does with runs, their journals and their sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from kernbot.db.base import FencedError, RunExistsError, RunFilter, StateChanges
from kernbot.errors import ConflictError
from kernbot.run.status import RunStatus

if TYPE_CHECKING:
    from tests.contracts.conftest import Bench

ENDED = [RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.ERROR]


async def test_a_new_run_is_stored_as_it_was_given(bench: Bench) -> None:
    """The run that was created comes back, field by field."""
    run = await bench.create(origin="library", request={"input": ["x", 1, None, {"y": 2.5}]})
    assert await bench.store.get_run("r1") == run


async def test_a_new_run_begins_its_session(bench: Bench) -> None:
    """The session has the run's workflow, user, time and state when it did not exist before."""
    await bench.store.create_run(bench.run(), {"count": 1})
    session = await bench.store.get_session("s1")
    assert session is not None
    assert (session.workflow_id, session.user_id, session.state) == ("weekly", "U02ANA", {"count": 1})
    assert session.created_at == session.updated_at == 1000.0


async def test_a_run_joins_a_session(bench: Bench) -> None:
    """The keys given are merged into the session's state, and its user stays, when a second run joins it."""
    await bench.store.create_run(bench.run(), {"count": 1, "kept": True})
    bench.clock.now = 1005.0
    await bench.store.create_run(bench.run("r2", user_id="U03BEN"), {"count": 2})
    session = await bench.store.get_session("s1")
    assert session is not None
    assert session.state == {"count": 2, "kept": True}
    assert (session.user_id, session.created_at, session.updated_at) == ("U02ANA", 1000.0, 1005.0)


async def test_a_run_replaces_the_state_of_its_session(bench: Bench) -> None:
    """The session holds the state given and nothing else, whether it existed or not, when it is to be replaced."""
    for number, state in enumerate(({"count": 1, "gone": True}, {"count": 2})):
        await bench.store.create_run(bench.run(f"r{number}"), state, replaces_state=True)
        assert await bench.state_now() == state
    session = await bench.store.get_session("s1")
    assert session is not None
    assert (session.user_id, session.created_at) == ("U02ANA", 1000.0)


async def test_a_run_id_is_given_once(bench: Bench) -> None:
    """RunExistsError is raised, and nothing changes, when the run id is taken."""
    await bench.store.create_run(bench.run(), {"count": 1})
    with pytest.raises(RunExistsError, match="there is a run r1 already"):
        await bench.store.create_run(bench.run(session_id="s2", user_id="U03BEN"), {"count": 2})
    assert (await bench.run_now()).user_id == "U02ANA"
    assert await bench.state_now() == {"count": 1}
    assert await bench.store.get_session("s2") is None


async def test_a_taken_run_id_leaves_its_session_alone(bench: Bench) -> None:
    """The session's state is as it was when a run of the same session could not be created."""
    await bench.store.create_run(bench.run(), {"count": 1})
    with pytest.raises(RunExistsError):
        await bench.store.create_run(bench.run(), {"count": 2})
    assert await bench.state_now() == {"count": 1}


async def test_claiming_a_pending_run(bench: Bench) -> None:
    """The run is RUNNING, one epoch on, with owner and lease, in the snapshot and in the store."""
    await bench.create()
    run = (await bench.claim()).run
    assert (run.status, run.epoch, run.owner, run.lease_until) == (RunStatus.RUNNING, 1, "w1", 1030.0)
    assert await bench.run_now() == run


async def test_a_claim_loads_everything(bench: Bench) -> None:
    """The snapshot holds run, session, journal and pauses, the latter two in the order of their writing."""
    epoch = await bench.start()
    entries = [bench.entry(path) for path in ("root/z", "root/a", "root/m")]
    for entry in entries:
        await bench.store.append("r1", epoch, entry)
    pauses = [bench.pause(pause_id) for pause_id in ("p9", "p1", "p5")]
    await bench.store.suspend("r1", epoch, pauses, 1000.0)
    await bench.store.close_pause("p1", bench.answer())
    snapshot = await bench.claim()
    assert snapshot.journal == tuple(entries)
    assert [pause.pause_id for pause in snapshot.pauses] == ["p9", "p1", "p5"]
    assert snapshot.session == await bench.store.get_session("s1")
    assert snapshot == await bench.store.load_run("r1")


async def test_a_live_claim_is_exclusive(bench: Bench) -> None:
    """None is returned for a RUNNING run as long as its lease lasts."""
    await bench.start()
    bench.clock.now = 1029.9
    assert await bench.store.claim_run("r1", "w2", 30.0) is None
    assert (await bench.run_now()).owner == "w1"


async def test_a_lapsed_claim_is_taken_over(bench: Bench) -> None:
    """Another worker gets the run, with the next epoch, from the moment at which the lease has lapsed."""
    await bench.start()
    bench.clock.now = 1030.0
    snapshot = await bench.store.claim_run("r1", "w2", 30.0)
    assert snapshot is not None
    assert (snapshot.run.owner, snapshot.run.epoch, snapshot.run.lease_until) == ("w2", 2, 1060.0)


@pytest.mark.parametrize("status", [RunStatus.PAUSED, *ENDED])
async def test_there_is_nothing_to_claim(bench: Bench, status: RunStatus) -> None:
    """None is returned for a run that waits or has ended, and for one that does not exist."""
    await bench.create(status=status)
    assert await bench.store.claim_run("r1", "w1", 30.0) is None
    assert await bench.store.claim_run("nobody", "w1", 30.0) is None


async def test_a_lease_is_renewed(bench: Bench) -> None:
    """True is returned, and the lease counts from now, for the claim that is held."""
    epoch = await bench.start()
    bench.clock.now = 1020.0
    assert await bench.store.renew_lease("r1", epoch, 30.0) is True
    assert (await bench.run_now()).lease_until == 1050.0


async def test_a_lost_lease_is_not_renewed(bench: Bench) -> None:
    """False is returned, and nothing changes, after a takeover and after the end."""
    epoch = await bench.start()
    bench.clock.now = 1040.0
    run = (await bench.claim()).run
    assert await bench.store.renew_lease("r1", epoch, 30.0) is False
    assert await bench.run_now() == run
    await bench.store.finish_run("r1", run.epoch, RunStatus.COMPLETED, None, 1041.0)
    assert await bench.store.renew_lease("r1", run.epoch, 30.0) is False


async def test_state_changes_are_merged_with_the_entry(bench: Bench) -> None:
    """Keys are set, keys are deleted and the others are kept, in the same transaction as the entry."""
    await bench.store.create_run(bench.run(), {"kept": 1, "changed": 1, "gone": 1})
    await bench.claim()
    changes = StateChanges(set={"changed": 2, "new": {"deep": [2]}}, deleted=("gone", "never there"))
    entry = bench.entry(state_changes=changes)
    await bench.store.append("r1", 1, entry)
    snapshot = await bench.store.load_run("r1")
    assert snapshot is not None
    assert snapshot.session.state == {"kept": 1, "changed": 2, "new": {"deep": [2]}}
    assert snapshot.journal == (entry,)


async def test_appending_tells_of_a_cancel(bench: Bench) -> None:
    """False is returned until a cancel is asked for, and True from then on."""
    epoch = await bench.start()
    assert await bench.store.append("r1", epoch, bench.entry("root/a")) is False
    await bench.store.cancel_run("r1", "ana", "command", 1001.0)
    assert await bench.store.append("r1", epoch, bench.entry("root/b")) is True


async def test_an_entry_is_never_changed(bench: Bench) -> None:
    """ConflictError is raised, and the first entry stays, for a second one with its path, kind and attempt."""
    epoch = await bench.start()
    entry = bench.entry()
    await bench.store.append("r1", epoch, entry)
    second = bench.entry(payload="other", state_changes=StateChanges(set={"count": 1}))
    with pytest.raises(ConflictError, match="root/fetch already"):
        await bench.store.append("r1", epoch, second)
    snapshot = await bench.store.load_run("r1")
    assert snapshot is not None
    assert (snapshot.journal, snapshot.session.state) == ((entry,), {})


async def test_entries_differ_by_kind_attempt_and_run(bench: Bench) -> None:
    """Entries at one path are all kept when they differ in kind, attempt or run."""
    for run_id in ("r1", "r2"):
        epoch = await bench.start(run_id)
        await bench.store.append(run_id, epoch, bench.entry(kind="started"))
        await bench.store.append(run_id, epoch, bench.entry(kind="failure"))
        await bench.store.append(run_id, epoch, bench.entry(kind="started", attempt=2))
        snapshot = await bench.store.load_run(run_id)
        assert snapshot is not None
        assert [(e.kind, e.attempt) for e in snapshot.journal] == [("started", 1), ("failure", 1), ("started", 2)]


async def test_a_worker_that_lost_its_claim_writes_nothing(bench: Bench) -> None:
    """FencedError is raised by every write under an old epoch, and the run stays as its new worker has it."""
    epoch = await bench.start()
    bench.clock.now = 1030.0
    await bench.claim()
    before = await bench.store.load_run("r1")
    entry = bench.entry(state_changes=StateChanges(set={"count": 1}))
    with pytest.raises(FencedError, match="claim 1 on run r1"):
        await bench.store.append("r1", epoch, entry)
    with pytest.raises(FencedError):
        await bench.store.suspend("r1", epoch, [bench.pause()], 1031.0)
    with pytest.raises(FencedError):
        await bench.store.finish_run("r1", epoch, RunStatus.COMPLETED, None, 1031.0)
    await bench.store.release_run("r1", epoch, 1031.0)
    assert await bench.store.load_run("r1") == before


@pytest.mark.parametrize("status", [RunStatus.PENDING, RunStatus.PAUSED, *ENDED])
async def test_only_a_running_run_is_written_to(bench: Bench, status: RunStatus) -> None:
    """FencedError is raised for the right epoch too when the run is not RUNNING."""
    await bench.create(status=status, epoch=1)
    before = await bench.store.load_run("r1")
    with pytest.raises(FencedError):
        await bench.store.append("r1", 1, bench.entry())
    with pytest.raises(FencedError):
        await bench.store.suspend("r1", 1, [bench.pause()], 1001.0)
    with pytest.raises(FencedError):
        await bench.store.finish_run("r1", 1, RunStatus.COMPLETED, None, 1001.0)
    await bench.store.release_run("r1", 1, 1001.0)
    assert await bench.store.load_run("r1") == before


async def test_a_run_that_does_not_exist_is_not_written_to(bench: Bench) -> None:
    """FencedError is raised for an unknown run id."""
    with pytest.raises(FencedError):
        await bench.store.append("nobody", 0, bench.entry())


async def test_a_released_run_waits_for_the_next_worker(bench: Bench) -> None:
    """The run is PENDING, without owner and lease, and a new claim has the next epoch."""
    epoch = await bench.start()
    await bench.store.release_run("r1", epoch, 1001.0)
    run = await bench.run_now()
    assert (run.status, run.owner, run.lease_until, run.updated_at) == (RunStatus.PENDING, None, None, 1001.0)
    assert (await bench.claim()).run.epoch == 2


@pytest.mark.parametrize("status", ENDED)
async def test_a_run_ends(bench: Bench, status: RunStatus) -> None:
    """The run has its last status and its outcome, and neither owner nor lease."""
    epoch = await bench.start()
    await bench.store.finish_run("r1", epoch, status, {"content": "done"}, 1001.0)
    run = await bench.run_now()
    assert (run.status, run.outcome, run.updated_at) == (status, {"content": "done"}, 1001.0)
    assert (run.owner, run.lease_until) == (None, None)


async def test_what_is_not_there_is_none(bench: Bench) -> None:
    """None is returned for runs, pauses and sessions that do not exist."""
    assert await bench.store.load_run("nobody") is None
    assert await bench.store.get_run("nobody") is None
    assert await bench.store.get_pause("nobody") is None
    assert await bench.store.get_session("nobody") is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -1.5,
        10**30,
        "",
        "Zoë ☕ 日本 🎉",
        "half \ud83d of a pair",
        "nul \x00",
        [],
        {},
        {"a": [{"b": None}]},
    ],
)
async def test_any_json_is_kept(bench: Bench, value: Any) -> None:
    """What was stored comes back equal in requests, states, payloads, questions, answers, outcomes and the inbox."""
    await bench.store.create_run(bench.run(request=value), {"value": value})
    await bench.claim()
    await bench.store.append("r1", 1, bench.entry(payload=value, state_changes=StateChanges(set={"key": value})))
    await bench.store.suspend("r1", 1, [bench.pause(question=value, silence=value)], 1000.0)
    await bench.store.close_pause("p1", bench.answer(answer=value))
    await bench.claim()
    await bench.store.finish_run("r1", 2, RunStatus.COMPLETED, value, 1000.0)
    await bench.store.put_inbox(value, 1000.0)
    snapshot = await bench.store.load_run("r1")
    assert snapshot is not None
    assert (snapshot.run.request, snapshot.run.outcome, snapshot.journal[0].payload) == (value, value, value)
    assert snapshot.session.state == {"value": value, "key": value}
    assert snapshot.pauses[0].answered == bench.answer(answer=value)
    assert (snapshot.pauses[0].question, snapshot.pauses[0].silence) == (value, value)
    assert [item.payload for item in await bench.store.list_inbox(1)] == [value]


async def test_names_in_any_script_are_kept(bench: Bench) -> None:
    """Ids, names and paths come back as they were given, quotes and wildcards included."""
    name = 'Zoë\'s "100%" _日本_ 🎉'
    await bench.create(run_id=name, session_id=name, workflow_id=name, workflow_name=name, user_id=name)
    await bench.claim(name)
    await bench.store.append(name, 1, bench.entry(f"root/{name}", node=f"Step:{name}"))
    await bench.store.suspend(name, 1, [bench.pause(name, name, step_name=name, path=name)], 1000.0)
    snapshot = await bench.store.load_run(name)
    assert snapshot is not None
    assert (snapshot.run.workflow_name, snapshot.run.user_id, snapshot.session.session_id) == (name, name, name)
    assert (snapshot.journal[0].path, snapshot.pauses[0].step_name) == (f"root/{name}", name)


async def test_a_large_value_is_kept(bench: Bench) -> None:
    """A payload of a megabyte comes back whole."""
    epoch = await bench.start()
    await bench.store.append("r1", epoch, bench.entry(payload="é" * 1_000_000))
    snapshot = await bench.store.load_run("r1")
    assert snapshot is not None
    assert snapshot.journal[0].payload == "é" * 1_000_000


async def test_what_goes_in_and_out_are_copies(bench: Bench) -> None:
    """The store is unchanged when a caller changes what it gave or what it got."""
    state: dict[str, Any] = {"list": [1]}
    run = bench.run(request={"list": [1]})
    await bench.store.create_run(run, state)
    state["list"].append(2)
    run.request["list"].append(2)
    (await bench.state_now())["list"].append(3)
    (await bench.run_now()).request["list"].append(3)
    assert await bench.state_now() == {"list": [1]}
    assert (await bench.run_now()).request == {"list": [1]}


async def list_ids(bench: Bench, **which: Any) -> Sequence[str]:
    """Return the ids of the runs that match a filter."""
    return [run.run_id for run in await bench.store.list_runs(RunFilter(**which))]


async def create_for_lists(bench: Bench) -> None:
    """Store five runs that differ in what a filter can ask for."""
    await bench.create("aa1", created_at=1.0)
    await bench.create("aa2", created_at=3.0, workflow_id="daily")
    await bench.create("ab1", created_at=2.0, session_id="s2", origin="library")
    await bench.create("Aa3", created_at=2.0, user_id="U03BEN")
    await bench.create("a_%", created_at=2.0, user_id=None)


async def test_runs_are_listed_newest_first(bench: Bench) -> None:
    """Of runs made at the same instant, the one that was stored last comes first."""
    await create_for_lists(bench)
    assert await list_ids(bench) == ["aa2", "a_%", "Aa3", "ab1", "aa1"]
    assert await list_ids(bench, limit=2) == ["aa2", "a_%"]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({"workflow_ids": ["daily"]}, ["aa2"]),
        ({"workflow_ids": ["daily", "weekly"]}, ["aa2", "a_%", "Aa3", "ab1", "aa1"]),
        ({"workflow_ids": []}, []),
        ({"session_id": "s2"}, ["ab1"]),
        ({"user_id": "U03BEN"}, ["Aa3"]),
        ({"origin": "library"}, ["ab1"]),
        ({"run_id_prefix": "aa"}, ["aa2", "aa1"]),
        ({"run_id_prefix": "aa1"}, ["aa1"]),
        ({"run_id_prefix": "a_"}, ["a_%"]),
        ({"run_id_prefix": "a%"}, []),
        ({"run_id_prefix": "a", "session_id": "s1", "user_id": "U02ANA"}, ["aa2", "aa1"]),
    ],
)
async def test_a_filter_restricts_the_list(bench: Bench, which: dict[str, Any], expected: list[str]) -> None:
    """Only runs that match everything that is asked for are listed."""
    await create_for_lists(bench)
    assert await list_ids(bench, **which) == expected


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({"statuses": [RunStatus.PAUSED]}, ["p3", "p2", "p1"]),
        ({"statuses": [RunStatus.COMPLETED, RunStatus.PAUSED]}, ["c3", "p3", "c2", "p2", "c1", "p1"]),
        ({"statuses": [RunStatus.COMPLETED, RunStatus.PAUSED], "limit": 3}, ["c3", "p3", "c2"]),
        ({"statuses": [RunStatus.COMPLETED, RunStatus.PAUSED], "session_id": "s2"}, ["c2", "p2"]),
        ({"statuses": [RunStatus.PAUSED, RunStatus.PAUSED], "session_id": "s2"}, ["p2"]),
        ({"statuses": [RunStatus.ERROR]}, []),
        ({"statuses": []}, []),
    ],
)
async def test_runs_are_listed_by_status(bench: Bench, which: dict[str, Any], expected: list[str]) -> None:
    """Runs in one of the statuses are listed newest first, whatever their status, up to the limit in all."""
    for age in (1, 2, 3):
        await bench.create(f"p{age}", status=RunStatus.PAUSED, created_at=age, session_id=f"s{age}")
        await bench.create(f"c{age}", status=RunStatus.COMPLETED, created_at=age, session_id=f"s{age}")
        await bench.create(f"x{age}", status=RunStatus.CANCELLED, created_at=age, session_id=f"s{age}")
    assert await list_ids(bench, **which) == expected


async def test_work_is_listed_orphans_first(bench: Bench) -> None:
    """The bot's runs with something to do are listed: those whose worker died first, then the others by age."""
    for run_id, age in (("orphan2", 4.0), ("orphan1", 3.0)):
        await bench.start(run_id, created_at=age)
    bench.clock.now = 1030.0
    await bench.start("live", created_at=1.0)
    await bench.create("pending2", created_at=2.0)
    await bench.create("pending1", created_at=1.0)
    await bench.create("library", origin="library")
    for status in (RunStatus.PAUSED, *ENDED):
        await bench.create(status, status=status)
    assert await bench.store.list_work(9) == ["orphan1", "orphan2", "pending1", "pending2"]
    assert await bench.store.list_work(3) == ["orphan1", "orphan2", "pending1"]
    assert await bench.store.list_work(1) == ["orphan1"]


async def test_a_closed_store_opens_itself_again(bench: Bench) -> None:
    """Everything is still there when a store is used after it was closed, however often."""
    await bench.create()
    await bench.store.close()
    await bench.store.close()
    assert (await bench.run_now()).run_id == "r1"
