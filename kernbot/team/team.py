"""A team: an agent, its leader, that hands tasks on to others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Unpack

from kernbot.agent.agent import Agent
from kernbot.agent.arguments import NO_MODES, Settings
from kernbot.agent.configured import Configured
from kernbot.errors import DefinitionError
from kernbot.run.executor import DELEGATE, AgentSetup
from kernbot.run.team import TeamRunOutput
from kernbot.tools.toolkit import functions_of

_LEADING = f"You lead a team. Hand tasks on to its members with {DELEGATE}, and answer with what they found."


class Team(Configured[TeamRunOutput]):
    """A leader, which is a language model with instructions and tools, and members to whom it hands tasks on.

    Members are agents, or teams. When a tool of a member asks people, the whole team waits, and goes on where it was;
    the requirements say whose call it is. The settings are those of an Agent, for the leader; a session begins with the
    `session_state` of the members too. There is one `mode`, which need not be named.
    """

    def __init__(
        self,
        *,
        members: Sequence[Agent | Team],
        mode: Literal["coordinate"] | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__("Team", settings)
        self.members = list(members)
        self.mode = mode or "coordinate"
        self._check()

    def setup(self) -> AgentSetup:
        """Return it as it is now."""
        leader = self._setup(_LEADING)
        members = [member.setup() for member in self.members]
        state = {key: value for member in members for key, value in member.session_state.items()}
        return replace(leader, kind="team", members=members, session_state={**state, **leader.session_state})

    def _check(self) -> None:
        """Refuse now what would fail in the middle of a run, or would be something else than what is asked for."""
        if self.mode != "coordinate":
            raise DefinitionError(f"Team {self.name!r} can't have mode={self.mode!r}, because kernbot has {NO_MODES}.")
        if not self.members:
            raise DefinitionError(f"Team {self.name!r} has no members; without any, make it an Agent.")
        numbers = Counter([self.id, *(member.id for member in self.members)])
        if twice := [one for one, number in numbers.items() if number > 1]:
            raise DefinitionError(f"In team {self.name!r} two have the id {twice[0]!r}; give one of them another name.")
        if DELEGATE in [tool.name for tool in functions_of(self.tools)]:
            raise DefinitionError(f"Team {self.name!r}: {DELEGATE} is how its leader hands tasks on; rename the tool.")
