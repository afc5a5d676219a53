"""Workers as the engine's tests need them: some finish, some die at the worst moment."""

from __future__ import annotations

import asyncio

from kernbot.db.base import JournalEntry, Snapshot, Store
from kernbot.engine.large import load
from kernbot.engine.ledger import give_answer
from kernbot.engine.runner import Definition, Engine, StartRequest
from kernbot.run.answer import Action, Answer
from kernbot.workflow.node import Node


def definition_of(*steps: Node) -> Definition:
    """Return a workflow as the engine sees it."""
    return Definition(workflow_id="w", name="w", steps=steps)


async def start(store: Store, definition: Definition) -> str:
    """Store a new run, and carry it as far as it goes."""
    engine = Engine(store=store)
    run_id = await engine.start(definition, StartRequest(input="x"))
    return await go_on(store, definition, run_id)


async def go_on(store: Store, definition: Definition, run_id: str) -> str:
    """Carry a run as far as it goes."""
    async for _ in Engine(store=store).execute(definition, run_id):
        pass
    return run_id


async def answer(store: Store, run_id: str, action: Action, of: str | None = None) -> None:
    """Answer the newest question of a run, or of one of its steps."""
    asked = [pause for pause in (await load(store, run_id)).pauses if of in (None, pause.step_name)]
    pause = asked[-1]
    await give_answer(store, pause.pause_id, Answer(action=action), at=pause.opened_at, by="ann", door="button")


async def die_in(store: Store, run_id: str, path: str, node: Node) -> Snapshot:
    """Leave a run as a worker leaves it that is killed just after it has begun a gated step: its lease lapses."""
    snapshot = await store.claim_run(run_id, "dead", 0.01)
    assert snapshot is not None
    attempt = 1 + sum(entry.kind == "started" and entry.path == path for entry in snapshot.journal)
    begun = JournalEntry(path=path, kind="started", attempt=attempt, node=node.signature, payload={}, created_at=1.0)
    await store.append(run_id, snapshot.run.epoch, begun)
    await asyncio.sleep(0.02)
    return snapshot
