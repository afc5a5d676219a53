"""What every listener needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from kernbot.db.base import PauseRecord
from kernbot.db.slack import SlackStore
from kernbot.engine.ledger import AskedAnewError
from kernbot.errors import NotFoundError
from kernbot.runtime.service import Service
from kernbot.slack.channels import Channels
from kernbot.slack.ids import AS_JSON, DETAILS, Token, TokenMaker, deed_of, person_id
from kernbot.slack.outbox.outbox import Outbox
from kernbot.slack.outbox.sender import Sender
from kernbot.slack.people import SlackPeople


@dataclass(frozen=True, kw_only=True)
class Doors:
    """The parts that stand behind the listeners, which parse, ask who may, wait for the commit, ack, and report."""

    service: Service
    store: SlackStore
    people: SlackPeople
    outbox: Outbox
    sender: Sender
    client: AsyncWebClient
    channels: Channels
    tokens: TokenMaker
    team_id: str
    bot_name: str
    """What people invite: `@kern`, without the sign."""
    command: str

    def person(self, user_id: str, team_id: str | None) -> str:
        """Return the id of a person; of this workspace, where Slack does not say of which."""
        return person_id(team_id or self.team_id, user_id)

    async def pause_of(self, token: Token, action: str) -> PauseRecord:
        """Return the pause that a token speaks of; NotFoundError if we did not make it for this action and question.

        AskedAnewError for one that we made for the question as it was, unless it only looks at it.
        """
        pause = await self.service.store.get_pause(token.subject)
        if pause is not None and self.tokens.is_genuine(token, action, pause.digest):
            return pause
        replaced = pause.question.get("replaced", ()) if pause else ()
        if pause is None or not any(self.tokens.is_genuine(token, action, digest) for digest in replaced):
            raise NotFoundError("There is no such question.")
        if pause.state == "open" and deed_of(action) not in (DETAILS, AS_JSON):
            raise AskedAnewError(pause)
        return pause

    async def chosen(self, token: Token, actions: Sequence[str]) -> str:
        """Return which of these actions about a question a token stands for; NotFoundError for none of them."""
        pause = await self.service.store.get_pause(token.subject)
        digests = [pause.digest, *pause.question.get("replaced", ())] if pause else []
        for action in actions:
            if any(self.tokens.is_genuine(token, action, digest) for digest in digests):
                return action
        raise NotFoundError("There is no such question.")

    def run_of(self, token: Token, action: str) -> str:
        """Return the id of the run that a token speaks of; NotFoundError if we did not make it for this action."""
        if not self.tokens.is_genuine(token, action, token.subject):
            raise NotFoundError("There is no such run.")
        return token.subject
