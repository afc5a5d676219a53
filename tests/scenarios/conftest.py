"""A bot in the test's process, in a local Slack, over both transports: everything goes through real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kernbot.settings import Settings
from kernbot.slack.listeners import inbox
from tests.scenarios.line import line_to
from tests.scenarios.team import PATIENCE, MovedClock, Team, free_port, make_workspace, passing


@pytest.fixture(params=["socket", "http"])
def transport(request: pytest.FixtureRequest) -> str:
    """Return each of the two ways in which Slack reaches a bot."""
    return str(request.param)


@pytest.fixture
async def team(transport: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Team]:
    """Yield a workspace whose bot is not running yet; in the end, Slack has taken everything that the bot sent."""
    monkeypatch.setattr(inbox, "SECONDS_TO_DECIDE", PATIENCE)
    time = passing()
    clock = MovedClock()
    port = free_port() if transport == "http" else None
    slack, app = make_workspace(clock, time, http_port=port)
    async with slack.serve() as server, line_to(server.base_url) as line:
        settings = Settings(
            bot_token=app.bot_token,
            app_token=app.app_token,
            signing_secret=app.signing_secret,
            slack_api_url=line.address,
            transport=transport,
            http_port=port or 0,
            sweep_seconds=60,
        )
        team = Team(slack=slack, app=app, clock=clock, time=time, line=line, settings=settings)
        yield team
        team.check_traffic()
