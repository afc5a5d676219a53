"""What a newcomer does on the demo's page."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

SECONDS = 30_000
"""A busy machine may be slow; milliseconds, as Playwright counts."""


async def run(page: Page, line: str) -> None:
    """Type a line into the composer and send it."""
    composer = page.get_by_role("textbox", name="Message #data")
    await composer.fill(line)
    await composer.press("Enter")


async def start(page: Page, line: str) -> None:
    """Type a line that starts a workflow, and open the run's thread once it has a card."""
    await run(page, line)
    await open_thread(page)


async def open_thread(page: Page) -> None:
    """Open the thread of the newest run that has one."""
    await page.get_by_role("main").get_by_role("link", name=re.compile("repl(y|ies)$")).last.click()
    await expect(thread(page)).to_be_visible()


async def act_as(page: Page, name: str) -> None:
    """Be somebody else, who opens the thread too."""
    await page.get_by_label("Acting as").select_option(label=f"{name} - member")
    await expect(page.locator("body.turning")).to_have_count(0)
    await open_thread(page)


def thread(page: Page) -> Locator:
    """Return the pane of the thread."""
    return page.get_by_role("complementary", name="Thread")


def form(page: Page) -> Locator:
    """Return the modal that is open."""
    return page.locator("dialog.modal[open]")


def card(page: Page, words: str) -> Locator:
    """Return the newest message of the thread with these words."""
    return thread(page).get_by_role("article").filter(has_text=words).last


async def press(shown: Locator, label: str) -> None:
    """Press a button by what stands on it."""
    await shown.locator("button", has_text=re.compile(f"^{re.escape(label)}$")).last.click()


async def tick(page: Page, *labels: str) -> None:
    """Tick choices in the form."""
    for label in labels:
        box = form(page).locator("label.choice").filter(has_text=re.compile(f"^{re.escape(label)}"))
        await box.locator("input").check()


async def send(page: Page) -> None:
    """Submit the form, and see it close."""
    await form(page).locator("button[type=submit]").click()
    await expect(form(page)).to_be_hidden(timeout=SECONDS)


async def see(shown: Locator, words: str) -> None:
    """Wait until these words are shown."""
    await expect(shown).to_contain_text(words, timeout=SECONDS)
