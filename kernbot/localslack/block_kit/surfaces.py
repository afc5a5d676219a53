"""Messages and views as a whole, and the answer of Slack to a bad one.

Comments name pages below docs.slack.dev/.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kernbot.localslack.block_kit.blocks import HOME_BLOCK, MESSAGE_BLOCK, MODAL_BLOCK, SOURCE, TASK_STATUS
from kernbot.localslack.block_kit.objects import OPTION, OPTION_GROUP, plain_text
from kernbot.localslack.block_kit.rules import one_of
from kernbot.localslack.block_kit.schema import Array, Boolean, Object, Problem, Schema, String, Typed

MSG_BLOCKS_TOO_LONG = "msg_blocks_too_long"
VIEW_TOO_LARGE = "view_too_large"

_TEXT_OF_A_MESSAGE = 12_000
_TEXT_OF_TABLES = 10_000
_BYTES_OF_A_VIEW = 250_000

_Place = tuple[str, Mapping[str, Any]]


def check_message(payload: Mapping[str, Any]) -> list[Problem]:
    """Return what Slack would refuse in the `blocks` of a message, if it has any; pointers start with /blocks."""
    return _MESSAGE.check({"blocks": payload["blocks"]} if "blocks" in payload else {}, "")


def check_view(view: Mapping[str, Any]) -> list[Problem]:
    """Return what Slack would refuse in a view of type modal or home; pointers start with /view."""
    return _VIEW.check(view, "/view")


def check_suggestions(body: Any) -> list[Problem]:
    """Return what Slack would refuse in the answer to a `block_suggestion`."""
    return _SUGGESTIONS.check(body, "")


def check_chunks(chunks: Any) -> list[Problem]:
    """Return what Slack would refuse in the chunks of a message that is being written; pointers start with /chunks."""
    return _CHUNKS.check({"chunks": chunks}, "")


def error_body(problems: Sequence[Problem], *, error: str = "invalid_blocks") -> dict[str, Any]:
    """Return the body with which Slack answers; a problem that is an error code of Slack's goes before `error`."""
    errors = [f"{problem.message} [json-pointer:{problem.pointer}]" for problem in problems]
    codes = [problem.message for problem in problems if problem.message in (MSG_BLOCKS_TOO_LONG, VIEW_TOO_LARGE)]
    return {
        "ok": False,
        "error": codes[0] if codes else error,
        "errors": errors,
        "response_metadata": {"messages": [f"[ERROR] {line}" for line in errors]},
    }


def _blocks(payload: Mapping[str, Any], at: str) -> list[_Place]:
    return [(f"{at}/blocks/{n}", block) for n, block in enumerate(payload.get("blocks", []))]


def _elements(payload: Mapping[str, Any], at: str) -> Iterator[_Place]:
    for place, block in _blocks(payload, at):
        yield from ((f"{place}/{name}", block[name]) for name in ("accessory", "element") if name in block)
        yield from ((f"{place}/elements/{n}", element) for n, element in enumerate(block.get("elements", [])))


# reference/block-kit/blocks, reference/block-kit/block-elements; the latter asks for unique action ids within a block
# only, but a click can be told by its action id only if it is unique among all.
def _ids_are_unique(payload: Mapping[str, Any], at: str) -> Iterator[Problem]:
    yield from _repeated("block_id", _blocks(payload, at))
    yield from _repeated("action_id", _elements(payload, at))


def _repeated(name: str, places: Iterable[_Place]) -> Iterator[Problem]:
    seen = set()
    for place, part in places:
        if part.get(name) in seen:
            yield Problem(f"{place}/{name}", f'`{name}` "{part[name]}" already exists')
        elif name in part:
            seen.add(part[name])


# reference/block-kit/block-elements
def _one_focus(payload: Mapping[str, Any], at: str) -> Iterator[Problem]:
    focused = [place for place, element in _elements(payload, at) if element.get("focus_on_load")]
    return (Problem(f"{place}/focus_on_load", "only one element may have the focus") for place in focused[1:])


# reference/block-kit/block-elements/select-menu-element
def _no_response_url(payload: Mapping[str, Any], at: str) -> Iterator[Problem]:
    for place, element in _elements(payload, at):
        if element.get("response_url_enabled"):
            yield Problem(f"{place}/response_url_enabled", "works only in `input` blocks of modals")


def _response_url_in_inputs_only(view: Mapping[str, Any], at: str) -> Iterator[Problem]:
    return (problem for problem in _no_response_url(view, at) if "/element/" not in problem.pointer)


# surfaces/modals
def _submit_with_inputs(view: Mapping[str, Any], at: str) -> Iterator[Problem]:
    for place, block in _blocks(view, at):
        if block["type"] == "input" and "submit" not in view:
            yield Problem(f"{place}/input", "must define `submit` to use an `input` block in modals")


# reference/methods/chat.postMessage names the error and no limit; 12,000 characters is below what was seen refused.
def _text_is_short(message: Mapping[str, Any], at: str) -> Iterator[Problem]:
    if _text_length(message) > _TEXT_OF_A_MESSAGE:
        yield Problem(f"{at}/blocks", MSG_BLOCKS_TOO_LONG)


# reference/block-kit/blocks/table-block
def _tables_are_short(payload: Mapping[str, Any], at: str) -> Iterator[Problem]:
    tables = [(place, block) for place, block in _blocks(payload, at) if block["type"] == "table"]
    if sum(_text_length(block) for _, block in tables) > _TEXT_OF_TABLES:
        yield Problem(tables[-1][0], f"must be less than {_TEXT_OF_TABLES + 1} characters in all cells of all tables")


def _text_length(part: Any) -> int:
    if isinstance(part, list):
        return sum(_text_length(item) for item in part)
    if not isinstance(part, Mapping):
        return 0
    own = len(part["text"]) if isinstance(part.get("text"), str) else 0
    return own + sum(_text_length(value) for value in part.values())


# reference/methods/views.open
def _view_is_small(view: Mapping[str, Any], at: str) -> Iterator[Problem]:
    if len(json.dumps(view)) > _BYTES_OF_A_VIEW:
        yield Problem(at, VIEW_TOO_LARGE)


# messaging/sending-and-scheduling-messages
_CHUNKS = Object(
    optional={
        "chunks": Array(
            Typed(
                {
                    "markdown_text": Object(required={"text": String(12_000)}),
                    "task_update": Object(
                        required={"id": String(), "title": String(), "status": TASK_STATUS},
                        optional={"details": String(), "output": String(), "sources": Array(SOURCE, at_least=0)},
                    ),
                    "plan_update": Object(required={"title": String()}),
                    "blocks": Object(required={"blocks": Array(MESSAGE_BLOCK, 50)}),
                },
            ),
            at_least=0,
        ),
    },
)

# reference/interaction-payloads/block_suggestion-payload
_SUGGESTIONS = Object(
    optional={
        "options": Array(OPTION, 100, at_least=0),
        "option_groups": Array(OPTION_GROUP, 100, at_least=0),
    },
    rules=(one_of("options", "option_groups"),),
)

# reference/block-kit/blocks
_MESSAGE = Object(
    optional={"blocks": Array(MESSAGE_BLOCK, 50, at_least=0)},
    rules=(_ids_are_unique, _one_focus, _no_response_url, _tables_are_short, _text_is_short),
)

# reference/views/modal-views, reference/views/home-tab-views
_OF_ANY_VIEW: dict[str, Schema] = {
    "private_metadata": String(3000, at_least=0),
    "callback_id": String(255),
    "external_id": String(255),
}
_RULES_OF_ANY_VIEW = (_ids_are_unique, _one_focus, _view_is_small)
_VIEW = Typed(
    {
        "modal": Object(
            required={"title": plain_text(24), "blocks": Array(MODAL_BLOCK, 100, at_least=0)},
            optional={
                **_OF_ANY_VIEW,
                "submit": plain_text(24),
                "close": plain_text(24),
                "clear_on_close": Boolean(),
                "notify_on_close": Boolean(),
            },
            rules=(*_RULES_OF_ANY_VIEW, _submit_with_inputs, _response_url_in_inputs_only),
        ),
        "home": Object(
            required={"blocks": Array(HOME_BLOCK, 100, at_least=0)},
            optional=_OF_ANY_VIEW,
            rules=(*_RULES_OF_ANY_VIEW, _no_response_url, _tables_are_short),
        ),
    },
)
