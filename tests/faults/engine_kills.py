"""A program that kills the engine over and over, and prints what came of it: run in a process of its own, as it forks.

Every life of a run is a process: it carries the run on, answers what is asked, and may be killed. The next life goes on
where the last one ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal, cast

import kernbot.db.sqlite_connection  # noqa: F401 - before the first fork, so that no life has to load it
from kernbot.db.base import Store
from kernbot.db.sqlite import SqliteDb
from kernbot.engine import ledger
from kernbot.engine.gates import allowed_actions
from kernbot.engine.runner import Definition, Engine, StartRequest, load
from kernbot.errors import ConflictError
from kernbot.run import RunContext
from kernbot.run.answer import Action, Answer
from kernbot.workflow import Condition, Step, StepInput, Steps
from tests.faults.engine_account import account_of

WRITES = ("create_run", "claim_run", "append", "suspend", "finish_run", "close_pause", "release_run")
FIRST_LIFE = 0.1
"""Seconds that the first life of a run may last; the second may last twice as long, and so on."""
HOUR = 3600.0

When = Literal["before", "after"]
WHENS: tuple[When, When] = ("before", "after")


@dataclass(frozen=True)
class Death:
    """When a life ends: just before, or just after, its transaction of this number."""

    number: int
    when: When


class MortalStore:
    """A store whose process dies at one of its transactions."""

    def __init__(self, store: Store, death: Death) -> None:
        self._store = store
        self._death = death
        self._count = 0

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method: Callable[..., Awaitable[Any]] = getattr(self._store, name)
        return self._mortal(method) if name in WRITES else method

    def _mortal(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any) -> Any:
            is_last = self._count == self._death.number
            self._count += 1
            if is_last and self._death.when == "before":
                _die()
            result = await method(*args)
            if is_last:
                _die()
            return result

        return call


@dataclass
class Life:
    """One process in the life of a run."""

    folder: Path
    run_id: str
    number: int = 0
    death: Death | None = None
    seconds: float | None = None
    """After which it is killed at the latest."""
    chance: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.run_id} {self.number}")

    async def live(self) -> None:
        """Carry the run to its end."""
        # Each life comes an hour after the one before: the lease of the dead has run out.
        store: Store = SqliteDb(self.folder / "kernbot.db", clock=lambda: time.time() + self.number * HOUR)
        if self.death is not None:
            store = cast("Store", MortalStore(store, self.death))
        engine, definition = Engine(store=store), _definition(self)
        if await store.get_run(self.run_id) is None:
            await engine.start(definition, StartRequest(run_id=self.run_id))
        while not (await load(store, self.run_id)).run.status.has_ended:
            with suppress(ConflictError):
                async for _ in engine.execute(definition, self.run_id):
                    pass
            await self._answer_all(store)

    async def _answer_all(self, store: Store) -> None:
        for pause in (await load(store, self.run_id)).pauses:
            if pause.state == "open":
                actions = [action for action in allowed_actions(pause.question) if action is not Action.cancel]
                action = self.chance.choices(actions, weights=[4, 1])[0]
                answer = Answer(action=action)
                await ledger.give_answer(store, pause.pause_id, answer, at=time.time(), by="person", door="python")
                self.note("answers", f"{pause.pause_id} {action}")

    def note(self, file: str, line: str) -> None:
        """Write a line that a kill can't take away."""
        with (self.folder / file).open("a") as notes:
            notes.write(f"{line}\n")


def _definition(life: Life) -> Definition:
    async def act(_: StepInput, run_context: RunContext) -> dict[str, str]:
        """Note an execution as it begins; its output says which one it was."""
        execution = uuid.uuid4().hex
        life.note("effects", f"{run_context.idempotency_key} {execution}")
        run_context.session_state["count"] = run_context.session_state.get("count", 0) + 1
        await asyncio.sleep(life.chance.random() * 0.01)
        return {"execution": execution}

    def step(name: str, *, gated: bool = False) -> Step:
        return Step(name=name, executor=act, requires_confirmation=gated)

    def is_lucky(_: StepInput) -> bool:
        return life.chance.random() < 0.5

    nodes = [
        step("first"),
        step("gated", gated=True),
        Steps(name="group", steps=[step("inner"), step("inner_gated", gated=True)], requires_confirmation=True),
        Condition([step("then"), step("then_gated", gated=True)], is_lucky, [step("otherwise")], name="choice"),
        step("last"),
    ]
    return Definition(workflow_id="kill", name="kill", steps=nodes)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _begin(life: Life) -> int:
    """Fork a life and return its process id."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(life.live())
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - nothing of a life may get into its parent's code
            print(f"{life}: {error!r}", file=sys.stderr, flush=True)  # noqa: T201
            os._exit(1)
    return child


@dataclass
class Killed:
    """What has been killed so far."""

    kills: int = 0
    runs: list[str] = field(default_factory=list)

    def in_one_life(self, life: Life) -> bool:
        """Have a run live once; return whether it was killed."""
        if life.number == 0:
            self.runs.append(life.run_id)
        child = _begin(life)
        if life.seconds is not None:
            time.sleep(life.seconds)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status):
            raise RuntimeError("A life ended with an error.")
        self.kills += os.WIFSIGNALED(status)
        return os.WIFSIGNALED(status)


def kill_at_every_transaction(folder: Path) -> Killed:
    """Kill a run before, and another one after, its first transaction; two others at their second; and so on."""
    killed = Killed()
    for when in WHENS:
        number = 0
        while killed.in_one_life(Life(folder, f"{when}-{number}", death=Death(number, when))):
            killed.in_one_life(Life(folder, f"{when}-{number}", number=1))
            number += 1
    return killed


def kill_now_and_then(folder: Path, how: str, kills: int, seed: int) -> Killed:
    """Kill every life of a run, run after run: at one of its first transactions, or at any instant."""
    killed, chance, number = Killed(), Random(seed), 0
    while number or killed.kills < kills:
        life = Life(folder, killed.runs[-1] if number else f"run-{len(killed.runs)}", number)
        if killed.kills < kills and how == "transactions":
            life.death = Death(chance.randrange(1, 6), chance.choice(WHENS))
        elif killed.kills < kills:
            life.seconds = chance.random() * FIRST_LIFE * (number + 1)
        number = number + 1 if killed.in_one_life(life) else 0
    return killed


def main(folder: Path, how: str, kills: int = 0, seed: int = 0) -> None:
    """Kill, and print the account as JSON."""
    killed = kill_at_every_transaction(folder) if how == "every" else kill_now_and_then(folder, how, kills, seed)
    account = asyncio.run(account_of(folder, killed.runs))
    print(json.dumps({"kills": killed.kills, "runs": len(killed.runs), **asdict(account)}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))
