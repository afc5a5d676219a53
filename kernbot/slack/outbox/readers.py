"""Who gets questions as direct messages: named approvers who can't see the card, and those who have asked for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from kernbot.db.base import PauseRecord
from kernbot.db.slack import SlackStore
from kernbot.runtime.registry import KernBot, Registration
from kernbot.runtime.service import CannotCheckError
from kernbot.slack.ids import is_group
from kernbot.slack.people import SlackPeople

_MOST_KNOWN = 10_000


class Readers:
    """Finds the people for each question once: what they choose later is for later questions."""

    def __init__(
        self,
        bot: KernBot,
        store: SlackStore,
        people: SlackPeople,
        may_answer: Callable[[str, str], Awaitable[bool]],
    ) -> None:
        self._bot = bot
        self._store = store
        self._people = people
        self._may_answer = may_answer
        """From a pause and a person; raises CannotCheckError."""
        self._known: dict[tuple[str, str | None], frozenset[str]] = {}

    def named(self, registered: Registration, pause: PauseRecord) -> frozenset[str]:
        """Return the approvers of a question who are named one by one."""
        approvers = self._bot.rule_of(registered, pause).approvers or frozenset()
        return frozenset(name for name in approvers if not is_group(name))

    async def of_questions(
        self, waiting: Sequence[PauseRecord], registered: Registration, channel: str | None
    ) -> Mapping[str, frozenset[str]]:
        """Return the people who get a copy of open questions, by question.

        `channel` is where their cards stand; None if they stand nowhere.
        """
        return {pause.pause_id: await self._of(pause, registered, channel) for pause in waiting}

    async def _of(self, pause: PauseRecord, registered: Registration, channel: str | None) -> frozenset[str]:
        place = pause.pause_id, channel
        if place not in self._known:
            try:
                found = await self._find(pause, registered, channel)
            except CannotCheckError:
                return frozenset()
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[place] = found
        return self._known[place]

    async def _find(self, pause: PauseRecord, registered: Registration, channel: str | None) -> frozenset[str]:
        outside = await self._people.outside(self.named(registered, pause), channel)
        chosen = {*await self._store.list_direct_message_readers(), *outside}
        return frozenset([person for person in chosen if await self._may_answer(pause.pause_id, person)])
