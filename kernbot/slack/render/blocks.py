"""The blocks that messages and modals are made of, each with our settings: no emoji, nothing linked by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kernbot.run.masking import MASK, Masked, hidden
from kernbot.slack.render.text import cut, short

_LONGEST_ERROR = 500

Block = dict[str, Any]
Element = dict[str, Any]
At = Callable[[str], str]
"""From the name of a part of a message or view to the id of its block."""


def message(text: str, blocks: Iterable[Block]) -> dict[str, Any]:
    """Return a message; `text` is what notifications and screen readers use."""
    return {"text": text, "blocks": list(blocks)}


def plain(text: str) -> Element:
    """Return a text without formatting."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mrkdwn(text: str) -> Element:
    """Return a formatted text; what comes from others must be escaped in it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(block_id: str, text: str, accessory: Element | None = None) -> Block:
    """Return a paragraph of `mrkdwn`, with a button beside it if there is one."""
    block: Block = {"type": "section", "block_id": block_id, "text": mrkdwn(text)}
    return block | {"accessory": accessory} if accessory else block


def context(block_id: str, text: str) -> Block:
    """Return grey lines of `mrkdwn`."""
    return {"type": "context", "block_id": block_id, "elements": [mrkdwn(text)]}


def header(block_id: str, text: str) -> Block:
    """Return a heading, for App Home only."""
    return {"type": "header", "block_id": block_id, "text": plain(text)}


def divider(block_id: str) -> Block:
    """Return a line across."""
    return {"type": "divider", "block_id": block_id}


def actions(block_id: str, buttons: Sequence[Element]) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "block_id": block_id, "elements": list(buttons)}


def rich_text(block_id: str, *parts: Element) -> Block:
    """Return a block of quotes and lines whose text is literal."""
    return {"type": "rich_text", "block_id": block_id, "elements": list(parts)}


def line(*inline: Element) -> Element:
    """Return a part of rich text without a frame."""
    return {"type": "rich_text_section", "elements": list(inline)}


def quote(*inline: Element) -> Element:
    """Return a part of rich text in which text of others may stand."""
    return {"type": "rich_text_quote", "elements": list(inline)}


def preformatted(*inline: Element) -> Element:
    """Return a part of rich text in which every space is seen."""
    return {"type": "rich_text_preformatted", "elements": list(inline)}


def words(text: str, **style: bool) -> Element:
    """Return literal text with a style such as `bold=True`; it must not be empty."""
    element: Element = {"type": "text", "text": text}
    return element | {"style": style} if style else element


def note(text: str) -> Element:
    """Return a remark of the bot's own among text of others, which is never italic."""
    return words(text, italic=True)


def mask_words(text: Masked) -> list[Element]:
    """Return what stands in the place of a secret, with a remark on its length."""
    return [words(MASK, code=True), note(f" {hidden(text.length)}")]


def cut_words(text: str, at_most: int) -> list[Element]:
    """Return text of others on one line; where it is cut, a remark says how much is shown."""
    piece = cut(text, at_most)
    if not piece.text:
        return [note("empty")]
    return [words(piece.text)] if piece.is_whole else [words(f"{piece.text} "), note(f"({piece.amount})")]


def button(
    action_id: str,
    label: str,
    value: str,
    says: str,
    *,
    style: str | None = None,
    confirm: Element | None = None,
    url: str | None = None,
) -> Element:
    """Return a button; `says` is what a screen reader says, at most 75 characters; `url` is opened by it."""
    element: Element = {
        "type": "button",
        "action_id": action_id,
        "text": plain(label),
        "accessibility_label": says,
        "value": value,
    }
    return element | {name: given for name, given in (("style", style), ("confirm", confirm), ("url", url)) if given}


def confirm(title: str, text: str, *, yes: str, no: str, style: str = "danger") -> Element:
    """Return the dialog that asks back before something that can't be undone."""
    return {"title": plain(title), "text": plain(text), "confirm": plain(yes), "deny": plain(no), "style": style}


def error_quote(block_id: str, error: str) -> Block:
    """Return an error, given as class and first line, in a quote."""
    first_line = error.split("\n", 1)[0]
    name, colon, rest = first_line.partition(": ")
    if not colon or not name.replace(".", "").isidentifier():
        return rich_text(block_id, quote(*cut_words(first_line, _LONGEST_ERROR)))
    return rich_text(block_id, quote(words(short(name), code=True), *cut_words(f": {rest}", _LONGEST_ERROR)))
