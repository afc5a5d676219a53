"""How Slack reaches the bot: over a socket that the bot opens, or by signed HTTP requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from kernbot.settings import Settings

PATH = "/slack/events"


@asynccontextmanager
async def serve_socket(app: AsyncApp, settings: Settings) -> AsyncIterator[str]:
    """Hold a Socket Mode connection open."""
    token = settings.app_token.get_secret_value() if settings.app_token else ""
    handler = AsyncSocketModeHandler(app, token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt has no types here
    try:
        yield "Socket Mode"
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # as above


@asynccontextmanager
async def serve_http(app: AsyncApp, settings: Settings) -> AsyncIterator[str]:
    """Serve the request URL; each request's signature is checked."""
    runner = web.AppRunner(app.web_app(path=PATH))
    await runner.setup()
    site = web.TCPSite(runner, settings.http_host, settings.http_port)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://{settings.http_host}:{port}{PATH}"
    finally:
        await runner.cleanup()
