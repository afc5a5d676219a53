"""The browser that all tests of the page share, and a workspace for each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.localslack.office import OPS, Bot
from tests.localslack.page.desk import MANIFEST, Desk, workspace

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.fixture(scope="module")
def chromium() -> Path:
    """Return the program to run; without it the tests are skipped."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    return CHROMIUM


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """Run one browser for all tests of this file."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser) -> AsyncIterator[Desk]:
    """Run a workspace with people of all kinds, #ops, and an app."""
    slack = workspace()
    app = slack.install(MANIFEST)
    slack.invite(app, OPS)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(slack.serve(port=0))
        bot = await stack.enter_async_context(Bot(app, server.base_url).connected())
        desk = Desk(slack, server, bot, browser, stack)
        yield desk
    assert desk.complaints == []
