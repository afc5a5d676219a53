"""Who gets questions as direct messages: who may answer, and has asked for it or would not see the card."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from kernbot.db.base import PauseRecord, Snapshot
from kernbot.db.slack import SlackStore
from kernbot.engine.authority import Ids
from kernbot.runtime.service import CannotCheckError
from kernbot.slack.work import Rows

_MOST_KNOWN = 10_000


class Readers:
    """Finds the people for each question once: what they choose later is for later questions."""

    def __init__(
        self,
        store: SlackStore,
        may_answer: Callable[[str, str], Awaitable[bool]],
        named_outside: Callable[[PauseRecord], Awaitable[Ids]],
    ) -> None:
        self._store = store
        self._may_answer = may_answer
        """From a pause and a person; raises CannotCheckError."""
        self._named_outside = named_outside
        """The people who are named as approvers and are not in the card's channel; raises CannotCheckError."""
        self._known: dict[str, frozenset[str]] = {}

    async def of_questions(self, snapshot: Snapshot, rows: Rows) -> Mapping[str, frozenset[str]]:
        """Return the people who get a copy of the open questions of a run, by question."""
        waiting = [pause for pause in snapshot.pauses if pause.state == "open"]
        return {pause.pause_id: await self._of(pause, rows) for pause in waiting}

    async def _of(self, pause: PauseRecord, rows: Rows) -> frozenset[str]:
        if pause.pause_id not in self._known:
            try:
                chosen = await self._chosen(pause, rows)
                found = frozenset([person for person in chosen if await self._may_answer(pause.pause_id, person)])
            except CannotCheckError:
                return frozenset()
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[pause.pause_id] = found
        return self._known[pause.pause_id]

    async def _chosen(self, pause: PauseRecord, rows: Rows) -> Ids:
        had = {person for role, of, person in rows if (role, of) == ("copy", pause.pause_id)}
        return {*await self._store.list_direct_message_readers(), *await self._named_outside(pause)} - had
