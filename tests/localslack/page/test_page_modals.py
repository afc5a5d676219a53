"""Modals on the page of the local Slack: filling in, errors at the fields, updates and stacks."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.localslack.office import Json, plain
from tests.localslack.page.desk import Desk, actions, button, field, modal, option, section

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPTIONS = [option("red"), option("blue", description=plain("as the sea"))]

_TWICE = """() => {
  const dialog = document.querySelector("dialog.modal");
  for (const _ of [1, 2]) dialog.dispatchEvent(new Event("cancel", { cancelable: true }));
}"""


async def send(dialog: Locator) -> None:
    """Submit the form."""
    await dialog.get_by_role("button", name="Send", exact=True).click()


async def open_view(desk: Desk, page: Page, view: Json) -> tuple[Locator, Json]:
    """Open a modal; return it, and the view as the app got it."""
    dialog = await desk.open_modal(page, view)
    current = desk.slack.person("U01ANA").view()
    assert current is not None
    return dialog, current


async def update(desk: Desk, view: Json, *blocks: Json, **more: Any) -> None:
    """Have the app change an open modal."""
    await desk.bot.client.views_update(view_id=view["id"], view=modal(*blocks, **more))


class TestForms:
    """Filling in and submitting."""

    async def test_values(self, desk: Desk) -> None:
        """Every kind of input reaches the app as Slack would tell it, and the modal closes."""
        page = await desk.look()
        dialog = await desk.open_modal(
            page,
            modal(
                field("text", "Text"),
                field("lines", "Lines", {"type": "plain_text_input", "multiline": True}),
                field("count", "Count", {"type": "number_input", "is_decimal_allowed": False}),
                field("colour", "Colour", {"type": "static_select", "options": OPTIONS}),
                field("colours", "Colours", {"type": "multi_static_select", "options": OPTIONS}),
                field("radio", "Radio", {"type": "radio_buttons", "options": OPTIONS}),
                field("boxes", "Boxes", {"type": "checkboxes", "options": OPTIONS}),
                field("day", "Day", {"type": "datepicker"}),
                field("person", "Person", {"type": "users_select"}),
                field("moment", "Moment", {"type": "datetimepicker"}),
                field("none", "Nothing", optional=True),
            ),
        )
        await dialog.get_by_label("Text").fill("a < b")
        await dialog.get_by_label("Lines").fill("one\ntwo")
        await dialog.get_by_label("Count").fill("12")
        await dialog.get_by_role("combobox", name="Colour", exact=True).click()
        await (
            page.get_by_role("listbox", name="Colour", exact=True).get_by_role("option", name="blue as the sea").click()
        )
        await dialog.get_by_role("combobox", name="Colours").click()
        await page.get_by_role("listbox", name="Colours").get_by_role("option", name="red").click()
        await page.keyboard.press("Escape")
        await dialog.get_by_role("radiogroup", name="Radio").get_by_label("red").check()
        await dialog.get_by_role("group", name="Boxes").get_by_label("blue").check()
        await dialog.get_by_label("Day").fill("2026-12-24")
        await dialog.get_by_role("combobox", name="Person").fill("bo")
        await page.keyboard.press("Enter")
        await dialog.get_by_label("Moment").fill("2026-12-24T18:30")
        await send(dialog)
        view = (await desk.bot.told())["view"]
        held = {name: values[name] for name, values in view["state"]["values"].items()}
        assert held == {
            "text": {"type": "plain_text_input", "value": "a < b"},
            "lines": {"type": "plain_text_input", "value": "one\ntwo"},
            "count": {"type": "number_input", "value": "12"},
            "colour": {"type": "static_select", "selected_option": OPTIONS[1]},
            "colours": {"type": "multi_static_select", "selected_options": [OPTIONS[0]]},
            "radio": {"type": "radio_buttons", "selected_option": OPTIONS[0]},
            "boxes": {"type": "checkboxes", "selected_options": [OPTIONS[1]]},
            "day": {"type": "datepicker", "selected_date": "2026-12-24"},
            "person": {"type": "users_select", "selected_user": "U02BOB"},
            "moment": {"type": "datetimepicker", "selected_date_time": 1798133400},
            "none": {"type": "plain_text_input", "value": None},
        }
        await expect(dialog).to_be_hidden()

    async def test_initial_values(self, desk: Desk) -> None:
        """Fields open with their initial values, and an untouched form sends them."""
        page = await desk.look()
        dialog = await desk.open_modal(
            page,
            modal(
                field("text", "Text", {"type": "plain_text_input", "initial_value": "as it was"}),
                field("colour", "Colour", {"type": "static_select", "options": OPTIONS, "initial_option": OPTIONS[1]}),
                field("boxes", "Boxes", {"type": "checkboxes", "options": OPTIONS, "initial_options": OPTIONS[:1]}),
            ),
        )
        await expect(dialog.get_by_label("Text")).to_have_value("as it was")
        await expect(dialog.get_by_role("combobox", name="Colour")).to_have_value("blue")
        await expect(dialog.get_by_label("red")).to_be_checked()
        await dialog.get_by_label("Text").press("Enter")
        values = (await desk.bot.told())["view"]["state"]["values"]
        assert values["text"]["text"]["value"] == "as it was"
        assert values["colour"]["colour"]["selected_option"] == OPTIONS[1]
        assert values["boxes"]["boxes"]["selected_options"] == OPTIONS[:1]

    async def test_labels(self, desk: Desk) -> None:
        """An input has its label, its hint as description, and "(optional)"; the first one has the focus."""
        page = await desk.look()
        dialog = await desk.open_modal(
            page,
            modal(
                section("Read this"), field("a", "Headline", hint=plain("One line")), field("b", "Notes", optional=True)
            ),
        )
        first = dialog.get_by_role("textbox", name="Headline")
        await expect(dialog).to_have_accessible_name("Fill in")
        await expect(first).to_be_focused()
        await expect(first).to_have_accessible_description("One line")
        await expect(dialog.get_by_role("textbox", name="Notes (optional)")).to_be_visible()

    async def test_incomplete(self, desk: Desk) -> None:
        """A required field and one that is too long are refused at the field; the app is told nothing."""
        page = await desk.look()
        short = {"type": "plain_text_input", "max_length": 10}
        dialog = await desk.open_modal(page, modal(field("a", "Name"), field("b", "Short", short)))
        await dialog.get_by_label("Short").fill("far too long for this")
        await expect(dialog.locator(".counter")).to_have_text("-11")
        await send(dialog)
        name = dialog.get_by_label("Name")
        await expect(name).to_be_focused()
        await expect(name).to_have_attribute("aria-invalid", "true")
        await expect(name).to_have_accessible_description("Please complete this required field.")
        await expect(dialog.get_by_label("Short")).to_have_accessible_description(
            "This field takes at most 10 characters."
        )
        assert desk.bot.was_told_nothing()

    async def test_errors_of_the_app(self, desk: Desk) -> None:
        """The app's errors stand at their fields until these are changed, and nothing typed is lost."""
        desk.bot.answers["view_submission"] = {"response_action": "errors", "errors": {"b": "Not a whole number."}}
        page = await desk.look()
        dialog = await desk.open_modal(page, modal(field("a", "Name"), field("b", "Count")))
        await dialog.get_by_label("Name").fill("deploy")
        await dialog.get_by_label("Count").fill("twelve")
        await send(dialog)
        count = dialog.get_by_label("Count")
        await expect(count).to_have_accessible_description("Not a whole number.")
        await expect(count).to_be_focused()
        await expect(dialog.get_by_label("Name")).to_have_value("deploy")
        await count.fill("12")
        await expect(count).to_have_accessible_description("")
        desk.bot.answers.clear()
        await send(dialog)
        await expect(dialog).to_be_hidden()

    async def test_trouble(self, desk: Desk) -> None:
        """An answer that Slack does not know is told in the modal, which stays."""
        desk.bot.answers["view_submission"] = {"response_action": "explode"}
        page = await desk.look()
        dialog = await desk.open_modal(page, modal(field("a", "Name")))
        await dialog.get_by_label("Name").fill("deploy")
        await send(dialog)
        await expect(dialog.locator(".trouble")).to_contain_text("Slack documents no ack")
        await expect(dialog.get_by_label("Name")).to_have_value("deploy")

    @pytest.mark.parametrize("way", ["Escape", "Close", "Not now"])
    async def test_close(self, desk: Desk, way: str) -> None:
        """Escape, the cross and the close button tell the app that the view was closed."""
        page = await desk.look()
        dialog = await desk.open_modal(page, modal(field("a", "Name"), notify_on_close=True))
        if way == "Escape":
            await page.keyboard.press("Escape")
        else:
            await dialog.get_by_role("button", name=way, exact=True).click()
        await expect(dialog).to_be_hidden()
        assert (await desk.bot.told())["type"] == "view_closed"
        await expect(page.get_by_role("textbox", name="Message #ops")).to_be_focused()

    async def test_escape_twice(self, desk: Desk) -> None:
        """An impatient second Escape closes nothing that is closed already, and complains of nothing."""
        page = await desk.look()
        dialog = await desk.open_modal(page, modal(field("a", "Name"), notify_on_close=True))
        await page.evaluate(_TWICE)
        await expect(dialog).to_be_hidden()
        assert (await desk.bot.told())["type"] == "view_closed"
        await expect(page.locator(".toast")).to_have_count(0)

    async def test_escape_closes_the_list_first(self, desk: Desk) -> None:
        """Escape in an open list of choices closes the list and leaves the modal."""
        page = await desk.look()
        dialog = await desk.open_modal(page, modal(field("a", "Colour", {"type": "static_select", "options": OPTIONS})))
        await dialog.get_by_role("combobox", name="Colour").click()
        await expect(page.get_by_role("listbox", name="Colour")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("listbox", name="Colour")).to_be_hidden()
        await expect(dialog).to_be_visible()


class TestChanges:
    """Modals that change while they are open."""

    async def test_news_elsewhere(self, desk: Desk) -> None:
        """News in the channel leave an open modal, what is typed in it and the focus alone."""
        page = await desk.look()
        dialog = await desk.open_modal(page, modal(field("a", "Name"), field("b", "Other")))
        await dialog.get_by_label("Other").fill("half a w")
        await dialog.evaluate("node => { node.querySelector('form').dataset.mine = 'yes'; }")
        await desk.post(text="news")
        await expect(page.get_by_text("news")).to_be_attached()
        await expect(dialog.locator("form")).to_have_attribute("data-mine", "yes")
        await expect(dialog.get_by_label("Other")).to_have_value("half a w")
        await expect(dialog.get_by_label("Other")).to_be_focused()

    async def test_update_keeps_what_was_typed(self, desk: Desk) -> None:
        """An update keeps what was typed where the ids stay, and the focus."""
        page = await desk.look()
        dialog, view = await open_view(desk, page, modal(field("a", "Name"), field("gone", "Gone")))
        await dialog.get_by_label("Name").fill("mine")
        await update(desk, view, section("More is asked"), field("a", "Name"), field("c", "New"), title="Changed")
        await expect(dialog).to_have_accessible_name("Changed")
        await expect(dialog.get_by_label("Name")).to_have_value("mine")
        await expect(dialog.get_by_label("Name")).to_be_focused()
        await expect(dialog.get_by_label("Gone")).to_have_count(0)

    async def test_loading_view(self, desk: Desk) -> None:
        """A view that was opened without inputs gets its first input focused when they come."""
        page = await desk.look()
        dialog, view = await open_view(desk, page, {"type": "modal", "title": plain("Wait"), "blocks": [section("…")]})
        await expect(dialog.get_by_role("button", name="Send")).to_have_count(0)
        await update(desk, view, field("a", "Name"))
        await expect(dialog.get_by_label("Name")).to_be_focused()

    async def test_actions(self, desk: Desk) -> None:
        """A button in a modal, and an input that says so, tell the app at once."""
        page = await desk.look()
        select = {"type": "static_select", "options": OPTIONS}
        view = modal(actions(button("Edit")), field("a", "Colour", select, dispatch_action=True), field("b", "Name"))
        dialog = await desk.open_modal(page, view)
        await dialog.get_by_role("button", name="Edit").click()
        assert (await desk.bot.told())["actions"][0]["action_id"] == "edit"
        await dialog.get_by_role("combobox", name="Colour").click()
        await page.get_by_role("option", name="red").click()
        assert (await desk.bot.told())["actions"][0]["selected_option"]["value"] == "red"

    async def test_stack(self, desk: Desk) -> None:
        """A view pushed on top covers the first one, which comes back with what was typed."""
        page = await desk.look()
        dialog = await desk.open_modal(page, modal(actions(button("Edit")), field("a", "Name"), title="First"))
        await dialog.get_by_label("Name").fill("mine")
        await dialog.get_by_role("button", name="Edit").click()
        told = await desk.bot.told()
        second = modal(field("a", "Name"), title="Second")
        await desk.bot.client.views_push(trigger_id=told["trigger_id"], view=second)
        await expect(dialog).to_have_accessible_name("Second")
        await expect(dialog.get_by_label("Name")).to_have_value("")
        await dialog.get_by_role("button", name="Not now").click()
        await expect(dialog).to_have_accessible_name("First")
        await expect(dialog.get_by_label("Name")).to_have_value("mine")

    async def test_update_as_answer(self, desk: Desk) -> None:
        """An answer to the submission can show another view instead."""
        result = {"type": "modal", "title": plain("Not recorded"), "blocks": [section("Bob was faster.")]}
        desk.bot.answers["view_submission"] = {"response_action": "update", "view": result}
        page = await desk.look()
        dialog = await desk.open_modal(page, modal(field("a", "Name", optional=True)))
        await send(dialog)
        await expect(dialog).to_have_accessible_name("Not recorded")
        await expect(dialog).to_contain_text("Bob was faster.")
