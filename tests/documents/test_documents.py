"""The documents' programs print what their readers expect, over each store and each API of OpenAI."""

from __future__ import annotations

import builtins
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

import kernbot.db.sqlite
import kernbot.models.openai
from kernbot.db.in_memory import InMemoryDb
from kernbot.models.scripted import Item, call
from kernbot.run.messages import ModelRequest, ToolCall
from tests.models.openai_server import openai_server

PROGRAMS = Path(__file__).parent / "programs"
WEATHER = call("get_the_weather", city="Tokyo")
CALLS = {
    "nested": [call("send_alert", city="Tokyo", message="heavy rain")],
    "executor_confirmation": [WEATHER],
    "executor_resolving": [
        call("delete_user", user_id="u1"),
        call("send_money", amount=5, recipient="whom the model guessed", note="debts"),
        call("run_query", sql="SELECT 1"),
    ],
    "executor_streaming": [WEATHER],
    "executor_composite": [call("analyze", depth=3)],
    "executor_async": [WEATHER],
}
"""What the agent of a program asks for, turn by turn."""


@pytest.fixture(params=["memory", "sqlite"], autouse=True)
def _where_the_programs_run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in an empty folder; for the store in memory, it takes the place of the one that the programs name."""
    monkeypatch.chdir(tmp_path)
    if request.param == "memory":
        monkeypatch.setattr(kernbot.db.sqlite, "SqliteDb", lambda **_: InMemoryDb())


@pytest.fixture(params=["responses", "chat"], autouse=True)
def _which_api_they_speak(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For Chat Completions, its model takes the place of the one that the programs name."""
    if request.param == "chat":
        monkeypatch.setattr(kernbot.models.openai, "OpenAIResponses", kernbot.models.openai.OpenAIChat)


def _says(calls: list[ToolCall]) -> Callable[[ModelRequest], Item]:
    """Return what a model says: each call in turn, then all that came of them; without any, what it is and is told."""

    def reply(request: ModelRequest) -> Item:
        said = sum(message.role == "assistant" for message in request.messages)
        if said < len(calls):
            return [calls[said]]
        if calls:
            return "; ".join(message.content or "" for message in request.messages if message.role == "tool")
        instructions, told = request.messages
        return f"{instructions.content}({told.content})"

    return reply


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
            ["Step: process", "Message: Configure processing:", "report(Processed with threshold=0.7, mode=fast)"],
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
        (
            "nested",
            [],
            [
                "step: Proceed with sending the alert?",
                "executor: send_alert({'city': 'Tokyo', 'message': 'heavy rain'})",
                "Alert sent for Tokyo: heavy rain",
            ],
        ),
        ("executor_confirmation", [], ["It is 70 degrees and cloudy in Tokyo"]),
        (
            "executor_resolving",
            ["y", "7", "Ann", "rent"],
            [
                "executor True BankAgent agent",
                "delete_user {'user_id': 'u1'}",
                "True False False",
                "deleted u1; sent 7.0 to Ann for rent; run_query elsewhere with {'sql': 'SELECT 1'}",
            ],
        ),
        (
            "executor_resolving",
            ["n", "7", "Ann", "rent"],
            [
                "executor True BankAgent agent",
                "delete_user {'user_id': 'u1'}",
                "True False False",
                "User declined; sent 7.0 to Ann for rent; run_query elsewhere with {'sql': 'SELECT 1'}",
            ],
        ),
        ("executor_composite", [], ["detailed_analysis: AnalysisAgent", "report(analyzed 3 deep)"]),
        (
            "executor_async",
            [],
            [
                "It is 70 degrees and cloudy in Tokyo",
                "Paused: WeatherAgent (agent)",
                "Resumed: WeatherAgent",
                "It is 70 degrees and cloudy in Tokyo",
            ],
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
    _run(program, monkeypatch)
    assert capsys.readouterr().out.splitlines() == printed
    assert list(answers) == []


def test_a_streaming_program_of_the_documents(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pause is told, then what the agent says as it comes, and whole with what ends."""
    _run("executor_streaming", monkeypatch)
    paused, printed = capsys.readouterr().out.split("\n")
    assert paused == "Paused: WeatherAgent (agent)"
    assert set(printed.split("It is 70 degrees and cloudy in Tokyo")) == {""}


def _run(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a program, and a server that its models find in the environment."""
    with openai_server(_says(CALLS.get(program, []))) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        runpy.run_path(str(PROGRAMS / f"{program}.py"), run_name="__main__")
