"""Delivery by Socket Mode (https://docs.slack.dev/apis/events-api/using-socket-mode)."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from kernbot.localslack.app import App
from kernbot.localslack.changes import Changes
from kernbot.localslack.delivery import DISPATCH_FAILED, OPERATION_TIMEOUT, Delivery, Envelope
from kernbot.localslack.traffic import Traffic

PATH = "/link"
_MOST_CONNECTIONS = 10
_TICKET_LIFETIME = 30.0
_HEARTBEAT = 10.0


@dataclass(frozen=True)
class _Ticket:
    app: App
    issued_at: float


@dataclass(frozen=True, eq=False)
class _Connection:
    app: App
    socket: web.WebSocketResponse


class SocketMode:
    """The open connections of all apps; each envelope goes to one arbitrary connection of its app."""

    def __init__(self, clock: Callable[[], float], ack_seconds: float, changes: Changes, traffic: Traffic) -> None:
        self._clock = clock
        self._ack_seconds = ack_seconds
        self._changes = changes
        self._traffic = traffic
        self._tickets: dict[str, _Ticket] = {}
        self._connections: list[_Connection] = []
        self._awaited: dict[str, asyncio.Future[Any]] = {}

    def connected(self, app: App) -> int:
        """Return how many connections the app holds."""
        return len(self._of(app))

    def issue_url(self, app: App, origin: str) -> str:
        """Return a URL that opens one connection, once."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = _Ticket(app, self._clock())
        return f"ws{origin.removeprefix('http')}{PATH}?ticket={ticket}&app_id={app.app_id}"

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        ticket = self._tickets.pop(request.query.get("ticket", ""), None)
        if ticket is None or self._clock() - ticket.issued_at > _TICKET_LIFETIME:
            raise web.HTTPForbidden(text="This address was used before or is too old: call apps.connections.open.")
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT)
        await socket.prepare(request)
        if self.connected(ticket.app) >= _MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
        else:
            await self._serve(_Connection(ticket.app, socket))
        return socket

    async def send(self, envelope: Envelope) -> Delivery:
        """Send one envelope over one connection and return the acknowledgement."""
        connections = self._of(envelope.app)
        if not connections:
            return Delivery(ok=False, error=DISPATCH_FAILED)
        envelope_id = str(uuid.uuid4())
        acknowledged = self._awaited[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            await random.choice(connections).socket.send_json(_frame(envelope_id, envelope))
            body = await asyncio.wait_for(acknowledged, self._ack_seconds)
        except TimeoutError:
            return Delivery(ok=False, error=OPERATION_TIMEOUT)
        except ConnectionError:
            return Delivery(ok=False, error=DISPATCH_FAILED)
        finally:
            del self._awaited[envelope_id]
        return Delivery(ok=True, status=200, body=body or None)

    async def close(self) -> None:
        """Close every connection."""
        for connection in list(self._connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)

    def _of(self, app: App) -> list[_Connection]:
        return [connection for connection in self._connections if connection.app is app]

    async def _serve(self, connection: _Connection) -> None:
        self._connections.append(connection)
        try:
            await connection.socket.send_json(_hello(connection.app, self.connected(connection.app)))
            self._changes.announce()
            async for frame in connection.socket:
                if frame.type is WSMsgType.TEXT:
                    self._receive(frame.data)
        finally:
            self._connections.remove(connection)
            self._changes.announce()

    def _receive(self, text: str) -> None:
        try:
            frame = json.loads(text)
            acknowledged = self._awaited[frame["envelope_id"]]
        except (ValueError, KeyError, TypeError):
            self._traffic.from_app("acknowledgement", text, "refused: it names no envelope that is waited for")
            return
        if not acknowledged.done():
            acknowledged.set_result(frame.get("payload"))


def _hello(app: App, connections: int) -> dict[str, Any]:
    return {
        "type": "hello",
        "num_connections": connections,
        "connection_info": {"app_id": app.app_id},
        "debug_info": {"host": "local-slack", "approximate_connection_time": 3600},
    }


def _frame(envelope_id: str, envelope: Envelope) -> dict[str, Any]:
    frame = {
        "envelope_id": envelope_id,
        "type": envelope.type,
        "payload": envelope.payload,
        "accepts_response_payload": envelope.accepts_response,
    }
    if envelope.type == "events_api":
        frame |= {"retry_attempt": envelope.retry_number, "retry_reason": envelope.retry_reason}
    return frame
