"""Where bots are killed: a local Slack, one folder with one database, and what a test does and sees there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernbot.db.base import RunFilter, RunRecord, Snapshot
from kernbot.db.sqlite import SqliteDb
from kernbot.engine.large import load
from kernbot.localslack import App, LocalSlack
from kernbot.localslack.delivery import Delivery
from kernbot.run import RunStatus
from kernbot.slack.manifest import manifest
from kernbot.slack.transports import PATH
from tests.faults.bots import EFFECTS, HOLD
from tests.faults.line import Line, line_to
from tests.faults.process import PATIENCE, BotProcess, until

CHANNEL = "C01OPS"
PERSON = "U01DEE"
ANOTHER = "U02ANA"


@dataclass(kw_only=True)
class Scene:
    """A workspace in which one person starts runs and answers, with another one at hand; and the bots in it."""

    folder: Path
    slack: LocalSlack
    app: App
    line: Line
    settings: dict[str, str]
    store: SqliteDb
    http_port: int | None
    """Where Slack sends its requests; None over Socket Mode."""
    bots: list[BotProcess] = field(default_factory=list)

    def begin(self, **settings: str) -> BotProcess:
        """Start a bot."""
        bot = BotProcess(self.folder, self.settings | settings)
        self.bots.append(bot)
        return bot

    async def serve(self, **settings: str) -> BotProcess:
        """Start a bot, and wait until Slack reaches it."""
        ways = self._ways()
        bot = self.begin(**settings)
        await until(lambda: self._ways() > ways or not bot.is_alive, "the start of a bot")
        assert bot.is_alive, bot.log
        return bot

    async def kill(self, bot: BotProcess) -> None:
        """Kill a bot, and wait until Slack has seen that it is gone."""
        ways = self._ways()
        bot.kill()
        await until(lambda: self._ways() < ways, "the end of a connection")

    async def start(self, workflow: str) -> None:
        """Start a run from #ops."""
        delivery = await self.slack.person(PERSON).command(CHANNEL, "/kern", f"run {workflow}")
        assert delivery.ok, delivery

    async def click(self, message: dict[str, Any], action_id: str, person: str = PERSON) -> Delivery:
        """Press a button."""
        return await self.slack.person(person).click(CHANNEL, message["ts"], action_id)

    def messages(self, text: str) -> list[dict[str, Any]]:
        """Return what stands in #ops and its threads with this in its notification text."""
        person = self.slack.person(PERSON)
        parents = [message for message in person.messages(CHANNEL) if not message["thread_ts"]]
        whole = [message for parent in parents for message in person.messages(CHANNEL, parent["ts"])]
        return [message for message in whole if text in message["text"] and not message["ephemeral"]]

    def streams(self) -> list[dict[str, Any]]:
        """Return the messages that are being streamed."""
        return [message for message in self.messages("") if message.get("streaming")]

    def open_cards(self) -> list[dict[str, Any]]:
        """Return the cards that ask for approval."""
        return [message for message in self.messages("Deploy?") if "pause.approve" in str(message["blocks"])]

    async def message(self, text: str) -> dict[str, Any]:
        """Wait for such a message, and return the last one."""
        return (await self.slack.until(lambda: self.messages(text), PATIENCE))[-1]

    def hold_steps(self) -> None:
        """Have slow steps wait."""
        (self.folder / HOLD).touch()

    def let_steps_go(self) -> None:
        """Have slow steps go on."""
        (self.folder / HOLD).unlink()

    @property
    def effects(self) -> list[str]:
        """The traces of all steps in the order in which they began, as `name:attempt`."""
        file = self.folder / EFFECTS
        return [line.rpartition("/")[2] for line in file.read_text().splitlines()] if file.exists() else []

    async def effect(self, trace: str) -> None:
        """Wait until a step has begun."""
        await until(lambda: trace in self.effects, trace)

    async def runs(self) -> list[RunRecord]:
        """Return all runs, newest first."""
        return list(await self.store.list_runs(RunFilter()))

    async def run(self) -> Snapshot:
        """Return the one run."""
        (run,) = await self.runs()
        return await load(self.store, run.run_id)

    async def stored(self, status: RunStatus) -> None:
        """Wait until the one run has this status in the database, whatever Slack shows."""
        async with asyncio.timeout(PATIENCE):
            while (await self.run()).run.status is not status:  # noqa: ASYNC110 - a database tells nothing
                await asyncio.sleep(0.01)

    async def ended(self) -> RunStatus:
        """Wait until the one run says in the channel that it has ended; return how it stands in the database."""
        endings = ("finished", "cancelled", "failed")
        await self.slack.until(
            lambda: any(word in message["text"] for message in self.messages("run") for word in endings), PATIENCE
        )
        return (await self.run()).run.status

    def _ways(self) -> int:
        """Return in how many ways Slack reaches a bot."""
        if self.http_port is None:
            return self.slack.connected(self.app)
        with socket.socket() as probe:
            return int(probe.connect_ex(("127.0.0.1", self.http_port)) == 0)


@asynccontextmanager
async def make_scene(folder: Path, transport: str) -> AsyncIterator[Scene]:
    """Set up a scene; whatever bot still lives at the end is killed."""
    http_port = _free_port() if transport == "http" else None
    slack = LocalSlack()
    slack.add_person(PERSON, name="dee", display_name="Dee")
    slack.add_person(ANOTHER, name="ana", display_name="Ana")
    slack.add_channel(CHANNEL, name="ops", members=[PERSON, ANOTHER])
    app = slack.install(manifest(url=f"http://127.0.0.1:{http_port}{PATH}" if http_port else None))
    slack.invite(app, CHANNEL)
    store = SqliteDb(folder / "kernbot.db")
    async with slack.serve() as server, line_to(server.base_url) as (line, address):
        settings = {
            "SLACK_BOT_TOKEN": app.bot_token,
            "SLACK_APP_TOKEN": app.app_token,
            "SLACK_SIGNING_SECRET": app.signing_secret,
            "KERNBOT_TRANSPORT": transport,
            "KERNBOT_HTTP_PORT": str(http_port or 0),
            "KERNBOT_SLACK_API_URL": address,
            "KERNBOT_LEASE_SECONDS": "1",
            "KERNBOT_SWEEP_SECONDS": "0.5",
        }
        scene = Scene(
            folder=folder, slack=slack, app=app, line=line, settings=settings, store=store, http_port=http_port
        )
        try:
            yield scene
        finally:
            line.clear()
            for bot in scene.bots:
                bot.kill()
            await store.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
