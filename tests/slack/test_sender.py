"""The calls to Slack, and the addresses that come with clicks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.slack.outbox.pace import Pace
from kernbot.slack.outbox.sender import Sender


class Hook:
    """An address that takes what is posted to it."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.status = 200
        self.port = 0

    async def take(self, request: web.Request) -> web.Response:
        """Keep a body and answer as a test has said."""
        self.taken.append(await request.json())
        return web.Response(status=self.status)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """Yield a hook that is served on this machine."""
    hook = Hook()
    application = web.Application()
    application.router.add_post("/response", hook.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.port = runner.addresses[0][1]
    yield hook
    await runner.cleanup()


def sender(base_url: str) -> Sender:
    """Return a sender whose Slack is there."""
    return Sender(AsyncWebClient(token="xoxb-x", base_url=base_url, retry_handlers=[]), Pace())


async def test_an_answer_goes_to_the_one_who_clicked(hook: Hook) -> None:
    """It is ephemeral, and leaves the message that was clicked as it is."""
    answered = await sender("http://127.0.0.1:1/api/").respond(f"http://127.0.0.1:{hook.port}/response", {"text": "no"})
    assert answered
    assert hook.taken == [{"response_type": "ephemeral", "replace_original": False, "text": "no"}]


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://slack.com/api/", "http://127.0.0.1"),
        ("http://localhost:1/api/", "http://127.0.0.1"),
        ("https://127.0.0.1:1/api/", "http://127.0.0.1"),
    ],
)
async def test_an_address_of_a_foreign_host_is_not_used(hook: Hook, base_url: str, host: str) -> None:
    """Only Slack's own host, or that of the API that is set, gets anything."""
    assert not await sender(base_url).respond(f"{host}:{hook.port}/response", {"text": "no"})
    assert hook.taken == []


async def test_an_address_that_is_used_up_is_no_error(hook: Hook) -> None:
    """The sender is told that nothing was shown."""
    hook.status = 404
    assert not await sender("http://127.0.0.1:1/api/").respond(f"http://127.0.0.1:{hook.port}/response", {"text": "no"})


async def test_an_address_where_nobody_listens_is_no_error() -> None:
    """The sender is told that nothing was shown."""
    assert not await sender("http://127.0.0.1:1/api/").respond("http://127.0.0.1:1/response", {"text": "no"})
