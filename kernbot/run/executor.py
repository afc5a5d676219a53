"""What the engine needs of an agent and of its tools, so that it knows neither class."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel

from kernbot.run.messages import Model, ToolSpec
from kernbot.run.tool_execution import UserFeedbackQuestion, UserInputField


class Tool(Protocol):
    """A function that a model may ask for."""

    name: str
    requires_confirmation: bool
    requires_user_input: bool
    external_execution: bool
    external_execution_silent: bool
    irreversible: bool
    stop_after_tool_call: bool
    asks: Literal["fields", "questions"] | None
    """Whether the call itself is a question to people: for values, or for choices."""
    on_crash: str | None

    @property
    def entrypoint(self) -> Callable[..., Any]:
        """The function itself."""

    def spec(self) -> ToolSpec:
        """Return what a model is told."""

    def checked(self, arguments: Mapping[str, Any], *, without: Collection[str] = ()) -> dict[str, Any]:
        """Return the arguments as the function takes them; UsageError, in words for the model, for wrong ones."""

    def problems_with(self, arguments: Mapping[str, Any], *, without: Collection[str] = ()) -> str:
        """Return what is wrong with arguments, each by its name; empty if nothing is."""

    def fields_to_fill(self, arguments: Mapping[str, Any]) -> list[UserInputField]:
        """Return what people may fill in before it runs: empty where they must, whatever the model guessed."""

    def questions_to_ask(self, arguments: Mapping[str, Any]) -> list[UserFeedbackQuestion]:
        """Return what people are to choose from, where the call is a question itself."""

    def filled(self, arguments: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments with what people filled in, in the place of what the model guessed."""

    @property
    def secret_args(self) -> Sequence[str]:
        """The arguments that are secret whatever their name."""

    def masked(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments without what is secret."""


@dataclass(frozen=True, kw_only=True)
class AgentSetup:
    """An agent or a team, as it is while a run lasts."""

    executor_id: str
    name: str
    kind: Literal["agent", "team"] = "agent"
    role: str | None = None
    model: Model
    system_message: str | None = None
    tools: Sequence[Tool] = ()
    members: Sequence[AgentSetup] = ()
    """Of a team: to whom its leader may delegate."""
    output_schema: type[BaseModel] | None = None
    history_runs: int = 0
    """How many earlier runs of the session the model is told of."""
    session_state: dict[str, Any] = field(default_factory=dict)
    """What a session begins with."""


@runtime_checkable
class Executor(Protocol):
    """An agent or a team: what a Step can have in the place of a function."""

    name: str

    def setup(self) -> AgentSetup:
        """Return it as it is now."""


DELEGATE = "delegate_task_to_member"
"""The tool by which the leader of a team hands a task on."""
