"""One paused run, continued by threads, tasks and processes at once: one executes it, and the others are told so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kernbot.db import open_store
from kernbot.db.in_memory import InMemoryDb
from kernbot.engine.large import load
from kernbot.engine.ledger import give_answer
from kernbot.run.answer import Action, Answer
from kernbot.run.status import RunStatus
from tests.contracts.contenders import PER_PROCESS, Ring

ROOT = Path(__file__).parents[2]
PROCESSES = 2


@dataclass(frozen=True, kw_only=True)
class Arena:
    """One run in one store, and the processes that contend for it."""

    ring: Ring
    address: str | None
    """Where other processes find the store; None if they can't."""
    run_id: str = field(init=False, default="r1")

    async def pause(self) -> None:
        """Have the run ask people."""
        run = await self.ring.workflow.arun("x", run_id=self.run_id)
        assert run.is_paused

    async def contend(self, how: str) -> tuple[str, list[str]]:
        """Have everybody begin at once; return what the one was told that was first, and what the others were."""
        told = await self._contend_here(how) if self.address is None else self._contend_elsewhere(how)
        assert len(told) == self.ring.contenders
        (first,) = set(told) - set(self.ring.traces("refused"))
        told.remove(first)
        return first, told

    async def _contend_here(self, how: str) -> list[str]:
        return await self.ring.contend(await self.ring.copies(self.run_id), how)

    def _contend_elsewhere(self, how: str) -> list[str]:
        command = [sys.executable, "-W", "error", "-m", "tests.contracts.contenders", str(self.address)]
        command += [str(self.ring.folder), self.run_id, how, str(self.ring.contenders)]
        processes = [
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(PROCESSES)
        ]
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("begin\n")
            process.stdin.flush()
        return [text for process in processes for text in json.loads(process.communicate()[0])]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def arena(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Arena]:
    """Each store in turn, with a run that waits for a yes."""
    address = None
    if request.param == "sqlite":
        address = str(tmp_path / "kernbot.db")
    elif request.param == "postgres":
        address = request.getfixturevalue("postgres_url")
    db = InMemoryDb() if address is None else open_store(address)
    contenders = PER_PROCESS * (1 if address is None else PROCESSES)
    arena = Arena(ring=Ring(db=db, folder=tmp_path, contenders=contenders), address=address)
    await arena.pause()
    yield arena
    await db.close()


async def test_a_run_that_each_of_them_decides(arena: Arena) -> None:
    """The steps run once, and the others hear who has answered before them."""
    first, others = await arena.contend("continue")
    assert first == RunStatus.COMPLETED
    assert set(others) == {"The question of step 'deploy' is closed: library answered 'confirm' first."}
    assert arena.ring.traces("effects") == ["root/deploy:1", "root/report:1"]


async def test_a_run_that_has_its_answer(arena: Arena) -> None:
    """The steps run once, and the others hear which process has the run."""
    (pause,) = (await load(arena.ring.db, arena.run_id)).pauses
    answer = Answer(action=Action.confirm)
    await give_answer(arena.ring.db, pause.pause_id, answer, at=time.time(), by="ann", door="button")
    first, others = await arena.contend("continue")
    assert first == RunStatus.COMPLETED
    for text in others:
        assert text.startswith(f"Run {arena.run_id} is being executed by {os.uname().nodename}:")
    assert arena.ring.traces("effects") == ["root/deploy:1", "root/report:1"]


async def test_answers_that_are_given_at_once(arena: Arena) -> None:
    """One of them is stored, and all others hear who gave it."""
    first, others = await arena.contend("answer")
    (pause,) = (await load(arena.ring.db, arena.run_id)).pauses
    assert pause.answered
    assert pause.answered.by == first
    assert set(others) == {f"The question of step 'deploy' is closed: {first} answered 'confirm' first."}
    assert arena.ring.traces("effects") == []
