"""What an app answers in its acknowledgement, read as plain values.

From https://docs.slack.dev/interactivity/implementing-slash-commands and https://docs.slack.dev/surfaces/modals.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from kernbot.localslack.block_kit import check_suggestions
from kernbot.localslack.content import Content, read_content, refusal
from kernbot.localslack.errors import ApiError
from kernbot.localslack.response_urls import is_in_channel
from kernbot.localslack.views import read_view

_COMMAND_KEYS = {"text", "blocks", "response_type", "unfurl_links", "unfurl_media", "mrkdwn", "metadata"}


@dataclass(frozen=True)
class Reply:
    """A message that answers a slash command."""

    content: Content
    in_channel: bool


@dataclass(frozen=True)
class Close:
    """Close the submitted view."""


@dataclass(frozen=True)
class Clear:
    """Close the whole stack."""


@dataclass(frozen=True)
class Errors:
    """Show these texts at the fields, by block id."""

    errors: dict[str, str]


@dataclass(frozen=True)
class Update:
    """Replace the submitted view."""

    body: dict[str, Any]


@dataclass(frozen=True)
class Push:
    """Show another view on top."""

    body: dict[str, Any]


Response = Close | Clear | Errors | Update | Push


def read_command_ack(body: Any) -> Reply | None:
    """Return the message in the ack of a slash command, None for an empty one.

    Raises ApiError for what Slack does not document or would not show.
    """
    if body is None:
        return None
    if isinstance(body, str):
        return Reply(read_content({"text": body}), in_channel=False)
    if not isinstance(body, dict) or set(body) - _COMMAND_KEYS:
        raise ApiError(f"the ack of a slash command is empty, a text, or a message, not {body!r}")
    return Reply(read_content(body), is_in_channel(body))


def read_submission_ack(body: Any, input_block_ids: AbstractSet[str]) -> Response:
    """Return what the ack of a `view_submission` asks for.

    Raises ApiError for what Slack does not document, such as errors at anything but input blocks.
    """
    if body is None or body == {}:
        return Close()
    if not isinstance(body, dict):
        raise ApiError(f"the ack of a view_submission is empty or has a response_action, it is {body!r}")
    rest = {key: value for key, value in body.items() if key != "response_action"}
    match body.get("response_action"):
        case "clear" if not rest:
            return Clear()
        case "errors" if set(rest) == {"errors"}:
            return Errors(_errors(rest["errors"], input_block_ids))
        case "update" if set(rest) == {"view"}:
            return Update(read_view(rest["view"]))
        case "push" if set(rest) == {"view"}:
            return Push(read_view(rest["view"]))
    raise ApiError(f"Slack documents no ack of a view_submission such as {body!r}")


def read_suggestions(body: Any) -> dict[str, Any]:
    """Return the `options` or `option_groups` with which an app answers a `block_suggestion`, at most 100.

    Raises ApiError for what Slack does not document.
    """
    problems = check_suggestions(body)
    if problems:
        raise refusal(problems, "invalid_options")
    suggestions: dict[str, Any] = body
    return suggestions


def _errors(errors: Any, input_block_ids: AbstractSet[str]) -> dict[str, str]:
    if not isinstance(errors, dict) or not errors or not all(isinstance(text, str) for text in errors.values()):
        raise ApiError("errors must be a text for each block id")
    unknown = sorted(set(errors) - input_block_ids)
    if unknown:
        raise ApiError(f"errors can stand at input blocks only, the view has none named {', '.join(unknown)}")
    return errors
