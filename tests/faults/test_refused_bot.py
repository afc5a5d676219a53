"""A bot that Slack does not let in."""

from __future__ import annotations

import pytest

from tests.faults.scene import Scene


@pytest.mark.parametrize(
    ("setting", "token"), [("SLACK_BOT_TOKEN", "xoxb-local-wrong"), ("SLACK_APP_TOKEN", "xapp-local-wrong")]
)
async def test_a_token_that_slack_does_not_know(scene: Scene, setting: str, token: str) -> None:
    """The bot ends with exit code 2 and a sentence that names the setting, without the token."""
    bot = scene.begin(**{setting: token})
    assert await bot.ended() == 2
    assert bot.log.endswith(f"{setting} is wrong: Slack answers 'invalid_auth'.\n")
    assert token not in bot.log
