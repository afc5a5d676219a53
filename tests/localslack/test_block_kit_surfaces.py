"""The validator of the local Slack: messages and views as a whole, and the body of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.localslack.block_kit import Problem, check_message, check_view, error_body

Json = dict[str, Any]


def plain(text: str = "Approve") -> Json:
    """Return a text without formatting."""
    return {"type": "plain_text", "text": text}


def section(text: str = "Approved", **more: Any) -> Json:
    """Return a section."""
    return {"type": "section", "text": plain(text), **more}


def actions(*elements: Json) -> Json:
    """Return a row of elements."""
    return {"type": "actions", "elements": list(elements)}


def input_of(kind: str = "plain_text_input", **more: Any) -> Json:
    """Return an input block with an element of this kind."""
    return {"type": "input", "label": plain("Reason"), "element": {"type": kind, **more}}


def modal(*blocks: Json, **more: Any) -> Json:
    """Return a modal with a submit button."""
    return {"type": "modal", "title": plain("Reject"), "submit": plain("Reject"), "blocks": list(blocks), **more}


def home(*blocks: Json, **more: Any) -> Json:
    """Return an App Home."""
    return {"type": "home", "blocks": list(blocks), **more}


GO = {"type": "button", "text": plain(), "action_id": "go"}


def test_a_message_needs_no_blocks() -> None:
    """No problem is found in a message that has text only."""
    assert check_message({"text": "Running"}) == []


def test_blocks_that_are_no_list_are_refused() -> None:
    """A problem at /blocks is found when they are a string."""
    assert check_message({"blocks": "[]"}) == [Problem("/blocks", "must provide an array")]


def test_fifty_blocks_are_the_most_of_a_message() -> None:
    """A problem at /blocks is found with the 51st block."""
    assert check_message({"blocks": [section()] * 50}) == []
    assert check_message({"blocks": [section()] * 51}) == [Problem("/blocks", "no more than 50 items allowed")]


def test_a_block_id_stands_once() -> None:
    """A problem at the second of two equal block ids quotes the id."""
    found = check_message({"blocks": [section(block_id="a"), section(), {"type": "divider", "block_id": "a"}]})

    assert found == [Problem("/blocks/2/block_id", '`block_id` "a" already exists')]


def test_an_action_id_stands_once() -> None:
    """A problem at the second of two equal action ids quotes the id, whether in one block or in two."""
    in_one = check_message({"blocks": [actions(GO, GO)]})
    in_two = check_message({"blocks": [section(accessory=GO), actions(GO)]})

    assert in_one == [Problem("/blocks/0/elements/1/action_id", '`action_id` "go" already exists')]
    assert in_two == [Problem("/blocks/1/elements/0/action_id", '`action_id` "go" already exists')]


def test_one_element_has_the_focus() -> None:
    """A problem is found at the second element that asks for the focus."""
    found = check_view(modal(input_of(focus_on_load=True), input_of(focus_on_load=True)))

    assert found == [Problem("/view/blocks/1/element/focus_on_load", "only one element may have the focus")]


def test_a_message_holds_12000_characters() -> None:
    """The problem is the error code of Slack when the texts of all blocks together are longer."""
    quote = {"type": "rich_text_quote", "elements": [{"type": "text", "text": "x" * 9000}]}
    full = [section("x" * 3000), {"type": "rich_text", "elements": [quote]}]

    assert check_message({"blocks": full}) == []
    assert check_message({"blocks": [*full, actions(GO)]}) == [Problem("/blocks", "msg_blocks_too_long")]


def test_a_modal_with_every_field_passes() -> None:
    """No problem is found in a modal at the limits of its fields."""
    fields = {"private_metadata": "x" * 3000, "callback_id": "x" * 255, "external_id": "x" * 255}
    flags = {"clear_on_close": True, "notify_on_close": True}

    assert check_view(modal(*[section()] * 100, close=plain("x" * 24), **fields, **flags)) == []


BAD_VIEWS = [
    (modal(title=plain("x" * 25)), "/title/text", "must be less than 25 characters"),
    (modal(submit=plain("x" * 25)), "/submit/text", "must be less than 25 characters"),
    (modal(close=plain("x" * 25)), "/close/text", "must be less than 25 characters"),
    (modal(title={"type": "mrkdwn", "text": "Reject"}), "/title/type", "unsupported type: mrkdwn"),
    (modal(private_metadata="x" * 3001), "/private_metadata", "must be less than 3001 characters"),
    (modal(callback_id="x" * 256), "/callback_id", "must be less than 256 characters"),
    (modal(external_id="x" * 256), "/external_id", "must be less than 256 characters"),
    (modal(*[section()] * 101), "/blocks", "no more than 100 items allowed"),
    (modal(submit_disabled=True), "", "invalid additional property: submit_disabled"),
    ({"type": "modal", "blocks": []}, "", "missing required field: title"),
    ({"type": "workflow_step", "blocks": []}, "/type", "unsupported type: workflow_step"),
    (home(*[section()] * 101), "/blocks", "no more than 100 items allowed"),
    (home(submit=plain()), "", "invalid additional property: submit"),
    (home(close=plain()), "", "invalid additional property: close"),
    (
        {"type": "modal", "title": plain("Reject"), "blocks": [section(), input_of()]},
        "/blocks/1/input",
        "must define `submit` to use an `input` block in modals",
    ),
    (modal(*[section("x" * 3000)] * 90), "", "view_too_large"),
    (
        home(input_of("conversations_select", response_url_enabled=True)),
        "/blocks/0/element/response_url_enabled",
        "works only in `input` blocks of modals",
    ),
    (
        modal(section(accessory={"type": "conversations_select", "response_url_enabled": True})),
        "/blocks/0/accessory/response_url_enabled",
        "works only in `input` blocks of modals",
    ),
]


@pytest.mark.parametrize(("view", "pointer", "message"), BAD_VIEWS)
def test_a_wrong_view_is_refused(view: Json, pointer: str, message: str) -> None:
    """One problem at the right place says what is wrong with the view."""
    assert check_view(view) == [Problem(f"/view{pointer}", message)]


def test_a_menu_of_a_modal_may_ask_for_a_response_url() -> None:
    """No problem is found when the menu stands in an input block of a modal."""
    menu = input_of("conversations_select", response_url_enabled=True, default_to_current_conversation=True)

    assert check_view(modal(menu)) == []


def test_problems_are_answered_in_the_shape_of_slack() -> None:
    """The body lists every problem twice, as `errors` and marked in `response_metadata`."""
    problems = [Problem("/blocks/0/text/text", "must be less than 3001 characters")]

    assert error_body(problems) == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": ["must be less than 3001 characters [json-pointer:/blocks/0/text/text]"],
        "response_metadata": {
            "messages": ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"],
        },
    }
    assert error_body(problems, error="invalid_arguments")["error"] == "invalid_arguments"


@pytest.mark.parametrize("code", ["msg_blocks_too_long", "view_too_large"])
def test_a_problem_that_is_an_error_code_becomes_the_error(code: str) -> None:
    """The body's `error` is the code, whatever the caller would have said."""
    assert error_body([Problem("/view", code)], error="invalid_arguments")["error"] == code
