"""The ledger: every answer goes through here, whoever gives it and through whatever door; the first one wins."""

from __future__ import annotations

from collections.abc import Sequence

from kernbot.db.base import AnswerRecord, PauseRecord, Store
from kernbot.engine.gates import allowed_actions, fields_of
from kernbot.engine.values import encode
from kernbot.errors import AnswerError, ConflictError, NotFoundError
from kernbot.run.answer import Action, Answer
from kernbot.workflow.fields import checked_values

BATCH = 500


class TooLateError(ConflictError):
    """The pause is no longer open to this answer; `pause` says who answered what, and when."""

    def __init__(self, pause: PauseRecord) -> None:
        super().__init__(f"The question of step {pause.step_name!r} is closed: {in_words(pause)}")
        self.pause = pause


async def give_answer(store: Store, pause_id: str, answer: Answer, *, at: float, by: str, door: str) -> PauseRecord:
    """Store an answer and return the pause that it closed. Nothing is executed.

    `at` is when the person decided (unix seconds): an answer in time counts, whenever it gets here. Raises TooLateError
    when somebody was faster or the deadline had passed (then the deadline's own answer is stored), AnswerError when the
    answer does not fit the question, NotFoundError for an unknown pause.
    """
    pause = await store.get_pause(pause_id)
    if pause is None:
        raise NotFoundError(f"There is no question {pause_id}.")
    if pause.state == "open":
        record = AnswerRecord(answer=check_answer(pause, answer).to_dict(), at=at, by=by, door=door)
        if (closed := await store.close_pause(pause_id, record)) is not None:
            return closed
    return await _refuse(store, pause, at)


async def expire_due(store: Store, now: float) -> Sequence[PauseRecord]:
    """Give every open pause whose deadline has come the answer of silence; return those."""
    expired: list[PauseRecord] = []
    while batch := await store.expire_pauses(now, BATCH):
        expired.extend(batch)
    return expired


def check_answer(pause: PauseRecord, answer: Answer) -> Answer:
    """Return an answer with its values as JSON; AnswerError when it does not fit the question."""
    allowed = (*allowed_actions(pause.question), Action.cancel)
    if answer.action not in allowed:
        names = ", ".join(allowed)
        raise AnswerError(
            f"The question of step {pause.step_name!r} can't be answered with {answer.action!r}: {names}."
        )
    if answer.action is not Action.provide:
        return Answer(action=answer.action, feedback=answer.feedback)
    fields = fields_of(pause.question)
    values = checked_values(fields, answer.values)
    return Answer(
        action=answer.action,
        values={name: encode(value, f"The answer {name!r}") for name, value in values.items()},
        feedback=answer.feedback,
    )


def in_words(pause: PauseRecord) -> str:
    """Say how a pause was closed, for an error."""
    answered = pause.answered
    if answered is None:
        return "it is still open."
    if pause.state == "closed":
        return "the run has ended." if answered.door == "end" else f"the run was cancelled by {answered.by}."
    if answered.by == "timeout":
        return f"nobody answered in time, so the timeout policy answered {answered.answer['action']!r}."
    return f"{answered.by} answered {answered.answer['action']!r} first."


async def _refuse(store: Store, pause: PauseRecord, at: float) -> PauseRecord:
    if pause.deadline is not None and at >= pause.deadline:
        await expire_due(store, at)
    raise TooLateError(await store.get_pause(pause.pause_id) or pause)
