"""A local server that speaks OpenAI's two APIs, plain and streamed; what it says is scripted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import Any

from aiohttp import web

from kernbot.errors import KernbotError
from kernbot.models.scripted import Item, ScriptedModel
from kernbot.run.messages import ModelReply, ModelRequest
from tests.models.chat_wire import ChatWire
from tests.models.responses_wire import ResponsesWire
from tests.models.wire import Fault, Wire

KEY = "sk-local-1234567890"
_AT_ONCE = {"retry-after-ms": "1"}


class OpenAIServer:
    """A server that is up; it binds to 127.0.0.1."""

    def __init__(self, model: ScriptedModel, faults: Iterable[Fault | None]) -> None:
        self.model = model
        """Whom it asks what to say; its `requests` are those that were understood."""
        self.base_url = ""
        self.bodies: list[dict[str, Any]] = []
        """The JSON of each request, those that met a fault included."""
        self.ports: set[int] = set()
        """Whence the requests came: one for each connection."""
        self._faults = iter(faults)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send a program here which names no server itself."""
        return {"OPENAI_BASE_URL": self.base_url, "OPENAI_API_KEY": KEY}

    def app(self) -> web.Application:
        """Return the web application."""
        app = web.Application()
        for path, wire in (("/v1/responses", ResponsesWire()), ("/v1/chat/completions", ChatWire())):
            app.router.add_post(path, self._handler(wire))
        return app

    def _handler(self, wire: Wire) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            body = await request.json()
            self.bodies.append(body)
            self.ports.add(_port(request))
            fault = next(self._faults, None)
            return await _failure(fault, request) or await self._answer(wire, request, body, fault)

        return handle

    async def _answer(
        self, wire: Wire, request: web.Request, body: dict[str, Any], fault: Fault | None
    ) -> web.StreamResponse:
        try:
            *pieces, reply = [piece async for piece in self._said(wire.asked(body))]
        except (ValueError, LookupError, KernbotError) as error:
            return _error(400, f"{type(error).__name__}: {error}")
        assert isinstance(reply, ModelReply)
        if body.get("stream"):
            events = wire.events(reply, [str(piece) for piece in pieces], fault)
            return await _sent(request, "text/event-stream", list(events), fault)
        return await _sent(request, "application/json", [wire.answer(reply, fault)], fault)

    def _said(self, asked: ModelRequest) -> AsyncIterator[str | ModelReply]:
        return self.model.reply(asked, stream=True)


@contextmanager
def openai_server(
    script: Sequence[Item] | Callable[[ModelRequest], Item], faults: Iterable[Fault | None] = ()
) -> Iterator[OpenAIServer]:
    """Start a server in a thread of its own, so that plain and async code may call it; each request takes one fault."""
    server = OpenAIServer(ScriptedModel(script), faults)
    up: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = Future()
    thread = Thread(target=lambda: asyncio.run(_serve(server.app(), up)), name="openai-server")
    thread.start()
    loop, stop, port = up.result()
    server.base_url = f"http://127.0.0.1:{port}/v1"
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _serve(app: web.Application, up: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]]) -> None:
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stop = asyncio.Event()
    up.set_result((asyncio.get_running_loop(), stop, runner.addresses[0][1]))
    await stop.wait()
    await runner.cleanup()


def _port(request: web.Request) -> int:
    assert request.transport
    port: int = request.transport.get_extra_info("peername")[1]
    return port


async def _failure(fault: Fault | None, request: web.Request) -> web.Response | None:
    """Return what is answered without reading the request, if anything."""
    match fault:
        case Fault.BUSY:
            return _error(429, "Too many requests.", _AT_ONCE)
        case Fault.BROKEN:
            return _error(500, "The server had an error.", _AT_ONCE)
        case Fault.WRONG_KEY:
            return _error(401, f"Incorrect API key provided: {request.headers['Authorization']}.")
        case Fault.SILENT:
            await asyncio.Event().wait()
    return None


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    error = {"message": message, "type": "local", "param": None, "code": None}
    return web.json_response({"error": error}, status=status, headers=headers)


async def _sent(request: web.Request, kind: str, parts: list[str], fault: Fault | None) -> web.StreamResponse:
    """Send an answer part by part, as far as the fault lets it."""
    response = web.StreamResponse(headers={"Content-Type": "text/html" if fault is Fault.HTML else kind})
    response.enable_chunked_encoding()
    await response.prepare(request)
    for part in _spoiled(parts, fault, is_stream=kind == "text/event-stream"):
        await response.write(part.encode())
    if fault is Fault.STALLED:
        await asyncio.Event().wait()
    if fault is Fault.DROPPED:
        assert request.transport
        request.transport.abort()
        return response
    await response.write_eof()
    return response


def _spoiled(parts: list[str], fault: Fault | None, *, is_stream: bool) -> list[str]:
    match fault:
        case Fault.STALLED | Fault.DROPPED:
            return parts[: len(parts) // 2] if is_stream else [parts[0][: len(parts[0]) // 2]]
        case Fault.NOT_JSON:
            return ['data: {"type": "resp\n\n'] if is_stream else ['{"id": "resp']
        case Fault.OTHER_JSON:
            text = json.dumps(["hello"])
            return [f"data: {text}\n\n"] if is_stream else [text]
        case Fault.HTML:
            return ["<html>Please log in.</html>"]
        case _:
            return parts
