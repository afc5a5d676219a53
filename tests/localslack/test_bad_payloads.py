"""What Slack refuses although the models of its own SDK let it through, in the shape in which it says so."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    CheckboxesElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    InputBlock,
    MarkdownTextObject,
    NumberInputElement,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
    StaticSelectElement,
    TableBlock,
)
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import LocalSlack
from tests.localslack.office import OPS, Bot, Json, option, refusal


def menu(*options: Json) -> ActionsBlock:
    """Return a row with a menu of these options."""
    return ActionsBlock(elements=[StaticSelectElement(action_id="pick", options=list(options))])


def boxes(count: int) -> ActionsBlock:
    """Return a row with so many checkboxes."""
    options = [Option(value=str(n), label=f"Box {n}") for n in range(count)]
    return ActionsBlock(elements=[CheckboxesElement(action_id="boxes", options=options)])


def button(action_id: str) -> ButtonElement:
    """Return a button."""
    return ButtonElement(text="Go", action_id=action_id)


def table(rows: int) -> TableBlock:
    """Return a table of one column."""
    return TableBlock(rows=[[{"type": "raw_text", "text": "x"}]] * rows)


def named(block_id: str) -> DividerBlock:
    """Return a divider with this id."""
    return DividerBlock(block_id=block_id)


MESSAGES: list[tuple[str, list[Block], str, str]] = [
    (
        "a field is too long",
        [SectionBlock(fields=[MarkdownTextObject(text="x" * 2001)])],
        "/blocks/0/fields/0/text",
        "must be less than 2001 characters",
    ),
    (
        "an option is too long",
        [menu(option("x" * 76))],
        "/blocks/0/elements/0/options/0/text/text",
        "must be less than 76 characters",
    ),
    ("there are eleven checkboxes", [boxes(11)], "/blocks/0/elements/0/options", "no more than 10 items allowed"),
    (
        "a block id stands twice",
        [named("one"), named("one")],
        "/blocks/1/block_id",
        '`block_id` "one" already exists',
    ),
    (
        "an action id stands twice",
        [ActionsBlock(elements=[button("go"), button("go")])],
        "/blocks/0/elements/1/action_id",
        '`action_id` "go" already exists',
    ),
    ("a table has 101 rows", [table(101)], "/blocks/0/rows", "no more than 100 items allowed"),
    (
        "a header is mrkdwn",
        [HeaderBlock(text=MarkdownTextObject(text="*Run*"))],
        "/blocks/0/text/type",
        "unsupported type: mrkdwn",
    ),
    (
        "a context is too long",
        [ContextBlock(elements=[MarkdownTextObject(text="x" * 3001)])],
        "/blocks/0/elements/0/text",
        "must be less than 3001 characters",
    ),
    ("there are 51 blocks", [DividerBlock() for _ in range(51)], "/blocks", "no more than 50 items allowed"),
    (
        "all texts together are too long",
        [SectionBlock(text="x" * 2999) for _ in range(5)],
        "/blocks",
        "msg_blocks_too_long",
    ),
]
UNKNOWN: list[tuple[str, Json, str, str]] = [
    ("a block is unknown", {"type": "slider"}, "/blocks/0/type", "unsupported type: slider"),
    (
        "an element is unknown",
        {"type": "actions", "elements": [{"type": "slider"}]},
        "/blocks/0/elements/0/type",
        "unsupported type: slider",
    ),
    ("a key is unknown", {"type": "divider", "colour": "red"}, "/blocks/0", "invalid additional property: colour"),
    (
        "a key of an element is unknown",
        {"type": "actions", "elements": [{**button("go").to_dict(), "disabled": True}]},
        "/blocks/0/elements/0",
        "invalid additional property: disabled",
    ),
]


def field(element: Any, block_id: str = "field") -> InputBlock:
    """Return an input block."""
    return InputBlock(block_id=block_id, label="Field", element=element)


def line(**more: Any) -> PlainTextInputElement:
    """Return a line of text."""
    return PlainTextInputElement(action_id="line", **more)


def number(**more: Any) -> NumberInputElement:
    """Return a number."""
    return NumberInputElement(action_id="number", is_decimal_allowed=False, **more)


VIEWS: list[tuple[str, list[Block], str, str]] = [
    (
        "a text may be too long",
        [field(line(max_length=3001))],
        "/view/blocks/0/element/max_length",
        "must be less than 3001",
    ),
    (
        "a text is to be longer than it may be",
        [field(line(min_length=9, max_length=8))],
        "/view/blocks/0/element/min_length",
        "must not be more than `max_length`",
    ),
    (
        "a number is to be more than it may be",
        [field(number(min_value="10", max_value="9"))],
        "/view/blocks/0/element/min_value",
        "must not be more than `max_value`",
    ),
    (
        "two fields have one id",
        [field(line(), "one"), field(number(), "one")],
        "/view/blocks/1/block_id",
        '`block_id` "one" already exists',
    ),
    (
        "two elements have one id",
        [field(line(), "one"), field(line(), "two")],
        "/view/blocks/1/element/action_id",
        '`action_id` "line" already exists',
    ),
]


def shape(error: str, pointer: str, message: str) -> Json:
    """Return the body with which Slack refuses one thing."""
    line = f"{message} [json-pointer:{pointer}]"
    return {"ok": False, "error": error, "errors": [line], "response_metadata": {"messages": [f"[ERROR] {line}"]}}


def modal(*blocks: Block, **more: Any) -> Json:
    """Return a modal, made and checked by the SDK."""
    body: Json = View(type="modal", title=PlainTextObject(text="Form"), blocks=list(blocks), **more).to_dict()
    return body


@pytest.mark.parametrize(
    ("blocks", "pointer", "message"), [case[1:] for case in MESSAGES], ids=[c[0] for c in MESSAGES]
)
async def test_message(client: AsyncWebClient, blocks: list[Block], pointer: str, message: str) -> None:
    """chat.postMessage refuses the blocks that the SDK lets through, and names the place."""
    made = [block.to_dict() for block in blocks]
    error = message if message == "msg_blocks_too_long" else "invalid_blocks"
    expected = shape(error, pointer, message)
    assert await refusal(client.chat_postMessage(channel=OPS, text="x", blocks=made)) == expected


@pytest.mark.parametrize(("block", "pointer", "message"), [case[1:] for case in UNKNOWN], ids=[c[0] for c in UNKNOWN])
async def test_unknown(client: AsyncWebClient, block: Json, pointer: str, message: str) -> None:
    """What the SDK drops without a word when it reads it, Slack refuses."""
    posted = client.chat_postMessage(channel=OPS, text="x", blocks=[block])
    assert await refusal(posted) == shape("invalid_blocks", pointer, message)


@pytest.mark.parametrize(("blocks", "pointer", "message"), [case[1:] for case in VIEWS], ids=[c[0] for c in VIEWS])
async def test_view(bot: Bot, slack: LocalSlack, blocks: list[Block], pointer: str, message: str) -> None:
    """views.open refuses the views that the SDK lets through, and the trigger id can still be used."""
    await slack.person("U01ANA").command(OPS, "/kern")
    trigger_id = (await bot.told())["trigger_id"]
    view = modal(*blocks, submit=PlainTextObject(text="Send"))
    body = await refusal(bot.client.views_open(trigger_id=trigger_id, view=view))
    assert body == shape("invalid_arguments", pointer, message)
    good = modal(field(line()), submit=PlainTextObject(text="Send"))
    assert (await bot.client.views_open(trigger_id=trigger_id, view=good))["ok"]


async def test_input_without_submit(bot: Bot, slack: LocalSlack) -> None:
    """A view with a field and no submit button is refused."""
    await slack.person("U01ANA").command(OPS, "/kern")
    trigger_id = (await bot.told())["trigger_id"]
    body = await refusal(bot.client.views_open(trigger_id=trigger_id, view=modal(field(line()))))
    message = "must define `submit` to use an `input` block in modals"
    assert body == shape("invalid_arguments", "/view/blocks/0/input", message)


@pytest.mark.parametrize("block", [table(1), SectionBlock(fields=[MarkdownTextObject(text="x" * 2000)]), boxes(10)])
async def test_at_the_limit(client: AsyncWebClient, block: Block) -> None:
    """What is just within a limit is posted."""
    assert (await client.chat_postMessage(channel=OPS, text="x", blocks=[block]))["ok"]


async def test_update(client: AsyncWebClient) -> None:
    """chat.update refuses as chat.postMessage does, and the message stays as it was."""
    ts = (await client.chat_postMessage(channel=OPS, text="x"))["ts"]
    body = await refusal(client.chat_update(channel=OPS, ts=ts, text="y", blocks=[boxes(11).to_dict()]))
    assert body == shape("invalid_blocks", "/blocks/0/elements/0/options", "no more than 10 items allowed")
