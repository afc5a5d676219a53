"""A team's run as its author sees it, and the names of its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kernbot.run import agent
from kernbot.workflow.dicts import read_objects


class _Named:
    """A team has its id and name where an agent has them."""

    agent_id: str | None
    agent_name: str | None

    @property
    def team_id(self) -> str | None:
        """The id of the team."""
        return self.agent_id

    @property
    def team_name(self) -> str | None:
        """The name of the team."""
        return self.agent_name


@dataclass(kw_only=True)
class TeamRunOutput(_Named, agent.RunOutput):
    """What a team has done and said; what `RunOutput` says of an agent holds for its leader.

    The questions are those of the members too, and name them.
    """

    member_responses: list[agent.RunOutput] = field(default_factory=list)
    """What members have done about the tasks that the leader gave them, in this order."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without what is None."""
        return {**super().to_dict(), "member_responses": [output.to_dict() for output in self.member_responses]}

    @classmethod
    def _known(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return super()._known(data) | {"member_responses": read_objects(run_from_dict, data.get("member_responses"))}


def run_from_dict(data: Mapping[str, Any]) -> agent.RunOutput:
    """Return the run of an agent, or of a team, whose `to_dict` made this."""
    return (TeamRunOutput if "member_responses" in data else agent.RunOutput).from_dict(data)


class _OfTeam(_Named):
    """Makes the name of an event that of a team's."""

    event: str

    def __post_init__(self) -> None:
        self.event = f"Team{type(self).__name__.removesuffix('Event')}"


@dataclass(kw_only=True)
class RunStartedEvent(_OfTeam, agent.RunStartedEvent):
    """A team begins."""


@dataclass(kw_only=True)
class RunContentEvent(_OfTeam, agent.RunContentEvent):
    """A piece of what its leader says."""


@dataclass(kw_only=True)
class ToolCallStartedEvent(_OfTeam, agent.ToolCallStartedEvent):
    """The leader is about to call a tool, or to hand a task on."""


@dataclass(kw_only=True)
class ToolCallCompletedEvent(_OfTeam, agent.ToolCallCompletedEvent):
    """A tool has been called, or a member has answered."""


@dataclass(kw_only=True)
class RunPausedEvent(_OfTeam, agent.RunPausedEvent):
    """It waits for people; the questions are on the stored run."""


@dataclass(kw_only=True)
class RunContinuedEvent(_OfTeam, agent.RunContinuedEvent):
    """The questions have been answered."""


@dataclass(kw_only=True)
class RunCompletedEvent(_OfTeam, agent.RunCompletedEvent):
    """Its leader has said the last word."""


@dataclass(kw_only=True)
class RunCancelledEvent(_OfTeam, agent.RunCancelledEvent):
    """The run was cancelled; `content` says why."""


@dataclass(kw_only=True)
class RunErrorEvent(_OfTeam, agent.RunErrorEvent):
    """It failed."""
