"""A bot with the examples in a local Slack: nothing leaves this machine, and no token or key is needed."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from kernbot import examples
from kernbot.bootstrap import running_bot
from kernbot.db.sqlite import SqliteDb
from kernbot.examples.bot import bot
from kernbot.localslack import App, Clock, Kind, LocalSlack
from kernbot.settings import Settings
from kernbot.slack.manifest import manifest

_PEOPLE = (
    ("U01DEE", "dee", "Dee", Kind.MEMBER),
    ("U02ANA", "ana", "Ana", Kind.MEMBER),
    ("U03BOB", "bob", "Bob", Kind.MEMBER),
    ("U04OLGA", "olga", "Olga", Kind.MEMBER),
    ("U05GUS", "gus", "Gus", Kind.GUEST),
    ("U06SAM", "sam", "Sam", Kind.STRANGER),
    ("U07DORA", "dora", "Dora", Kind.DEACTIVATED),
)
_RELEASE_MANAGERS = ("U02ANA", "U03BOB", "U04OLGA")
"""Olga is not in #data."""

_SWEEP_SECONDS = 1
"""Short, so that a deadline lapses right after the clock has jumped over it."""


def demo_workspace(clock: Clock) -> tuple[LocalSlack, App]:
    """Return a local Slack with people of every kind, and the bot installed in #data but not in #random."""
    slack = LocalSlack(clock=clock, team_id="T01LOCAL", team_name="Local workspace")
    for user_id, name, display_name, kind in _PEOPLE:
        slack.add_person(user_id, name=name, display_name=display_name, kind=kind)
    slack.add_channel("C01DATA", name="data", members=["U01DEE", "U02ANA", "U03BOB", "U05GUS", "U07DORA"])
    slack.add_channel("C03PARTNERS", name="partners", members=["U01DEE", "U02ANA", "U06SAM"])
    slack.add_channel("C02RANDOM", name="random", members=["U01DEE", "U02ANA", "U03BOB", "U04OLGA"])
    slack.add_group("S01RELEASE", name="Release managers", handle="release-managers", members=_RELEASE_MANAGERS)
    app = slack.install(manifest())
    slack.invite(app, "C01DATA")
    return slack, app


async def run_demo(port: int) -> None:
    """Serve the local Slack and the bot until cancelled."""
    clock = Clock()
    slack, app = demo_workspace(clock)
    with tempfile.TemporaryDirectory(prefix="kernbot-demo-") as folder:
        store = SqliteDb(db_file=str(Path(folder) / "demo.db"))
        async with slack.serve(port=port) as server:
            settings = Settings(
                bot_token=app.bot_token,
                app_token=app.app_token,
                slack_api_url=server.base_url,
                sweep_seconds=_SWEEP_SECONDS,
            )
            async with running_bot(bot, settings, store, clock=clock):
                print(_welcome(server.page_url), flush=True)  # noqa: T201 - the answer to the command
                try:
                    await asyncio.Event().wait()
                finally:
                    await store.close()


def _welcome(address: str) -> str:
    return f"""
A local Slack with the bot in it: a simulation, nothing leaves this machine.

  Open   {address}
  Type   /kern run data_pipeline Q4 sales    a yes or no, with a deadline
         /kern run configurable_pipeline     values in a form
         /kern run announcement              a workflow with a form of its own
         /kern run deploy 2026.12.1          only @release-managers may answer: act as Ana; a step that fails
         /kern run weekly_report             a draft to edit or send back, subject lines until one is right
         /kern run release 2026.12.1         ways to choose among, two questions at once
         /kern run refund A-20419            an agent whose calls are approved
         /kern run returned_parcel A-20419   an agent that asks

At the top left you choose who you are. The clock can be moved: see what happens when nobody answers.
Each example is a short file to copy: {Path(examples.__file__).parent}

Stop with Ctrl-C.
"""
