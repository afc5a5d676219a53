"""What a bot serves: workflows, each with the channel in which it asks."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kernbot.db.base import PauseRecord
from kernbot.engine.authority import Ids, Policy, Rule, identified
from kernbot.engine.fingerprint import node_at
from kernbot.engine.journal import ROOT
from kernbot.engine.runner import Definition
from kernbot.errors import ConfigurationError, NotFoundError
from kernbot.runtime.answerers import all_nodes, check_silence, named_ids, named_on_gates

if TYPE_CHECKING:
    from kernbot.workflow.workflow import Workflow

_log = logging.getLogger(__name__)

STALE_AFTER = 7 * 86_400.0
"""Seconds."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One workflow of a bot."""

    name: str
    definition: Definition
    channel: str
    """Where its cards go."""
    policy: Policy
    """Who may do what with it."""
    description: str | None = None
    stale_after: float | None = None
    """After so many seconds without an answer, owners are told of a question that has no deadline."""


class KernBot:
    """The workflows that a bot serves. An author's module makes one, and `kernbot serve module:bot` starts it.

    People are named by their Slack user id (`U…`), groups by the id of a Slack user group (`S…`) or its handle
    (`@release-managers`). `operators` may cancel any run; what goes wrong is told in `operators_channel` (`#name` or
    `C…`), which the bot must be in.
    """

    def __init__(self, *, operators: Iterable[str] | None = None, operators_channel: str | None = None) -> None:
        self.operators_channel = operators_channel
        self._operators = named_ids(operators, "operators") or frozenset()
        self._by_name: dict[str, Registration] = {}

    def register(
        self,
        workflow: Workflow,
        *,
        channel: str | None = None,
        name: str | None = None,
        approvers: Iterable[str] | None = None,
        starters: Iterable[str] | None = None,
        owners: Iterable[str] | None = None,
        requester_may_approve: bool = False,
        allow_silent_approval: bool = False,
        stale_after: float | None = STALE_AFTER,
    ) -> None:
        """Serve a workflow under `name` (its own name if not given).

        Its cards go to `channel`, an id (`C…`) or a name (`#ops`). Without `approvers` the full members of that channel
        may answer. With them only they may, and whoever asked for a run may not approve it unless
        `requester_may_approve`; a gate's own `HumanReview(approvers=...)` wins. `starters` alone may start it; without
        them, those who may answer and the members of the channel. `owners` may cancel any of its runs, and retry or
        skip what failed; they are told of questions without a deadline that have waited for `stale_after` seconds
        (None: never). The run's data go to the bot's database, whatever the workflow's own `db` is.

        Raises ConfigurationError for a name or workflow id that is taken, for no channel, for a list that names nobody,
        and for a gate with approvers that `on_timeout` lets pass without them unless `allow_silent_approval`.
        """
        registered = name or workflow.name
        self._check_is_free(registered, workflow.id)
        where = f"Workflow {registered!r}:"
        rule = Rule(approvers=named_ids(approvers, f"{where} approvers"), requester_may_approve=requester_may_approve)
        definition = replace(workflow.definition(), name=registered, rule=rule)
        if not allow_silent_approval:
            check_silence(registered, rule, definition.steps)
        self._by_name[registered] = Registration(
            name=registered,
            definition=definition,
            channel=_checked_channel(registered, channel),
            policy=Policy(
                rule=rule,
                gates=named_on_gates(definition.steps),
                starters=named_ids(starters, f"{where} starters"),
                owners=named_ids(owners, f"{where} owners") or frozenset(),
                operators=self._operators,
            ),
            description=workflow.description,
            stale_after=_checked_span(registered, stale_after),
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

    def identify(self, ids: Mapping[str, str]) -> None:
        """Note the ids of groups that were named by their handles."""
        self._operators = identified(self._operators, ids)
        for known in list(self):
            policy = known.policy.with_ids(ids)
            definition = replace(known.definition, rule=policy.rule)
            self._by_name[known.name] = replace(known, policy=policy, definition=definition)

    @property
    def named(self) -> Ids:
        """Everybody whom the bot names: people and groups."""
        return frozenset().union(self._operators, *(known.policy.named for known in self))

    def rules_of(self, known: Registration) -> list[Rule]:
        """Return the rules of a workflow and of all its gates."""
        rule = known.policy.rule
        return [rule, *(rule.at(node.human_review) for node in all_nodes(known.definition.steps))]

    def rule_at(self, known: Registration, path: str) -> Rule | None:
        """Return who may answer now at a path of a run; None where the workflow has nothing any more."""
        node = node_at(known.definition.steps, path)
        if node is None and path != ROOT:
            return None
        return known.policy.rule if node is None else known.policy.rule.at(node.human_review)

    def rule_of(self, known: Registration, pause: PauseRecord) -> Rule:
        """Return who may answer a question now: by what is written today, or by the gate that asked, if it is gone."""
        rule = self.rule_at(known, pause.path)
        if rule is not None:
            return rule
        asked_by = pause.question.get("rule")
        return Rule.from_dict(asked_by) if asked_by and asked_by["is_of_gate"] else known.policy.rule

    def _check_is_free(self, name: str, workflow_id: str) -> None:
        if any(character.isspace() for character in name):
            raise ConfigurationError(f"Workflow name {name!r} has a space in it; register it with name=... .")
        if name in self._by_name:
            raise ConfigurationError(f"Two workflows are registered as {name!r}; give one of them another name.")
        if any(known.definition.workflow_id == workflow_id for known in self):
            raise ConfigurationError(f"Two workflows have the id {workflow_id!r}; give one of them another id.")


def _checked_span(name: str, stale_after: float | None) -> float | None:
    if stale_after is not None and not (isinstance(stale_after, int | float) and stale_after > 0):
        raise ConfigurationError(
            f"Workflow {name!r}: stale_after is {stale_after!r}; it must be a number of seconds above 0, or None."
        )
    return stale_after


def _checked_channel(name: str, channel: str | None) -> str:
    if not channel or not channel.strip("#"):
        raise ConfigurationError(
            f"Workflow {name!r} has no channel, so its questions can be asked nowhere; register it with "
            'channel="#name" or channel="C…": its full members may answer then, or, with approvers=["U…", "@group"], '
            "only those."
        )
    return channel
