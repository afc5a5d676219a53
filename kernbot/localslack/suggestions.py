"""Asking an app for the options of an external menu while somebody types.

From https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload.
"""

from __future__ import annotations

from typing import Any

from kernbot.localslack.acks import read_suggestions
from kernbot.localslack.app import App
from kernbot.localslack.delivery import Delivery, Envelope
from kernbot.localslack.elements import Block, Element, Offered, options_of
from kernbot.localslack.errors import ActError, ApiError
from kernbot.localslack.scene import Scene

_SHORTEST_QUERY = 3


def check_query(element: Element, query: str) -> None:
    """Raise ActError for an element that asks nobody for options, or not yet for those of such a short query."""
    if not element["type"].endswith("external_select"):
        raise ActError(f"{element['action_id']!r} has its options in itself, it asks no app for any.")
    shortest = element.get("min_query_length", _SHORTEST_QUERY)
    if len(query) < shortest:
        raise ActError(f"{element['action_id']!r} asks for options from {shortest} characters on.")


async def suggest(
    scene: Scene, app: App, payload: dict[str, Any], place: tuple[Block, Element], offered: Offered
) -> Delivery:
    """Ask the app, and keep in `offered` what can be chosen from now on.

    The delivery's body holds the `options` or `option_groups`; it is not ok if Slack would not take them.
    """
    block, element = place
    envelope = Envelope(app, "interactive", payload, app.options_url)
    delivery = await scene.courier.deliver(envelope)
    if not delivery.ok:
        return delivery
    try:
        suggestions = read_suggestions(delivery.body)
    except ApiError as error:
        return scene.refused_ack("block_suggestion", delivery, error)
    known = offered.setdefault((block["block_id"], element["action_id"]), {})
    known.update({option["value"]: option for option in options_of(suggestions)})
    return delivery
