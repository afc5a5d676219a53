"""The traffic between the local Slack and the apps in the page."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.localslack.office import OPS, refusal
from tests.localslack.page.desk import PHONE, Desk, section, type_line

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def open_traffic(page: Page) -> Locator:
    """Open the pane and return it."""
    await page.get_by_role("button", name="Traffic", exact=True).click()
    pane = page.get_by_role("complementary", name="Traffic")
    await expect(pane).to_be_visible()
    return pane


async def test_both_ways(desk: Desk) -> None:
    """Requests of both directions appear as they come, the newest on top; opened, one shows its JSON."""
    page = await desk.look()
    pane = await open_traffic(page)
    await type_line(page, "/kern run x")
    await desk.post(text="hello there")
    rows = pane.get_by_role("listitem")
    await expect(rows.nth(0)).to_contain_text("from the app")
    await expect(rows.nth(0)).to_contain_text("chat.postMessage")
    await expect(rows.nth(1)).to_contain_text("to the app")
    await rows.nth(0).locator("summary").click()
    await expect(rows.nth(0).locator("pre").first).to_contain_text('"text": "hello there"')
    await expect(rows.nth(0).get_by_role("button", name="Send again")).to_have_count(0)
    await rows.nth(1).locator("summary").click()
    await expect(rows.nth(1).locator("pre")).to_contain_text('"trigger_id": "[redacted]"')


async def test_problems_only(desk: Desk) -> None:
    """What was refused is red, says all that the validator found, and can be shown alone."""
    page = await desk.look()
    await desk.post(text="fine")
    blocks = [section("x" * 3001), section("y" * 3001)]
    await refusal(desk.bot.client.chat_postMessage(channel=OPS, text="?", blocks=blocks))
    pane = await open_traffic(page)
    await pane.get_by_label("Problems only").check()
    row = pane.locator(".traffic-rows > li:visible")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("invalid_blocks")
    await row.locator("summary").click()
    await expect(row.get_by_role("list", name="Problems").get_by_role("listitem")).to_have_count(2)


async def test_send_again(desk: Desk) -> None:
    """A delivery can be sent to the app once more, and is a new line; where the app does not answer, that is told."""
    page = await desk.look()
    await type_line(page, "/kern run x")
    first = await desk.bot.told()
    pane = await open_traffic(page)
    row = pane.get_by_role("listitem").filter(has_text="/kern").last
    await row.locator("summary").click()
    await row.get_by_role("button", name="Send again").click()
    assert await desk.bot.told() == first
    await expect(pane.get_by_role("listitem").filter(has_text="/kern")).to_have_count(2)
    desk.slack.disturb("slash_commands", lose_ack=True)
    await row.get_by_role("button", name="Send again").click()
    await expect(page.get_by_role("alert").first).to_contain_text("operation_timeout")


async def test_mishaps(desk: Desk) -> None:
    """The next delivery is made to come twice, and to lose its acknowledgement; the pane says what is still to come."""
    page = await desk.look()
    pane = await open_traffic(page)
    await pane.get_by_text("Make a delivery go wrong").click()
    await pane.get_by_label("The next one of").select_option("commands")
    await pane.get_by_role("button", name="Deliver it twice").click()
    await pane.get_by_role("button", name="Lose its acknowledgement").click()
    await expect(pane.get_by_role("status")).to_have_text("2 still to happen.")
    await type_line(page, "/kern one")
    assert await desk.bot.told() == await desk.bot.told()
    await expect(pane.get_by_role("status")).to_have_text("1 still to happen.")
    await type_line(page, "/kern two")
    await expect(page.get_by_role("article").last).to_contain_text("operation_timeout")


async def test_phone(desk: Desk) -> None:
    """On a phone it covers the channel, and Escape takes it away."""
    page = await desk.look(size=PHONE)
    pane = await open_traffic(page)
    box = await pane.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, PHONE["width"])
    await page.keyboard.press("Escape")
    await expect(pane).to_be_hidden()
    await expect(page.get_by_role("button", name="Traffic", exact=True)).to_be_focused()
