"""What Slack makes of a text that a person types (https://docs.slack.dev/messaging/formatting-message-text)."""

from __future__ import annotations

import re

from kernbot.localslack.workspace import Workspace

_MENTION = re.compile(r"([@#])([\w.-]*\w)")


def escaped(text: str, workspace: Workspace) -> str:
    """Return the text with `& < >` escaped, and known @names, @groups and #names as mentions."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    mentions = _mentions(workspace)
    return _MENTION.sub(lambda found: mentions.get(found.group(), found.group()), plain)


def _mentions(workspace: Workspace) -> dict[str, str]:
    people = {f"@{person.name}": f"<@{person.id}>" for person in workspace.people.values()}
    channels = {
        f"#{channel.name}": f"<#{channel.id}|{'' if channel.private else channel.name}>"
        for channel in workspace.channels.values()
        if not channel.is_im
    }
    groups = {f"@{group.handle}": f"<!subteam^{group.id}>" for group in workspace.groups.values() if not group.disabled}
    return people | channels | groups
