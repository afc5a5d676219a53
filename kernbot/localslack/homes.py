"""Home tabs: what an app shows one person in its App Home (https://docs.slack.dev/surfaces/app-home)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kernbot.localslack.app import App
from kernbot.localslack.elements import kept
from kernbot.localslack.ids import object_id
from kernbot.localslack.views import View, new_hash


class Homes:
    """The published Home tabs of everybody; each keeps its id when it is published again."""

    def __init__(self) -> None:
        self._homes: dict[tuple[str, str], View] = {}

    def __iter__(self) -> Iterator[View]:
        return iter(self._homes.values())

    def find(self, app: App, user_id: str) -> View | None:
        """Return what the app has published for this person."""
        return self._homes.get((app.app_id, user_id))

    def publish(self, app: App, user_id: str, body: dict[str, Any], now: float) -> View:
        """Show this person a Home tab; what was put into elements that stay is kept."""
        before = self.find(app, user_id)
        view_id = before.id if before else object_id("V")
        values = kept(body["blocks"], before.values) if before else {}
        offered = before.offered if before else {}
        view = View(view_id, app, user_id, body, view_id, None, new_hash(now), values, offered)
        self._homes[app.app_id, user_id] = view
        return view
