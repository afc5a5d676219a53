"""Agents with scripted models, tools that note what they did, and what tests look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernbot.models.scripted import Item, ScriptedModel, call
from kernbot.run import RunContext
from kernbot.run.executor import AgentSetup
from kernbot.run.messages import ModelRequest
from kernbot.run.requirement import RunRequirement
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.tools import Function, tool
from kernbot.tools.toolkit import functions_of
from kernbot.workflow import Step, StepInput, Workflow
from kernbot.workflow.types import StepRequirement

Script = Sequence[Item] | Callable[[ModelRequest], Item]


@dataclass
class Agent:
    """Stands in."""

    name: str
    model: ScriptedModel
    tools: Sequence[Any] = ()

    def setup(self) -> AgentSetup:
        return AgentSetup(executor_id=self.name.lower(), name=self.name, model=self.model, tools=functions_of(self.tools))


@dataclass
class Desk:
    """Tools, and what they have done, in order."""

    done: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    """The idempotency key of each call."""

    def tool(self, name: str, **settings: Any) -> Function:
        """Return a tool that notes its call, `name(text)`, counts calls in the session state, and returns `name: text`."""

        def work(text: str, run_context: RunContext) -> str:
            self.done.append(f"{name}({text})")
            self.keys.append(run_context.idempotency_key.partition(":")[2])
            run_context.session_state["calls"] = run_context.session_state.get("calls", 0) + 1
            return f"{name}: {text}"

        made: Function = tool(name=name, description=name, **settings)(work)
        return made

    @property
    def send(self) -> Function:
        """Asks for a yes or no."""
        return self.tool("send", requires_confirmation=True)

    @property
    def look(self) -> Function:
        """Asks nobody."""
        return self.tool("look")


def agent(script: Script, *tools: Any, name: str = "Ann") -> Agent:
    return Agent(name, ScriptedModel(script), tools)
