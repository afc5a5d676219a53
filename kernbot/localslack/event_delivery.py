"""Telling apps of events, in the background, and again when they did not acknowledge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kernbot.localslack.app import App
from kernbot.localslack.delivery import OPERATION_TIMEOUT, Courier, Delivery, Envelope

RETRY_SECONDS = (0.0, 60.0, 300.0)
"""How long Slack waits before each retry (https://docs.slack.dev/apis/events-api)."""


class EventDelivery:
    """Delivers events while the local Slack is up; before that, nobody is told."""

    def __init__(self, courier: Courier, retry_seconds: Sequence[float]) -> None:
        self._courier = courier
        self._retry_seconds = retry_seconds
        self._is_up = False
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Begin to deliver."""
        self._is_up = True

    async def close(self) -> None:
        """Give up what is not delivered yet."""
        self._is_up = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tell(self, app: App, payload: dict[str, Any]) -> None:
        """Begin to deliver one event."""
        if self._is_up:
            task = asyncio.create_task(self._deliver(Envelope(app, "events_api", payload, app.events_url)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, envelope: Envelope) -> None:
        delivery = await self._courier.deliver(envelope)
        for number, seconds in enumerate(self._retry_seconds, 1):
            if delivery.ok or delivery.no_retry:
                return
            await asyncio.sleep(seconds)
            again = replace(envelope, retry_number=number, retry_reason=_reason(delivery))
            delivery = await self._courier.deliver(again)


def _reason(delivery: Delivery) -> str:
    if delivery.error == OPERATION_TIMEOUT:
        return "http_timeout"
    return "connection_failed" if delivery.status is None else "http_error"
