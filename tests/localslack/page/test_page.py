"""The page of the local Slack in a real browser: channels, threads, commands and the elements of messages."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect
from slack_sdk.web.async_client import AsyncWebClient

from tests.localslack.office import OPS, plain
from tests.localslack.page.desk import (
    MANIFEST,
    Desk,
    actions,
    button,
    composer,
    main,
    option,
    section,
    thread,
    type_line,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestChannels:
    """Channels, people and what is written there."""

    async def test_header_says_simulation(self, desk: Desk) -> None:
        """A line above everything says that this is a simulation."""
        page = await desk.look()
        await expect(page.get_by_role("banner")).to_contain_text(
            "Local Slack: a simulation, nothing leaves this machine"
        )

    async def test_app_message(self, desk: Desk) -> None:
        """A message by an app has its name and the APP badge, without reloading the page."""
        page = await desk.look()
        await desk.post(text="Hello *there*")
        article = main(page).get_by_role("article")
        await expect(article.locator(".byline")).to_contain_text("kernbot")
        await expect(article.locator(".badge")).to_have_text("APP")
        await expect(article.locator("b")).to_have_text("there")

    async def test_message_of_a_person(self, desk: Desk) -> None:
        """Enter sends a message to everybody, Shift+Enter begins a new line in it."""
        ana, bob = await desk.look(), await desk.look("U02BOB")
        await composer(ana).press_sequentially("one")
        await composer(ana).press("Shift+Enter")
        await composer(ana).press_sequentially("two")
        await composer(ana).press("Enter")
        article = main(bob).get_by_role("article", name="Ana Ruiz")
        await expect(article.locator(".content")).to_have_text(re.compile("one\ntwo"), use_inner_text=True)
        await expect(composer(ana)).to_have_value("")

    async def test_ephemeral(self, desk: Desk) -> None:
        """An ephemeral message is marked as such and shown to one person."""
        ana, bob = await desk.look(), await desk.look("U02BOB")
        await desk.bot.client.chat_postEphemeral(channel=OPS, user="U01ANA", text="psst")
        await desk.post(text="for all")
        await expect(main(ana).get_by_role("article").first).to_contain_text("Only visible to you")
        await expect(main(bob).get_by_role("article")).to_have_count(1)

    async def test_acting_as(self, desk: Desk) -> None:
        """The switch shows what another person sees; nobody acts as a deactivated person."""
        page = await desk.look()
        switch = page.get_by_label("Acting as")
        await expect(switch.locator("option")).to_have_text(
            [
                "Ana Ruiz - member",
                "Bob - member",
                "Gus - guest",
                "Sam - another organisation",
                "Dee - deactivated",
            ]
        )
        await expect(switch.locator("option", has_text="Dee")).to_be_disabled()
        channels = page.get_by_role("list", name="Channels").get_by_role("link")
        await expect(channels).to_have_text(["#ops", "private channel secret", "#hall"])
        await switch.select_option("U03GUS")
        await expect(channels).to_have_text(["#ops"])

    async def test_acting_at_once(self, desk: Desk) -> None:
        """What is clicked right after the switch is done by the new person, and links keep to them."""
        page = await desk.look()
        await desk.post(actions(button("Approve")))
        approve = main(page).get_by_role("button", name="Approve")
        await expect(approve).to_be_visible()
        await page.get_by_label("Acting as").select_option("U02BOB")
        await approve.click()
        assert (await desk.bot.told())["user"]["id"] == "U02BOB"
        await page.get_by_label("Acting as").select_option("U01ANA")
        await page.get_by_role("link", name="hall").click()
        await expect(main(page)).to_contain_text("Ana Ruiz is not a member of #hall")

    async def test_outside_a_channel(self, desk: Desk) -> None:
        """Somebody who is not a member reads a public channel and cannot write there."""
        page = await desk.look()
        await page.get_by_role("link", name="hall").click()
        await expect(main(page)).to_contain_text("Ana Ruiz is not a member of #hall and can only read it.")
        await expect(main(page).get_by_role("textbox")).to_be_hidden()

    async def test_thread(self, desk: Desk) -> None:
        """The count of replies opens the thread, and replies are written there."""
        page = await desk.look()
        parent = await desk.post(text="parent")
        await desk.post(text="reply", thread_ts=parent)
        await desk.post(text="for the channel too", thread_ts=parent, reply_broadcast=True)
        await page.get_by_role("link", name="2 replies").click()
        await expect(thread(page).get_by_role("article")).to_have_count(3)
        await expect(main(page).get_by_role("article")).to_have_count(2)
        box = thread(page).get_by_role("textbox", name="Reply in thread")
        await expect(box).to_be_focused()
        await box.fill("mine")
        await box.press("Enter")
        await expect(thread(page).get_by_role("article").last).to_contain_text("mine")
        await expect(main(page).get_by_role("link", name="3 replies")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(thread(page)).to_be_hidden()

    async def test_who_writes_sees_what_comes_of_it(self, desk: Desk) -> None:
        """A line that is sent takes a reader who scrolled back to the newest messages."""
        page = await desk.look()
        for number in range(30):
            await desk.post(text=f"message {number}")
        await expect(main(page).get_by_role("article")).to_have_count(30)
        await main(page).locator(".messages").evaluate("node => { node.scrollTop = 100; }")
        await type_line(page, "my own words")
        await expect(main(page).get_by_text("my own words")).to_be_in_viewport()
        await expect(page.get_by_role("button", name="New messages")).to_be_hidden()

    async def test_scroll_and_draft(self, desk: Desk) -> None:
        """News neither move a reader who scrolled back nor touch what is being typed."""
        page = await desk.look()
        for number in range(30):
            await desk.post(text=f"message {number}")
        await expect(main(page).get_by_role("article")).to_have_count(30)
        scroller = main(page).locator(".messages")
        await scroller.evaluate("node => { node.scrollTop = 100; }")
        await composer(page).fill("half a sent")
        await desk.post(text="news")
        await expect(page.get_by_role("button", name="New messages")).to_be_visible()
        assert await scroller.evaluate("node => node.scrollTop") == 100
        await expect(composer(page)).to_have_value("half a sent")
        await page.get_by_role("button", name="New messages").click()
        await expect(main(page).get_by_text("news")).to_be_in_viewport()
        await composer(page).fill("one\ntwo\nthree\nfour\nfive")
        await expect(main(page).get_by_text("news")).to_be_in_viewport()


class TestCommands:
    """Slash commands."""

    async def test_answer(self, desk: Desk) -> None:
        """A command reaches the app, and its answer is shown to who typed it."""
        desk.bot.answers["command"] = {"text": "2 wait"}
        page = await desk.look()
        await type_line(page, "/kern pending now")
        command = await desk.bot.told()
        assert (command["command"], command["text"], command["user_id"]) == ("/kern", "pending now", "U01ANA")
        await expect(main(page).get_by_role("article")).to_contain_text("2 wait")

    async def test_unknown(self, desk: Desk) -> None:
        """A command that nobody knows is told once, and stays in the box."""
        page = await desk.look()
        await type_line(page, "/kren list")
        await expect(main(page).get_by_role("article")).to_contain_text("/kren is not a valid command.")
        await expect(composer(page)).to_have_value("/kren list")
        await expect(page.get_by_role("alert")).to_be_empty()

    async def test_trouble(self, desk: Desk) -> None:
        """A click that no app hears is told in a notice."""
        other = desk.slack.install(MANIFEST)
        desk.slack.invite(other, OPS)
        client = AsyncWebClient(token=other.bot_token, base_url=desk.server.base_url)
        page = await desk.look()
        await client.chat_postMessage(channel=OPS, text="A question", blocks=[actions(button("Approve"))])
        await main(page).get_by_role("button", name="Approve").click()
        await expect(page.get_by_role("alert")).to_contain_text("That did not work: dispatch_failed")

    async def test_completion(self, desk: Desk) -> None:
        """A slash lists the commands with their hints; the keyboard chooses one, Escape closes the list."""
        page = await desk.look()
        await composer(page).press_sequentially("/k")
        options = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
        await expect(options).to_have_text([re.compile(r"/kern \[run \| pending\]"), re.compile(r"/kernel \[x\]")])
        await composer(page).press("ArrowDown")
        await expect(options.last).to_have_attribute("aria-selected", "true")
        await composer(page).press("Enter")
        await expect(composer(page)).to_have_value("/kernel ")
        await composer(page).fill("/")
        await composer(page).press("Escape")
        await expect(options.first).to_be_hidden()
        assert desk.bot.was_told_nothing()

    async def test_last_line(self, desk: Desk) -> None:
        """The up arrow brings back the lines typed before, the down arrow leaves them."""
        page = await desk.look()
        for line in ("/kern one", "/kern two"):
            await type_line(page, line)
            await desk.bot.told()
        await expect(composer(page)).to_have_value("")
        await composer(page).press("ArrowUp")
        await expect(composer(page)).to_have_value("/kern two")
        await composer(page).press("ArrowUp")
        await expect(composer(page)).to_have_value("/kern one")
        await composer(page).press("ArrowDown")
        await composer(page).press("ArrowDown")
        await expect(composer(page)).to_have_value("")

    async def test_not_in_threads(self, desk: Desk) -> None:
        """A command in a thread is refused and not lost."""
        page = await desk.look()
        await desk.post(text="parent")
        await main(page).get_by_role("link", name="Reply in thread").click()
        box = thread(page).get_by_role("textbox")
        await box.fill("/kern list")
        await box.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("/kern cannot be used in a thread")
        await expect(box).to_have_value("/kern list")


class TestElements:
    """Interactive elements of messages."""

    async def test_button(self, desk: Desk) -> None:
        """A click reaches the app, and the card changes in place."""
        page = await desk.look()
        ts = await desk.post(section("Ship it?"), actions(button("Approve", value="token", style="primary")))
        await main(page).get_by_role("button", name="Approve").click()
        told = await desk.bot.told()
        assert (told["actions"][0]["value"], told["message"]["ts"]) == ("token", ts)
        await desk.bot.client.chat_update(channel=OPS, ts=ts, text="Done", blocks=[section("*Approved* by Ana")])
        await expect(main(page).get_by_role("article")).to_contain_text("Approved by Ana")
        await expect(main(page).locator(".content").get_by_role("button")).to_have_count(0)

    async def test_confirm(self, desk: Desk) -> None:
        """A confirm dialog asks first: going back sends nothing."""
        confirm = {
            "title": plain("Sure?"),
            "text": plain("No way back"),
            "confirm": plain("Do it"),
            "deny": plain("No"),
        }
        page = await desk.look()
        await desk.post(actions(button("Drop", confirm=confirm)))
        dialog = page.get_by_role("alertdialog", name="Sure?")
        for answer in ("No", "Do it"):
            await main(page).get_by_role("button", name="Drop").click()
            await expect(dialog).to_contain_text("No way back")
            assert desk.bot.was_told_nothing()
            await dialog.get_by_role("button", name=answer).click()
            await expect(dialog).to_be_hidden()
        assert (await desk.bot.told())["actions"][0]["action_id"] == "drop"

    async def test_overflow(self, desk: Desk) -> None:
        """The overflow menu sends the entry that was chosen, with the keyboard too."""
        page = await desk.look()
        entries = [option("Hand over"), option("Cancel run")]
        await desk.post(actions({"type": "overflow", "action_id": "more", "options": entries}))
        await main(page).get_by_role("button", name="More actions").press("Enter")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        assert (await desk.bot.told())["actions"][0]["selected_option"]["value"] == "Cancel run"

    async def test_select(self, desk: Desk) -> None:
        """A select is searched by typing and sends the choice."""
        page = await desk.look()
        options = [option(f"Choice {number}") for number in range(20)]
        select = {"type": "static_select", "action_id": "pick", "placeholder": plain("Pick one"), "options": options}
        await desk.post(actions(select))
        box = page.get_by_role("combobox", name="Pick one")
        await box.click()
        await expect(page.get_by_role("listbox", name="Pick one").get_by_role("option")).to_have_count(20)
        await box.press_sequentially("17")
        await box.press("Enter")
        assert (await desk.bot.told())["actions"][0]["selected_option"]["value"] == "Choice 17"
        await expect(box).to_have_value("Choice 17")

    async def test_several(self, desk: Desk) -> None:
        """A multi-select sends all of its choices at each change, and chips take them away."""
        page = await desk.look()
        groups = [{"label": plain("Europe"), "options": [option("west"), option("north")]}]
        element = {"type": "multi_static_select", "action_id": "pick", "placeholder": plain("Regions")}
        await desk.post(actions({**element, "option_groups": groups}))
        await page.get_by_role("combobox", name="Regions").click()
        for choice in ("west", "north"):
            await page.get_by_role("group", name="Europe").get_by_role("option", name=choice).click()
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Remove west").click()
        chosen = [[one["value"] for one in (await desk.bot.told())["actions"][0]["selected_options"]] for _ in "123"]
        assert chosen == [["west"], ["west", "north"], ["north"]]

    async def test_boxes_and_dates(self, desk: Desk) -> None:
        """Checkboxes, radio buttons and pickers send what they hold."""
        page = await desk.look()
        await desk.post(
            actions(
                {"type": "checkboxes", "action_id": "boxes", "options": [option("a"), option("b")]},
                {"type": "radio_buttons", "action_id": "radios", "options": [option("yes"), option("no")]},
                {"type": "datepicker", "action_id": "day", "placeholder": plain("Day")},
            )
        )
        await page.get_by_role("checkbox", name="b").check()
        await page.get_by_role("radio", name="no").check()
        await page.get_by_label("Day", exact=True).fill("2026-12-24")
        told = [(await desk.bot.told())["actions"][0] for _ in "123"]
        assert [one["value"] for one in told[0]["selected_options"]] == ["b"]
        assert told[1]["selected_option"]["value"] == "no"
        assert told[2]["selected_date"] == "2026-12-24"
