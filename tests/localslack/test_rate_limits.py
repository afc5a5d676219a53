"""Rate limits, through Slack's own client and its own handler for them."""

from __future__ import annotations

import time

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import App, LocalSlack, Server
from kernbot.localslack.web_api import METHODS
from tests.localslack.office import EMPTY, OPS, Bot, Clock, Wired, whole_manifest, workspace

TIERS = {
    2: ["chat.startStream", "chat.stopStream", "conversations.list", "usergroups.list", "usergroups.users.list"],
    3: [
        "apps.connections.open",
        "chat.delete",
        "chat.update",
        "conversations.history",
        "conversations.info",
        "conversations.open",
        "conversations.replies",
    ],
    4: [
        "chat.appendStream",
        "chat.postEphemeral",
        "conversations.members",
        "files.completeUploadExternal",
        "files.getUploadURLExternal",
        "files.info",
        "users.info",
        "views.open",
        "views.publish",
        "views.push",
        "views.update",
    ],
    0: ["auth.test", "chat.getPermalink", "chat.postMessage"],
}


class Stopwatch:
    """Real time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return seconds."""
        return self.now


@pytest.fixture
def stopwatch() -> Stopwatch:
    """Return the time by which limits are counted."""
    return Stopwatch()


@pytest.fixture
def slack(clock: Clock, stopwatch: Stopwatch) -> LocalSlack:
    """Return a workspace with limits that are counted by the stopwatch."""
    return workspace(clock, monotonic=stopwatch)


async def limited(client: AsyncWebClient, method: str, **arguments: str) -> int | None:
    """Call a method, and return for how many seconds Slack wants to hear no more of it, None if it was taken."""
    try:
        await client.api_call(method, json=arguments)
    except SlackApiError as error:
        if (error.response.status_code, error.response["error"]) == (429, "ratelimited"):
            return int(error.response.headers["Retry-After"])
    return None


def test_tiers() -> None:
    """Each method has the tier that its page names; those of no tier have one that is chosen."""
    per_minute = {2: 20, 3: 50, 4: 100, 0: 300}
    expected = {name: per_minute[tier] for tier, names in TIERS.items() for name in names}
    assert {name: method.per_minute for name, method in METHODS.items()} == expected


@pytest.mark.parametrize(
    ("method", "most"), [("conversations.list", 20), ("conversations.open", 50), ("users.info", 100)]
)
async def test_tier(client: AsyncWebClient, clock: Clock, stopwatch: Stopwatch, method: str, most: int) -> None:
    """A tier is spent within a minute of real time, refused calls included; then the call is answered with 429."""
    for _ in range(most - 1):
        assert await limited(client, method) is None
    stopwatch.now = 20
    assert await limited(client, method) is None
    clock.now += 3600
    assert await limited(client, method) == 40
    assert await limited(client, "auth.test") is None
    stopwatch.now = 59.5
    assert await limited(client, method) == 1
    stopwatch.now = 60
    assert await limited(client, method) is None


async def test_messages_into_a_channel(
    slack: LocalSlack, app: App, client: AsyncWebClient, stopwatch: Stopwatch
) -> None:
    """A channel takes a burst of messages, and after that one a second; another channel is not concerned."""
    slack.invite(app, EMPTY)
    for _ in range(20):
        assert await limited(client, "chat.postMessage", channel=OPS, text="x") is None
    assert await limited(client, "chat.postMessage", channel=OPS, text="x") == 1
    assert await limited(client, "chat.postMessage", channel=EMPTY, text="x") is None
    stopwatch.now = 1
    assert await limited(client, "chat.postMessage", channel=OPS, text="x") is None
    assert await limited(client, "chat.postMessage", channel=OPS, text="x") == 1


async def test_messages_into_a_workspace(client: AsyncWebClient) -> None:
    """A workspace takes 300 messages a minute."""
    for n in range(300):
        assert await limited(client, "chat.postMessage", channel=f"C{n // 20}", text="x") is None
    assert await limited(client, "chat.postMessage", channel=OPS, text="x") == 60


async def test_each_app_for_itself(slack: LocalSlack, client: AsyncWebClient, server: Server) -> None:
    """What one app has spent is not taken from another."""
    other = Bot(slack.install(whole_manifest()), server.base_url).client
    for _ in range(20):
        await limited(client, "conversations.list")
    assert await limited(client, "conversations.list")
    assert await limited(other, "conversations.list") is None


async def test_response_urls_are_free(both: Wired) -> None:
    """Acknowledgements, events and response URLs are not counted."""
    for _ in range(30):
        assert (await both.ana.command(OPS, "/kern")).ok
        await both.bot.told()
    assert await limited(both.bot.client, "chat.postMessage", channel=OPS, text="x") is None


async def test_the_log(slack: LocalSlack, client: AsyncWebClient) -> None:
    """The log says which calls were too many."""
    for _ in range(21):
        await limited(client, "conversations.list")
    assert [entry.verdict for entry in slack.log][-2:] == ["ok", "ratelimited"]


async def test_switched_off() -> None:
    """Without limits, an app calls what it wants as often as it wants."""
    slack = workspace(Clock(), rate_limits=False)
    app = slack.install(whole_manifest())
    async with slack.serve() as server:
        client = AsyncWebClient(token=app.bot_token, base_url=server.base_url)
        for _ in range(30):
            assert await limited(client, "conversations.list") is None


async def test_the_sdk_waits() -> None:
    """By default they are on, and measured in real time: the SDK's own handler waits, then the message is posted."""
    slack = workspace(Clock())
    app = slack.install(whole_manifest())
    slack.invite(app, OPS)
    async with slack.serve() as server:
        client = AsyncWebClient(token=app.bot_token, base_url=server.base_url)
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=3))
        begun = time.monotonic()
        for _ in range(22):
            await client.chat_postMessage(channel=OPS, text="x")
        assert time.monotonic() - begun >= 1
        assert "ratelimited" in [entry.verdict for entry in slack.log]
