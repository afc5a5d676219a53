"""The command line."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any

import typer

from kernbot.errors import ConfigurationError, KernbotError
from kernbot.runtime.registry import KernBot

app = typer.Typer(
    help="Python workflows that stop, ask a person in Slack, and carry on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="Look after the database.", no_args_is_help=True)
app.add_typer(db_app, name="db")

DB_HELP = "The bot's database: a SQLite file, or postgresql://…"
BotName = Annotated[str, typer.Argument(help="Where the bot is: package.module:name", metavar="MODULE:BOT")]


@app.command()
def serve(bot: BotName) -> None:
    """Start a bot; its settings come from the environment (see .env.example)."""
    from kernbot.bootstrap import running_bot  # noqa: PLC0415 - the other commands need no Slack
    from kernbot.db import open_store  # noqa: PLC0415
    from kernbot.settings import load_settings  # noqa: PLC0415

    served = load_bot(bot)
    settings = load_settings()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kernbot").setLevel(settings.log_level)

    async def run() -> None:
        store = open_store(settings.db)
        try:
            async with running_bot(served, settings, store) as address:
                typer.echo(f"Serving {', '.join(served.names) or 'no workflow'} on {address}.")
                await asyncio.Event().wait()
        finally:
            await store.close()

    _run(run())
    _leave()


@app.command()
def demo(port: Annotated[int, typer.Option(help="Port of the page on 127.0.0.1; 0 picks a free one.")] = 8765) -> None:
    """Try it: the examples in a local Slack, in your browser. Needs no token and no key."""
    from kernbot.demo import run_demo  # noqa: PLC0415 - the other commands need no local Slack

    _run(run_demo(port))


@app.command("list")
def list_workflows(bot: BotName) -> None:
    """List the workflows of a bot, with the channel in which each asks."""
    for registered in sorted(load_bot(bot), key=lambda item: item.name):
        typer.echo(f"{registered.name}  {registered.channel}  {registered.description or ''}")


@app.command()
def status(
    run: Annotated[str, typer.Argument(help="The run's id, or its beginning.")],
    db: Annotated[str, typer.Option(help=DB_HELP, envvar="KERNBOT_DB")] = "kernbot.db",
) -> None:
    """Show where a run stands."""
    from kernbot.reports import must_exist, run_report  # noqa: PLC0415 - the other commands read no run

    typer.echo(asyncio.run(run_report(must_exist(db), run)))


@app.command()
def start(
    bot: BotName,
    name: Annotated[str, typer.Argument(help="The workflow.")],
    text: Annotated[str, typer.Argument(help="Its input.", metavar="[INPUT]")] = "",
    db: Annotated[str, typer.Option(help=DB_HELP, envvar="KERNBOT_DB")] = "kernbot.db",
) -> None:
    """Start a workflow where the serving bot runs; its questions are asked in Slack."""
    from kernbot.reports import start_run  # noqa: PLC0415 - the other commands start no run

    typer.echo(asyncio.run(start_run(load_bot(bot), db, name, text)))


@app.command()
def manifest(
    url: Annotated[str | None, typer.Option(help="Public request URL, for HTTP; without it, Socket Mode.")] = None,
    command: Annotated[str, typer.Option(help="The slash command.")] = "/kern",
) -> None:
    """Print the manifest to make the Slack app from."""
    from kernbot.slack.manifest import manifest as make  # noqa: PLC0415 - the other commands need no Slack

    typer.echo(json.dumps(make(url=url, command=command), indent=2))


@db_app.command()
def upgrade(
    db: Annotated[str, typer.Option(help=DB_HELP, envvar="KERNBOT_DB")] = "kernbot.db",
) -> None:
    """Bring a database to the newest revision."""
    from kernbot.db.migrations import upgrade as bring_up  # noqa: PLC0415 - loads alembic
    from kernbot.reports import shown  # noqa: PLC0415

    bring_up(db)
    typer.echo(f"{shown(db)} is at the newest revision.")


def load_bot(where: str) -> KernBot:
    """Return the bot that `package.module:name` names; ConfigurationError says what is wrong with it."""
    module, _, name = where.partition(":")
    if not (module and name):
        raise ConfigurationError(f"{where!r} does not say where the bot is; write package.module:bot.")
    sys.path.insert(0, "")
    try:
        loaded = importlib.import_module(module)
    except ImportError as error:
        raise ConfigurationError(f"Module {module!r} can't be imported: {error}.") from error
    if not hasattr(loaded, name):
        raise ConfigurationError(f"Module {module!r} has no {name!r}; it needs a line such as {name} = KernBot().")
    found = getattr(loaded, name)
    if not isinstance(found, KernBot):
        raise ConfigurationError(f"{where!r} is a {type(found).__name__}; it must be a KernBot.")
    return found


def main() -> None:
    """Run the command line; what goes wrong on purpose is one sentence on stderr and exit code 2."""
    try:
        app()
    except KernbotError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run until done, or until the process is asked to end."""

    async def until_ended() -> None:
        task = asyncio.ensure_future(work)
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_ended())


def _leave() -> None:
    """End the process without waiting for the threads of steps: nobody can stop them, and their runs were given up."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
