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
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Literal, TypeVar

import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite  # noqa: F401 - like the next ones, so that no life has to load it

import kernbot.db.postgres_connection
import kernbot.db.sql_runs
import kernbot.db.sqlite_connection
import kernbot.engine.library  # noqa: F401
from kernbot.db.base import PauseRecord, Store
from kernbot.db.postgres import PostgresDb
from kernbot.db.sqlite import SqliteDb
from kernbot.engine.gates import allowed_actions
from kernbot.engine.large import load
from kernbot.engine.ledger import give_answer
from kernbot.run.answer import Action, Answer
from tests.faults.engine_account import ANSWERS, EFFECTS, account_of
from tests.faults.engine_workflow import PARTS, Bodies, make_workflow
from tests.faults.watched_store import watched

FIRST_LIFE = 0.1
"""Seconds that the first life of a run may last; the second may last twice as long, and so on."""
HOUR = 3600.0

T = TypeVar("T")
When = Literal["before", "after"]
WHENS: tuple[When, When] = ("before", "after")


@dataclass(frozen=True)
class Death:
    """When a life ends: just before, or just after, its transaction of this number."""

    number: int
    when: When

    def watching(self, store: Store) -> Store:
        """Return a store whose process dies then."""
        return watched(store, before=partial(self._meet, "before"), after=partial(self._meet, "after"))

    async def _meet(self, when: When, number: int) -> None:
        if (when, number) == (self.when, self.number):
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Place:
    """Where runs are stored, a file or a URL; and the folder of their notes."""

    database: str
    folder: Path

    def store(self, hours: int = 0, timeout: float = 10.0) -> Store:
        """Return the store, some hours from now: leases have run out by then."""

        def clock() -> float:
            return time.time() + hours * HOUR

        kind = PostgresDb if "://" in self.database else SqliteDb
        return kind(self.database, timeout=timeout, clock=clock)

    def note(self, file: str, line: str) -> None:
        """Write a line that nothing can take away."""
        with (self.folder / file).open("a") as notes:
            notes.write(f"{line}\n")
            notes.flush()
            os.fsync(notes.fileno())


@dataclass
class Life:
    """One process in the life of a run."""

    place: Place
    run_id: str
    parts: Sequence[str] = tuple(PARTS)
    """What its workflow is made of."""
    number: int = 0
    death: Death | None = None
    seconds: float | None = None
    """After which it is killed at the latest."""
    agrees: bool = False
    """Whether people always say yes, except to the first review, so that all runs go the same way."""
    chance: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.run_id} {self.number}")

    async def live(self) -> None:
        """Carry the run to its end."""
        store = self.place.store(self.number)
        await self.live_in(self.death.watching(store) if self.death else store)

    async def live_in(self, store: Store) -> None:
        """Do the same in a store of the caller's."""
        workflow = make_workflow(store, Bodies(partial(self.place.note, EFFECTS), self.chance), self.parts)
        if await store.get_run(self.run_id) is None:
            await workflow.arun("x", run_id=self.run_id, session_id=self.run_id)
        while not (await load(store, self.run_id)).run.status.has_ended:
            await self._answer_some(store)
            await workflow.acontinue_run(run_id=self.run_id)

    async def _answer_some(self, store: Store) -> None:
        """Answer at least one of the questions that are open."""
        pauses = [pause for pause in (await load(store, self.run_id)).pauses if pause.state == "open"]
        for pause in self._some(pauses):
            answer = self._answer(pause)
            await give_answer(store, pause.pause_id, answer, at=time.time(), by="person", door="python")
            self.place.note(ANSWERS, f"{pause.pause_id} {answer.action}")

    def _answer(self, pause: PauseRecord) -> Answer:
        action = self._action(pause)
        names = [choice["name"] for choice in pause.question.get("choices", ())]
        return Answer(
            action=action,
            values={"amount": 3} if action is Action.provide else {},
            routes=tuple(self._some(names)) if action is Action.select else (),
            output="edited" if action is Action.edit else None,
        )

    def _some(self, items: list[T]) -> list[T]:
        """Choose at least one; those who agree always choose the first."""
        return (
            items[:1] if self.agrees else self.chance.sample(items, self.chance.randint(min(1, len(items)), len(items)))
        )

    def _action(self, pause: PauseRecord) -> Action:
        """Choose among the answers that do not end the run: the first is a yes."""
        actions = [action for action in allowed_actions(pause.question) if action is not Action.cancel]
        if pause.question.get("on_reject") == "cancel":
            actions.remove(Action.reject)
        if not self.agrees:
            return self.chance.choices(actions, weights=[4, 1, 2][: len(actions)])[0]
        return Action.reject if pause.kind.endswith("review") and pause.number == 1 else actions[0]


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


def kill_at_every_transaction(place: Place, part: str) -> Killed:
    """Kill a run before, and another one after, its first transaction; two others at their second; and so on."""
    killed = Killed()
    for when in WHENS:
        for number in count():
            life = Life(place, f"{part}-{when}-{number}", parts=[part], death=Death(number, when), agrees=True)
            if not killed.in_one_life(life):
                break
            killed.in_one_life(replace(life, number=1, death=None))
    return killed


def kill_now_and_then(place: Place, how: str, kills: int, seed: int) -> Killed:
    """Kill every life of a run, run after run: at one of its first transactions, or at any instant."""
    killed, chance, number = Killed(), Random(seed), 0
    while number or killed.kills < kills:
        life = Life(place, killed.runs[-1] if number else f"run-{seed}-{len(killed.runs)}", number=number)
        if killed.kills < kills and how == "transactions":
            life.death = Death(chance.randrange(1, 9), chance.choice(WHENS))
        elif killed.kills < kills:
            life.seconds = chance.random() * FIRST_LIFE * (number + 1)
        number = number + 1 if killed.in_one_life(life) else 0
    return killed


def main(place: Place, how: str, *arguments: str) -> None:
    """Kill, and print the account as JSON."""
    if how == "every":
        killed = kill_at_every_transaction(place, *arguments)
    else:
        killed = kill_now_and_then(place, how, *map(int, arguments))
    account = asyncio.run(account_of(place.store(), place.folder, killed.runs))
    print(json.dumps({"kills": killed.kills, "runs": len(killed.runs), **asdict(account)}))  # noqa: T201


if __name__ == "__main__":
    main(Place(sys.argv[1], Path(sys.argv[2])), *sys.argv[3:])
