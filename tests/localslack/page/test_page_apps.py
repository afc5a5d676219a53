"""What apps have beside messages with buttons: Home tabs, shortcuts, menus that ask them, and the blocks of agents."""

from __future__ import annotations

import base64

import pytest
from playwright.async_api import Locator, Page, expect

from tests.localslack.office import OPS, Json, plain
from tests.localslack.page.desk import (
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
)

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
"""One pixel."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


def rich(text: str) -> Json:
    """Return a rich_text block."""
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }


async def open_home(page: Page) -> Locator:
    """Open the App Home from the sidebar and return its pane."""
    await page.get_by_role("list", name="Apps").get_by_role("link", name="kernbot").click()
    pane = page.get_by_role("region", name="App Home")
    await expect(pane).to_be_visible()
    return pane


class TestHome:
    """The Home tab of an app."""

    async def test_home(self, desk: Desk) -> None:
        """Opening it tells the app; what the app publishes appears, and its buttons tell the app."""
        page = await desk.look()
        pane = await open_home(page)
        opened = (await desk.bot.told())["event"]
        assert (opened["type"], opened["user"], opened["tab"]) == ("app_home_opened", "U01ANA", "home")
        await expect(pane).to_contain_text("kernbot has shown nothing here yet.")
        await self.publish(desk, "U01ANA", section("2 questions"), actions(button("Show")))
        await expect(pane).to_contain_text("2 questions")
        await pane.get_by_role("button", name="Show").click()
        told = await desk.bot.told()
        assert (told["type"], told["view"]["type"]) == ("block_actions", "home")
        await self.publish(desk, "U01ANA", section("1 question"))
        await expect(pane).to_contain_text("1 question")

    async def test_each_their_own(self, desk: Desk) -> None:
        """Each person has their own, also on a phone, with a way to the messages."""
        page = await desk.look("U02BOB", size=PHONE)
        await self.publish(desk, "U02BOB", section("Bob's own"))
        await page.get_by_role("button", name="Channels").click()
        pane = await open_home(page)
        await expect(pane).to_contain_text("Bob's own")
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        await pane.get_by_role("link", name="Messages").click()
        await expect(main(page).get_by_role("textbox", name="Message kernbot")).to_be_visible()
        await page.get_by_role("button", name="Channels").click()
        await page.get_by_label("Acting as").select_option("U01ANA")
        await page.keyboard.press("Escape")
        await page.goto(f"{desk.server.page_url}#/U01ANA/{desk.slack._workspace.apps[0].app_id}")
        await expect(pane).to_contain_text("kernbot has shown nothing here yet.")

    async def publish(self, desk: Desk, person: str, *blocks: Json) -> None:
        """Have the app publish a Home tab."""
        await desk.bot.client.views_publish(user_id=person, view={"type": "home", "blocks": list(blocks)})


class TestShortcuts:
    """Shortcuts of an app."""

    async def test_global(self, desk: Desk) -> None:
        """A global one stands in a menu beside the box for messages, reachable by keyboard, and opens a modal."""
        page = await desk.look()
        await main(page).get_by_role("button", name="Shortcuts", exact=True).press("Enter")
        await expect(page.get_by_role("menuitem", name="Start")).to_be_focused()
        await page.keyboard.press("Enter")
        told = await desk.bot.told()
        assert (told["type"], told["callback_id"]) == ("shortcut", "start")
        await desk.bot.client.views_open(trigger_id=told["trigger_id"], view=modal(section("Which?")))
        await expect(page.get_by_role("dialog")).to_contain_text("Which?")

    async def test_on_a_message(self, desk: Desk) -> None:
        """One for messages stands in the menu of each, of people and in threads too."""
        page = await desk.look()
        await desk.slack.person("U02BOB").say(OPS, "please deploy")
        await main(page).get_by_role("button", name="Shortcuts of this message").click()
        await page.get_by_role("menuitem", name="Start with this").click()
        told = await desk.bot.told()
        assert (told["type"], told["callback_id"]) == ("message_action", "start-with")
        assert told["message"]["text"] == "please deploy"


class TestMenus:
    """Menus of every kind."""

    async def test_external(self, desk: Desk) -> None:
        """An external menu asks the app from three letters on, shows its groups, and sends what was chosen."""
        groups = [
            {"label": plain("Europe"), "options": [option("eu-west"), option("eu-north")]},
            {"label": plain("America"), "options": [option("us-east")]},
        ]
        desk.bot.answers["block_suggestion"] = {"option_groups": groups}
        page = await desk.look()
        await desk.post(actions({"type": "external_select", "action_id": "region", "placeholder": plain("Region")}))
        box = main(page).get_by_role("combobox")
        await box.click()
        await box.press_sequentially("eu")
        await expect(page.get_by_text("Type at least 3 letters to search")).to_be_visible()
        await box.press_sequentially("r")
        await expect(page.get_by_role("group", name="Europe").get_by_role("option")).to_have_count(2)
        asked = await desk.bot.told()
        assert (asked["type"], asked["value"]) == ("block_suggestion", "eur")
        await page.get_by_role("option", name="eu-north").click()
        assert (await desk.bot.told())["actions"][0]["selected_option"]["value"] == "eu-north"
        await expect(box).to_have_value("eu-north")

    async def test_external_without_an_answer(self, desk: Desk) -> None:
        """What the app cannot offer is told in the list."""
        desk.bot.answers["block_suggestion"] = {"options": "none"}
        page = await desk.look()
        await desk.post(actions({"type": "external_select", "action_id": "region", "min_query_length": 0}))
        await main(page).get_by_role("combobox").click()
        await expect(page.get_by_text("The options could not be loaded")).to_be_visible()

    async def test_of_people_and_places(self, desk: Desk) -> None:
        """Menus of people, channels and conversations take one or several, and start with what the app proposes."""
        desk.bot.answers["block_suggestion"] = {"options": [option("one"), option("two")]}
        page = await desk.look()
        view = modal(
            field("people", "People", {"type": "multi_users_select", "initial_users": ["U02BOB"]}),
            field("channel", "Channel", {"type": "channels_select"}),
            field("places", "Places", {"type": "multi_conversations_select", "filter": {"include": ["private"]}}),
            field("channels", "Channels", {"type": "multi_channels_select", "initial_channels": [OPS]}),
            field("found", "Found", {"type": "multi_external_select", "min_query_length": 1}),
        )
        dialog = await desk.open_modal(page, view)
        await self.choose(dialog, "People", "Gus")
        await self.choose(dialog, "Channel", "#hall")
        await self.choose(dialog, "Places", "#secret")
        await dialog.get_by_role("combobox", name="Found").press_sequentially("o")
        await dialog.get_by_role("option", name="two").click()
        await desk.bot.told()
        await dialog.get_by_role("button", name="Send").click()
        values = (await desk.bot.told())["view"]["state"]["values"]
        assert values["people"]["people"]["selected_users"] == ["U02BOB", "U03GUS"]
        assert values["channel"]["channel"]["selected_channel"] == "C03HALL"
        assert values["places"]["places"]["selected_conversations"] == ["C02SECRET"]
        assert values["channels"]["channels"]["selected_channels"] == [OPS]
        assert [one["value"] for one in values["found"]["found"]["selected_options"]] == ["two"]

    async def choose(self, dialog: Locator, label: str, text: str) -> None:
        """Choose one option of a menu."""
        box = dialog.get_by_role("combobox", name=label, exact=True)
        await box.click()
        await dialog.get_by_role("option", name=text).click()
        await box.press("Tab")


class TestAgents:
    """What agents show."""

    async def test_blocks(self, desk: Desk) -> None:
        """Markdown, tables, tasks and plans are drawn; nothing foreign in them becomes markup."""
        page = await desk.look()
        task = {"type": "task_card", "task_id": "t1", "title": "Look <b>up</b>", "status": "complete"}
        text = "# Report\n\n- **two** items\n- [link](https://example.com) `code`\n\n|a|b|\n|---|---|\n|1|<img src=x>|"
        rows = [[{"type": "raw_text", "text": cell} for cell in row] for row in (["Name", "Sum"], ["Ana", "<i>12</i>"])]
        await desk.post({"type": "markdown", "text": text}, {**task, "details": rich("in the archive")})
        await desk.post(
            {"type": "table", "rows": rows, "column_settings": [{"align": "left"}, {"align": "right"}]},
            {"type": "plan", "title": "Plan", "tasks": [{**task, "status": "error"}]},
        )
        first, second = (main(page).get_by_role("article").nth(index) for index in (0, 1))
        await expect(first.get_by_role("heading", name="Report", level=1)).to_be_visible()
        await expect(first.locator("li b")).to_have_text("two")
        await expect(first.get_by_role("cell", name="<img src=x>")).to_be_visible()
        await expect(first.locator(".task")).to_contain_text("Look <b>up</b>done")
        await expect(first.locator(".task")).to_contain_text("in the archive")
        await expect(second.get_by_role("columnheader", name="Sum")).to_be_visible()
        await expect(second.get_by_role("cell", name="<i>12</i>")).to_have_css("text-align", "right")
        await expect(second.get_by_role("group", name="Plan")).to_contain_text("failed")
        await expect(main(page).locator(".unsupported, .messages img")).to_have_count(0)

    async def test_alert(self, desk: Desk) -> None:
        """An alert in a modal is drawn."""
        page = await desk.look()
        dialog = await desk.open_modal(page, modal({"type": "alert", "level": "warning", "text": plain("Look out")}))
        await expect(dialog.get_by_role("note")).to_have_text("Look out")

    async def test_stream(self, desk: Desk) -> None:
        """A message that is being written grows, and says that it is not done until it is."""
        page = await desk.look()
        ts = await desk.post(text="question")
        client = desk.bot.client
        started = await client.chat_startStream(
            channel=OPS,
            thread_ts=ts,
            markdown_text="Once ",
            recipient_user_id="U01ANA",
            recipient_team_id="T01LOCAL",
        )
        await main(page).get_by_role("link", name="1 reply").click()
        reply = page.get_by_role("complementary", name="Thread").get_by_role("article").last
        await expect(reply).to_contain_text("Once")
        await expect(reply).to_contain_text("Still writing …")
        await client.chat_appendStream(channel=OPS, ts=started["ts"], markdown_text="upon a time")
        await expect(reply).to_contain_text("Once upon a time")
        await client.chat_stopStream(channel=OPS, ts=started["ts"])
        await expect(reply).not_to_contain_text("Still writing …")


async def test_user_groups(desk: Desk) -> None:
    """A group is offered behind an @, and its mention has its handle."""
    desk.slack.add_group("S01REL", name="Release managers", handle="release-managers", members=["U01ANA"])
    page = await desk.look()
    await composer(page).press_sequentially("hello @rel")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(main(page).get_by_role("article").locator(".mention")).to_have_text("@release-managers")


async def test_files(desk: Desk) -> None:
    """A picture is shown with its description, any other file can be kept as it is."""
    page = await desk.look()
    uploads = [
        {"filename": "chart.png", "content": PICTURE, "title": "Chart", "alt_txt": "Payments by week"},
        {"filename": "report.html", "content": b"<script>window.hacked = 1</script>", "title": "<b>Report</b>"},
    ]
    await desk.bot.client.files_upload_v2(channel=OPS, initial_comment="The results", file_uploads=uploads)
    article = main(page).get_by_role("article").filter(has_text="The results")
    picture = article.get_by_role("img", name="Payments by week")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    async with page.expect_download() as waiting:
        await article.get_by_role("link", name="<b>Report</b>").click()
    download = await waiting.value
    assert download.suggested_filename == "report.html"
    assert await page.evaluate("window.hacked") is None
