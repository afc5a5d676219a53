"""One workspace per test, up on a free port, with an app installed and invited to #ops."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import Actor, App, LocalSlack, Server
from tests.localslack.office import MANIFEST, OPS, Bot, Clock, Wired, wired, workspace
from tests.localslack.page_reader import Page


@pytest.fixture
def clock() -> Clock:
    """Return the time of the workspace."""
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> LocalSlack:
    """Return the workspace."""
    return workspace(clock)


@pytest.fixture
def app(slack: LocalSlack) -> App:
    """Return the app, a member of #ops."""
    app = slack.install(MANIFEST)
    slack.invite(app, OPS)
    return app


@pytest.fixture
async def server(slack: LocalSlack) -> AsyncIterator[Server]:
    """Serve the workspace."""
    async with slack.serve() as server:
        yield server


@pytest.fixture
def client(app: App, server: Server) -> AsyncWebClient:
    """Return Slack's own client with the app's bot token."""
    return AsyncWebClient(token=app.bot_token, base_url=server.base_url)


@pytest.fixture
async def bot(app: App, server: Server) -> AsyncIterator[Bot]:
    """Connect the app over Socket Mode."""
    async with Bot(app, server.base_url).connected() as bot:
        yield bot


@pytest.fixture(params=["socket", "http"])
async def both(request: pytest.FixtureRequest, slack: LocalSlack) -> AsyncIterator[Wired]:
    """Serve the workspace with an app that uses everything, once over each transport."""
    async with wired(slack, request.param) as both:
        yield both


@pytest.fixture
def ana(slack: LocalSlack) -> Actor:
    """Return Ana, a member of #ops and of #secret."""
    return slack.person("U01ANA")


@pytest.fixture
def bob(slack: LocalSlack) -> Actor:
    """Return Bob, a member of #ops."""
    return slack.person("U02BOB")


@pytest.fixture
async def page(server: Server) -> AsyncIterator[Page]:
    """Return the page of a person who has its token."""
    async with aiohttp.ClientSession(headers={"X-Local-Slack-Token": server.page_token}) as session:
        yield Page(session, server)
