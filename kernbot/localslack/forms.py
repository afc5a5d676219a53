"""Filling in, submitting and closing modals (https://docs.slack.dev/surfaces/modals)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kernbot.localslack import acks, payloads
from kernbot.localslack.choices import check_choice
from kernbot.localslack.delivery import Delivery, Envelope
from kernbot.localslack.elements import chosen, held
from kernbot.localslack.errors import ActError, ApiError
from kernbot.localslack.people import Person
from kernbot.localslack.scene import Scene
from kernbot.localslack.views import View
from kernbot.localslack.workspace import Workspace


def fill_in(workspace: Workspace, person: Person, view: View, values: Mapping[str, Any]) -> None:
    """Put values into the input blocks of a view.

    Raises ActError for a block that it does not have, and for what an element does not offer.
    """
    unknown = sorted(set(values) - view.input_block_ids)
    if unknown:
        raise ActError(f"The view {view.id} has no input block {', '.join(unknown)}.")
    for block in view.blocks:
        if block["block_id"] in values:
            key = (block["block_id"], block["element"]["action_id"])
            choice = chosen(block, block["element"], values[block["block_id"]], view.offered)
            check_choice(workspace, person, block["element"], choice)
            view.values[key] = choice


async def submit(scene: Scene, person: Person, view: View) -> Delivery:
    """Deliver a submission and do with the modal what the app answers."""
    payload = payloads.view_submission(scene.workspace, person, view)
    payload["response_urls"] = list(_response_urls(scene, person, view))
    view.busy = True
    scene.workspace.changes.announce()
    try:
        delivery = await scene.interact(person, view.app, payload)
    finally:
        view.busy = False
        scene.workspace.changes.announce()
    if not delivery.ok or not scene.workspace.modals.is_open(view):
        return delivery
    try:
        _obey(scene, view, acks.read_submission_ack(delivery.body, view.input_block_ids))
    except ApiError as error:
        return scene.refused_ack("view_submission", delivery, error)
    return Delivery(not view.errors, delivery.status, delivery.body, errors=view.errors or None)


async def close(scene: Scene, person: Person, view: View) -> Delivery:
    """Close a view, or the whole stack if it says so, and tell the app if it wants to know."""
    workspace = scene.workspace
    root = workspace.modals.stack(person.id)[0]
    is_cleared = view.body.get("clear_on_close", False)
    if is_cleared:
        workspace.modals.clear(person.id)
    else:
        workspace.modals.close(view)
    workspace.changes.announce()
    told = root if is_cleared else view
    if not told.body.get("notify_on_close", False):
        return Delivery(ok=True)
    payload = payloads.view_closed(workspace, person, told, is_cleared=is_cleared)
    return await scene.courier.deliver(Envelope(told.app, "interactive", payload, told.app.interactivity_url))


def _response_urls(scene: Scene, person: Person, view: View) -> Iterator[dict[str, str]]:
    """Return a URL for each channel that was chosen in a menu with `response_url_enabled`."""
    for block in view.blocks:
        element = block.get("element", {})
        if element.get("response_url_enabled"):
            channel = scene.workspace.channels.get(held(block, element, view.values))
            if channel:
                yield {
                    "block_id": block["block_id"],
                    "action_id": element["action_id"],
                    "channel_id": channel.id,
                    "response_url": scene.response_urls.issue(view.app, channel, person.id),
                }


def _obey(scene: Scene, view: View, response: acks.Response) -> None:
    modals, now = scene.workspace.modals, scene.workspace.clock()
    match response:
        case acks.Close():
            modals.close(view)
        case acks.Clear():
            modals.clear(view.user_id)
        case acks.Errors(errors):
            view.errors = errors
        case acks.Update(body):
            modals.update(view, body, now)
        case acks.Push(body):
            modals.push(view.app, view.user_id, body, now)
    scene.workspace.changes.announce()
