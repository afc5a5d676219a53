"""How Slack reaches the bot: over a socket that the bot opens, or by signed HTTP requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from kernbot.errors import ConfigurationError
from kernbot.settings import Settings
from kernbot.slack.failures import error_code

PATH = "/slack/events"
SECONDS_TO_FINISH = 3.0
"""How long requests that are under way at the end may take: Slack waits no longer."""


@asynccontextmanager
async def serve_socket(app: AsyncApp, settings: Settings) -> AsyncIterator[str]:
    """Hold a Socket Mode connection open."""
    token = settings.app_token.get_secret_value() if settings.app_token else ""
    try:
        opened = await app.client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        raise ConfigurationError(f"SLACK_APP_TOKEN is wrong: Slack answers {error_code(error)!r}.") from None
    handler = AsyncSocketModeHandler(app, token)
    # Without an address it would ask for one itself, with a wrong token for ever.
    handler.client.wss_uri = opened["url"]
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt has no types here
    try:
        yield "Socket Mode"
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # as above


@asynccontextmanager
async def serve_http(app: AsyncApp, settings: Settings) -> AsyncIterator[str]:
    """Serve the request URL; each request's signature is checked."""
    runner = web.AppRunner(app.web_app(path=PATH), shutdown_timeout=SECONDS_TO_FINISH)
    await runner.setup()
    try:
        await _listen(runner, settings)
        port = runner.addresses[0][1]
        yield f"http://{settings.http_host}:{port}{PATH}"
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    try:
        await web.TCPSite(runner, settings.http_host, settings.http_port).start()
    except OSError as error:
        raise ConfigurationError(
            f"KERNBOT_HTTP_HOST or KERNBOT_HTTP_PORT is wrong: can't listen on {settings.http_host}, "
            f"port {settings.http_port} ({error.strerror or error})."
        ) from None
