"""An agent is killed around a call of a tool: nothing is asked, said or done twice unasked, and the answer counts."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.process import ROOT
from tests.faults.tool_kills import MOMENTS

IN_THE_CALL = ("before the effect", "after the effect")


def _account(database: str, folder: Path, where: str) -> dict[str, dict[str, Any]]:
    """Run the program that kills, and return what it prints."""
    command = [sys.executable, "-W", "error", "-m", "tests.faults.tool_kills", database, str(folder), where]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counted: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return counted


def _check(told: dict[str, dict[str, Any]]) -> None:
    assert list(told) == MOMENTS
    for moment, account in told.items():
        noted = account["noted"]
        assert (account["ends"], account["status"]) == ([-signal.SIGKILL, 0], "COMPLETED"), moment
        assert account["asked"] == ["tool", *(["error"] if moment in IN_THE_CALL else [])], moment
        assert (noted["answered tool"], noted["send hi"]) == (1, 1), moment
        assert {noted[what] for what in noted if what.startswith("model")} == {1}, moment
        looked = [noted[what] for what in noted if what.startswith("look")]
        assert looked == [2 if moment == "in a call that asks nobody" else 1], moment


def test_killed_around_a_call(tmp_path: Path) -> None:
    """The model is asked once for each turn, people once; a call that may have been made is asked about.

    One that asks nobody is made again, with the same idempotency key.
    """
    _check(_account(str(tmp_path / "kernbot.db"), tmp_path, "step"))


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("where", ["step", "team", "function", "alone"])
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_killed_around_a_call_wherever_it_is_made(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, where: str
) -> None:
    """The same holds for a member of a team, for an agent that a function calls, and for one by itself."""
    database = str(tmp_path / "kernbot.db") if kind == "sqlite" else request.getfixturevalue("postgres_url")
    _check(_account(database, tmp_path, where))
