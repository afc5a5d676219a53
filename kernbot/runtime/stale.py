"""Questions without a deadline that nobody answers: whoever owns their workflow is told."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from kernbot.runtime.registry import Registration
from kernbot.runtime.service import Service
from kernbot.runtime.waiting import Question, open_questions

_log = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 3_600.0
SECONDS_BETWEEN_LISTS = 86_400.0

Tell = Callable[[Registration, Sequence[Question]], Awaitable[None]]
"""Tells people of the questions of one workflow, the oldest first."""


class Stale:
    """Looks every hour for questions that have waited longer than their workflow's `stale_after`.

    Those of one workflow are listed once a day, in the log and by `tell`.
    """

    def __init__(self, service: Service, tell: Tell) -> None:
        self._service = service
        self._tell = tell
        self._looked_at = float("-inf")
        self._listed_at: dict[str, float] = {}

    async def look(self) -> None:
        """List what is stale, unless that was done a short time ago."""
        now = self._service.now
        if now - self._looked_at < SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = now
        stale = [question for question in await open_questions(self._service) if _is_stale(question, now)]
        for registered in self._service.bot:
            of_workflow = [question for question in stale if question.registered.name == registered.name]
            if of_workflow and now - self._listed_at.get(registered.name, float("-inf")) >= SECONDS_BETWEEN_LISTS:
                self._listed_at[registered.name] = now
                await self._list(registered, sorted(of_workflow, key=lambda question: question.open.pause.opened_at))

    async def _list(self, registered: Registration, questions: Sequence[Question]) -> None:
        run_ids = [question.open.run.run_id for question in questions]
        _log.warning("questions have waited too long", extra={"workflow": registered.name, "run_ids": run_ids})
        await self._tell(registered, questions)


def _is_stale(question: Question, now: float) -> bool:
    stale_after, pause = question.registered.stale_after, question.open.pause
    return stale_after is not None and pause.deadline is None and now - pause.opened_at >= stale_after
