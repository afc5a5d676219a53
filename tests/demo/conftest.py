"""The demo in a process of its own, and a browser that shows its page."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.demo.newcomer import SECONDS
from tests.localslack.page.conftest import CHROMIUM, FLAGS


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[str]:
    """Run the demo as a process of its own; yields the address that it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kernbot", "demo", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
        env={
            name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "KERNBOT_", "OPENAI_"))
        },
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", line.decode()):
                yield found[0]
                break
    finally:
        process.terminate()
        assert await process.wait() == 0


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """Open the demo's page."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    async with demo(tmp_path) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = await browser.new_page()
        page.set_default_timeout(SECONDS)
        await page.goto(address)
        yield page
        await browser.close()
