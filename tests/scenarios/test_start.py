"""Starting a bot: what Slack does not accept is one sentence."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from kernbot import KernBot
from kernbot.bootstrap import running_bot
from kernbot.db.in_memory import InMemoryDb
from kernbot.errors import ConfigurationError
from tests.scenarios.team import Team
from tests.scenarios.workflows import Deploy


async def test_a_bot_token_that_slack_does_not_know(team: Team) -> None:
    """The sentence names the variable and Slack's reason, and not the token."""
    team.refused.add("invalid_auth")
    with pytest.raises(ConfigurationError, match=r"^SLACK_BOT_TOKEN is wrong: Slack answers 'invalid_auth'.$"):
        async with team.bot(Deploy().workflow, bot_token=SecretStr("xoxb-local-wrong")):
            pass


async def test_an_app_token_that_slack_does_not_know(team: Team) -> None:
    """Over Socket Mode the sentence names the variable; over HTTP the token is not needed."""
    if team.settings.transport == "http":
        async with team.bot(Deploy().workflow, app_token=None):
            return
    team.refused.add("invalid_auth")
    with pytest.raises(ConfigurationError, match=r"^SLACK_APP_TOKEN is wrong: Slack answers 'invalid_auth'.$"):
        async with team.bot(Deploy().workflow, app_token=SecretStr("xapp-local-wrong")):
            pass


async def test_a_port_that_is_taken(team: Team) -> None:
    """The sentence names the variables, the address and the system's reason."""
    if team.settings.transport == "socket":
        return
    async with team.bot(Deploy().workflow):
        with pytest.raises(ConfigurationError, match=f"KERNBOT_HTTP_PORT is wrong.*{team.settings.http_port}"):
            async with team.bot(Deploy().workflow):
                pass


async def test_slack_that_is_not_there(team: Team) -> None:
    """The sentence names the address."""
    with pytest.raises(ConfigurationError, match=r"^Slack can't be reached at http://127.0.0.1:1/api/"):
        async with team.bot(Deploy().workflow, slack_api_url="http://127.0.0.1:1/api/"):
            pass


async def test_a_channel_that_is_not_there(team: Team) -> None:
    """The sentence names the workflow and the channel, and says what to do."""
    bot = KernBot()
    bot.register(Deploy().workflow, channel="#nowhere")
    with pytest.raises(ConfigurationError, match=r"'deploy' is registered for #nowhere.*invite the bot"):
        async with running_bot(bot, team.settings, InMemoryDb()):
            pass


async def test_the_same_bot_stops_and_starts_many_times(team: Team) -> None:
    """Nothing is left behind that keeps a bot from starting again."""
    for _ in range(3):
        async with team.bot(Deploy().workflow):
            assert team.settings.transport == "http" or team.slack.connected(team.app) == 1
        await team.until(lambda: team.slack.connected(team.app) == 0)
