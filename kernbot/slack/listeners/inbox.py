"""The inbox: Slack waits three seconds for an ack, and nothing is acked that is not committed.

What can't be decided in time is stored as it came, acked, and decided by the same function: now, or after a restart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from kernbot.db.slack import SlackStore
from kernbot.errors import StorageError

_log = logging.getLogger(__name__)

SECONDS_TO_DECIDE = 2.0
BATCH = 100
_KEPT = "kernbot_kept"

Body = dict[str, Any]
"""A payload, as JSON."""


class Listener(Protocol):
    """Takes one type of payload to the ledger."""

    @property
    def received(self) -> Mapping[str, Any]:
        """What to ack with as long as it can't be told what came of it."""

    async def decide(self, body: Body, at: float) -> Any:
        """Commit what came at `at` (unix seconds) and return what to report; a second time changes nothing more."""

    async def report(self, body: Body, decided: Any, ack: AsyncAck | None) -> None:
        """Ack, unless that was done before, and tell the person what came of it."""


class Inbox:
    """Hands payloads to their listeners, by type, and keeps those that take long.

    A listener named `view_submission:start` gets the forms whose `callback_id` begins with `start.`.
    """

    def __init__(self, store: SlackStore, clock: Callable[[], float], listeners: Mapping[str, Listener]) -> None:
        self._store = store
        self._clock = clock
        self._listeners = listeners
        self._tasks: set[asyncio.Task[Any]] = set()
        self._under_way: set[int] = set()

    async def handle(self, ack: AsyncAck, body: Body) -> None:
        """Have a payload decided, ack it once that, or the payload itself, is committed, and report."""
        at = self._clock()
        listener = self._listener(body)
        deciding = self._begin(listener.decide(body, at))
        await asyncio.wait({deciding}, timeout=SECONDS_TO_DECIDE)
        if deciding.done():
            await listener.report(body, deciding.result(), ack)
            return
        item_id = await self._store.put_inbox(body, at)
        self._under_way.add(item_id)
        await ack(**listener.received)
        await self._finish(item_id, body, deciding)

    async def keep(self, body: Body, context: AsyncBoltContext, next: Callable[[], Awaitable[Any]]) -> None:  # noqa: A002 - Bolt's name
        """Store an event before it is acked, as a middleware: Bolt acks events before their listeners run."""
        at = self._clock()
        item_id = await self._store.put_inbox(body, at)
        self._under_way.add(item_id)
        context[_KEPT] = item_id, at
        await next()

    async def handle_kept(self, body: Body, context: AsyncBoltContext) -> None:
        """Have an event decided that was stored before it was acked."""
        item_id, at = context[_KEPT]
        await self._finish(item_id, body, self._begin(self._listener(body).decide(body, at)))

    async def work_off(self) -> None:
        """Decide what was left here by a process that has ended, or by a store that failed."""
        for item in await self._store.list_inbox(BATCH):
            if item.item_id not in self._under_way:
                self._under_way.add(item.item_id)
                deciding = self._begin(self._listener(item.payload).decide(item.payload, item.received_at))
                finishing = self._begin(self._finish(item.item_id, item.payload, deciding))
                if _may_answer(item.payload):
                    await finishing

    async def decided_until(self, now: float) -> float:
        """Return the time up to which every payload that was acked is decided: no deadline after it may lapse yet."""
        oldest = await self._store.list_inbox(BATCH)
        may_answer = [item.received_at for item in oldest if _may_answer(item.payload) or len(oldest) == BATCH]
        return min([now, *may_answer])

    async def close(self) -> None:
        """Decide nothing any more; what is stored is worked off after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _listener(self, body: Body) -> Listener:
        kind = body.get("type", "slash_commands")
        family = str((body.get("view") or {}).get("callback_id")).partition(".")[0]
        return self._listeners.get(f"{kind}:{family}") or self._listeners[kind]

    def _begin(self, decide: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(decide)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _finish(self, item_id: int, body: Body, deciding: asyncio.Task[Any]) -> None:
        try:
            decided = await deciding
        except StorageError as error:
            _log.warning("payload not worked off, will be tried again: %s", error, extra={"item_id": item_id})
            return
        except Exception:  # noqa: BLE001 - one payload must not stop the others
            _log.exception("payload could not be worked off and is dropped", extra={"item_id": item_id})
            await self._store.delete_inbox(item_id)
            return
        finally:
            self._under_way.discard(item_id)
        await self._store.delete_inbox(item_id)
        await self._listener(body).report(body, decided, None)


def _may_answer(body: Body) -> bool:
    """Whether a payload may hold an answer to a question; no event does."""
    return bool(body.get("type") != "event_callback")
