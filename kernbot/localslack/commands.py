"""Typing a slash command (https://docs.slack.dev/interactivity/implementing-slash-commands)."""

from __future__ import annotations

from dataclasses import dataclass

from kernbot.localslack import payloads
from kernbot.localslack.acks import read_command_ack
from kernbot.localslack.app import App, Command
from kernbot.localslack.content import Content
from kernbot.localslack.conversations import Channel
from kernbot.localslack.delivery import Delivery, Envelope
from kernbot.localslack.errors import ApiError
from kernbot.localslack.people import Person
from kernbot.localslack.scene import Scene
from kernbot.localslack.typed import escaped

INVITE = "/invite"
"""The one command that is Slack's own here."""


@dataclass(frozen=True)
class Typed:
    """A command line, who typed it, and where."""

    person: Person
    channel: Channel
    name: str
    """With its slash."""
    text: str


async def run_command(scene: Scene, typed: Typed) -> Delivery:
    """Deliver a command and show what it answers, or that it failed."""
    if typed.name == INVITE:
        return _invite(scene, typed)
    found = scene.workspace.find_command(typed.name)
    if found is None:
        return _failed(scene, typed, f"{typed.name} is not a valid command.")
    app, command = found
    delivery = await scene.courier.deliver(_envelope(scene, typed, app, command))
    if delivery.ok:
        delivery = _answered(scene, typed, app, delivery)
    if not delivery.ok:
        scene.workspace.notify(typed.channel, typed.person.id, f'{typed.name} failed with the error "{delivery.error}"')
    return delivery


def _envelope(scene: Scene, typed: Typed, app: App, command: Command) -> Envelope:
    workspace, person, channel = scene.workspace, typed.person, typed.channel
    text = escaped(typed.text, workspace) if command.should_escape else typed.text
    payload = payloads.slash_command(workspace, app, person, channel, command=command.name, text=text)
    payload["response_url"] = scene.response_urls.issue(app, channel, person.id)
    payload["trigger_id"] = workspace.triggers.issue(app, person.id)
    return Envelope(app, "slash_commands", payload, command.url)


def _answered(scene: Scene, typed: Typed, app: App, delivery: Delivery) -> Delivery:
    try:
        reply = read_command_ack(delivery.body)
    except ApiError as error:
        return scene.refused_ack(typed.name, delivery, error)
    if reply and reply.in_channel:
        line = Content(escaped(f"{typed.name} {typed.text}".strip(), scene.workspace))
        scene.workspace.post(typed.channel, typed.person.id, line)
    if reply:
        visible_to = None if reply.in_channel else typed.person.id
        scene.workspace.post(typed.channel, app, reply.content, visible_to=visible_to)
    return delivery


def _invite(scene: Scene, typed: Typed) -> Delivery:
    name = typed.text.strip().removeprefix("@").casefold()
    for invited in scene.workspace.people.values():
        if name in (invited.name.casefold(), invited.display_name.casefold()):
            scene.workspace.join(typed.channel, invited.id)
            joined = Content(f"<@{invited.id}> has joined the channel")
            scene.workspace.post(typed.channel, invited.id, joined, subtype="channel_join")
            return Delivery(ok=True)
    return _failed(scene, typed, f"There is nobody named {typed.text.strip()!r} to invite.")


def _failed(scene: Scene, typed: Typed, sentence: str) -> Delivery:
    scene.workspace.notify(typed.channel, typed.person.id, sentence)
    return Delivery(ok=False, error=sentence)
