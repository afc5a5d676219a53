"""The validator of the local Slack, block by block: what passes, what Slack would refuse, and in which words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kernbot.localslack.block_kit import check_message, check_view

Json = dict[str, Any]


def plain(text: str = "Approve", **more: Any) -> Json:
    """Return a text without formatting."""
    return {"type": "plain_text", "text": text, **more}


def mrkdwn(text: str = "*Approved*", **more: Any) -> Json:
    """Return a text with formatting."""
    return {"type": "mrkdwn", "text": text, **more}


def option(letter: str = "a", **more: Any) -> Json:
    """Return an option."""
    return {"text": plain(letter), "value": letter, **more}


def button(**more: Any) -> Json:
    """Return a button."""
    return {"type": "button", "text": plain(), **more}


def section(**more: Any) -> Json:
    """Return a section."""
    return {"type": "section", "text": mrkdwn(), **more}


def actions(*elements: Json) -> Json:
    """Return a row of elements."""
    return {"type": "actions", "elements": list(elements)}


def input_of(element: Json | None = None, **more: Any) -> Json:
    """Return an input block."""
    return {"type": "input", "label": plain("Reason"), "element": element or {"type": "plain_text_input"}, **more}


def rich(*elements: Json) -> Json:
    """Return a rich text block with one section."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def in_actions(cases: Sequence[tuple[Json, str, Any]]) -> list[tuple[Json, str, Any]]:
    """Put the element of each case into a row, and the row into its pointer."""
    return [(actions(element), f"/elements/0{pointer}", expected) for element, pointer, expected in cases]


def in_input(cases: Sequence[tuple[Json, str, Any]]) -> list[tuple[Json, str, Any]]:
    """Put the element of each case into an input block, and the block into its pointer."""
    return [(input_of(element), f"/element{pointer}", expected) for element, pointer, expected in cases]


def problems_of(*blocks: Any) -> list[tuple[str, str]]:
    """Return the problems of a message of these blocks as pairs of pointer and message."""
    return [(problem.pointer, problem.message) for problem in check_message({"blocks": list(blocks)})]


CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("Really?"), "confirm": plain("Yes"), "deny": plain("No")}
MENU = {"action_id": "menu", "placeholder": plain("Choose"), "confirm": CONFIRM, "focus_on_load": True}
GROUP = {"label": plain("Letters"), "options": [option("a"), option("b")]}
DESCRIBED = option(description=plain("The first letter"))
WHOLE_NUMBER = {"type": "number_input", "is_decimal_allowed": False}
IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A graph"}
ENTER = {"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]}
STYLE = {"style": {"bold": True, "italic": False, "strike": True, "code": True, "underline": True}}

GOOD_ELEMENTS: list[Json] = [
    button(action_id="go", value="v", style="primary", confirm=CONFIRM, accessibility_label="Approve, step 4"),
    button(url="https://example.com", style="danger", value=""),
    {"type": "static_select", **MENU, "options": [option("a"), option("b")], "initial_option": option("b")},
    {"type": "static_select", "option_groups": [GROUP], "initial_option": option("b")},
    {"type": "multi_static_select", **MENU, "options": [option()], "initial_options": [option()]},
    {"type": "external_select", **MENU, "min_query_length": 0, "initial_option": option()},
    {"type": "multi_external_select", **MENU, "min_query_length": 1, "max_selected_items": 2},
    {"type": "multi_users_select", **MENU, "initial_users": ["U01ANA"]},
    {"type": "multi_channels_select", **MENU, "initial_channels": ["C01OPS"]},
    {"type": "multi_conversations_select", "filter": {"include": ["mpim"]}, "default_to_current_conversation": True},
    {"type": "users_select", **MENU, "initial_user": "U01ANA"},
    {"type": "channels_select", **MENU, "initial_channel": "C01OPS"},
    {"type": "conversations_select", "filter": {"include": ["im", "public"], "exclude_bot_users": True}},
    {"type": "checkboxes", "options": [option(description=plain("All"))], "focus_on_load": True},
    {"type": "radio_buttons", "options": [{"text": mrkdwn("*a*"), "value": "a"}, option("b")]},
    {"type": "datepicker", **MENU, "initial_date": "2026-11-20"},
    {"type": "timepicker", **MENU, "initial_time": "23:59", "timezone": "America/Argentina/Buenos_Aires"},
    {"type": "overflow", "options": [option(url="https://example.com")], "confirm": CONFIRM},
    {"type": "datetimepicker", "initial_date_time": 1795185120, "focus_on_load": True},
]
GOOD_INPUTS: list[Json] = [
    {"type": "plain_text_input", "min_length": 0, "max_length": 3000, "multiline": True, "initial_value": ""},
    {"type": "number_input", "is_decimal_allowed": True, "min_value": "-1.5", "max_value": "2", "initial_value": "0"},
    {"type": "email_text_input", "initial_value": "ana@example.com", "placeholder": plain("Mail")},
    {"type": "url_text_input", "dispatch_action_config": ENTER},
]
GOOD_BLOCKS: list[Json] = [
    {"type": "divider", "block_id": "p1.1.line"},
    {"type": "header", "text": plain("Runs", emoji=False), "level": 2},
    {"type": "section", "fields": [mrkdwn("*a*", verbatim=True), plain("b")], "expand": True},
    section(accessory=button()),
    section(accessory=IMAGE),
    {**IMAGE, "title": plain("A graph"), "block_id": "p1.1.graph"},
    {"type": "image", "slack_file": {"id": "F01"}, "alt_text": "A graph"},
    {"type": "context", "elements": [mrkdwn(), plain(), IMAGE]},
    input_of(hint=plain("One sentence"), optional=True, dispatch_action=True, block_id="field.0"),
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Ship?\n", **STYLE},
                    {"type": "link", "url": "https://example.com", "text": "build"},
                    {"type": "user", "user_id": "U01ANA"},
                    {"type": "usergroup", "usergroup_id": "S01"},
                    {"type": "channel", "channel_id": "C01OPS"},
                    {"type": "emoji", "name": "wave"},
                    {"type": "date", "timestamp": 1795185120, "format": "{date_short}", "fallback": "2026-11-20"},
                    {"type": "broadcast", "range": "here"},
                    {"type": "color", "value": "#F405B3"},
                ],
            },
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x = 1"}], "border": 1},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said"}]},
            {
                "type": "rich_text_list",
                "style": "ordered",
                "indent": 8,
                "offset": 3,
                "elements": [{"type": "rich_text_section", "elements": []}],
            },
        ],
    },
]


@pytest.mark.parametrize("block", [*GOOD_BLOCKS, *map(actions, GOOD_ELEMENTS), *map(input_of, GOOD_INPUTS)])
def test_documented_blocks_pass_everywhere(block: Json) -> None:
    """No problem is found in a documented block, in a message, a modal or a home tab."""
    assert check_message({"blocks": [block]}) == []
    assert check_view({"type": "modal", "title": plain(), "submit": plain(), "blocks": [block]}) == []
    assert check_view({"type": "home", "blocks": [block]}) == []


TOO_LONG_IN_BLOCKS = [
    (section(text=mrkdwn("x" * 3001)), "/text/text", 3000),
    (section(fields=[plain("x" * 2001)]), "/fields/0/text", 2000),
    (section(block_id="x" * 256), "/block_id", 255),
    ({"type": "header", "text": plain("x" * 151)}, "/text/text", 150),
    ({"type": "context", "elements": [mrkdwn("x" * 3001)]}, "/elements/0/text", 3000),
    ({**IMAGE, "alt_text": "x" * 2001}, "/alt_text", 2000),
    ({**IMAGE, "image_url": "x" * 3001}, "/image_url", 3000),
    ({**IMAGE, "title": plain("x" * 2001)}, "/title/text", 2000),
    (input_of(label=plain("x" * 2001)), "/label/text", 2000),
    (input_of(hint=plain("x" * 2001)), "/hint/text", 2000),
]
TOO_LONG_IN_ELEMENTS = [
    (button(text=plain("x" * 76)), "/text/text", 75),
    (button(action_id="x" * 256), "/action_id", 255),
    (button(value="x" * 2001), "/value", 2000),
    (button(url="x" * 3001), "/url", 3000),
    (button(accessibility_label="x" * 76), "/accessibility_label", 75),
    (button(agent_prompt="x" * 4001), "/agent_prompt", 4000),
    (button(confirm={**CONFIRM, "title": plain("x" * 101)}), "/confirm/title/text", 100),
    (button(confirm={**CONFIRM, "text": plain("x" * 301)}), "/confirm/text/text", 300),
    (button(confirm={**CONFIRM, "confirm": plain("x" * 31)}), "/confirm/confirm/text", 30),
    (button(confirm={**CONFIRM, "deny": plain("x" * 31)}), "/confirm/deny/text", 30),
    ({"type": "datepicker", "placeholder": plain("x" * 151)}, "/placeholder/text", 150),
    ({"type": "overflow", "options": [option(text=plain("x" * 76))]}, "/options/0/text/text", 75),
    ({"type": "static_select", "options": [option(text=plain("x" * 76))]}, "/options/0/text/text", 75),
    ({"type": "checkboxes", "options": [option(text=mrkdwn("x" * 76))]}, "/options/0/text/text", 75),
    ({"type": "overflow", "options": [option(value="x" * 151)]}, "/options/0/value", 150),
    ({"type": "overflow", "options": [option(url="x" * 3001)]}, "/options/0/url", 3000),
    ({"type": "radio_buttons", "options": [option(description=plain("x" * 76))]}, "/options/0/description/text", 75),
    (
        {"type": "static_select", "option_groups": [{**GROUP, "label": plain("x" * 76)}]},
        "/option_groups/0/label/text",
        75,
    ),
]


TOO_LONG_IN_INPUTS: list[tuple[Json, str, int]] = [
    ({"type": "plain_text_input", "initial_value": "x" * 3001}, "/initial_value", 3000),
    ({"type": "plain_text_input", "placeholder": plain("x" * 151)}, "/placeholder/text", 150),
]


@pytest.mark.parametrize(
    ("block", "pointer", "limit"),
    [*TOO_LONG_IN_BLOCKS, *in_actions(TOO_LONG_IN_ELEMENTS), *in_input(TOO_LONG_IN_INPUTS)],
)
def test_too_long_text_is_refused(block: Json, pointer: str, limit: int) -> None:
    """One problem at the text names the limit as Slack does when one character is too many."""
    assert problems_of(block) == [(f"/blocks/0{pointer}", f"must be less than {limit + 1} characters")]


MANY_OPTIONS = [{**GROUP, "options": [option()] * 101}]
TOO_MANY_IN_BLOCKS = [
    (section(fields=[plain()] * 11), "/fields", 10),
    ({"type": "context", "elements": [plain()] * 11}, "/elements", 10),
    (actions(*[button()] * 26), "/elements", 25),
]
TOO_MANY_IN_ELEMENTS = [
    ({"type": "overflow", "options": [option()] * 6}, "/options", 5),
    ({"type": "checkboxes", "options": [option()] * 11}, "/options", 10),
    ({"type": "radio_buttons", "options": [option()] * 11}, "/options", 10),
    ({"type": "static_select", "options": [option()] * 101}, "/options", 100),
    ({"type": "static_select", "option_groups": [GROUP] * 101}, "/option_groups", 100),
    ({"type": "static_select", "option_groups": MANY_OPTIONS}, "/option_groups/0/options", 100),
]


@pytest.mark.parametrize(("block", "pointer", "limit"), [*TOO_MANY_IN_BLOCKS, *in_actions(TOO_MANY_IN_ELEMENTS)])
def test_too_many_items_are_refused(block: Json, pointer: str, limit: int) -> None:
    """One problem at the list names the limit as Slack does when one item is too many."""
    assert problems_of(block) == [(f"/blocks/0{pointer}", f"no more than {limit} items allowed")]


ONE_SOURCE = "must define either `options` or `option_groups`, and only one"
ONE_PICTURE = "must define either `image_url` or `slack_file`, and only one"
SOME_FILTER = "must define either `include` or `exclude_external_shared_channels` or `exclude_bot_users`"
DEEP_LIST = {"type": "rich_text_list", "style": "bullet", "elements": [], "indent": 9}
QUOTED_MENTION = {"type": "rich_text_preformatted", "elements": [{"type": "user", "user_id": "U01ANA"}]}

WRONG_BLOCKS: list[tuple[Any, str, str]] = [
    ("section", "", "must provide an object"),
    ({"text": plain()}, "", "missing required field: type"),
    ({"type": "sections"}, "/type", "unsupported type: sections"),
    ({"type": ["section"]}, "/type", "unsupported type: ['section']"),
    ({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101}, "/rows", "no more than 100 items allowed"),
    ({"type": "section"}, "", "must define either `text` or `fields`"),
    (section(colour="red"), "", "invalid additional property: colour"),
    (section(text="Approved"), "/text", "must provide an object"),
    (section(text=mrkdwn("")), "/text/text", "must be more than 0 characters"),
    (section(text=mrkdwn(emoji=True)), "/text", "invalid additional property: emoji"),
    (section(text=plain(verbatim=True)), "/text", "invalid additional property: verbatim"),
    (section(text=plain(emoji="yes")), "/text/emoji", "must provide a boolean"),
    (section(fields="Approved"), "/fields", "must provide an array"),
    (section(accessory={"type": "email_text_input"}), "/accessory/type", "unsupported type: email_text_input"),
    (section(accessory={"type": "datetimepicker"}), "/accessory/type", "unsupported type: datetimepicker"),
    ({"type": "header", "text": mrkdwn()}, "/text/type", "unsupported type: mrkdwn"),
    ({"type": "header", "text": plain(), "level": 5}, "/level", "must be less than 5"),
    ({"type": "image", "image_url": "u"}, "", "missing required field: alt_text"),
    ({"type": "image", "alt_text": "A graph"}, "", ONE_PICTURE),
    ({"type": "context", "elements": [button()]}, "/elements/0/type", "unsupported type: button"),
    ({"type": "actions"}, "", "missing required field: elements"),
    (actions(), "/elements", "no fewer than 1 items allowed"),
    (input_of(label=mrkdwn()), "/label/type", "unsupported type: mrkdwn"),
    (input_of(hint=mrkdwn()), "/hint/type", "unsupported type: mrkdwn"),
    (input_of(button()), "/element/type", "unsupported type: button"),
    (rich({"type": "team", "team_id": "T1"}), "/elements/0/elements/0/type", "unsupported type: team"),
    (rich({"type": "color", "value": "red"}), "/elements/0/elements/0/value", "must be a colour like #F405B3"),
    ({"type": "rich_text", "elements": [DEEP_LIST]}, "/elements/0/indent", "must be less than 9"),
    ({"type": "rich_text", "elements": [QUOTED_MENTION]}, "/elements/0/elements/0/type", "unsupported type: user"),
]
WRONG_ELEMENTS: list[tuple[Json, str, str]] = [
    ({"type": "slider"}, "/type", "unsupported type: slider"),
    ({"type": "plain_text_input"}, "/type", "unsupported type: plain_text_input"),
    ({"type": "number_input"}, "/type", "unsupported type: number_input"),
    (IMAGE, "/type", "unsupported type: image"),
    (button(disabled=True), "", "invalid additional property: disabled"),
    (button(text=mrkdwn()), "/text/type", "unsupported type: mrkdwn"),
    (button(value=None), "/value", "must provide a string"),
    (button(style="default"), "/style", "must be one of: primary, danger"),
    ({"type": "overflow", "options": []}, "/options", "no fewer than 1 items allowed"),
    ({"type": "overflow", "options": [option(type="option")]}, "/options/0", "invalid additional property: type"),
    ({"type": "static_select", "options": [option(url="u")]}, "/options/0", "invalid additional property: url"),
    ({"type": "static_select", "options": [option(text=mrkdwn())]}, "/options/0/text/type", "unsupported type: mrkdwn"),
    ({"type": "static_select"}, "", ONE_SOURCE),
    ({"type": "static_select", "options": [option()], "option_groups": [GROUP]}, "", ONE_SOURCE),
    (
        {"type": "multi_static_select", "option_groups": [GROUP], "max_selected_items": 0},
        "/max_selected_items",
        "must be more than 0",
    ),
    ({"type": "conversations_select", "filter": {}}, "/filter", SOME_FILTER),
    (
        {"type": "channels_select", "response_url_enabled": True},
        "/response_url_enabled",
        "works only in `input` blocks of modals",
    ),
    ({"type": "datepicker", "initial_date": "20.11.2026"}, "/initial_date", "must be a date like 2026-11-20"),
    ({"type": "timepicker", "initial_time": "24:00"}, "/initial_time", "must be a time like 23:59"),
    ({"type": "datetimepicker", "initial_date_time": 10**10}, "/initial_date_time", "must be less than 10000000000"),
    ({"type": "datetimepicker", "initial_date_time": "1"}, "/initial_date_time", "must provide an integer"),
]
WRONG_INPUTS: list[tuple[Json, str, str]] = [
    ({"type": "plain_text_input", "max_length": 3001}, "/max_length", "must be less than 3001"),
    ({"type": "plain_text_input", "min_length": 3001}, "/min_length", "must be less than 3001"),
    ({"type": "plain_text_input", "max_length": 0}, "/max_length", "must be more than 0"),
    (
        {"type": "plain_text_input", "min_length": 9, "max_length": 8},
        "/min_length",
        "must not be more than `max_length`",
    ),
    ({"type": "number_input"}, "", "missing required field: is_decimal_allowed"),
    ({**WHOLE_NUMBER, "max_value": 9}, "/max_value", "must be a string with a number"),
    ({**WHOLE_NUMBER, "min_value": "10", "max_value": "9"}, "/min_value", "must not be more than `max_value`"),
    (
        {**WHOLE_NUMBER, "initial_value": "0.5"},
        "/initial_value",
        "must be a whole number when `is_decimal_allowed` is false",
    ),
]


@pytest.mark.parametrize(
    ("block", "pointer", "message"),
    [
        *WRONG_BLOCKS,
        *in_actions(WRONG_ELEMENTS),
        *in_input(WRONG_INPUTS),
    ],
)
def test_a_wrong_block_is_refused(block: Any, pointer: str, message: str) -> None:
    """One problem at the right place says what is wrong with the block."""
    assert problems_of(block) == [(f"/blocks/0{pointer}", message)]


@pytest.mark.parametrize(
    ("element", "pointer"),
    [
        ({"type": "static_select", "option_groups": [GROUP], "initial_option": option("c")}, "/initial_option"),
        ({"type": "radio_buttons", "options": [option()], "initial_option": DESCRIBED}, "/initial_option"),
        ({"type": "checkboxes", "options": [option()], "initial_options": [option(), DESCRIBED]}, "/initial_options/1"),
    ],
)
def test_what_is_chosen_at_first_equals_an_option(element: Json, pointer: str) -> None:
    """One problem is found at an initial option that is none of the options, be it by its description only."""
    assert problems_of(actions(element)) == [(f"/blocks/0/elements/0{pointer}", "must equal one of the options")]


def test_several_problems_are_all_found() -> None:
    """Each of three wrong blocks is reported in one go."""
    found = problems_of({"type": "x"}, section(text=plain("")), {"type": "divider", "text": plain()})

    assert [pointer for pointer, _ in found] == ["/blocks/0/type", "/blocks/1/text/text", "/blocks/2"]
