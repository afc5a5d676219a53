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


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_each_transaction(tmp_path: Path, when: str) -> None:
    """Each of these runs ends as if nothing had happened, and has asked where something may have."""
    counted = account(tmp_path, when)
    assert faults(counted) == NOTHING
    assert counted["kills"] > 20


def test_killed_now_and_then(tmp_path: Path) -> None:
    """The same holds for ten kills at any instant."""
    assert faults(account(tmp_path, "random", "10", "1")) == NOTHING


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", ["2", "3"])
def test_killed_a_hundred_times(tmp_path: Path, seed: str) -> None:
    """The same holds for a hundred kills at any instant."""
    assert faults(account(tmp_path, "random", "100", seed)) == NOTHING
