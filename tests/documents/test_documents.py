"""The documents' programs print what their readers expect, over each store."""

from __future__ import annotations

import builtins
import runpy
from pathlib import Path

import pytest

import kernbot.db.sqlite
from kernbot.db.in_memory import InMemoryDb

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(params=["memory", "sqlite"], autouse=True)
def _where_the_programs_run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in an empty folder; for the store in memory, it takes the place of the one that the programs name."""
    monkeypatch.chdir(tmp_path)
    if request.param == "memory":
        monkeypatch.setattr(kernbot.db.sqlite, "SqliteDb", lambda **_: InMemoryDb())


@pytest.mark.parametrize(
    ("program", "typed", "printed"),
    [
        (
            "step_confirmation",
            ["y"],
            [
                "Step: process_data",
                "Message: Process sensitive data?",
                "saved(processed(fetched(Process user data)))",
            ],
        ),
        (
            "step_confirmation",
            ["n"],
            ["Step: process_data", "Message: Process sensitive data?", "saved(fetched(Process user data))"],
        ),
        (
            "step_user_input",
            ["0.7", "fast", ""],
            ["Step: process", "Message: Configure processing:", "Report: Processed with threshold=0.7, mode=fast"],
        ),
        (
            "step_pause_and_streaming",
            ["hello"],
            ["Paused at: confirm_step", "Paused at: input_step", "Received: hello"],
        ),
        (
            "overview",
            ["0.5"],
            ["process step", "approve_deploy: Approve deployment?", "deployed(Processed with threshold 0.5)"],
        ),
    ],
)
def test_a_program_of_the_documents(
    program: str,
    typed: list[str],
    printed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Given what its user types, it prints what the page promises."""
    answers = iter(typed)
    monkeypatch.setattr(builtins, "input", lambda _: next(answers))
    runpy.run_path(str(PROGRAMS / f"{program}.py"), run_name="__main__")
    assert capsys.readouterr().out.splitlines() == printed
    assert list(answers) == []
