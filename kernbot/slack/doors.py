"""What every listener needs."""

from __future__ import annotations

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from kernbot.runtime.service import Service
from kernbot.slack.ids import TokenMaker
from kernbot.slack.outbox import Outbox
from kernbot.slack.sender import Sender


@dataclass(frozen=True, kw_only=True)
class Doors:
    """The parts that stand behind the listeners, which parse, ask who may, wait for the commit, ack, and report."""

    service: Service
    outbox: Outbox
    sender: Sender
    client: AsyncWebClient
    tokens: TokenMaker
    team_id: str
    command: str
