"""`kernbot demo` as a newcomer meets it: a real process, a real browser, typing and clicking."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.localslack.page.conftest import CHROMIUM, FLAGS

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}")

SECONDS = 30_000
"""A busy machine may be slow; milliseconds, as Playwright counts."""


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[str]:
    """Run the demo as a process of its own; yields the address that it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kernbot", "demo", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "KERNBOT_"))},
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
    async with demo(tmp_path) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = await browser.new_page()
        page.set_default_timeout(SECONDS)
        await page.goto(address)
        yield page
        await browser.close()


async def run(page: Page, line: str) -> None:
    """Type a line into the composer and send it."""
    composer = page.get_by_role("textbox", name="Message #data")
    await composer.fill(line)
    await composer.press("Enter")


async def test_a_newcomer_approves_and_reads_the_result(page: Page) -> None:
    """The card says what is asked and what silence does; after Approve it says who, and the thread holds the result."""
    await run(page, "/kern run data_pipeline Q4 sales")
    await expect(page.get_by_text("Process sensitive data?")).to_be_visible(timeout=SECONDS)
    await expect(page.get_by_text(re.compile("If nobody answers by .*: the run is cancelled"))).to_be_visible()
    await page.get_by_role("button", name=re.compile("^Approve")).click()
    await expect(page.get_by_text(re.compile("Approved by @Dee"))).to_be_visible(timeout=SECONDS)
    await page.get_by_role("main").get_by_role("link", name=re.compile("repl(y|ies)$")).first.click()
    result = page.get_by_role("article").filter(has_text="Result of data_pipeline")
    await expect(result).to_contain_text("Saved. Processed. Fetched 1,204 rows for: Q4 sales", timeout=SECONDS)


async def test_a_newcomer_corrects_a_value_at_its_field(page: Page) -> None:
    """A threshold of "abc" is refused at the field in kernbot's own words; corrected, it reaches the step."""
    await run(page, "/kern run configurable_pipeline")
    await page.get_by_role("button", name=re.compile("^Fill in")).click()
    form = page.get_by_role("dialog")
    await form.get_by_label("threshold").fill("abc")
    await form.get_by_label("mode").fill("fast")
    await form.get_by_role("button", name="Send answer").click()
    await expect(form.get_by_text("“abc” is not a number")).to_be_visible(timeout=SECONDS)
    await form.get_by_label("threshold").fill("0.7")
    await form.get_by_role("button", name="Send answer").click()
    await expect(form).to_be_hidden(timeout=SECONDS)
    await page.get_by_role("main").get_by_role("link", name=re.compile("repl(y|ies)$")).first.click()
    await expect(page.get_by_text("Processed with threshold=0.7, mode=fast")).to_be_visible(timeout=SECONDS)


async def test_a_newcomer_lets_a_deadline_pass(page: Page) -> None:
    """After a jump of the clock over the deadline the card says that nobody answered, in both clocks' time."""
    await run(page, "/kern run data_pipeline Q4 sales")
    await expect(page.get_by_text(re.compile("If nobody answers by"))).to_be_visible(timeout=SECONDS)
    await page.get_by_role("button", name="Clock:").click()
    await page.get_by_role("button", name="+15 minutes").click()
    await expect(page.get_by_text("15 minutes ahead of real time")).to_be_visible(timeout=SECONDS)
    await expect(page.get_by_text(re.compile("^No answer by"))).to_be_visible(timeout=SECONDS)


async def test_a_newcomer_starts_a_workflow_by_its_form(page: Page) -> None:
    """Chosen from a list, with an error at its field in between; the result holds what was filled in."""
    await run(page, "/kern run")
    form = page.get_by_role("dialog")
    await form.get_by_label(re.compile("^announcement")).check()
    await form.get_by_role("button", name="Next").click()
    await form.get_by_label("headline").fill("Hi")
    await form.get_by_label("body").fill("The office is closed on Friday.")
    await form.get_by_label("screens").check()
    await form.get_by_role("button", name="Start").click()
    await expect(form.get_by_text("String should have at least 5 characters.")).to_be_visible(timeout=SECONDS)
    await form.get_by_label("headline").fill("Closed on Friday")
    await form.get_by_role("button", name="Start").click()
    await page.get_by_role("button", name=re.compile("^Approve")).click()
    await page.get_by_role("main").get_by_role("link", name=re.compile("repl(y|ies)$")).first.click()
    told = "Published for everyone, now, in mail, screens; 1 on paper."
    await expect(page.get_by_text(told)).to_be_visible(timeout=SECONDS)
