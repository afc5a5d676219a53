"""What operators are told when messages can't be sent, in the log and in their channel: once per cause and hour."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from kernbot.runtime.registry import KernBot
from kernbot.slack.outbox.sender import Sender
from kernbot.slack.render import notices

_log = logging.getLogger(__name__)

SECONDS_OF_SILENCE = 3_600.0


class Complaints:
    """Tells what goes wrong, without filling log and channel; `clock` returns unix seconds."""

    def __init__(self, bot: KernBot, sender: Sender, clock: Callable[[], float]) -> None:
        self._bot = bot
        self._sender = sender
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    def log(self, what: str, cause: str, run_id: str) -> bool:
        """Log a warning, and return True, unless the same was logged for the same cause within the hour."""
        now = self._clock()
        self._said = {said: at for said, at in self._said.items() if now - at < SECONDS_OF_SILENCE}
        if (what, cause) in self._said:
            return False
        self._said[what, cause] = now
        _log.warning("%s: %s", what, cause, extra={"run_id": run_id})
        return True

    def tell(self, what: str, cause: str, run_id: str) -> None:
        """Log it, and post it to the operators where they have a channel; nobody waits for that."""
        if self.log(what, cause, run_id) and (channel := self._bot.operators_channel) is not None:
            told = asyncio.create_task(self._sender.say(channel, None, notices.trouble(what, cause, run_id)))
            self._under_way.add(told)
            told.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Tell nothing more."""
        for told in self._under_way:
            told.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
