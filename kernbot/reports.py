"""What the command line does with runs, straight in the database."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path

from kernbot.db import open_store
from kernbot.db.base import RunFilter, Snapshot
from kernbot.engine.large import load
from kernbot.engine.runner import Engine, StartRequest
from kernbot.engine.views import run_output
from kernbot.errors import NotFoundError
from kernbot.runtime.registry import KernBot


async def run_report(db: str, prefix: str) -> str:
    """Return where the run stands whose id begins so; NotFoundError if there is none, or more than one."""
    store = open_store(db)
    try:
        found = await store.list_runs(RunFilter(run_id_prefix=prefix.lower(), limit=2))
        if not found:
            raise NotFoundError(f"There is no run {prefix} in {shown(db)}.")
        if len(found) > 1:
            raise NotFoundError(f"More than one run in {shown(db)} begins with {prefix}; type more of its id.")
        return _report(await load(store, found[0].run_id))
    finally:
        await store.close()


async def start_run(bot: KernBot, db: str, name: str, text: str) -> str:
    """Store a new run for the bot that serves this database to take up; NotFoundError for an unknown workflow."""
    registered = bot.get(name)
    store = open_store(db)
    try:
        who = getpass.getuser()
        request = StartRequest(
            input=text or None, user_id=f"terminal:{who}", origin="bot", notes={"requester": f"{who} (terminal)"}
        )
        run_id = await Engine(store=store).start(registered.definition, request)
    finally:
        await store.close()
    return f"Started run {run_id} of {name}; the bot that serves {shown(db)} takes it up."


def must_exist(db: str) -> str:
    """Return the name of a database; NotFoundError for a file that isn't there, which reading would make."""
    if "://" not in db and not Path(db).exists():
        raise NotFoundError(f"There is no database {db}; KERNBOT_DB or --db names another.")
    return db


def shown(db: str) -> str:
    """Return the name of a database as it may be shown: without the user and password of an address."""
    scheme, separator, rest = db.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else db


def _report(snapshot: Snapshot) -> str:
    run, output = snapshot.run, run_output(snapshot)
    started = datetime.fromtimestamp(run.created_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"Run {run.run_id} of {run.workflow_name}: {run.status}", f"Started {started} by {run.user_id}"]
    lines += [f"Waits for an answer: {pause.question['message']}" for pause in snapshot.pauses if pause.state == "open"]
    lines += [f"Failed step: {step.step_name}: {step.error}" for step in output.failed_steps]
    lines += [f"Error: {output.error}"] if output.error else []
    lines += [f"Result: {output.content}"] if output.content is not None else []
    return "\n".join(lines)
