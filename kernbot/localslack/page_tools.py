"""What the page does with the simulation itself, whoever acts: its clock and its traffic."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from kernbot.localslack.clock import Clock
from kernbot.localslack.delivery import Courier
from kernbot.localslack.errors import ActError, SetUpError
from kernbot.localslack.mishaps import Mishap
from kernbot.localslack.page_http import Body, doing, reading
from kernbot.localslack.traffic import Entry, Traffic
from kernbot.localslack.workspace import Workspace

LATEST: Final = 60
"""Seconds."""


class PageTools:
    """Moves the clock, shows what went to and fro, and sends it again."""

    def __init__(self, workspace: Workspace, traffic: Traffic, courier: Courier) -> None:
        self._workspace = workspace
        self._traffic = traffic
        self._courier = courier

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            doing(self.jump),
            reading(self.traffic),
            reading(self.traffic_entry),
            doing(self.repeat),
            doing(self.mishap),
        ]

    async def jump(self, body: Body) -> None:
        """Move the clock forward by `seconds`, if it is one that can be moved."""
        seconds, clock = body.get("seconds"), self._workspace.clock
        if not isinstance(clock, Clock):
            raise ActError("This clock cannot be moved.")
        clock.jump(seconds if isinstance(seconds, int | float) else 0)
        self._workspace.changes.announce()

    def traffic(self, request: web.Request) -> Body:
        """Return the requests that are kept and younger than the number `after`, newest last, without their content."""
        after = request.query.get("after", "")
        known = int(after) if after.isdecimal() else 0
        entries = [self._line(entry) for entry in self._traffic.entries if entry.number > known]
        return {"entries": entries, "mishaps": len(self._courier.mishaps)}

    def traffic_entry(self, request: web.Request) -> Body:
        """Return one request with what was in it and what was answered."""
        for entry in self._traffic.entries:
            if str(entry.number) == request.query.get("number"):
                return {**self._line(entry), "payload": entry.payload, "answer": entry.answer}
        raise ActError("That request is not kept any more.")

    async def repeat(self, body: Body) -> None:
        """Send something to the app once more, as it was; what the app answers is recorded and changes nothing."""
        number = body.get("number")
        delivery = await self._courier.repeat(number if isinstance(number, int) else 0)
        if not delivery.ok:
            raise ActError(str(delivery.error))

    async def mishap(self, body: Body) -> None:
        """Have the next delivery, of this `kind` if one is named, come `twice`, `late` by seconds, or `lose_ack`."""
        late = body.get("late", 0)
        if not isinstance(late, int | float) or not 0 <= late <= LATEST:
            raise ActError(f"A delivery can be late by up to {LATEST} seconds.")
        twice, lose_ack = body.get("twice") is True, body.get("lose_ack") is True
        try:
            self._courier.mishaps.add(Mishap(body.get("kind") or None, twice, late, lose_ack))
        except SetUpError as error:
            raise ActError(str(error)) from None
        self._workspace.changes.announce()

    def _line(self, entry: Entry) -> dict[str, Any]:
        return {
            "number": entry.number,
            "at": entry.at,
            "direction": entry.direction,
            "name": entry.name,
            "verdict": entry.verdict,
            "can_repeat": self._courier.can_repeat(entry.number),
        }
