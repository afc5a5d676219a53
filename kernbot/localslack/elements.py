"""Interactive elements: finding them in blocks, what they hold, and what a person can put into them.

The shapes are those of https://docs.slack.dev/reference/interaction-payloads/block_actions-payload.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernbot.localslack.errors import ActError
from kernbot.localslack.ids import short_id

Block = dict[str, Any]
Element = dict[str, Any]
Values = dict[tuple[str, str], Any]
"""What people have put into elements, by block id and action id."""
Offered = dict[tuple[str, str], dict[str, dict[str, Any]]]
"""The options that apps offered in external menus: by block id and action id, then by their values."""


@dataclass(frozen=True)
class Holder:
    """How an element that holds something tells it."""

    field: str
    initial: str
    many: bool = False


HOLDERS: Mapping[str, Holder] = {
    "plain_text_input": Holder("value", "initial_value"),
    "number_input": Holder("value", "initial_value"),
    "email_text_input": Holder("value", "initial_value"),
    "url_text_input": Holder("value", "initial_value"),
    "static_select": Holder("selected_option", "initial_option"),
    "external_select": Holder("selected_option", "initial_option"),
    "radio_buttons": Holder("selected_option", "initial_option"),
    "multi_static_select": Holder("selected_options", "initial_options", many=True),
    "multi_external_select": Holder("selected_options", "initial_options", many=True),
    "multi_users_select": Holder("selected_users", "initial_users", many=True),
    "multi_conversations_select": Holder("selected_conversations", "initial_conversations", many=True),
    "multi_channels_select": Holder("selected_channels", "initial_channels", many=True),
    "checkboxes": Holder("selected_options", "initial_options", many=True),
    "users_select": Holder("selected_user", "initial_user"),
    "conversations_select": Holder("selected_conversation", "initial_conversation"),
    "channels_select": Holder("selected_channel", "initial_channel"),
    "datepicker": Holder("selected_date", "initial_date"),
    "timepicker": Holder("selected_time", "initial_time"),
    "datetimepicker": Holder("selected_date_time", "initial_date_time"),
}
_ACTING = {*HOLDERS, "button", "overflow"}
_FORMS = {"datepicker": r"\d{4}-\d\d-\d\d", "timepicker": r"\d\d:\d\d"}


def with_ids(blocks: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Return a copy of the blocks in which each block, and each element that acts, has its id."""
    copies: list[Block] = copy.deepcopy([dict(block) for block in blocks])
    for block in copies:
        block.setdefault("block_id", short_id())
        for element in elements_of(block):
            element.setdefault("action_id", short_id())
    return copies


def elements_of(block: Mapping[str, Any]) -> list[Element]:
    """Return the elements of a block that a person can act on."""
    candidates = [block.get("accessory"), block.get("element")]
    candidates += block.get("elements", []) if block["type"] == "actions" else []
    return [element for element in candidates if element and element["type"] in _ACTING]


def find_element(blocks: Sequence[Block], action_id: str, block_id: str | None = None) -> tuple[Block, Element]:
    """Return the block and the element with this action id, in this block if one is named.

    Raises ActError if there is none, or more than one.
    """
    found = [
        (block, element)
        for block in blocks
        for element in elements_of(block)
        if element["action_id"] == action_id and block_id in (None, block["block_id"])
    ]
    if len(found) != 1:
        known = ", ".join(element["action_id"] for block in blocks for element in elements_of(block)) or "nothing"
        raise ActError(f"{len(found)} elements have the action id {action_id!r}; shown are: {known}.")
    return found[0]


def state_of(blocks: Sequence[Block], values: Values) -> dict[str, dict[str, Any]]:
    """Return `state.values`: what each element that holds something holds now."""
    state: dict[str, dict[str, Any]] = {}
    for block in blocks:
        for element in elements_of(block):
            if element["type"] in HOLDERS:
                entry = {"type": element["type"], HOLDERS[element["type"]].field: held(block, element, values)}
                state.setdefault(block["block_id"], {})[element["action_id"]] = entry
    return state


def held(block: Block, element: Element, values: Values) -> Any:
    """Return what the element holds: what somebody put in, else its initial value."""
    key = (block["block_id"], element["action_id"])
    if key in values:
        return values[key]
    holder = HOLDERS[element["type"]]
    return element.get(holder.initial, [] if holder.many else None)


def kept(blocks: Sequence[Block], values: Values) -> Values:
    """Return the values whose block id and action id are still there, as Slack keeps them when a view changes."""
    there = {(block["block_id"], element["action_id"]) for block in blocks for element in elements_of(block)}
    return {key: value for key, value in values.items() if key in there}


def chosen(block: Block, element: Element, choice: Any, offered: Offered) -> Any:
    """Return what the element holds after a person chose `choice`: a text, an option's value, or a list of those.

    None and the empty text stand for nothing. Raises ActError for what the element does not offer.
    """
    kind = element["type"]
    known = {**options_by_value(element), **offered.get((block["block_id"], element["action_id"]), {})}
    if HOLDERS[kind].many:
        return _chosen_many(element, choice or [], known)
    if choice in (None, ""):
        return None
    if HOLDERS[kind].field == "selected_option":
        return _option(element, choice, known)
    if kind in _FORMS and not re.fullmatch(_FORMS[kind], str(choice)):
        raise ActError(f"A {kind} cannot hold {choice!r}.")
    return int(choice) if kind == "datetimepicker" else str(choice)


def _chosen_many(element: Element, choices: Any, known: Mapping[str, dict[str, Any]]) -> list[Any]:
    if not isinstance(choices, list):
        raise ActError(f"{element['action_id']!r} takes a list of values, not {choices!r}.")
    most = element.get("max_selected_items", len(choices))
    if len(choices) > most:
        raise ActError(f"{element['action_id']!r} takes at most {most} values.")
    if HOLDERS[element["type"]].field != "selected_options":
        return [str(value) for value in choices]
    return [_option(element, value, known) for value in choices]


def action_of(block: Block, element: Element, choice: Any, action_ts: str) -> dict[str, Any]:
    """Return the entry of `actions` for acting on an element; `choice` is what it holds now, if it holds anything."""
    action = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": action_ts,
    }
    if element["type"] == "button":
        return action | {key: element[key] for key in ("text", "value", "style") if key in element}
    if element["type"] == "overflow":
        return action | {"selected_option": _option(element, choice, options_by_value(element))}
    return action | {HOLDERS[element["type"]].field: choice}


def options_by_value(element: Element) -> dict[str, dict[str, Any]]:
    """Return the options that stand in an element itself, those chosen at first among them."""
    initial = [*element.get("initial_options", [])]
    initial += [element["initial_option"]] if "initial_option" in element else []
    return {option["value"]: option for option in [*initial, *options_of(element)]}


def options_of(source: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the options of an element, or of an app's answer, also those in groups."""
    yield from source.get("options", [])
    for group in source.get("option_groups", []):
        yield from group["options"]


def _option(element: Element, value: Any, known: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    if value in known:
        return known[value]
    offered = ", ".join(map(repr, known)) or "nothing"
    raise ActError(f"{element['action_id']!r} does not offer {value!r}; it offers {offered}.")
