"""Delivering what people do to the app: by Socket Mode or by signed HTTP, never by both.

From https://docs.slack.dev/interactivity/handling-user-interaction: an app has 3 seconds to acknowledge.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

from kernbot.localslack.app import App
from kernbot.localslack.errors import ActError
from kernbot.localslack.mishaps import Mishap, Mishaps
from kernbot.localslack.traffic import Traffic

ACK_SECONDS = 3.0

OPERATION_TIMEOUT = "operation_timeout"
DISPATCH_FAILED = "dispatch_failed"


@dataclass(frozen=True)
class Delivery:
    """What became of something a person did."""

    ok: bool
    status: int | None = None
    """The HTTP status of the acknowledgement; 200 for one over a socket; None if there was none."""
    body: Any = None
    """The acknowledgement's body: parsed JSON, a text, or None if it was empty."""
    error: str | None = None
    """What the person is told went wrong: `operation_timeout`, `dispatch_failed`, or a sentence."""
    errors: dict[str, str] | None = None
    """What is shown at the fields of a modal, by block id."""
    no_retry: bool = False
    """Whether the app said with `x-slack-no-retry` that an event is not to be sent again."""


@dataclass(frozen=True)
class Envelope:
    """Something to deliver."""

    app: App
    type: str
    """`slash_commands`, `interactive` or `events_api`, as over a socket."""
    payload: dict[str, Any]
    url: str | None
    """Where it goes without Socket Mode."""
    retry_number: int = 0
    """How many times an event was sent before."""
    retry_reason: str = ""
    """What became of it the last time, such as `http_timeout`."""

    @property
    def name(self) -> str:
        """The command, the type of the interaction, or that of the event."""
        if self.type == "events_api":
            return str(self.payload["event"]["type"])
        return str(self.payload["command"] if self.type == "slash_commands" else self.payload["type"])

    @property
    def accepts_response(self) -> bool:
        """Whether the acknowledgement may carry an answer."""
        return self.type == "slash_commands" or self.name in ("view_submission", "block_suggestion")


class Transport(Protocol):
    """One way of delivering."""

    async def send(self, envelope: Envelope) -> Delivery:
        """Deliver and wait for the acknowledgement; failures are part of what is returned."""


class Courier:
    """Delivers over the transport that the app's manifest asks for, and records it."""

    def __init__(self, sockets: Transport, http: Transport, traffic: Traffic, ack_seconds: float) -> None:
        self._sockets = sockets
        self._http = http
        self._traffic = traffic
        self._ack_seconds = ack_seconds
        self._delivered: dict[int, Envelope] = {}
        self._under_way: set[asyncio.Task[Delivery]] = set()
        self.mishaps = Mishaps()

    async def deliver(self, envelope: Envelope) -> Delivery:
        """Deliver and wait for the acknowledgement, unless something else is to happen to it."""
        mishap = self.mishaps.take(envelope.type)
        if mishap is None:
            return await self._send(envelope)
        under_way = asyncio.create_task(self._suffer(envelope, mishap))
        self._under_way.add(under_way)
        under_way.add_done_callback(self._under_way.discard)
        done, _ = await asyncio.wait({under_way}, timeout=self._ack_seconds if mishap.late else None)
        return under_way.result() if done else Delivery(ok=False, error=OPERATION_TIMEOUT)

    async def close(self) -> None:
        """Give up what is still under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _suffer(self, envelope: Envelope, mishap: Mishap) -> Delivery:
        await asyncio.sleep(mishap.late)
        copies = [self._send(envelope) for _ in range(2 if mishap.twice else 1)]
        first, *_ = await asyncio.gather(*copies)
        return Delivery(ok=False, error=OPERATION_TIMEOUT) if mishap.lose_ack else first

    async def _send(self, envelope: Envelope) -> Delivery:
        transport = self._sockets if envelope.app.socket_mode else self._http
        delivery = await transport.send(envelope)
        number = self._traffic.to_app(envelope.name, envelope.payload, _verdict(envelope, delivery), delivery.body)
        self._delivered[number] = envelope
        for forgotten in self._delivered.keys() - {entry.number for entry in self._traffic.entries}:
            del self._delivered[forgotten]
        return delivery

    def can_repeat(self, number: int) -> bool:
        """Return whether the entry of the log with this number is a delivery."""
        return number in self._delivered

    async def repeat(self, number: int) -> Delivery:
        """Deliver once more what the log has under this number: the same payload, its trigger id and URL included.

        Raises ActError for what is no delivery, or not kept any more.
        """
        if number not in self._delivered:
            raise ActError("Only what was sent to an app, and is still listed, can be sent again.")
        return await self.deliver(self._delivered[number])


def _verdict(envelope: Envelope, delivery: Delivery) -> str:
    if not delivery.ok:
        return str(delivery.error)
    is_ignored = delivery.body is not None and not envelope.accepts_response
    return "ok, but Slack does not look at a body in this ack" if is_ignored else "ok"
