"""The ledger: every answer goes through here, whoever gives it and through whatever door; the first one wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kernbot.db.base import AnswerRecord, PauseRecord, Store
from kernbot.engine.calling import check_call_answer
from kernbot.engine.gates import allowed_actions, fields_of
from kernbot.engine.values import encode
from kernbot.errors import AnswerError, ConflictError, NotFoundError
from kernbot.run.answer import Action, Answer
from kernbot.workflow.fields import checked_values
from kernbot.workflow.requirements import problem_with_routes
from kernbot.workflow.review import AskReason

BATCH = 500
_WITH_REASON = (Action.confirm, Action.provide, Action.edit, Action.reject)


class TooLateError(ConflictError):
    """The pause is no longer open to this answer; `pause` says who answered what, and when."""

    def __init__(self, pause: PauseRecord) -> None:
        super().__init__(f"The question of step {pause.step_name!r} is closed: {in_words(pause)}")
        self.pause = pause


class AskedAnewError(ConflictError):
    """What is asked is no longer what was answered, as the step changed; `pause` is the question as it is now."""

    def __init__(self, pause: PauseRecord) -> None:
        super().__init__(
            f"The step {pause.step_name!r} changed since this was asked, so nothing was recorded. The question is "
            "asked again, with the same deadline: load the run again and answer it as it is now."
        )
        self.pause = pause


async def give_answer(
    store: Store, pause_id: str, answer: Answer, *, at: float, by: str, door: str, digest: str | None = None
) -> PauseRecord:
    """Store an answer and return the pause that it closed. Nothing is executed.

    `digest` is that of the question as it was shown; AskedAnewError where it is put in other words now.
    `at` is when the person decided (unix seconds): an answer in time counts, whenever it gets here. Raises TooLateError
    when somebody was faster or the deadline had passed (then the deadline's own answer is stored), AnswerError when the
    answer does not fit the question, NotFoundError for an unknown pause.
    """
    pause = await store.get_pause(pause_id)
    if pause is None:
        raise NotFoundError(f"There is no question {pause_id}.")
    if pause.state == "open":
        record = AnswerRecord(answer=check_answer(pause, answer).to_dict(), at=at, by=by, door=door)
        if (closed := await store.close_pause(pause_id, record, digest)) is not None:
            return closed
    return await _refuse(store, pause, at, digest)


async def expire_due(store: Store, now: float, workflow_id: str | None = None) -> Sequence[PauseRecord]:
    """Give every open pause whose deadline has come, of one workflow or of all, the answer of silence; return those."""
    expired: list[PauseRecord] = []
    while batch := await store.expire_pauses(now, BATCH, workflow_id):
        expired.extend(batch)
    return expired


def check_answer(pause: PauseRecord, answer: Answer) -> Answer:
    """Return an answer with what it holds as JSON; AnswerError when it does not fit the question."""
    allowed = dict.fromkeys([*allowed_actions(pause.question), Action.cancel])
    if answer.action not in allowed:
        raise AnswerError(
            f"The question of step {pause.step_name!r} can't be answered with {str(answer.action)!r}; "
            f"answer it with {' or '.join(allowed)}."
        )
    if pause.kind == "tool":
        return check_call_answer(pause, answer)
    _check_reason(pause, answer)
    match answer.action:
        case Action.provide:
            values = checked_values(fields_of(pause.question), answer.values)
            return replace(
                answer, values={name: encode(value, f"The answer {name!r}") for name, value in values.items()}
            )
        case Action.select:
            _check_routes(pause, answer)
            return Answer(action=answer.action, routes=answer.routes, feedback=answer.feedback)
        case Action.edit:
            edited = encode(answer.output, f"The edited output of step {pause.step_name!r}")
            return Answer(action=answer.action, output=edited, feedback=answer.feedback)
    return Answer(action=answer.action, feedback=answer.feedback)


def _check_reason(pause: PauseRecord, answer: Answer) -> None:
    """Raise AnswerError for a missing reason, where the author wants one."""
    policy = pause.question.get("reason")
    is_asked = policy == AskReason.always or (policy == AskReason.reject and answer.action is Action.reject)
    if is_asked and answer.action in _WITH_REASON and not (answer.feedback or "").strip():
        raise AnswerError(
            f"Nothing was stored: step {pause.step_name!r} wants a reason for {str(answer.action)!r}; give `feedback`."
        )


def _check_routes(pause: PauseRecord, answer: Answer) -> None:
    available = [choice["name"] for choice in pause.question["choices"]]
    several = pause.question["allow_multiple_selections"]
    if problem := problem_with_routes(answer.routes, available, several=several):
        raise AnswerError(f"Router {pause.step_name!r}: {problem}")


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


async def _refuse(store: Store, pause: PauseRecord, at: float, digest: str | None) -> PauseRecord:
    if pause.deadline is not None and at >= pause.deadline:
        await expire_due(store, at)
    now = await store.get_pause(pause.pause_id) or pause
    raise AskedAnewError(now) if now.state == "open" and digest not in (None, now.digest) else TooLateError(now)
