"""The engine is killed at every point of a run: nothing is lost, repeated after it was done, or done unasked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.process import ROOT

NOTHING: dict[str, list[str]] = {"unfinished": [], "lost": [], "repeated": [], "unasked": []}


def account(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run the program that kills, and return what it prints."""
    command = [sys.executable, "-W", "error", "-m", "tests.faults.engine_kills", str(folder), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counted: dict[str, Any] = json.loads(done.stdout)
    return counted


def faults(counted: dict[str, Any]) -> dict[str, list[str]]:
    """Return what went wrong."""
    return {name: counted[name] for name in NOTHING}


@pytest.mark.parametrize("how", ["transactions", "instants"])
def test_killed_now_and_then(tmp_path: Path, how: str) -> None:
    """All runs end well when their processes are killed before and after transactions, or at any instant."""
    counted = account(tmp_path, how, "25", "1")
    assert faults(counted) == NOTHING
    assert counted["kills"] == 25


@pytest.mark.long
def test_killed_at_every_transaction(tmp_path: Path) -> None:
    """The same holds for a kill before, and one after, each transaction of a run."""
    assert faults(account(tmp_path, "every")) == NOTHING


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("how", ["transactions", "instants"])
def test_killed_two_hundred_times(tmp_path: Path, how: str) -> None:
    """The same holds for two hundred kills."""
    assert faults(account(tmp_path, how, "200", "2")) == NOTHING
