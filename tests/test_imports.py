"""Who may import what, and that every import path of the documents works by itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

ROOT = Path(__file__).parent.parent

Where = Literal["top", "typing", "inside"]
"""At the top of a module, for the type checker only, or inside a function."""


@dataclass(frozen=True)
class Rule:
    """What a part of kernbot may import beside itself; each name stands for what is inside it too."""

    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    lazily: tuple[str, ...] = ()
    """For the type checker and inside functions only."""


_AUTHOR = ("errors", "workflow", "run", "session")
_STORES = ("db.base", "db.slack")

RULES = {
    "": Rule(lazily=("runtime.registry",)),
    "errors": Rule(),
    "settings": Rule(("errors",), ("pydantic", "pydantic_settings")),
    "workflow": Rule(_AUTHOR, ("pydantic",)),
    # The façade: it runs workflows, so it alone knows the engine, but only once it does.
    "workflow.workflow": Rule(
        (*_AUTHOR, "workflow.sessions"), ("pydantic",), ("engine", "db.base", "db.in_memory", "utils")
    ),
    "workflow.sessions": Rule(_AUTHOR, lazily=("engine", "db.base")),
    "run": Rule(_AUTHOR, ("pydantic",)),
    "session": Rule(_AUTHOR),
    "engine": Rule((*_AUTHOR, "db.base"), ("pydantic",)),
    "tools": Rule(_AUTHOR, ("pydantic",)),
    "models": Rule(("errors", "run")),
    "models.openai": Rule(("errors", "run"), ("openai", "pydantic")),
    "agent": Rule((*_AUTHOR, "tools"), ("pydantic",), ("engine", "db.base", "db.in_memory", "utils")),
    "team": Rule((*_AUTHOR, "agent", "tools"), ("pydantic",), ("engine", "db.base", "db.in_memory", "utils")),
    "db": Rule(("errors", "run", "session"), ("sqlalchemy",)),
    "db.sqlite_connection": Rule(("errors", "db"), ("sqlalchemy", "aiosqlite")),
    "db.postgres_connection": Rule(("errors", "db"), ("sqlalchemy", "psycopg")),
    "db.migrations": Rule(("errors", "db"), ("sqlalchemy", "alembic")),
    "utils": Rule(("errors", "run", "workflow.inputs", "workflow.types"), ("rich",)),
    "runtime": Rule((*_AUTHOR, "engine", "db.base")),
    "runtime.deadlines": Rule(("runtime",), ("apscheduler",)),
    "slack": Rule((*_AUTHOR, *_STORES, "engine", "runtime", "settings"), ("slack_bolt", "slack_sdk", "aiohttp")),
    "slack.render": Rule(("errors", "run", "workflow.types", "slack.ids"), ("slack_sdk.models",)),
    "slack.parse": Rule(("errors", "run", "workflow.types", "slack.ids", "slack.render"), ("slack_sdk.models",)),
    "slack.reading": Rule(("errors", "workflow", "run", "db.base", "engine", "slack.ids", "slack.render")),
    "slack.ids": Rule(("errors", "run", "workflow.types")),
    "localslack": Rule(("errors",), ("aiohttp",)),
    "examples": Rule(("", "agent", "models", "run", "tools", "workflow"), ("pydantic",)),
}
ANYTHING = {"__main__", "bootstrap", "cli", "demo", "reports", "web"}
NO_WAITING = ("slack.render", "slack.parse", "slack.reading", "slack.ids")


def _modules() -> dict[str, Path]:
    """Return every module of kernbot by its name without `kernbot.`."""
    found = {}
    for path in sorted((ROOT / "kernbot").rglob("*.py")):
        parts = path.relative_to(ROOT / "kernbot").with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


MODULES = _modules()


def _is_in(name: str, part: str) -> bool:
    return name == part or (part not in ("", "kernbot") and name.startswith(f"{part}."))


def _part_of(module: str) -> str:
    return max((part for part in RULES if _is_in(module, part)), key=len)


def _imports(tree: ast.AST, where: Where = "top") -> Iterator[tuple[str, Where]]:
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Import():
                yield from ((alias.name, where) for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield from ((_imported(module, alias.name), where) for alias in node.names)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from _imports(node, "typing")
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _imports(node, "inside")
            case _:
                yield from _imports(node, where)


def _imported(module: str, name: str) -> str:
    """Return the module that `from module import name` names: `name` may be one itself."""
    inner = f"{module}.{name}"
    return inner if inner.removeprefix("kernbot.") in MODULES else module


def _complaints(module: str, path: Path) -> Iterator[str]:
    part = _part_of(module)
    rule = RULES[part]
    for name, where in _imports(ast.parse(path.read_text())):
        allowed = [*rule.theirs, *map(_full, rule.ours), _full(part)]
        if where != "top":
            allowed += map(_full, rule.lazily)
        if name.split(".")[0] not in sys.stdlib_module_names and not any(_is_in(name, one) for one in allowed):
            yield f"{module or 'kernbot'} may not import {name}"


def _full(part: str) -> str:
    return f"kernbot.{part}" if part else "kernbot"


def test_every_part_imports_only_what_it_may() -> None:
    """The table of the architecture holds for every module."""
    judged = {module: path for module, path in MODULES.items() if module not in ANYTHING}
    assert [text for module, path in judged.items() for text in _complaints(module, path)] == []


def test_what_renders_and_parses_never_waits() -> None:
    """There is no async code in it."""
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    judged = [path for module, path in MODULES.items() if any(_is_in(module, part) for part in NO_WAITING)]
    assert judged
    assert [
        str(path) for path in judged for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, waiting)
    ] == []


_EVENTS = (
    "WorkflowRunOutput, WorkflowStartedEvent, WorkflowCompletedEvent, WorkflowPausedEvent, WorkflowCancelledEvent, "
    "WorkflowErrorEvent, StepStartedEvent, StepCompletedEvent, StepPausedEvent, StepContinuedEvent, StepOutputEvent, "
    "StepErrorEvent, StepOutputReviewEvent, RouterPausedEvent, LoopIterationStartedEvent, LoopIterationCompletedEvent, "
    "LoopExecutionStartedEvent, LoopExecutionCompletedEvent, ParallelExecutionStartedEvent, "
    "ParallelExecutionCompletedEvent, ConditionExecutionStartedEvent, ConditionExecutionCompletedEvent, "
    "RouterExecutionStartedEvent, RouterExecutionCompletedEvent, StepsExecutionStartedEvent, "
    "StepsExecutionCompletedEvent"
)
_RUN_EVENTS = (
    "RunStartedEvent, RunContentEvent, ToolCallStartedEvent, ToolCallCompletedEvent, RunPausedEvent, "
    "RunContinuedEvent, RunCompletedEvent, RunCancelledEvent, RunErrorEvent"
)
CONTRACT = {
    "kernbot": "KernBot",
    "kernbot.workflow": "Workflow, Step, Steps, Condition, Loop, Router, Parallel, OnReject, OnTimeout, OnError, "
    "HumanReview, StepInput, StepOutput, pause",
    "kernbot.workflow.workflow": "Workflow",
    "kernbot.workflow.step": "Step",
    "kernbot.workflow.steps": "Steps",
    "kernbot.workflow.condition": "Condition",
    "kernbot.workflow.loop": "Loop",
    "kernbot.workflow.router": "Router",
    "kernbot.workflow.parallel": "Parallel",
    "kernbot.workflow.decorators": "pause, get_pause_metadata, has_pause_metadata",
    "kernbot.workflow.types": "StepInput, StepOutput, HumanReview, OnReject, OnError, OnTimeout, UserInputField, "
    "StepRequirement, ErrorRequirement, StepType, PauseKind",
    "kernbot.run": "RunContext, RunStatus",
    "kernbot.run.workflow": _EVENTS,
    "kernbot.run.base": "RunContext, RunStatus",
    "kernbot.run.agent": f"RunOutput, {_RUN_EVENTS}",
    "kernbot.run.team": f"TeamRunOutput, {_RUN_EVENTS}",
    "kernbot.run.requirement": "RunRequirement",
    "kernbot.agent": "Agent",
    "kernbot.agent.agent": "Agent",
    "kernbot.team": "Team",
    "kernbot.team.team": "Team",
    "kernbot.tools": "tool, Toolkit",
    "kernbot.tools.function": "UserInputField",
    "kernbot.tools.user_control_flow": "UserControlFlowTools",
    "kernbot.tools.user_feedback": "UserFeedbackTools",
    "kernbot.models.response": "ToolExecution, UserInputField, UserFeedbackQuestion, UserFeedbackOption",
    "kernbot.models.openai": "OpenAIChat, OpenAIResponses",
    "kernbot.session.workflow": "WorkflowSession",
    "kernbot.session.agent": "AgentSession",
    "kernbot.db.sqlite": "SqliteDb, AsyncSqliteDb",
    "kernbot.db.postgres": "PostgresDb, AsyncPostgresDb",
    "kernbot.db.in_memory": "InMemoryDb",
    "kernbot.utils": "pprint",
    "kernbot.utils.pprint": "pprint_run_response, apprint_run_response",
}


def _alone(program: str) -> str:
    """Run a program in a fresh process; return what it wrote, complaints included."""
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60).stderr


@pytest.fixture(scope="module")
def imported_alone() -> dict[str, str]:
    """Import each path of the contract in a process of its own; return what it had to complain about."""
    programs = [f"from {path} import {names}" for path, names in CONTRACT.items()]
    with ThreadPoolExecutor(2) as threads:
        return dict(zip(CONTRACT, threads.map(_alone, programs), strict=True))


@pytest.mark.parametrize("path", CONTRACT)
def test_each_path_of_the_contract_is_imported_alone(path: str, imported_alone: dict[str, str]) -> None:
    """Whatever is imported first, it works."""
    assert imported_alone[path] == ""


@pytest.mark.parametrize(
    ("path", "heavy"),
    [
        ("kernbot", "openai sqlalchemy slack_bolt slack_sdk aiohttp alembic rich"),
        ("kernbot.workflow", "openai sqlalchemy slack_bolt slack_sdk aiohttp rich kernbot.slack"),
        (
            "kernbot.workflow.workflow",
            "openai sqlalchemy slack_bolt slack_sdk aiohttp rich kernbot.engine kernbot.utils",
        ),
        ("kernbot.agent.agent", "openai sqlalchemy slack_bolt aiohttp rich kernbot.engine kernbot.utils"),
        ("kernbot.team.team", "openai sqlalchemy slack_bolt aiohttp rich kernbot.engine kernbot.utils"),
        ("kernbot.db.sqlite", "aiosqlite sqlite3 sqlalchemy alembic"),
    ],
)
def test_importing_is_cheap(path: str, heavy: str) -> None:
    """What is not needed yet is not loaded."""
    loaded = f"[name for name in {heavy.split()!r} if name in sys.modules]"
    assert _alone(f"import {path}, sys; assert not {loaded}, {loaded}") == ""
