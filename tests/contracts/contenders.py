"""Threads and tasks that all want the same of one paused run at once; run as a program, in a process of their own.

As a program it takes a database, a folder, a run, a way to contend and the number of contenders; it says when it is
ready, begins when it is given a line, and prints what became of its contenders as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from kernbot.db import open_store
from kernbot.db.base import Store
from kernbot.engine.large import load
from kernbot.engine.ledger import give_answer
from kernbot.errors import ConflictError
from kernbot.run import RunContext
from kernbot.run.answer import Action, Answer
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Step, StepInput, Workflow

THREADS = 3
TASKS = 3
PER_PROCESS = THREADS + TASKS
PATIENCE = 30.0
"""Seconds until a step waits no longer: much longer than anything takes, even on a busy machine."""


@dataclass(frozen=True, kw_only=True)
class Ring:
    """One run that people are asked about, and all who contend for it."""

    db: Store
    folder: Path
    """Where steps and losers leave their traces."""
    contenders: int

    @property
    def workflow(self) -> Workflow:
        """A workflow whose step holds the run until everybody else has been refused."""
        deploy = Step(name="deploy", executor=self._deploy, requires_confirmation=True)
        return Workflow(name="release", db=self.db, steps=[deploy, Step(name="report", executor=self._act)])

    def traces(self, file: str) -> list[str]:
        """Return what has been noted."""
        path = self.folder / file
        return path.read_text().splitlines() if path.exists() else []

    async def copies(self, run_id: str) -> list[WorkflowRunOutput]:
        """Return a copy of the run for each contender of this process; in each, a yes was said if people are asked."""
        return [await self._copy(run_id) for _ in range(PER_PROCESS)]

    async def contend(self, copies: list[WorkflowRunOutput], how: str) -> list[str]:
        """Let the threads and tasks of this process begin at once; return what each of them was told."""
        in_threads = [asyncio.to_thread(self._in_thread, copy, how) for copy in copies[:THREADS]]
        return await asyncio.gather(*in_threads, *(self._in_task(copy, how) for copy in copies[THREADS:]))

    async def _copy(self, run_id: str) -> WorkflowRunOutput:
        run = await self.workflow.aget_run_output(run_id)
        assert run is not None
        for requirement in run.steps_requiring_confirmation:
            requirement.confirm()
        return run

    def _in_thread(self, run: WorkflowRunOutput, how: str) -> str:
        if how == "answer":
            return asyncio.run(self._in_task(run, how))
        try:
            return str(self.workflow.continue_run(run).status)
        except ConflictError as error:
            return self._refused(error)

    async def _in_task(self, run: WorkflowRunOutput, how: str) -> str:
        work = self._answer if how == "answer" else self._continue
        try:
            return await work(run)
        except ConflictError as error:
            return self._refused(error)

    async def _continue(self, run: WorkflowRunOutput) -> str:
        return str((await self.workflow.acontinue_run(run)).status)

    async def _answer(self, run: WorkflowRunOutput) -> str:
        """Answer as a person of one's own."""
        person, answer = f"person-{os.getpid()}-{id(run)}", Answer(action=Action.confirm)
        (pause,) = (await load(self.db, str(run.run_id))).pauses
        await give_answer(self.db, pause.pause_id, answer, at=time.time(), by=person, door="python")
        return person

    def _refused(self, error: ConflictError) -> str:
        self._note("refused", str(error))
        return str(error)

    def _deploy(self, step_input: StepInput, run_context: RunContext) -> str:
        done = self._act(step_input, run_context)
        give_up = time.monotonic() + PATIENCE
        while len(self.traces("refused")) < self.contenders - 1 and time.monotonic() < give_up:
            time.sleep(0.01)
        return done

    def _act(self, _: StepInput, run_context: RunContext) -> str:
        self._note("effects", str(run_context.idempotency_key).partition(":")[2])
        return "done"

    def _note(self, file: str, line: str) -> None:
        with (self.folder / file).open("a") as notes:
            notes.write(f"{line}\n")


def main(address: str, folder: str, run_id: str, how: str, contenders: str) -> None:
    """Contend when the time has come."""
    ring = Ring(db=open_store(address), folder=Path(folder), contenders=int(contenders))
    copies = asyncio.run(ring.copies(run_id))
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    print(json.dumps(asyncio.run(ring.contend(copies, how))))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
