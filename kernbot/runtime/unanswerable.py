"""Open questions that nobody may answer: operators are told."""

from __future__ import annotations

from collections.abc import Callable

from kernbot.engine import authority
from kernbot.runtime.service import CannotCheckError, Service
from kernbot.runtime.waiting import Question, open_questions

SECONDS_BETWEEN_CHECKS = 86_400.0

Tell = Callable[[str, str, str], None]
"""Tells operators what is wrong, for which cause, and of which run."""


class Unanswerable:
    """Checks each question when it is first seen open, daily, and after changes of who is where."""

    def __init__(self, service: Service, tell: Tell) -> None:
        self._service = service
        self._tell = tell
        self._checked: dict[str, float] = {}

    def forget(self) -> None:
        """Check all again: somebody has come, gone, or is another one now."""
        self._checked.clear()

    async def look(self) -> None:
        """Tell of each question that nobody may answer; while Slack can't be asked, that is found out later."""
        now = self._service.now
        waiting = await open_questions(self._service)
        known = {question.open.pause.pause_id for question in waiting}
        self._checked = {pause_id: at for pause_id, at in self._checked.items() if pause_id in known}
        for question in waiting:
            pause, run = question.open.pause, question.open.run
            if now - self._checked.get(pause.pause_id, float("-inf")) < SECONDS_BETWEEN_CHECKS:
                continue
            try:
                has_somebody = await self._has_somebody(question)
            except CannotCheckError:
                continue
            self._checked[pause.pause_id] = now
            if not has_somebody:
                cause = f"{question.registered.name}, step {pause.step_name}"
                self._tell("a question waits that nobody may answer", cause, run.run_id)

    async def _has_somebody(self, question: Question) -> bool:
        registered, rule, requester = question.registered, question.rule, question.open.run.user_id
        owners, deed = registered.policy.owners, authority.deed_of(question.open.pause)
        channel = registered.channel if rule.approvers is None else None
        named = owners | (rule.approvers or frozenset()) | ({requester} if requester else set())
        for who in await self._service.people.everybody(named, channel):
            person = await self._service.answerer(registered, rule, who)
            if authority.may_answer(rule, person, requester, deed, owners) is None:
                return True
        return False
