"""The calls to Slack that post and update messages: within its rates, and each at most once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from kernbot.db.slack import SlackMessage

_log = logging.getLogger(__name__)

EVENT_TYPE = "kernbot_message"
_SLACK_HOOKS = "hooks.slack.com"
_POST_ONLY = ("unfurl_links", "unfurl_media")


class Sender:
    """Posts and updates the bot's messages. The client must not retry by itself: a lost response may hide a success."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def post(self, row: SlackMessage, message: dict[str, Any], *, broadcast: bool) -> str:
        """Post a message and return Slack's id for it."""
        in_thread: dict[str, Any] = {"thread_ts": row.thread_ts, "reply_broadcast": broadcast} if row.thread_ts else {}
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"message_id": row.message_id}}
        response = await self._within_rate(
            lambda: self._client.chat_postMessage(channel=row.channel, metadata=metadata, **in_thread, **message)
        )
        return str(response["ts"])

    async def update(self, row: SlackMessage, message: dict[str, Any], response_url: str | None = None) -> None:
        """Replace a message, through the address that came with a click if there is one, else by a call."""
        shown = {name: value for name, value in message.items() if name not in _POST_ONLY}
        if response_url and await self._replace(response_url, shown):
            return
        await self._within_rate(lambda: self._client.chat_update(channel=row.channel, ts=str(row.ts), **shown))

    async def whisper(self, channel: str, user: str, message: dict[str, Any], thread_ts: str | None = None) -> None:
        """Show a message to one person only; it may never arrive, so nothing required stands only there."""
        try:
            await self._client.chat_postEphemeral(channel=channel, user=user, thread_ts=thread_ts, **message)
        except SlackApiError as error:
            _log.info("ephemeral not shown: %s", error.response.get("error"), extra={"channel": channel})

    async def respond(self, response_url: str, message: dict[str, Any]) -> bool:
        """Show a message to the person whose command or click came with this address."""
        return await self._send(response_url, {"response_type": "ephemeral", "replace_original": False, **message})

    async def _replace(self, response_url: str, message: dict[str, Any]) -> bool:
        return await self._send(response_url, {"replace_original": True, **message})

    async def _send(self, response_url: str, body: dict[str, Any]) -> bool:
        """Use a response_url; only of Slack's own host, or of the one that the client is set to."""
        host = urlsplit(response_url).hostname
        if host not in (_SLACK_HOOKS, urlsplit(self._client.base_url).hostname):
            _log.warning("response_url of a foreign host not used", extra={"host": host})
            return False
        response = await AsyncWebhookClient(response_url).send_dict(body)
        return bool(response.status_code == 200)  # noqa: PLR2004

    async def _within_rate(self, call: Callable[[], Awaitable[AsyncSlackResponse]]) -> AsyncSlackResponse:
        while True:
            try:
                return await call()
            except SlackApiError as error:
                if error.response.get("error") not in ("ratelimited", "rate_limited"):
                    raise
                await asyncio.sleep(float(error.response.headers.get("Retry-After", 1)))
