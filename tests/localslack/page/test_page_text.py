"""Text on the page of the local Slack: what is marked up, what stays literal, and how little room is enough."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.localslack.office import OPS, Json, plain
from tests.localslack.page.desk import (
    DESKTOP,
    PHONE,
    Desk,
    actions,
    button,
    composer,
    field,
    main,
    modal,
    option,
    section,
    thread,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = '<img src=x onerror="window.hacked=1"></textarea><script>window.hacked=1</script>'
DAY = 1795183500
"""2026-11-20 14:05 UTC, 15:05 in Berlin."""

MARKED_UP = {
    "*bold* _italic_ ~strike~ `code`": "<b>bold</b> <i>italic</i> <s>strike</s> <code>code</code>",
    "*bold _both_*": "<b>bold <i>both</i></b>",
    "snake_case_name 2*3*4 * a *": "snake_case_name 2*3*4 * a *",
    "`*literal* <@U01ANA>`": "<code>*literal* &lt;@U01ANA&gt;</code>",
    "*a `b*` c*": "<b>a <code>b*</code> c</b>",
    "*not\nclosed*": "*not\nclosed*",
    "&lt;b&gt; &amp;amp; &quot;": "&lt;b&gt; &amp;amp; &amp;quot;",
    "<javascript:alert(1)|click>": "<span>click</span>",
    "<https://example.org/?a=1&amp;b=2|*the* page>": (
        '<a href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">*the* page</a>'
    ),
    "<@U01ANA> <@U99>": (
        '<span class="mention mention-me" data-user="U01ANA">@Ana Ruiz</span>'
        ' <span class="mention" data-user="U99">@U99</span>'
    ),
    "<#C01OPS> <#C99>": (
        '<a class="mention" href="#/U01ANA/C01OPS">#ops</a> <span class="mention">private channel</span>'
    ),
    "<!here> <!subteam^S1|@admins>": (
        '<span class="mention mention-me">@here</span> <span class="mention">@admins</span>'
    ),
}


async def rendered(page: Page, text: str) -> str:
    """Return the page's markup for a mrkdwn text of one paragraph."""
    script = "async text => (await import('/page/mrkdwn.js')).mrkdwn(text, {verbatim: true}).firstChild.innerHTML"
    return str(await page.evaluate(script, text))


class TestMarkup:
    """What texts look like."""

    async def test_mrkdwn(self, desk: Desk) -> None:
        """The text of mrkdwn is marked up by Slack's rules, and nothing else is markup."""
        page = await desk.look()
        assert {text: await rendered(page, text) for text in MARKED_UP} == MARKED_UP

    async def test_quotes_and_code(self, desk: Desk) -> None:
        """Quoted lines are one quote, three backticks a block, and an address alone is a link unless verbatim."""
        page = await desk.look()
        await desk.post(text="before\n> one\n&gt; two\nafter ```x = 1\n*y*``` https://example.org.")
        content = main(page).get_by_role("article").locator(".content")
        await expect(content.locator("blockquote")).to_have_text("one\ntwo")
        await expect(content.locator("pre")).to_have_text("x = 1\n*y*")
        await expect(content.get_by_role("link")).to_have_text("https://example.org")
        await desk.post(section("https://example.org"))
        await expect(main(page).get_by_role("article")).to_have_count(2)
        await expect(main(page).get_by_role("article").last.get_by_role("link", name="example")).to_have_count(0)

    async def test_dates(self, desk: Desk) -> None:
        """Dates are written in the reader's time zone."""
        page = await desk.look()
        tokens = {
            "{date_num} {time}": "2026-11-20 3:05 PM",
            "{date_short}": "Nov 20, 2026",
            "{date_long} at {time_secs}": "Friday, November 20th, 2026 at 3:05:00 PM",
            "{date_pretty}": "November 20th, 2026",
            "{nonsense}": "{nonsense}",
        }
        now = f"new Date({(DAY + 40 * 86400) * 1000})"
        script = f"async token => (await import('/page/dates.js')).formatDate({DAY}, token, {now})"
        assert [await page.evaluate(script, token) for token in tokens] == list(tokens.values())
        assert ">2026-11-20</time>" in await rendered(page, f"<!date^{DAY}^{{date_num}}|fallback>")
        assert await rendered(page, "<!date^soon^{date}|next week>") == "<span>next week</span>"

    async def test_rich_text(self, desk: Desk) -> None:
        """rich_text is drawn with its styles, lists, quotes and mentions; its text is literal."""
        page = await desk.look()
        styled = [
            {"type": "text", "text": "*a* & <b>", "style": {"bold": True, "code": True}},
            {"type": "user", "user_id": "U02BOB"},
            {"type": "link", "url": "javascript:alert(1)", "text": "no link"},
            {"type": "date", "timestamp": DAY, "format": "{date_num}", "fallback": "?"},
        ]
        items = [{"type": "rich_text_section", "elements": [{"type": "text", "text": item}]} for item in "xy"]
        parts: list[Json] = [
            {"type": "rich_text_section", "elements": styled},
            {"type": "rich_text_list", "style": "ordered", "elements": items},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a\n  b"}]},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
        ]
        await desk.post({"type": "rich_text", "elements": parts})
        block = main(page).get_by_role("article").locator(".rich-text")
        await expect(block.locator("b > code")).to_have_text("*a* & <b>")
        await expect(block.locator(".mention")).to_have_text("@Bob")
        await expect(block.locator("time")).to_have_text("2026-11-20")
        await expect(block.locator("ol > li")).to_have_text(["x", "y"])
        await expect(block.locator("pre")).to_have_text("a\n  b")
        await expect(block.locator("blockquote")).to_have_text("quoted")
        await expect(block.get_by_role("link")).to_have_count(0)

    async def test_other_blocks(self, desk: Desk) -> None:
        """Headers, fields and contexts are shown, an image only by its description: nothing is loaded."""
        page = await desk.look()
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        await desk.post(
            {"type": "header", "text": plain("Two wait")},
            {"type": "divider"},
            {"type": "section", "fields": [plain("Env"), plain("prod")], "accessory": button("Details")},
            {"type": "context", "elements": [plain("since 9:00")]},
            {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "A chart"},
        )
        article = main(page).get_by_role("article")
        await expect(article.get_by_role("heading")).to_have_text("Two wait")
        await expect(article.locator(".fields > div")).to_have_text(["Env", "prod"])
        await expect(article.locator(".context")).to_have_text("since 9:00")
        await expect(article.get_by_role("img", name="A chart")).to_be_visible()
        assert not [url for url in requested if not url.startswith(desk.server.origin)]

    async def test_permalink(self, desk: Desk) -> None:
        """A permalink of a message opens its thread in the page."""
        page = await desk.look()
        ts = await desk.post(text="parent")
        link = (await desk.bot.client.chat_getPermalink(channel=OPS, message_ts=ts))["permalink"]
        await desk.post(text=f"<{link}|Open the question>")
        await page.get_by_role("link", name="Open the question").click()
        await expect(thread(page).get_by_role("article")).to_contain_text("parent")


class TestHostileText:
    """Text that would like to be markup."""

    async def test_messages(self, desk: Desk) -> None:
        """In messages, hostile text is shown as it is, in whatever place."""
        page = await desk.look()
        confirm = {"title": plain(HOSTILE), "text": plain(HOSTILE), "confirm": plain("Yes"), "deny": plain("No")}
        select = {
            "type": "static_select",
            "action_id": "s",
            "placeholder": plain(HOSTILE),
            "options": [option(HOSTILE[:70])],
        }
        menu = {"type": "overflow", "action_id": "m", "options": [option(HOSTILE[:70])]}
        boxes = {
            "type": "checkboxes",
            "action_id": "c",
            "options": [option(HOSTILE[:70], description=plain("<b>d</b>"))],
        }
        await desk.post(
            section(HOSTILE),
            {"type": "header", "text": plain(HOSTILE)},
            {
                "type": "context",
                "elements": [plain(HOSTILE), {"type": "image", "image_url": "https://x", "alt_text": HOSTILE}],
            },
            {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": HOSTILE}]}],
            },
            actions(button(HOSTILE[:70], confirm=confirm, accessibility_label=HOSTILE[:70]), select, menu, boxes),
            text=HOSTILE,
        )
        await desk.post(text=HOSTILE)
        await desk.slack.person("U02BOB").say(OPS, HOSTILE)
        await expect(main(page).get_by_role("article")).to_have_count(3)
        await expect(main(page).locator(".header-block")).to_have_text(HOSTILE)
        await main(page).get_by_role("combobox").click()
        await page.keyboard.press("Escape")
        await main(page).get_by_role("button", name="<img").first.click()
        await expect(page.get_by_role("alertdialog")).to_contain_text(HOSTILE)
        await self.assert_harmless(page)

    async def test_modals(self, desk: Desk) -> None:
        """In modals, hostile text is shown as it is: labels, hints, values, errors."""
        desk.bot.answers["view_submission"] = {"response_action": "errors", "errors": {"a": HOSTILE}}
        page = await desk.look()
        element = {"type": "plain_text_input", "initial_value": HOSTILE, "placeholder": plain(HOSTILE)}
        view = modal(section(HOSTILE), field("a", HOSTILE, element, hint=plain(HOSTILE)), title="<b>title</b>")
        dialog = await desk.open_modal(page, view)
        await expect(dialog).to_have_accessible_name("<b>title</b>")
        await expect(dialog.get_by_role("textbox")).to_have_value(HOSTILE)
        await dialog.get_by_role("button", name="Send").click()
        await expect(dialog.locator(".error")).to_have_text(HOSTILE)
        await self.assert_harmless(page)

    async def test_names(self, desk: Desk) -> None:
        """In names of people, channels and topics, hostile text is shown as it is."""
        desk.slack.add_person("U66", name="mal", display_name=HOSTILE)
        desk.slack.add_channel("C66", name=HOSTILE, members=["U01ANA", "U66"], topic=HOSTILE)
        await desk.slack.person("U66").say("C66", "<@U01ANA> hi")
        page = await desk.look()
        await page.locator("[data-channel=C66]").click()
        await expect(main(page).locator(".topic")).to_have_text(HOSTILE)
        await expect(main(page).locator(".author")).to_have_text(HOSTILE)
        await self.assert_harmless(page)

    async def assert_harmless(self, page: Page) -> None:
        """Assert that no element and no script came out of a text."""
        assert await page.locator("body img, body script, .messages b, dialog b").count() == 0
        assert await page.evaluate("window.hacked") is None


class TestWindow:
    """Small windows and broken lines."""

    async def test_phone(self, desk: Desk) -> None:
        """At 375 pixels the sidebar slides in, the thread covers the channel, and nothing is wider than the window."""
        page = await desk.look(size=PHONE)
        await desk.post(section("A question with a `very_long_name_that_does_not_fit_into_one_line_of_a_phone`"))
        await expect(page.get_by_label("Acting as")).to_be_hidden()
        await page.get_by_role("button", name="Channels").click()
        await expect(page.get_by_label("Acting as")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_label("Acting as")).to_be_hidden()
        await main(page).get_by_role("link", name="Reply in thread").focus()
        await page.keyboard.press("Enter")
        await expect(thread(page)).to_be_in_viewport(ratio=1)
        box = await thread(page).bounding_box()
        assert box is not None
        assert (box["x"], box["width"]) == (0, PHONE["width"])
        await page.get_by_role("button", name="Close thread").click()
        await expect(composer(page)).to_be_in_viewport(ratio=1)
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert await main(page).locator(".messages").evaluate("node => node.scrollWidth - node.clientWidth") == 0

    async def test_reconnect(self, desk: Desk) -> None:
        """A broken line is told, and when it is back so is what was missed."""
        lines: list[WebSocketRoute] = []

        def connect(line: WebSocketRoute) -> None:
            lines.append(line)
            line.connect_to_server()

        page = await desk.look(size=DESKTOP, prepare=lambda page: page.route_web_socket(re.compile("/events"), connect))
        await lines[-1].close()
        await expect(page.get_by_role("status")).to_contain_text("The connection to the local Slack is lost.")
        await desk.post(text="missed")
        await expect(page.get_by_role("status")).to_be_hidden()
        await expect(main(page).get_by_role("article")).to_contain_text("missed")
        desk.complaints.clear()  # the browser itself writes about the broken line
