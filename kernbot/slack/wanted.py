"""Which messages a run should have, and how each is made: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kernbot.db.slack import MessageRole
from kernbot.engine.values import digest
from kernbot.slack.ids import TokenMaker
from kernbot.slack.render.card import card
from kernbot.slack.render.facts import RunFacts
from kernbot.slack.render.parent import parent
from kernbot.slack.render.result import result

Key = tuple[MessageRole, str | None]
"""Role of a message, and the question that it is about."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A message that a run should have, and how to make it."""

    role: MessageRole
    pause_id: str | None
    render: Callable[[int], dict[str, Any]]
    """From a revision to the message."""
    in_thread: bool = True
    broadcast: bool = False

    @property
    def key(self) -> Key:
        """What tells it from the other messages of the run."""
        return self.role, self.pause_id

    @property
    def state(self) -> str:
        """A digest of what it should show, whatever the revision."""
        return digest(self.render(0))


def wanted_messages(run: RunFacts, tokens: TokenMaker) -> Iterator[Wanted]:
    """Yield the messages that a run should have, in the order in which they are first posted."""
    yield Wanted(
        role="parent",
        pause_id=None,
        in_thread=False,
        render=lambda revision: parent(run, tokens=tokens, revision=revision),
    )
    for number, pause in enumerate(run.pauses):
        yield Wanted(
            role="card",
            pause_id=pause.pause_id,
            broadcast=number == 0,
            render=lambda revision, pause=pause: card(run, pause, tokens=tokens, revision=revision),  # type: ignore[misc]
        )
    if run.content is not None:
        yield Wanted(role="result", pause_id=None, render=lambda revision: result(run, revision=revision))
