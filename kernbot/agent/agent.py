"""An agent: a language model with instructions and tools."""

from __future__ import annotations

from typing import Unpack

from kernbot.agent.arguments import Settings
from kernbot.agent.configured import Configured
from kernbot.run.agent import RunOutput
from kernbot.run.executor import AgentSetup


class Agent(Configured[RunOutput]):
    """A language model with instructions and tools; it may run by itself, or as the `agent` of a Step.

    Its settings are explained in `kernbot.agent.arguments.Settings`. A `model` is needed. Raises DefinitionError for
    what can't work, TypeError for a setting that is left out on purpose: it says what to do instead.
    """

    def __init__(self, **settings: Unpack[Settings]) -> None:
        super().__init__("Agent", settings)

    def setup(self) -> AgentSetup:
        """Return it as it is now."""
        return self._setup()
