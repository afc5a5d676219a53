"""The payloads that apps get, as pure functions (https://docs.slack.dev/reference/interaction-payloads)."""

from __future__ import annotations

from typing import Any

from kernbot.localslack.app import App
from kernbot.localslack.conversations import Channel
from kernbot.localslack.messages import Message, message_object
from kernbot.localslack.people import Person
from kernbot.localslack.views import View, view_object
from kernbot.localslack.workspace import Workspace

Payload = dict[str, Any]


def slash_command(
    workspace: Workspace, app: App, person: Person, channel: Channel, *, command: str, text: str
) -> Payload:
    """Return the fields of a slash command, still without `response_url` and `trigger_id`.

    From https://docs.slack.dev/interactivity/implementing-slash-commands.
    """
    return {
        "token": app.verification_token,
        "team_id": workspace.team_id,
        "team_domain": workspace.team_domain,
        "channel_id": channel.id,
        "channel_name": channel.payload_name,
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": app.app_id,
        "is_enterprise_install": "false",
    }


def message_action(
    workspace: Workspace, app: App, person: Person, message: Message, *, action: Payload, state: Payload
) -> Payload:
    """Return a `block_actions` payload from a message, still without `response_url` and `trigger_id`.

    An ephemeral message is not told, only where it stands: apps cannot rely on more.
    """
    return (
        _interaction(workspace, app, person, "block_actions")
        | _in_message(workspace, message)
        | {"state": {"values": state}, "actions": [action]}
    )


def message_suggestion(workspace: Workspace, app: App, person: Person, message: Message, asked: Payload) -> Payload:
    """Return a `block_suggestion` payload for a menu of a message; `asked` is the element and what was typed."""
    return _interaction(workspace, app, person, "block_suggestion") | _in_message(workspace, message) | asked


def view_suggestion(workspace: Workspace, person: Person, view: View, asked: Payload) -> Payload:
    """Return a `block_suggestion` payload for a menu of a modal or a Home tab."""
    return (
        _interaction(workspace, view.app, person, "block_suggestion")
        | {"container": {"type": "view", "view_id": view.id}, "view": view_object(view, workspace.team_id)}
        | asked
    )


def shortcut(workspace: Workspace, app: App, person: Person, callback_id: str, action_ts: str) -> Payload:
    """Return the payload of a global shortcut, still without `trigger_id`: it tells no channel.

    From https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload.
    """
    payload = _interaction(workspace, app, person, "shortcut")
    del payload["api_app_id"]
    return payload | {"callback_id": callback_id, "action_ts": action_ts}


def message_shortcut(
    workspace: Workspace, app: App, person: Person, message: Message, *, callback_id: str, action_ts: str
) -> Payload:
    """Return the payload of a shortcut from the menu of a message, still without `response_url` and `trigger_id`."""
    channel = workspace.channels[message.channel_id]
    return shortcut(workspace, app, person, callback_id, action_ts) | {
        "type": "message_action",
        "channel": {"id": channel.id, "name": channel.payload_name},
        "message_ts": message.ts,
        "message": told_message(workspace, message),
    }


def view_action(workspace: Workspace, person: Person, view: View, action: Payload) -> Payload:
    """Return a `block_actions` payload from a modal or a Home tab, still without `trigger_id`."""
    shown = view_object(view, workspace.team_id)
    return _interaction(workspace, view.app, person, "block_actions") | {
        "container": {"type": "view", "view_id": view.id},
        "view": shown,
        "hash": view.hash,
        "state": shown["state"],
        "actions": [action],
    }


def view_submission(workspace: Workspace, person: Person, view: View) -> Payload:
    """Return a `view_submission` payload, still without `trigger_id` and with no `response_urls` in it."""
    shown = view_object(view, workspace.team_id)
    return _interaction(workspace, view.app, person, "view_submission") | {"view": shown, "response_urls": []}


def view_closed(workspace: Workspace, person: Person, view: View, *, is_cleared: bool) -> Payload:
    """Return a `view_closed` payload; the state of input blocks is not in it."""
    shown = view_object(view, workspace.team_id)
    values = shown["state"]["values"]
    shown["state"] = {"values": {key: value for key, value in values.items() if key not in view.input_block_ids}}
    return _interaction(workspace, view.app, person, "view_closed") | {"view": shown, "is_cleared": is_cleared}


def _in_message(workspace: Workspace, message: Message) -> Payload:
    channel = workspace.channels[message.channel_id]
    container: Payload = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.visible_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    place: Payload = {"container": container, "channel": {"id": channel.id, "name": channel.payload_name}}
    return place | ({"message": told_message(workspace, message)} if message.visible_to is None else {})


def told_message(workspace: Workspace, message: Message) -> Payload:
    """Return a message as apps are told of it unasked: without the payload of its metadata."""
    history = workspace.history(message.channel_id)
    return message_object(message, history, workspace.team_id, whole_metadata=False)


def _interaction(workspace: Workspace, app: App, person: Person, kind: str) -> Payload:
    return {
        "type": kind,
        "team": {"id": workspace.team_id, "domain": workspace.team_domain},
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team_id},
        "api_app_id": app.app_id,
        "token": app.verification_token,
        "enterprise": None,
        "is_enterprise_install": False,
    }
