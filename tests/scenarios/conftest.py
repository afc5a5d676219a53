"""A bot in the test's process, in a local Slack, over both transports: everything goes through real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from kernbot.bootstrap import running_bot
from kernbot.runtime.registry import KernBot
from kernbot.settings import Settings
from kernbot.workflow import Workflow
from tests.scenarios.team import MovedClock, Team, free_port, make_team

Serve = Callable[..., AbstractAsyncContextManager[Team]]


@pytest.fixture
def clock() -> MovedClock:
    """Return the one clock of the bot and the local Slack."""
    return MovedClock()


@pytest.fixture(params=["socket", "http"])
def transport(request: pytest.FixtureRequest) -> str:
    """Return each of the two ways in which Slack reaches a bot."""
    return str(request.param)


@pytest.fixture
def serve(transport: str, clock: MovedClock) -> Serve:
    """Return a function that runs a bot with these workflows, all registered for #ops, in a team."""

    @asynccontextmanager
    async def start(*workflows: Workflow, **given: Any) -> AsyncIterator[Team]:
        port = free_port() if transport == "http" else None
        team = make_team(clock, http_port=port)
        bot = KernBot()
        for workflow in workflows:
            bot.register(workflow, channel="#ops", **given)
        async with team.slack.serve() as server:
            settings = Settings(
                bot_token=team.app.bot_token,
                app_token=team.app.app_token,
                signing_secret=team.app.signing_secret,
                slack_api_url=server.base_url,
                transport=transport,
                http_port=port or 0,
                sweep_seconds=60,
            )
            async with running_bot(bot, settings, team.store, clock=clock):
                yield team

    return start
