"""The command line: exit codes, and sentences that help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from kernbot.db.sqlite import SqliteDb
from kernbot.engine.runner import Engine, StartRequest
from kernbot.examples.bot import bot

ROOT = Path(__file__).parents[1]
EXAMPLES = "kernbot.examples.bot:bot"

CommandLine = Callable[..., CompletedProcess[str]]


@pytest.fixture
def kernbot(tmp_path: Path) -> CommandLine:
    """Return a function that runs the command line in an empty folder, with no settings but those given."""

    def run(*arguments: str, **settings: str) -> CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-m", "kernbot", *arguments]
        environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), **settings}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


def refused(done: CompletedProcess[str]) -> str:
    """Return the one sentence with which a command was refused."""
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    return sentence


def printed(done: CompletedProcess[str]) -> list[str]:
    """Return the lines that a command which went well has printed."""
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


async def start(folder: Path, *run_ids: str) -> None:
    """Store runs of an example."""
    store = SqliteDb(folder / "kernbot.db")
    for run_id in run_ids:
        await Engine(store=store).start(bot.get("data_pipeline").definition, StartRequest(run_id=run_id, user_id="dee"))
    await store.close()


def test_help(kernbot: CommandLine) -> None:
    """`--help` names every command."""
    shown = " ".join(printed(kernbot("--help")))
    assert all(command in shown for command in ("serve", "demo", "list", "status", "start", "manifest", "db"))


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("kernbot.examples.bot", "'kernbot.examples.bot' does not say where the bot is; write package.module:bot."),
        (":bot", "':bot' does not say where the bot is; write package.module:bot."),
        ("nowhere:bot", "Module 'nowhere' can't be imported: No module named 'nowhere'."),
        ("json:bot", "Module 'json' has no 'bot'; it needs a line such as bot = KernBot()."),
        ("json:dumps", "'json:dumps' is a function; it must be a KernBot."),
    ],
)
def test_a_bot_that_is_not_there(kernbot: CommandLine, where: str, sentence: str) -> None:
    """What is wrong with the name of a bot is said in one sentence."""
    assert refused(kernbot("serve", where)) == sentence


def test_a_mistake_in_the_module_of_a_bot(kernbot: CommandLine, tmp_path: Path) -> None:
    """An error in an author's own lines is shown as Python shows it."""
    (tmp_path / "mine.py").write_text("import json\nbot = json.nothing\n")
    done = kernbot("list", "mine:bot")
    assert done.returncode == 1
    assert 'mine.py", line 2' in done.stderr
    assert done.stderr.endswith("AttributeError: module 'json' has no attribute 'nothing'\n")


def test_a_missing_setting(kernbot: CommandLine) -> None:
    """`serve` names the setting that is missing."""
    assert refused(kernbot("serve", EXAMPLES)).startswith("SLACK_BOT_TOKEN is missing")


def test_a_slack_that_is_not_there(kernbot: CommandLine) -> None:
    """`serve` names the address at which nobody answers, and no token."""
    address = "http://127.0.0.1:9/api/"
    done = kernbot("serve", EXAMPLES, SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN="xapp-1", KERNBOT_SLACK_API_URL=address)
    sentence = refused(done)
    assert address in sentence
    assert "xoxb" not in sentence


def test_list(kernbot: CommandLine) -> None:
    """`list` shows each workflow on one line: name, channel, description."""
    lines = printed(kernbot("list", EXAMPLES))
    assert [line.split()[:2] for line in lines] == [[name, "#data"] for name in bot.names]
    assert "data_pipeline  #data  Fetches, processes and saves data; asks before it processes." in lines


def test_start_and_status(kernbot: CommandLine) -> None:
    """`start` stores a run for the bot that serves the database; `status` shows it by the beginning of its id."""
    (started,) = printed(kernbot("start", EXAMPLES, "data_pipeline", "Q4 sales", "--db", "runs.db", USER="dee"))
    words = started.split()
    assert words[:2] == ["Started", "run"]
    assert started.endswith("of data_pipeline; the bot that serves runs.db takes it up.")
    shown = printed(kernbot("status", words[2][:6], KERNBOT_DB="runs.db"))
    assert shown[0] == f"Run {words[2]} of data_pipeline: PENDING"
    assert shown[1].endswith("by terminal:dee")


def test_starting_an_unknown_workflow(kernbot: CommandLine, tmp_path: Path) -> None:
    """`start` proposes the workflow that was meant, and stores nothing."""
    sentence = refused(kernbot("start", EXAMPLES, "data_pipelin"))
    assert sentence == "There is no workflow 'data_pipelin'. Did you mean 'data_pipeline'?"
    assert not list(tmp_path.iterdir())


async def test_the_status_of_an_unknown_run(kernbot: CommandLine, tmp_path: Path) -> None:
    """`status` names the run that is not there, and the database."""
    await start(tmp_path, "ab01")
    assert refused(kernbot("status", "abc")) == "There is no run abc in kernbot.db."


def test_a_database_that_is_not_there(kernbot: CommandLine, tmp_path: Path) -> None:
    """`status` makes none."""
    assert refused(kernbot("status", "abc")).startswith("There is no database kernbot.db")
    assert not list(tmp_path.iterdir())


async def test_the_status_of_several_runs(kernbot: CommandLine, tmp_path: Path) -> None:
    """`status` asks for more of an id with which several runs begin."""
    await start(tmp_path, "ab01", "ab02")
    sentence = refused(kernbot("status", "ab"))
    assert sentence == "More than one run in kernbot.db begins with ab; type more of its id."


@pytest.mark.parametrize(("url", "is_socket"), [(None, True), ("https://example.com/slack/events", False)])
def test_manifest(kernbot: CommandLine, url: str | None, *, is_socket: bool) -> None:
    """`manifest` prints JSON: for Socket Mode, or with a URL for HTTP."""
    shown = json.loads("\n".join(printed(kernbot("manifest", *(["--url", url] if url else [])))))
    assert shown["settings"]["socket_mode_enabled"] is is_socket
    assert (shown["settings"]["interactivity"].get("request_url")) == url


def test_db_upgrade(kernbot: CommandLine, tmp_path: Path) -> None:
    """`db upgrade` makes a database, and says the same when there is nothing to do."""
    for _ in range(2):
        assert printed(kernbot("db", "upgrade", "--db", "new.db")) == ["new.db is at the newest revision."]
    assert (tmp_path / "new.db").exists()
