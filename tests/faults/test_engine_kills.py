"""The engine is killed at every point of a run: nothing is lost, repeated after it was done, or done unasked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.engine_workflow import PARTS
from tests.faults.process import ROOT

NOTHING: dict[str, list[str]] = {"unfinished": [], "broken": [], "lost": [], "repeated": [], "unasked": []}

ASKED = {
    "steps": ["confirmation: confirm", "output_review: confirm", "output_review: reject", "user_input: provide"],
    "composites": [
        "confirmation: confirm",
        "iteration_review: confirm",
        "iteration_review: reject",
        "output_review: confirm",
        "output_review: reject",
        "route: select",
    ],
    "contents": ["confirmation: confirm", "error: retry", "output_review: confirm", "output_review: reject"],
}
"""What people are asked in each part, and answer, where they agree but for the first review."""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the file or the URL of an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "kernbot.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


def account(database: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """Run the program that kills, and return what it prints."""
    command = [sys.executable, "-W", "error", "-m", "tests.faults.engine_kills", database, str(folder), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counted: dict[str, Any] = json.loads(done.stdout)
    return counted


def faults(counted: dict[str, Any]) -> dict[str, list[str]]:
    """Return what went wrong."""
    return {name: counted[name] for name in NOTHING}


@pytest.mark.parametrize("how", ["transactions", "instants"])
def test_killed_now_and_then(database: str, tmp_path: Path, how: str) -> None:
    """All runs end well when their processes are killed before and after transactions, or at any instant."""
    counted = account(database, tmp_path, how, "20", "1")
    assert faults(counted) == NOTHING
    assert counted["kills"] == 20


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", PARTS)
def test_killed_at_every_transaction(database: str, tmp_path: Path, part: str) -> None:
    """The same holds for a kill before, and one after, each transaction of a run."""
    counted = account(database, tmp_path, "every", part)
    assert faults(counted) == NOTHING
    assert set(counted["answered"]) >= set(ASKED[part])


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["transactions", "instants"])
def test_killed_a_hundred_times(database: str, tmp_path: Path, how: str) -> None:
    """The same holds for a hundred kills."""
    counted = account(database, tmp_path, how, "100", "2")
    assert faults(counted) == NOTHING
    assert counted["kills"] == 100
