"""What a bot serves: workflows, each with the channel in which it asks."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kernbot.engine.runner import Definition
from kernbot.errors import ConfigurationError, NotFoundError

if TYPE_CHECKING:
    from kernbot.workflow.workflow import Workflow

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One workflow of a bot."""

    name: str
    definition: Definition
    channel: str
    """Where its cards go; the full members of this channel may start it and answer."""
    owners: frozenset[str] = frozenset()
    """Ids of people (`slack:T…:U…`) who may cancel any of its runs."""
    description: str | None = None


class KernBot:
    """The workflows that a bot serves. An author's module makes one, and `kernbot serve module:bot` starts it."""

    def __init__(self) -> None:
        self._by_name: dict[str, Registration] = {}

    def register(
        self, workflow: Workflow, *, channel: str, name: str | None = None, owners: Iterable[str] = ()
    ) -> None:
        """Serve a workflow under `name` (its own name if not given).

        `channel` is an id (`C…`) or a name (`#ops`): cards go there, and its full members may start the workflow and
        answer. The run's data go to the bot's database, whatever the workflow's own `db` is. Raises ConfigurationError
        for a name or workflow id that is taken, and for no channel.
        """
        registered = name or workflow.name
        if not channel or not channel.strip("#"):
            raise ConfigurationError(
                f"Workflow {registered!r} has no channel, so nobody could answer its questions; "
                'register it with channel="#name" or channel="C…".'
            )
        if any(character.isspace() for character in registered):
            raise ConfigurationError(f"Workflow name {registered!r} has a space in it; register it with name=... .")
        if registered in self._by_name:
            raise ConfigurationError(f"Two workflows are registered as {registered!r}; give one of them another name.")
        if any(known.definition.workflow_id == workflow.id for known in self._by_name.values()):
            raise ConfigurationError(f"Two workflows have the id {workflow.id!r}; give one of them another id.")
        self._by_name[registered] = Registration(
            name=registered,
            definition=replace(workflow.definition(), name=registered),
            channel=channel,
            owners=frozenset(owners),
            description=workflow.description,
        )
        _log.info("workflow registered; in the bot its runs go to the bot's database", extra={"workflow": registered})

    def __iter__(self) -> Iterator[Registration]:
        return iter(self._by_name.values())

    @property
    def names(self) -> list[str]:
        """The names of all workflows, sorted."""
        return sorted(self._by_name)

    def get(self, name: str) -> Registration:
        """Return a workflow by its name; NotFoundError with the nearest name otherwise."""
        if name in self._by_name:
            return self._by_name[name]
        near = difflib.get_close_matches(name, self._by_name, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(self.names) or 'none'}."
        raise NotFoundError(f"There is no workflow {name!r}.{hint}")

    def of_workflow(self, workflow_id: str) -> Registration | None:
        """Return the workflow with this id, or None."""
        return next((known for known in self if known.definition.workflow_id == workflow_id), None)

    def place(self, name: str, channel: str) -> None:
        """Note the id of a channel that was registered by its name."""
        self._by_name[name] = replace(self._by_name[name], channel=channel)
