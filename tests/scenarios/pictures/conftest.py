"""A bot in a local Slack whose page is open on a phone."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from kernbot.settings import Settings
from tests.localslack.page.conftest import CHROMIUM, FLAGS
from tests.localslack.page.desk import PHONE
from tests.scenarios.line import line_to
from tests.scenarios.pictures.booth import Booth
from tests.scenarios.team import MovedClock, Team, make_workspace, passing

PICTURES = "KERNBOT_PICTURES"
"""The folder for the pictures; without it they go to pytest's own."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the pictures go."""
    folder = Path(os.environ.get(PICTURES) or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
async def booth(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[Booth]:
    """Yield a phone before a workspace whose bot is not running yet; in the end, all was as Slack wants it."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    name = str(request.node.name).removeprefix("test_").replace("[", "-").rstrip("]")
    time = passing()
    clock = MovedClock()
    slack, app = make_workspace(clock, time)
    complaints: list[str] = []
    async with slack.serve() as server, line_to(server.base_url) as line, async_playwright() as playwright:
        settings = Settings(
            bot_token=app.bot_token, app_token=app.app_token, slack_api_url=line.address, sweep_seconds=60
        )
        team = Team(slack=slack, app=app, clock=clock, time=time, line=line, settings=settings)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = await browser.new_page(
            viewport={"width": PHONE["width"], "height": 1600},
            device_scale_factor=2,
            locale="en-GB",
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
        )
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield Booth(team, server, page, folder, name)
        await browser.close()
        team.check_traffic()
    assert complaints == []
