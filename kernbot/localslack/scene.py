"""What everything that a person does touches: the state, the way to the app, and the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kernbot.localslack.app import App
from kernbot.localslack.delivery import Courier, Delivery, Envelope
from kernbot.localslack.errors import ApiError
from kernbot.localslack.people import Person
from kernbot.localslack.response_urls import ResponseUrls
from kernbot.localslack.traffic import Traffic
from kernbot.localslack.workspace import Workspace


@dataclass(frozen=True)
class Scene:
    """The workspace and the ways out of it."""

    workspace: Workspace
    courier: Courier
    response_urls: ResponseUrls
    traffic: Traffic

    async def interact(self, person: Person, app: App, payload: dict[str, Any]) -> Delivery:
        """Deliver an interaction, with a trigger id that lets the app open a modal."""
        if not app.interactive:
            return Delivery(ok=False, error=f"{app.name} has interactivity switched off in its manifest")
        trigger_id = self.workspace.triggers.issue(
            app, person.id, in_modal=payload.get("view", {}).get("type") == "modal"
        )
        envelope = Envelope(app, "interactive", payload | {"trigger_id": trigger_id}, app.interactivity_url)
        return await self.courier.deliver(envelope)

    def refused_ack(self, name: str, delivery: Delivery, error: ApiError) -> Delivery:
        """Record an acknowledgement that Slack would not take, and return what the person is told."""
        self.traffic.from_app(f"ack of {name}", delivery.body, f"refused: {error}")
        return Delivery(ok=False, status=delivery.status, body=delivery.body, error=str(error))
