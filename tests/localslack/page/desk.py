"""A workspace with a real app in it, and browsers to look at its page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from kernbot.localslack import Clock, Kind, LocalSlack, Server
from tests.localslack.office import OPS, PATIENCE, Bot, Json, plain

Preparation = Callable[[Page], Awaitable[None]]

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 375, "height": 700}
MANIFEST: Json = {
    "display_information": {"name": "kernbot"},
    "features": {
        "bot_user": {"display_name": "kernbot"},
        "slash_commands": [
            {"command": "/kern", "description": "Run workflows", "usage_hint": "[run | pending]"},
            {"command": "/kernel", "description": "Something else", "usage_hint": "[x]"},
        ],
        "app_home": {"home_tab_enabled": True},
        "shortcuts": [
            {"name": "Start", "type": "global", "callback_id": "start", "description": "Start something"},
            {"name": "Start with this", "type": "message", "callback_id": "start-with", "description": "Start with it"},
        ],
    },
    "oauth_config": {"scopes": {"bot": ["chat:write", "commands", "files:write", "im:write"]}},
    "settings": {
        "socket_mode_enabled": True,
        "interactivity": {"is_enabled": True},
        "event_subscriptions": {"bot_events": ["app_home_opened"]},
    },
}


class Desk:
    """A workspace that is up, the app in it, and browsers to look at it."""

    def __init__(self, slack: LocalSlack, server: Server, bot: Bot, browser: Browser, stack: AsyncExitStack) -> None:
        self.slack = slack
        self.server = server
        self.bot = bot
        self._browser = browser
        self._stack = stack
        self.complaints: list[str] = []
        """What the browsers wrote to their consoles: nothing, as long as all is well."""

    async def post(self, *blocks: Json, text: str = "A question", **more: Any) -> str:
        """Have the app post a message in #ops, and return its timestamp."""
        answer = await self.bot.client.chat_postMessage(channel=OPS, text=text, blocks=list(blocks) or None, **more)
        return str(answer["ts"])

    async def look(
        self, person: str = "U01ANA", size: ViewportSize = DESKTOP, prepare: Preparation | None = None
    ) -> Page:
        """Open the page in #ops as this person; `prepare` is called with it before."""
        context = await self._browser.new_context(
            viewport=size, locale="en-US", timezone_id="Europe/Berlin", reduced_motion="reduce"
        )
        self._stack.push_async_callback(context.close)
        page = await context.new_page()
        page.set_default_timeout(5000)
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if prepare:
            await prepare(page)
        await page.goto(f"{self.server.page_url}#/{person}/{OPS}")
        await expect(main(page).get_by_role("heading", name="#ops", exact=True)).to_be_visible()
        return page

    async def open_modal(self, page: Page, view: Json) -> Locator:
        """Have the app answer a command with this modal, and return it."""
        await type_line(page, "/kern open")
        command = await self.bot.told()
        await self.bot.client.views_open(trigger_id=command["trigger_id"], view=view)
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_be_visible()
        return dialog


def workspace() -> LocalSlack:
    """Return a workspace with people of all kinds, a private channel, and a public one that nobody is in."""
    slack = LocalSlack(clock=Clock(), ack_seconds=PATIENCE, rate_limits=False)
    slack.add_person("U01ANA", name="ana", display_name="Ana Ruiz", kind=Kind.MEMBER, tz="Europe/Berlin")
    slack.add_person("U02BOB", name="bob", display_name="Bob", kind=Kind.MEMBER, tz="Europe/Berlin")
    slack.add_person("U03GUS", name="gus", display_name="Gus", kind=Kind.GUEST, tz="Europe/Berlin")
    slack.add_person("U04SAM", name="sam", display_name="Sam", kind=Kind.STRANGER, tz="Europe/Berlin")
    slack.add_person("U05DEE", name="dee", display_name="Dee", kind=Kind.DEACTIVATED, tz="Europe/Berlin")
    slack.add_channel(OPS, name="ops", members=["U01ANA", "U02BOB", "U03GUS"], private=False, topic="Deploys")
    slack.add_channel("C02SECRET", name="secret", members=["U01ANA"], private=True)
    slack.add_channel("C03HALL", name="hall", members=[], private=False)
    return slack


def main(page: Page) -> Locator:
    """Return the pane of the channel."""
    return page.get_by_role("main")


def thread(page: Page) -> Locator:
    """Return the pane of the thread."""
    return page.get_by_role("complementary", name="Thread")


def composer(page: Page) -> Locator:
    """Return the box in which messages to the channel are written."""
    return main(page).get_by_role("textbox", name="Message #ops")


async def type_line(page: Page, line: str) -> None:
    """Write a line and send it."""
    await composer(page).fill(line)
    await composer(page).press("Enter")


def option(text: str, **more: Any) -> Json:
    """Return an option whose value is its text."""
    return {"text": plain(text), "value": text, **more}


def section(text: str) -> Json:
    """Return a section of literal mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def actions(*elements: Json) -> Json:
    """Return a block of interactive elements."""
    return {"type": "actions", "block_id": "row", "elements": list(elements)}


def button(text: str, **more: Any) -> Json:
    """Return a button."""
    return {"type": "button", "action_id": text.lower(), "text": plain(text), **more}


def field(block_id: str, label: str, element: Json | None = None, **more: Any) -> Json:
    """Return an input block, a line of text if nothing else is said; its action has the id of the block."""
    element = {"action_id": block_id, **(element or {"type": "plain_text_input"})}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


def modal(*blocks: Json, title: str = "Fill in", **more: Any) -> Json:
    """Return a view."""
    view = {"type": "modal", "title": plain(title), "submit": plain("Send"), "close": plain("Not now")}
    return {**view, "blocks": list(blocks), **more}
