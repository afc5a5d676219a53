"""Whom and which conversations people can choose in menus that offer these.

From https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element.
"""

from __future__ import annotations

from typing import Any

from kernbot.localslack.conversations import Channel
from kernbot.localslack.elements import Element
from kernbot.localslack.errors import ActError
from kernbot.localslack.people import Kind, Person
from kernbot.localslack.workspace import Workspace

_KINDS = {"im": "im", "private_channel": "private", "public_channel": "public"}


def check_choice(workspace: Workspace, person: Person, element: Element, choice: Any) -> None:
    """Raise ActError for a user or a conversation that the menu does not offer to this person."""
    chosen = choice if isinstance(choice, list) else [choice] if choice else []
    for each in chosen:
        match element["type"].removeprefix("multi_"):
            case "users_select":
                _check_user(workspace, element, each)
            case "channels_select" | "conversations_select":
                _check_conversation(workspace, person, element, each)


def _check_user(workspace: Workspace, element: Element, user_id: str) -> None:
    person = workspace.people.get(user_id)
    if person is None or person.kind is Kind.DEACTIVATED:
        raise ActError(f"{element['action_id']!r} does not offer {user_id!r}: nobody active has this id.")


def _check_conversation(workspace: Workspace, person: Person, element: Element, channel_id: str) -> None:
    channel = workspace.channels.get(channel_id)
    if channel is None or channel.archived or not channel.is_seen_by(person):
        raise ActError(f"{element['action_id']!r} does not offer {channel_id!r}: {person.display_name} sees no such.")
    if not _passes(workspace, element, channel):
        raise ActError(f"{element['action_id']!r} does not offer {channel_id!r}: it is not among what it asks for.")


def _passes(workspace: Workspace, element: Element, channel: Channel) -> bool:
    if element["type"].endswith("channels_select"):
        return channel.type == "public_channel"
    wanted = element.get("filter", {})
    if _KINDS[channel.type] not in wanted.get("include", _KINDS.values()):
        return False
    if wanted.get("exclude_external_shared_channels") and workspace.is_shared(channel):
        return False
    # All direct messages here are with the bot user of an app.
    return not (wanted.get("exclude_bot_users") and channel.is_im)
