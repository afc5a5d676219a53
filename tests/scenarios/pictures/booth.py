"""A phone in somebody's hand that shows a run's thread, and a folder for pictures of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Error, Locator, Page, expect

from kernbot.localslack import Server
from kernbot.workflow import Workflow
from tests.scenarios.team import CHANNEL, Team

WAIT = 30_000
"""Milliseconds, as Playwright counts: a busy machine may be slow."""


class Booth:
    """Ana's phone. `name` stands at the beginning of the name of each picture."""

    def __init__(self, team: Team, server: Server, page: Page, folder: Path, name: str) -> None:
        self.team = team
        self._server = server
        self.page = page
        self._folder = folder
        self._name = name
        self._taken = 0

    @asynccontextmanager
    async def asked(self, *workflows: Workflow, value: str = "") -> AsyncIterator[Locator]:
        """Run a bot, have Dee start the first workflow, and show its thread to Ana; yields the newest card."""
        async with self.team.bot(*workflows):
            await self.start(workflows[0].name, value)
            yield self.card()

    async def start(self, name: str, value: str = "") -> None:
        """Have Dee start a workflow, and show its thread to Ana."""
        parent = await self.team.start(f"{name} {value}".strip())
        await self.page.goto(f"{self._server.page_url}#/UANA/{CHANNEL}/{parent['ts']}")

    def card(self, words: str | re.Pattern[str] = "") -> Locator:
        """Return the newest message of the thread with these words and with buttons, or with these words."""
        cards = (
            self.messages.filter(has_text=words) if words else self.messages.filter(has=self.page.locator(".actions"))
        )
        return cards.last

    @property
    def messages(self) -> Locator:
        """The replies of the run's thread."""
        return self.page.get_by_role("complementary", name="Thread").get_by_role("article")

    @property
    def form(self) -> Locator:
        """The modal that is open."""
        return self.page.locator("dialog.modal[open]")

    @property
    def dialog(self) -> Locator:
        """What asks back before something is done."""
        return self.page.get_by_role("alertdialog")

    async def take(self, shown: Locator, state: str) -> None:
        """Make a picture of a message or a modal; `state` is the rest of its name."""
        await self.page.mouse.move(0, 0)
        self._taken += 1
        path = self._folder / f"{self._name}-{self._taken}-{state}.png"
        before = None
        while before != (now := await shown.bounding_box()):
            before = now if await _pictured(shown, path) else None
        assert path.stat().st_size > 0

    async def press(self, shown: Locator, label: str) -> None:
        """Press a button by what stands on it."""
        await shown.locator("button", has_text=re.compile(f"^{re.escape(label)}$")).last.click()

    async def open(self, shown: Locator, label: str) -> Locator:
        """Press a button that opens a modal; return the modal once it is filled."""
        await self.press(shown, label)
        await expect(self.form.get_by_role("heading", level=2)).not_to_have_text("One moment", timeout=WAIT)
        await expect(self.form.locator(".block").nth(1)).to_be_visible(timeout=WAIT)
        return self.form

    async def send(self, form: Locator) -> None:
        """Submit the modal, and see it close."""
        await form.locator("button[type=submit]").click()
        await expect(form).to_be_hidden(timeout=WAIT)

    async def see(self, shown: Locator, *words: str) -> None:
        """Wait until a message shows these words."""
        for text in words:
            await expect(shown).to_contain_text(text, timeout=WAIT)

    async def answered(self, words: str, *, goes_on: bool = False) -> Locator:
        """Wait for a message that says what was answered and, unless it `goes_on`, what followed; picture it."""
        shown = self.messages.filter(has_text=words).last
        await expect(shown).to_be_visible(timeout=WAIT)
        if not goes_on:
            await expect(shown).not_to_contain_text("Resuming", timeout=WAIT)
        await self.take(shown, "answered")
        return shown


def choice(form: Locator, label: str) -> Any:
    """Return the box before a choice."""
    return form.locator("label.choice").filter(has_text=re.compile(f"^{re.escape(label)}")).locator("input")


async def _pictured(shown: Locator, path: Path) -> bool:
    """Make a picture; return whether what is shown was not drawn anew meanwhile."""
    try:
        await shown.screenshot(path=path, animations="disabled")
    except Error as error:
        if "not attached" not in str(error):
            raise
        return False
    return True
