"""What agents and teams are made with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING

from kernbot.agent.arguments import ABSENT, Settings
from kernbot.agent.runnable import Runnable
from kernbot.agent.sessions import Output
from kernbot.errors import DefinitionError
from kernbot.run.executor import AgentSetup
from kernbot.run.messages import Model
from kernbot.tools.toolkit import functions_of, instructions_of
from kernbot.workflow.arguments import check_names
from kernbot.workflow.sessions import LastSession

if TYPE_CHECKING:
    from kernbot.db.base import Store


class Configured(Runnable[Output]):
    """Holds the settings of an agent, or of a team's leader."""

    def __init__(self, kind: str, settings: Settings) -> None:
        check_names(settings, Settings, kind, ABSENT)
        self.name = settings.get("name") or settings.get("id") or kind.lower()
        self.id = settings.get("id") or _slug(self.name, kind)
        self.role = settings.get("role")
        self.description = settings.get("description")
        self.instructions = settings.get("instructions")
        self.model = _checked_model(settings.get("model"), f"{kind} {self.name!r}")
        self.tools = list(settings.get("tools") or ())
        self.session_id = settings.get("session_id")
        self.user_id = settings.get("user_id")
        self.session_state = settings.get("session_state")
        self.dependencies = settings.get("dependencies")
        self.metadata = settings.get("metadata")
        self.add_history_to_context = settings.get("add_history_to_context", False)
        self.num_history_runs = settings.get("num_history_runs", 3)
        self.output_schema = settings.get("output_schema")
        self.markdown = settings.get("markdown", False)
        db = settings.get("db")
        self.db = _new_memory() if db is None else db
        self._last = ContextVar[LastSession | None]("kernbot_last_session", default=None)
        functions_of(self.tools)  # refuses what is no tool now, not in the middle of a run

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def _setup(self, *about: str) -> AgentSetup:
        """Return it as it is now; `about` is what the model is told of its part beside its role."""
        return AgentSetup(
            executor_id=self.id,
            name=self.name,
            role=self.role,
            model=self.model,
            system_message=self._system_message(about),
            tools=functions_of(self.tools),
            output_schema=self.output_schema,
            history_runs=self.num_history_runs if self.add_history_to_context else 0,
            session_state=self.session_state or {},
        )

    def _system_message(self, about: Sequence[str]) -> str | None:
        role = f"Your role: {self.role}" if self.role else None
        given = self.instructions or ()
        points = given if isinstance(given, str) else "\n".join(f"- {point}" for point in given)
        form = "Use Markdown where it helps the reader." if self.markdown else None
        parts = [self.description, role, *about, points, *instructions_of(self.tools), form]
        return "\n\n".join(part for part in parts if part) or None


def _slug(name: str, kind: str) -> str:
    """Return an id made of a name; DefinitionError for a name that none can be made of."""
    made = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")
    if not made:
        raise DefinitionError(f"{kind} {name!r} needs an id: its name has no letter to make one of.")
    return made


def _checked_model(model: Model | None, where: str) -> Model:
    """Return a model; DefinitionError for what is none."""
    if model is None or not hasattr(model, "reply"):
        raise DefinitionError(
            f'{where} needs a model, not {model!r}: model=OpenAIResponses(id="..."), or a ScriptedModel in a test.'
        )
    return model


def _new_memory() -> Store:
    from kernbot.db.in_memory import InMemoryDb  # noqa: PLC0415 - only where no database is given

    return InMemoryDb()
