"""Channels and direct messages, who sees them, and Slack's object for a conversation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kernbot.localslack.people import Kind, Person


@dataclass
class Channel:
    """A public or private channel, or the direct messages between a person and an app."""

    id: str
    name: str
    created: int
    """Unix seconds."""
    private: bool = False
    is_im: bool = False
    archived: bool = False
    topic: str = ""
    members: list[str] = field(default_factory=list)
    """User ids in the order in which they joined."""

    @property
    def type(self) -> str:
        """The kind of conversation in the words of conversations.list."""
        if self.is_im:
            return "im"
        return "private_channel" if self.private else "public_channel"

    @property
    def read_scope(self) -> str:
        """The scope with which apps may read what it is and who is in it."""
        return {"im": "im:read", "private_channel": "groups:read"}.get(self.type, "channels:read")

    @property
    def payload_name(self) -> str:
        """The name that payloads carry: Slack tells apps no name of what is not public."""
        return {"im": "directmessage", "private_channel": "privategroup"}.get(self.type, self.name)

    def other_side(self, user_id: str) -> str:
        """Return the user id of the other side of a direct message."""
        return next(member for member in self.members if member != user_id)

    def is_seen_by(self, person: Person) -> bool:
        """Return whether this person can read the conversation."""
        if person.kind is Kind.DEACTIVATED:
            return False
        return person.id in self.members or (self.type == "public_channel" and person.browses_public_channels)


def conversation_object(channel: Channel, viewer: str, *, is_shared: bool = False) -> dict[str, Any]:
    """Return Slack's conversation object as the user id `viewer` gets it; shared is what other organisations are in.

    From https://docs.slack.dev/reference/objects/conversation-object.
    """
    if channel.is_im:
        return _im_object(channel, viewer)
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_general": False,
        "is_member": viewer in channel.members,
        "is_shared": is_shared,
        "is_ext_shared": is_shared,
        "is_org_shared": False,
        "created": channel.created,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def _im_object(channel: Channel, viewer: str) -> dict[str, Any]:
    return {
        "id": channel.id,
        "created": channel.created,
        "is_im": True,
        "is_org_shared": False,
        "is_archived": channel.archived,
        "user": channel.other_side(viewer),
        "is_open": True,
    }
