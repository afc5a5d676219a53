"""What a message says, read from the arguments of an app and checked as Slack checks it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernbot.localslack.block_kit import Problem, check_message, error_body
from kernbot.localslack.elements import Block, with_ids
from kernbot.localslack.errors import ApiError

LONGEST_TEXT = 40_000
"""Characters after which Slack cuts the text (https://docs.slack.dev/reference/methods/chat.postMessage)."""


@dataclass(frozen=True)
class Content:
    """Text, blocks and metadata of a message; the blocks are checked and have their ids."""

    text: str
    blocks: list[Block] = field(default_factory=list)
    metadata: dict[str, Any] | None = None


def read_content(arguments: Mapping[str, Any]) -> Content:
    """Return the content among the arguments of a call, of a response_url or of an ack.

    Raises ApiError with `no_text`, `markdown_text_conflict`, `invalid_blocks`, `invalid_blocks_format`,
    `msg_blocks_too_long` or `invalid_metadata_format`.
    """
    if arguments.get("markdown_text"):
        return _markdown(arguments)
    text = arguments.get("text") or ""
    blocks = read_blocks(arguments.get("blocks") or [])
    if not text and not blocks:
        raise ApiError("no_text")
    return Content(text[:LONGEST_TEXT], blocks, read_metadata(arguments.get("metadata")))


def _markdown(arguments: Mapping[str, Any]) -> Content:
    if arguments.get("text") or arguments.get("blocks"):
        raise ApiError("markdown_text_conflict")
    text = arguments["markdown_text"]
    return Content(text, read_blocks([{"type": "markdown", "text": text}]), read_metadata(arguments.get("metadata")))


def read_blocks(blocks: Any) -> list[Block]:
    """Return checked blocks with ids, from a list or from its JSON; raises ApiError as `read_content` does."""
    if isinstance(blocks, str):
        blocks = _parsed(blocks, "invalid_blocks_format")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ApiError("invalid_blocks_format")
    problems = check_message({"blocks": blocks})
    if problems:
        raise refusal(problems, "invalid_blocks")
    return with_ids(blocks)


def read_metadata(metadata: Any) -> dict[str, Any] | None:
    """Return metadata from a dict or from its JSON, None for none (https://docs.slack.dev/messaging/message-metadata).

    Raises ApiError with `invalid_metadata_format`.
    """
    if isinstance(metadata, str):
        metadata = _parsed(metadata, "invalid_metadata_format")
    if metadata in (None, {}):
        return None
    match metadata:
        case {"event_type": str() as kind, "event_payload": dict() as payload, **rest} if not rest:
            return {"event_type": kind, "event_payload": copy.deepcopy(payload)}
    raise ApiError("invalid_metadata_format")


def refusal(problems: Sequence[Problem], error: str) -> ApiError:
    """Return Slack's refusal of blocks or of a view with these problems."""
    body = error_body(problems, error=error)
    del body["ok"]
    return ApiError(**body)


def _parsed(text: str, error: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ApiError(error) from None
