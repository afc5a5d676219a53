"""Trigger ids: what lets an app open a modal because somebody has just done something.

From https://docs.slack.dev/interactivity/handling-user-interaction: they live 3 seconds and work once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from kernbot.localslack.app import App
from kernbot.localslack.errors import ApiError

LIFETIME = 3.0
"""Seconds."""


@dataclass
class Trigger:
    """Who did something, for which app, and whether in a modal."""

    app: App
    user_id: str
    in_modal: bool
    issued_at: float
    exchanged: bool = False


class Triggers:
    """All trigger ids that were ever given out."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._issued: dict[str, Trigger] = {}

    def issue(self, app: App, user_id: str, *, in_modal: bool = False) -> str:
        """Return a new trigger id."""
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = Trigger(app, user_id, in_modal, self._clock())
        return trigger_id

    def exchange(self, trigger_id: str, app: App) -> Trigger:
        """Use up a trigger id of this app; raises ApiError if it is unknown, used, or older than 3 seconds."""
        trigger = self._issued.get(trigger_id)
        if trigger is None or trigger.app is not app:
            raise ApiError("invalid_trigger_id")
        if trigger.exchanged:
            raise ApiError("exchanged_trigger_id")
        if self._clock() - trigger.issued_at > LIFETIME:
            raise ApiError("expired_trigger_id")
        trigger.exchanged = True
        return trigger
