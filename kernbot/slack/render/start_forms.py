"""The forms that start a workflow, the offer to open one, and what is said in their place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from kernbot.run.masking import Masked
from kernbot.slack import ids
from kernbot.slack.ids import block_id
from kernbot.slack.render.blocks import (
    At,
    Block,
    actions,
    button,
    context,
    cut_words,
    line,
    message,
    plain,
    quote,
    rich_text,
    section,
    words,
)
from kernbot.slack.render.facts import FieldFacts
from kernbot.slack.render.inputs import SHOWN_NOWHERE, hides_default, input_blocks
from kernbot.slack.render.modals import to_copy
from kernbot.slack.render.text import channel, code, short
from kernbot.slack.render.view_parts import MOST_BLOCKS, View, fitted, modal
from kernbot.slack.render.whole import parts_of

_TITLE = "Start a workflow"
_LONGEST_DESCRIPTION = 500
_LONGEST_NAME = 100
_MOST_NOTES = 4
_MOST_BLOCKS_OF_TEXT = 5
"""So much of a text is shown that is too long for its field; the rest is said to be there."""


def choice_of_workflow(workflows: Sequence[tuple[str, str | None]]) -> FieldFacts:
    """Return the one field of the form in which a workflow is chosen."""
    return FieldFacts(
        name="Workflow",
        field_type="str",
        allowed_values=[name for name, _ in workflows],
        descriptions=[description for _, description in workflows],
    )


def chooser(workflows: Sequence[tuple[str, str | None]], text: str | None, *, form_id: str, token: str) -> View:
    """Return the form in which a workflow is chosen; `text` is what will be filled in into the next one."""
    at = partial(block_id, form_id, 1)
    head: list[Block] = []
    if text:
        said = line(words("Choose what to start with this text:"))
        head.append(rich_text(at("text"), said, quote(*cut_words(text, _LONGEST_DESCRIPTION))))
    return _form(ids.START_CHOOSE, token, [*head, *input_blocks([choice_of_workflow(workflows)])], submit="Next")


def start_form(
    name: str,
    description: str | None,
    channel_id: str,
    fields: Sequence[FieldFacts],
    notes: Sequence[str],
    *,
    form_id: str,
    token: str,
    is_second: bool = False,
) -> View:
    """Return the form of a workflow; `notes` are what is wrong with what was typed as a whole, as `mrkdwn`.

    `is_second` says that it lies on top of the form in which the workflow was chosen.
    """
    at = partial(block_id, form_id, 1)
    head = [_name(at, name)]
    if description:
        head.append(rich_text(at("description"), quote(*cut_words(description, _LONGEST_DESCRIPTION))))
    head.append(context(at("where"), f"Its questions and its result go to {channel(channel_id)}."))
    head += [section(at(f"note.{number}"), note) for number, note in enumerate(notes[:_MOST_NOTES])]
    head += fitted(at, parts_of(_too_long(fields)), _MOST_BLOCKS_OF_TEXT)
    inputs = _fitting(input_blocks(fields), MOST_BLOCKS - len(head))
    return _form(ids.START_FORM, token, [*head, *inputs], submit="Start", close="Back" if is_second else "Not now")


def offer(who: str, name: str | None, token: str) -> dict[str, Any]:
    """Return the message whose button opens a form; `who` is a display name, the only one who may use it."""
    what = f"start {code(name)}" if name else "choose a workflow"
    text = f"{code(who)}, open the form to {what}. Nothing begins before you have seen it and sent it."
    says = short(f"Open the form to start {name or 'a workflow'}", 75)
    return message(
        "Open the form to start a workflow",
        [
            {"type": "section", "block_id": "offer", "text": {"type": "mrkdwn", "text": text, "verbatim": True}},
            actions("offer.actions", [button(ids.START_OPEN, "Open the form", token, says, style="primary")]),
        ],
    )


def being_started() -> View:
    """Return what answers a form that it takes long to record."""
    said = section("received", "Received. You are told as soon as it has started.")
    return modal("Received", [said]) | {"clear_on_close": True}


def has_started(told: Mapping[str, Any]) -> View:
    """Return the answer to a form in its place; `told` is the message that says so elsewhere."""
    return modal("Started", told["blocks"]) | {"callback_id": ids.START_OVER, "clear_on_close": True}


def not_started(refusal: Mapping[str, Any], typed: Sequence[tuple[str, str]] = ()) -> View:
    """Return a refusal, a message of `refusals`, in the place of a form, with what was typed in it, to copy."""
    at = partial(block_id, "0" * 8, 1)
    head: list[Block] = list(refusal["blocks"])
    if typed:
        head += [context(at("typed"), "*What you wrote, to copy*"), *fitted(at, to_copy(typed), MOST_BLOCKS - 10)]
    return modal("Not started", head) | {"callback_id": ids.START_OVER}


def typed_in(view: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was typed or chosen in a view, by label: also where its workflow is not known any more.

    What its own hint calls secret is masked.
    """
    state = view.get("state", {}).get("values", {})
    inputs = [block for block in view.get("blocks", []) if block.get("type") == "input"]
    texts = [(block, _seen(state.get(block["block_id"], {}))) for block in inputs]
    return [(_label(block), Masked(len(text)) if _is_secret(block) else text) for block, text in texts if text]


def _form(callback_id: str, token: str, blocks: Sequence[Block], *, submit: str, close: str = "Not now") -> View:
    ours = {"callback_id": callback_id, "private_metadata": token, "submit": plain(submit)}
    return modal(_TITLE, blocks, close) | ours


def _too_long(fields: Sequence[FieldFacts]) -> list[tuple[str, str]]:
    """Return what was typed and is used, and has no room in its input."""
    return [(field.name, field.typed) for field in fields if field.typed and hides_default(field)]


def _name(at: At, name: str) -> Block:
    return rich_text(at("question"), line(words("Start ", bold=True), words(short(name, _LONGEST_NAME), code=True)))


def _fitting(blocks: Sequence[Block], room: int) -> list[Block]:
    """Return all inputs, and as many of the lines above them as there is room for."""
    inputs = sum(block["type"] == "input" for block in blocks)
    lines = iter(range(room - inputs))
    return [block for block in blocks if block["type"] == "input" or next(lines, None) is not None]


def _seen(block_state: Mapping[str, Any]) -> str:
    entry = next(iter(block_state.values()), None) or {}
    options = entry.get("selected_options") or [entry.get("selected_option") or {}]
    chosen = ", ".join(option["text"]["text"] for option in options if option)
    return entry.get("value") or entry.get("selected_date") or chosen


def _label(block: Mapping[str, Any]) -> str:
    return str(block["label"]["text"])


def _is_secret(block: Mapping[str, Any]) -> bool:
    return SHOWN_NOWHERE in json.dumps(block.get("hint") or {}, ensure_ascii=False)
