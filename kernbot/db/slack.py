"""What the Slack app asks of a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from kernbot.db.base import Json

MessageRole = Literal["parent", "card", "talk", "result", "copy", "moved", "ending", "fold"]
"""In the thread of a run: its parent, a card for each question, the `talk` of each agent, its result. Elsewhere: a
`copy` of a card in somebody's direct messages, a card that had to be `moved` to another channel, the `ending` that a
requester is told of; and a `fold`, one for many questions of a workflow."""


STREAMING = "streaming"
"""What is noted in the place of a state while a message is streamed."""


@dataclass(frozen=True, kw_only=True)
class SlackMessage:
    """A message that the bot sends and keeps up to date: unique by run, role, pause and person."""

    message_id: str
    """Our id for it; travels in the message's metadata, and while it is streamed as the id of its first block."""
    run_id: str
    """Of a fold, the id of the workflow."""
    role: MessageRole
    pause_id: str | None
    """For cards: the question that it was posted for. Later rounds of it are shown by the same card. For talks: a name
    for the agent at its place."""
    person_id: str | None = None
    """For what stands in somebody's direct messages, as `slack:T…:U…`; of a card that was posted twice, its place."""
    channel: str
    """Of direct messages that are not open yet, the id of the user."""
    ts: str | None = None
    """Slack's id for it; None until Slack has confirmed the post."""
    thread_ts: str | None = None
    shown: str | None = None
    """Digest of the state that Slack confirmed last; None where that isn't known; or STREAMING."""
    revision: int = 0
    """Counts the states that were sent. Without a `ts`: of a post that was begun, nobody knows what became."""


@dataclass(frozen=True, kw_only=True)
class InboxItem:
    """A payload from Slack that was acked before it could be worked off."""

    item_id: int
    payload: Json
    received_at: float


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """What a person has chosen for themselves."""

    person_id: str
    """As `slack:T…:U…`."""
    direct_messages: bool = False
    """Whether they want each question that they may answer as a direct message."""


@dataclass(frozen=True, kw_only=True)
class OfferedForm:
    """A form that somebody was offered, and what must be known when it comes back."""

    form_id: str
    """32 hex digits: the token of the form speaks of it."""
    asked: Json
    """Who asked for it and where, and what they typed."""
    created_at: float


class SlackStore(Protocol):
    """What the Slack app keeps: messages, inbox, forms, secrets, what people prefer, and which runs are settled."""

    async def list_messages(self, run_id: str) -> Sequence[SlackMessage]:
        """Return the messages of a run, in the order in which they were stored."""

    async def save_message(self, message: SlackMessage) -> None:
        """Store a message, or replace it by its id."""

    async def list_unsettled(self, limit: int) -> Sequence[str]:
        """Return ids of the bot's runs that are not settled, oldest first."""

    async def settle_run(self, run_id: str) -> None:
        """Note that the run has ended and that every message of it shows so."""

    async def put_inbox(self, payload: Json, received_at: float) -> int:
        """Store a payload to be worked off, and return its id."""

    async def list_inbox(self, limit: int) -> Sequence[InboxItem]:
        """Return what is to be worked off, oldest first."""

    async def delete_inbox(self, item_id: int) -> None:
        """Forget a payload that has been worked off."""

    async def put_form(self, form: OfferedForm) -> bool:
        """Store a form; False, and nothing changes, if there is one with this id."""

    async def get_form(self, form_id: str) -> OfferedForm | None:
        """Return a form that was offered, or None if there is none, or none any more."""

    async def delete_forms(self, before: float) -> None:
        """Forget the forms that were offered before a time, in unix seconds."""

    async def get_preferences(self, person_id: str) -> Preferences:
        """Return what a person has chosen, or what holds for those who have chosen nothing."""

    async def save_preferences(self, preferences: Preferences) -> None:
        """Store what a person has chosen, in the place of what they had chosen before."""

    async def list_direct_message_readers(self) -> Sequence[str]:
        """Return the ids of those who want questions as direct messages, sorted."""

    async def get_key(self, name: str) -> bytes:
        """Return the secret of this name, 32 random bytes, made on first use: the same for every process."""
