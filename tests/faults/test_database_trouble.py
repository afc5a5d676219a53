"""A database that is locked or full while a run is carried on: the caller is told, and the run goes on afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from kernbot.db.sqlite import SqliteDb
from kernbot.errors import StorageError
from kernbot.run import RunContext, RunStatus
from kernbot.workflow import Step, StepInput, Workflow
from tests.db.test_claims_kept import full_file, locked_file, locked_server
from tests.faults.engine_account import account_of
from tests.faults.engine_kills import Life, Place
from tests.faults.watched_store import watched

LARGE = "x" * 1_000_000
"""More than fits into the pages that a file has already."""
CLAIM = 1
"""The number of the transaction in which a run that is continued is claimed: its answer is stored before."""
UNUSABLE = r"locked|disk"
Trouble = Callable[[Any], AbstractAsyncContextManager[None]]
"""What a database is in for a while, given its store."""


@dataclass
class Hours:
    """How much later it is for leases."""

    passed: int = 0

    def clock(self) -> float:
        """Return the time in unix seconds."""
        return time.time() + self.passed * 3600.0


@dataclass(kw_only=True)
class Scene:
    """A workflow in whose second step trouble begins, unless there was some before."""

    db: SqliteDb
    trouble: Trouble
    has_begun: bool = False
    """Whether there is or was trouble."""
    hours: Hours
    executed: list[str] = field(default_factory=list)
    """The path and attempt of each execution of a step."""
    troubles: AsyncExitStack = field(default_factory=AsyncExitStack)

    def workflow(self, **gate: Any) -> Workflow:
        """Return the workflow, with a gate before its second step."""
        steps = [
            Step(name="fetch", executor=self._act),
            Step(name="build", executor=self._act_in_trouble, **gate),
            Step(name="report", executor=self._act),
        ]
        return Workflow(name="w", db=self.db, steps=steps)

    async def begin_trouble(self) -> None:
        """Have the database be of no use from now on."""
        self.has_begun = True
        await self.troubles.enter_async_context(self.trouble(self.db))

    async def end_trouble(self) -> None:
        """Have the database be as before; leases that could not be given up have run out."""
        await self.troubles.aclose()
        self.hours.passed += 1

    async def _act(self, _: StepInput, run_context: RunContext) -> str:
        self.executed.append(str(run_context.idempotency_key).partition(":")[2])
        return LARGE

    async def _act_in_trouble(self, step_input: StepInput, run_context: RunContext) -> str:
        done = await self._act(step_input, run_context)
        if not self.has_begun:
            await self.begin_trouble()
        return f"{done} built"


def run_sql(db: SqliteDb, statement: str) -> None:
    """Run one statement as somebody else."""
    with closing(sqlite3.connect(db.file, isolation_level=None)) as other:
        other.execute(statement)


@pytest.fixture(params=[locked_file, full_file])
async def scene(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Scene]:
    """Each trouble in turn, with a store that does not wait long for locks."""
    hours = Hours()
    db = SqliteDb(tmp_path / "kernbot.db", timeout=0.05, clock=hours.clock)
    scene = Scene(db=db, hours=hours, trouble=request.param)
    yield scene
    await scene.troubles.aclose()
    await db.close()


async def test_a_run_that_cannot_be_stored(scene: Scene) -> None:
    """StorageError is raised, nothing is stored or executed, and the same call works afterwards."""
    workflow = scene.workflow()
    await scene.begin_trouble()
    with pytest.raises(StorageError, match=UNUSABLE):
        await workflow.arun(LARGE, run_id="r1")
    await scene.end_trouble()
    assert await workflow.aget_run_output("r1") is None
    assert scene.executed == []
    assert (await workflow.arun(LARGE, run_id="r1")).status is RunStatus.COMPLETED


async def test_an_output_that_cannot_be_stored(scene: Scene) -> None:
    """StorageError is raised; continued, the run repeats that step under the same key, and none that was completed."""
    workflow = scene.workflow()
    with pytest.raises(StorageError, match=UNUSABLE):
        await workflow.arun("x", run_id="r1")
    await scene.end_trouble()
    run = await workflow.acontinue_run(run_id="r1")
    assert run.status is RunStatus.COMPLETED
    assert scene.executed == ["root/fetch:1", "root/build:1", "root/build:1", "root/report:1"]


async def test_an_output_behind_a_gate_that_cannot_be_stored(scene: Scene) -> None:
    """StorageError is raised; continued, the run asks before it repeats that step."""
    workflow = scene.workflow(requires_confirmation=True)
    run = await workflow.arun("x")
    run.step_requirements[-1].confirm()
    with pytest.raises(StorageError, match=UNUSABLE):
        await workflow.acontinue_run(run)
    await scene.end_trouble()
    run = await workflow.acontinue_run(run_id=run.run_id)
    assert scene.executed == ["root/fetch:1", "root/build:1"]
    run.steps_with_errors[-1].retry()
    run = await workflow.acontinue_run(run)
    assert run.status is RunStatus.COMPLETED
    assert scene.executed == ["root/fetch:1", "root/build:1", "root/build:2", "root/report:1"]


async def test_an_answer_that_cannot_be_stored(scene: Scene) -> None:
    """StorageError is raised, and the run still waits; the same decision is taken afterwards."""
    note = {"name": "note", "field_type": "str"}
    workflow = scene.workflow(requires_user_input=True, user_input_schema=[note])
    run = await workflow.arun("x")
    run.step_requirements[-1].set_user_input(note=LARGE)
    await scene.begin_trouble()
    with pytest.raises(StorageError, match=UNUSABLE):
        await workflow.acontinue_run(run)
    await scene.end_trouble()
    stored = await workflow.aget_run_output(str(run.run_id))
    assert stored
    assert stored.is_paused
    assert (await workflow.acontinue_run(run)).status is RunStatus.COMPLETED


async def test_a_caller_that_gives_up(scene: Scene) -> None:
    """A task that is cancelled ends as cancelled, whether its run can be given up or not; the run goes on later."""
    workflow = scene.workflow()

    async def wait(_: StepInput) -> None:
        await scene.begin_trouble()
        await asyncio.Event().wait()

    waiting = Workflow(name="w", db=scene.db, steps=[Step(name="fetch", executor=wait), *workflow.steps[1:]])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await waiting.arun("x", run_id="r1")
    await scene.end_trouble()
    assert (await workflow.acontinue_run(run_id="r1")).status is RunStatus.COMPLETED


async def test_a_large_content_that_cannot_be_read(tmp_path: Path) -> None:
    """StorageError is raised, and the approved step that was to see it has not failed: it runs once it can be read."""
    executed: list[int] = []

    def read(step_input: StepInput) -> None:
        executed.append(len(step_input.previous_step_content))

    async def hide(number: int) -> None:
        if number == CLAIM:
            run_sql(db, "ALTER TABLE blobs RENAME TO hidden")

    db = SqliteDb(tmp_path / "kernbot.db")
    steps = [Step(name="write", executor=lambda _: LARGE), Step(name="read", executor=read, requires_confirmation=True)]
    workflow = Workflow(name="w", db=db, steps=steps)
    run = await workflow.arun("x")
    run.step_requirements[-1].confirm()
    with pytest.raises(StorageError, match="blobs"):
        await Workflow(name="w", db=watched(db, after=hide), steps=steps).acontinue_run(run)
    run_sql(db, "ALTER TABLE hidden RENAME TO blobs")
    run = await workflow.acontinue_run(run_id=run.run_id)
    assert (run.status, executed) == (RunStatus.COMPLETED, [len(LARGE)])
    await db.close()


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("trouble", "part"), [(locked_file, "composites"), (full_file, "contents"), (locked_server, "steps")]
)
async def test_trouble_at_every_transaction(
    request: pytest.FixtureRequest, tmp_path: Path, trouble: Trouble, part: str
) -> None:
    """Nothing is lost, repeated or done unasked when trouble begins at any one transaction of a run."""
    database = request.getfixturevalue("postgres_url") if trouble is locked_server else str(tmp_path / "kernbot.db")
    place = Place(database, tmp_path)
    troubled: list[str] = []
    life = Life(place, "at-0", parts=[part], agrees=True)
    while await _live_in_trouble(life, trouble, len(troubled)):
        await replace(life, number=1).live()
        troubled.append(life.run_id)
        life = replace(life, run_id=f"at-{len(troubled)}")
    account = await account_of(place.store(), tmp_path, [*troubled, life.run_id])
    assert (account.unfinished, account.broken, account.lost) == ([], [], [])
    assert (account.repeated, account.unasked) == ([], [])


async def _live_in_trouble(life: Life, trouble: Trouble, number: int) -> bool:
    """Carry a run on until trouble, which begins at its transaction of this number; False if it ends before that."""
    store = life.place.store(timeout=0.02)
    async with AsyncExitStack() as troubles:
        has_begun = False

        async def begin(at: int) -> None:
            nonlocal has_begun
            if at == number:
                await troubles.enter_async_context(trouble(store))
                has_begun = True

        with suppress(StorageError):
            await life.live_in(watched(store, before=begin))
    await store.close()
    return has_begun
