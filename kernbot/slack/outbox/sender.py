"""The calls to Slack that post and update messages: within its rates, and each at most once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from kernbot.db.slack import SlackMessage
from kernbot.errors import ConflictError
from kernbot.slack.failures import SLACK_FAILURES, error_code
from kernbot.slack.outbox.calls import Call, RateLimitedError, in_turn, unless_put_off
from kernbot.slack.outbox.pace import Pace, Turn, Urgency
from kernbot.slack.parse.payloads import Click
from kernbot.slack.render.blocks import section
from kernbot.slack.render.talk import Chunk

_log = logging.getLogger(__name__)

EVENT_TYPE = "kernbot_message"
_PAGE = 200
_START_STREAM = Turn("chat.startStream", Urgency.PROGRESS)
_HAS_ENDED = ("message_not_in_streaming_state", "stopped_by_user", "message_not_found")
"""What Slack answers where a stream has been ended already, by somebody or by itself."""
_SLACK_HOOKS = ("https", "hooks.slack.com")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one person did something: where they are told what came of it."""

    user_id: str
    channel: str | None = None
    thread_ts: str | None = None
    response_url: str | None = None

    @classmethod
    def of_click(cls, body: Mapping[str, Any]) -> Place:
        """Return where a click was made, from its payload."""
        container = body.get("container") or {}
        return cls(
            user_id=body["user"]["id"],
            channel=container.get("channel_id"),
            thread_ts=container.get("thread_ts"),
            response_url=body.get("response_url"),
        )


class Sender:
    """Posts and updates the bot's messages. The client must not retry by itself: a lost response may hide a success."""

    def __init__(self, client: AsyncWebClient, pace: Pace, *, can_read_back: bool = False) -> None:
        self._client = client
        self._pace = pace
        self._can_read_back = can_read_back

    async def post(self, row: SlackMessage, message: dict[str, Any], *, broadcast: bool) -> tuple[str, str]:
        """Post a message when it is its turn; return the channel in which it stands, and Slack's id for it.

        Raises RateLimitedError, and what Slack's client raises.
        """
        in_thread: dict[str, Any] = {"thread_ts": row.thread_ts, "reply_broadcast": broadcast} if row.thread_ts else {}
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"message_id": row.message_id}}
        response = await unless_put_off(
            self._client.chat_postMessage(
                channel=row.channel, metadata=metadata, unfurl_links=False, unfurl_media=False, **in_thread, **message
            )
        )
        return str(response["channel"]), str(response["ts"])

    async def find(self, row: SlackMessage) -> str | None:
        """Return Slack's id for a message whose post was begun, if the bot may read back and it is there."""
        if not self._can_read_back or row.channel.startswith(("U", "W")):
            return None
        try:
            return await self._read_back(row)
        except SlackApiError as error:
            _log.info("thread not read back: %s", error_code(error), extra={"run_id": row.run_id})
            return None

    async def update(self, row: SlackMessage, message: dict[str, Any]) -> None:
        """Replace a message by a call when it is its turn. Raises RateLimitedError, and what Slack's client raises."""
        try:
            await unless_put_off(self._client.chat_update(channel=row.channel, ts=str(row.ts), **message))
        except SlackApiError as error:
            if error_code(error) != "message_not_found":
                raise
            _log.warning("somebody has deleted a message", extra={"run_id": row.run_id, "role": row.role})

    def can_start_stream(self) -> bool:
        """Whether a message that grows can be begun at once: nothing waits for that. If so it must be begun now."""
        return self._pace.take(_START_STREAM)

    async def start_stream(self, row: SlackMessage, first: str, recipient: tuple[str, str]) -> str:
        """Begin a message that grows, in answer to a person (workspace, user); return Slack's id for it.

        Its first line, `mrkdwn`, bears our id: a stream takes no metadata. Raises as `post` does.
        """
        team_id, user_id = recipient
        call = self._client.chat_startStream(
            channel=row.channel,
            thread_ts=str(row.thread_ts),
            recipient_team_id=team_id,
            recipient_user_id=user_id,
            chunks=[{"type": "blocks", "blocks": [section(row.message_id, first)]}],
        )
        try:
            return str((await unless_put_off(call))["ts"])
        except RateLimitedError as late:
            self._pace.hold(_START_STREAM, late.seconds)
            raise

    async def append_stream(self, row: SlackMessage, take: Callable[[], Sequence[Chunk]]) -> None:
        """Let it grow, about once a second, by what there is when its turn has come."""
        chunks: list[Chunk] = []

        def append() -> Awaitable[AsyncSlackResponse]:
            chunks.extend(take())
            return self._client.chat_appendStream(channel=row.channel, ts=str(row.ts), chunks=chunks)

        await self._in_turn(Turn("chat.appendStream", Urgency.PROGRESS, run_id=row.message_id), append)

    async def stop_stream(self, row: SlackMessage) -> None:
        """Let it grow no more, when it is this call's turn: only then can it be updated. Raises as `update` does."""
        try:
            await unless_put_off(self._client.chat_stopStream(channel=row.channel, ts=str(row.ts)))
        except SlackApiError as error:
            if error_code(error) not in _HAS_ENDED:
                raise

    async def replace(self, response_url: str, message: dict[str, Any]) -> bool:
        """Replace a message through the address that came with a click on it, which does not count as a call."""
        return await self._send(response_url, {"replace_original": True, **message})

    async def whisper(self, click: Click, message: dict[str, Any]) -> None:
        """Show a message to the one who clicked: in the thread, and in the channel if they may have clicked there.

        When it is not at once its turn in the thread, the channel must do. It may never arrive, so nothing required
        stands only there.
        """
        is_shown = await self._whisper(str(click.channel_id), click.user_id, click.thread_ts, message)
        if click.response_url is not None and (click.is_broadcast or not is_shown):
            await self.respond(click.response_url, message)

    async def tell(self, place: Place, message: dict[str, Any]) -> None:
        """Show a message to one person where they did something: in the thread, in the channel, else directly."""
        if (
            place.channel
            and place.thread_ts
            and await self._whisper(place.channel, place.user_id, place.thread_ts, message)
        ):
            return
        if place.response_url and await self.respond(place.response_url, message):
            return
        await self.say(place.user_id, None, message)

    async def say(self, channel: str, thread_ts: str | None, message: dict[str, Any]) -> None:
        """Post a message that is never changed; to a person, if `channel` is the id of one."""
        try:
            await self._in_turn(
                Turn("chat.postMessage", Urgency.QUESTION, channel=channel),
                lambda: self._client.chat_postMessage(
                    channel=channel, thread_ts=thread_ts, unfurl_links=False, unfurl_media=False, **message
                ),
            )
        except SLACK_FAILURES as error:
            _log.warning("message not posted: %s", error_code(error), extra={"channel": channel})

    async def _whisper(self, channel: str, user_id: str, thread_ts: str | None, message: dict[str, Any]) -> bool:
        if not self._pace.take(Turn("chat.postEphemeral", Urgency.CLAIM)):
            return False
        try:
            await self._client.chat_postEphemeral(channel=channel, user=user_id, thread_ts=thread_ts, **message)
        except SLACK_FAILURES as error:
            _log.info("ephemeral not shown: %s", error_code(error), extra={"channel": channel})
            return False
        return True

    async def _read_back(self, row: SlackMessage) -> str | None:
        cursor = ""
        while True:
            page = await self._page(row, cursor)
            for message in page["messages"]:
                if row.message_id in _ids_in(message):
                    return str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor or not row.thread_ts:
                return None

    async def _page(self, row: SlackMessage, cursor: str) -> AsyncSlackResponse:
        """Read a part of a thread, from its beginning, or the newest part of a channel."""
        if row.thread_ts:
            method, read = "conversations.replies", partial(self._client.conversations_replies, ts=row.thread_ts)
        else:
            method, read = "conversations.history", partial(self._client.conversations_history)
        return await self._in_turn(
            Turn(method, Urgency.QUESTION),
            lambda: read(channel=row.channel, include_all_metadata=True, limit=_PAGE, cursor=cursor),
        )

    async def show(self, view_id: str, view: dict[str, Any], view_hash: str | None = None) -> None:
        """Show something else in a modal; with the hash of what is shown, only if it still is. It may be closed."""
        try:
            await self._in_turn(
                Turn("views.update", Urgency.CLAIM),
                lambda: self._client.views_update(view_id=view_id, view=view, hash=view_hash),
            )
        except SLACK_FAILURES as error:
            _log.info("modal not updated: %s", error_code(error))

    async def publish(self, user_id: str, view: dict[str, Any], view_hash: str | None) -> str | None:
        """Show somebody their Home, and return its hash; None if that failed.

        With the hash of what is shown, only if it still is; else ConflictError is raised.
        """
        try:
            published = await self._in_turn(
                Turn("views.publish", Urgency.PROGRESS),
                lambda: self._client.views_publish(user_id=user_id, view=view, hash=view_hash),
            )
        except SLACK_FAILURES as error:
            if error_code(error) == "hash_conflict":
                raise ConflictError(f"Another process has shown {user_id} their Home meanwhile.") from error
            _log.info("Home not shown: %s", error_code(error))
            return None
        return str(published["view"]["hash"])

    async def respond(self, response_url: str, message: dict[str, Any]) -> bool:
        """Show a message to the person whose command or click came with this address."""
        return await self._send(response_url, {"response_type": "ephemeral", "replace_original": False, **message})

    async def _send(self, response_url: str, body: dict[str, Any]) -> bool:
        """Use a response_url; only of Slack's own host, or of the one that the client is set to."""
        address = urlsplit(response_url)
        if (address.scheme, address.hostname) not in (_SLACK_HOOKS, self._own_host):
            _log.warning("response_url of a foreign host not used", extra={"host": address.hostname})
            return False
        try:
            response = await AsyncWebhookClient(response_url).send_dict(body)
        except SLACK_FAILURES as error:
            _log.info("response_url not used: %s", error_code(error))
            return False
        return bool(response.status_code == HTTPStatus.OK)

    async def _in_turn(self, turn: Turn, call: Call) -> AsyncSlackResponse:
        return await in_turn(self._pace, turn, call)

    @property
    def _own_host(self) -> tuple[str, str | None]:
        base = urlsplit(self._client.base_url)
        return base.scheme, base.hostname


def _ids_in(message: dict[str, Any]) -> Iterator[str | None]:
    """Yield where our id for a message may stand."""
    yield ((message.get("metadata") or {}).get("event_payload") or {}).get("message_id")
    yield from (block.get("block_id") for block in message.get("blocks") or ())
