"""Agents that follow a script, tools that note what they do, and what tests look at afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.models.scripted import Item, ScriptedModel, call
from kernbot.run import RunContext
from kernbot.run.executor import DELEGATE
from kernbot.run.messages import ModelRequest, ToolCall
from kernbot.run.requirement import RunRequirement
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.team import Team
from kernbot.tools import Function, tool
from kernbot.workflow import Workflow
from kernbot.workflow.types import StepRequirement

Script = Sequence[Item] | Callable[[ModelRequest], Item]


@dataclass
class Desk:
    """Makes tools that take a text, and notes what they do."""

    done: list[str] = field(default_factory=list)
    """The calls that were made, as `name(text)`."""
    keys: list[str] = field(default_factory=list)
    """The idempotency key of each, without the run's id."""

    def tool(self, name: str, **settings: Any) -> Function:
        """Return a tool that returns `name: text`, and counts in the session state how often it was called."""

        def work(text: str, run_context: RunContext) -> str:
            self.note(f"{name}({text})", run_context)
            return f"{name}: {text}"

        made: Function = tool(name=name, **settings)(work)
        return made

    def note(self, what: str, context: RunContext) -> None:
        """Note a call, here and in the session state."""
        self.done.append(what)
        self.keys.append(context.idempotency_key.partition(":")[2])
        context.session_state["calls"] = context.session_state.get("calls", 0) + 1

    @property
    def send(self) -> Function:
        """A tool that asks for a yes or no."""
        return self.tool("send", requires_confirmation=True)

    @property
    def look(self) -> Function:
        """A tool that asks nobody."""
        return self.tool("look")


def sends(text: str) -> ToolCall:
    """Return a call, for a script, of the tool that asks."""
    return call("send", text=text)


def looks(text: str) -> ToolCall:
    """Return a call, for a script, of the tool that asks nobody."""
    return call("look", text=text)


def agent(script: Script, *tools: Any, name: str = "Ann", **settings: Any) -> Agent:
    """Return an agent that follows a script."""
    return Agent(name=name, model=ScriptedModel(script), tools=tools, **settings)


def team(script: Sequence[Any], *members: Agent | Team, name: str = "Crew", tools: Sequence[Any] = ()) -> Team:
    """Return a team whose leader follows a script; there `(member, task)` stands for handing a task on."""
    turns = [turn if isinstance(turn, str) else [_handed_on(item) for item in turn] for turn in script]
    return Team(name=name, model=ScriptedModel(turns), tools=tools, members=members)


def _handed_on(item: Any) -> ToolCall:
    return item if isinstance(item, ToolCall) else call(DELEGATE, member_id=item[0], task=item[1])


def flow(*steps: Any, db: Store | None = None) -> Workflow:
    """Return a workflow."""
    return Workflow(name="w", db=db, steps=steps)


def asked(run: WorkflowRunOutput) -> StepRequirement:
    """Return the one requirement about calls of tools that is open."""
    (requirement,) = run.steps_requiring_executor_resolution
    return requirement


def questions(run: WorkflowRunOutput) -> list[RunRequirement]:
    """Return the open questions about calls of tools."""
    return [item for step in run.steps_requiring_executor_resolution for item in step.executor_requirements or ()]


def texts(run: WorkflowRunOutput) -> list[str]:
    """Return the texts of the calls that are asked about."""
    return [item.tool_execution.tool_args["text"] for item in questions(run)]


def confirm_calls(workflow: Workflow, run: WorkflowRunOutput) -> WorkflowRunOutput:
    """Say yes to every call that is asked about, and continue."""
    for item in questions(run):
        item.confirm()
    return workflow.continue_run(run)


def requests(who: Agent | Team) -> list[ModelRequest]:
    """Return all that its model was asked."""
    assert isinstance(who.model, ScriptedModel)
    return who.model.requests


def told(who: Agent | Team) -> list[str | None]:
    """Return what the model was told of calls when it was asked last."""
    return [message.content for message in requests(who)[-1].messages if message.role == "tool"]


def message_of(who: Agent | Team) -> str | None:
    """Return the message that the model was to work on when it was asked last."""
    return next(message.content for message in requests(who)[-1].messages if message.role == "user")
