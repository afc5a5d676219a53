"""The clock of the simulation in the page."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.localslack.page.desk import PHONE, Desk, main

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_jumps(desk: Desk) -> None:
    """Buttons and a field move the clock; the panel says by how much, and that it is a simulation."""
    page = await desk.look()
    await page.get_by_role("button", name="Clock:").click()
    panel = page.get_by_role("dialog", name="Move the clock")
    await expect(panel).to_contain_text("A simulation")
    await expect(panel.get_by_role("status")).to_contain_text("the same as real time")
    await panel.get_by_role("button", name="+1 hour").click()
    await panel.get_by_label("Minutes").fill("90")
    await page.keyboard.press("Enter")
    await expect(panel.get_by_role("status")).to_contain_text("2 hours 30 minutes ahead of real time")
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()


async def test_days(desk: Desk) -> None:
    """What was said today was said yesterday once the clock is a day ahead; what is said then is of today."""
    page = await desk.look()
    await desk.post(text="before")
    await expect(main(page).get_by_role("separator")).to_have_text(["Today"])
    await page.get_by_role("button", name="Clock:").click()
    await page.get_by_role("button", name="+1 day").click()
    await desk.post(text="after")
    await expect(main(page).get_by_role("separator")).to_have_text(["Yesterday", "Today"])


async def test_phone(desk: Desk) -> None:
    """On a phone the panel is as reachable, and nothing is wider than the window."""
    page = await desk.look(size=PHONE)
    await page.get_by_role("button", name="Clock:").click()
    await expect(page.get_by_role("dialog", name="Move the clock")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
