"""A program that kills an agent at each moment around a call of a tool, and prints what came of it.

It is run in a process of its own, as it forks. Every run lives twice: its first process ends by SIGKILL at the moment,
the second one goes on with what is stored, and people answer what they are asked.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite  # noqa: F401 - so that no life has to load it

from kernbot.agent import Agent
from kernbot.db.base import PauseRecord, Store
from kernbot.engine.large import load
from kernbot.engine.ledger import give_answer
from kernbot.models.scripted import Item, ScriptedModel, call
from kernbot.run import RunContext
from kernbot.run.answer import Action, Answer
from kernbot.run.executor import DELEGATE
from kernbot.run.messages import ModelRequest, ToolCall
from kernbot.team import Team
from kernbot.tools import tool
from kernbot.workflow import Step, StepInput, Workflow
from tests.faults.engine_kills import Place

MOMENTS = ["in a call that asks nobody", "asked", "answered", "before the effect", "after the effect", "after the call"]
"""When the first process is killed: after its first call, which asks nobody, has had its effect; while the question
about the second one is open; when that is answered; in the second call; and when its result is stored."""


@dataclass
class Life:
    """One of the two processes of a run."""

    place: Place
    where: str
    moment: str
    number: int

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return f"{self.where} {self.moment}"

    def is_at(self, moment: str) -> None:
        """Die if this is the moment."""
        if self.number == 0 and moment == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def note(self, what: str) -> None:
        """Write down what happened."""
        self.place.note(self.run_id, what)

    async def live(self) -> None:
        """Carry the run to its end."""
        store = self.place.store(self.number)
        runs = make_runs(self, store)
        if await store.get_run(self.run_id) is None:
            await runs.arun("Write to Bob", run_id=self.run_id, session_id=self.run_id)
        while not (await load(store, self.run_id)).run.status.has_ended:
            await self._answer(store)
            await runs.acontinue_run(run_id=self.run_id)

    async def _answer(self, store: Store) -> None:
        """Say yes to the call; after a crash, do it again only if it has had no effect."""
        for pause in [pause for pause in (await load(store, self.run_id)).pauses if pause.state == "open"]:
            self.is_at("asked")
            await give_answer(store, pause.pause_id, self._decided(pause), at=time.time(), by="eve", door="python")
            self.note(f"answered {pause.kind}")
            self.is_at("answered")

    def _decided(self, pause: PauseRecord) -> Answer:
        if pause.kind == "tool":
            return Answer(action=Action.confirm)
        return Answer(action=Action.retry if self.moment == "before the effect" else Action.skip)


def make_runs(life: Life, store: Store) -> Any:
    """Return what is run: an agent by itself, or a workflow with it in its step, its function, or its team."""

    @tool
    def look(text: str, run_context: RunContext) -> str:
        life.note(f"look {run_context.idempotency_key.removeprefix(life.run_id)}")
        life.is_at("in a call that asks nobody")
        return text

    @tool(requires_confirmation=True)
    async def send(text: str) -> str:
        life.is_at("before the effect")
        life.note(f"send {text}")
        life.is_at("after the effect")
        return f"sent {text}"

    def model(name: str, first: list[ToolCall]) -> ScriptedModel:
        def says(request: ModelRequest) -> Item:
            turn = sum(message.role == "assistant" for message in request.messages)
            if turn == 1:
                life.is_at("after the call")
            life.note(f"model of {name} {turn}")
            return first if turn == 0 else f"{name}: {request.messages[-1].content}"

        return ScriptedModel(says)

    ann = Agent(name="Ann", db=store, model=model("Ann", [call("look", text="up"), call("send", text="hi")]))
    ann.tools = [look, send]
    crew = Team(name="Crew", model=model("Crew", [call(DELEGATE, member_id="ann", task="Send it")]), members=[ann])

    async def ask(_: StepInput) -> Any:
        return (await ann.arun("Send it")).content

    steps: dict[str, Callable[[], Step]] = {
        "step": lambda: Step("mail", agent=ann),
        "team": lambda: Step("mail", team=crew),
        "function": lambda: Step("mail", executor=ask),
    }
    return ann if life.where == "alone" else Workflow(name="w", db=store, steps=[steps[life.where]()])


def _lived(life: Life) -> int:
    """Let a process live, and return how it ended."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(life.live())
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - nothing of a life may get into its parent's code
            print(f"{life}: {error!r}", file=sys.stderr, flush=True)  # noqa: T201
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _account(life: Life) -> dict[str, Any]:
    """Return what is stored of a run, and what was noted while it lived."""
    known = asyncio.run(load(life.place.store(), life.run_id))
    noted = (life.place.folder / life.run_id).read_text().splitlines()
    return {
        "status": known.run.status,
        "asked": [pause.kind for pause in known.pauses],
        "noted": {what: noted.count(what) for what in noted},
    }


def main(place: Place, where: str) -> None:
    """Kill, and print the account of each moment as JSON."""
    told = {}
    for moment in MOMENTS:
        make = partial(Life, place, where, moment)
        ends = [_lived(make(0)), _lived(make(1))]
        told[moment] = {"ends": ends, **_account(make(1))}
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    main(Place(sys.argv[1], Path(sys.argv[2])), sys.argv[3])
