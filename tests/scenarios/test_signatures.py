"""Over HTTP, whoever does not know the signing secret gets nowhere."""

from __future__ import annotations

import time

import pytest
from aiohttp import ClientSession

from kernbot.localslack.signed_http import signed_headers
from tests.scenarios.team import CHANNEL, Team
from tests.scenarios.workflows import Deploy

BODY = f"command=/kern&text=run+deploy&user_id=UDEE&team_id=T01LOCAL&channel_id={CHANNEL}&trigger_id=1".encode()


@pytest.fixture
def transport() -> str:
    """Return the one transport that has signatures."""
    return "http"


@pytest.mark.parametrize(
    ("secret", "age"), [("another secret", 0), ("", 0), (None, 301)], ids=["wrong", "empty", "five minutes old"]
)
async def test_a_request_that_slack_did_not_sign_just_now_is_refused(team: Team, secret: str | None, age: int) -> None:
    """It is answered with 401, and no run is stored."""
    signing = team.app.signing_secret if secret is None else secret
    headers = signed_headers(signing, BODY, int(time.time()) - age)
    async with team.bot(Deploy().workflow), ClientSession() as session:
        url = f"http://127.0.0.1:{team.settings.http_port}/slack/events"
        async with session.post(url, data=BODY, headers=headers) as response:
            assert response.status == 401
        assert await team.runs() == 0
