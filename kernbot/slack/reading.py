"""From a stored run to the facts that are shown of it: pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kernbot.db.base import JournalEntry, PauseRecord, Snapshot
from kernbot.engine.gates import Verdict, allowed_actions, verdict_of
from kernbot.engine.journal import ROOT, Journal
from kernbot.engine.values import decode
from kernbot.engine.views import previous_output, run_output
from kernbot.run.answer import Action, Answer
from kernbot.run.status import RunStatus
from kernbot.slack.ids import slack_user
from kernbot.slack.render.facts import FieldFacts, Followed, PauseFacts, RunFacts, StepFacts, StepState
from kernbot.workflow.types import StepOutput

_FOLLOWS: dict[Verdict, Followed] = {
    Verdict.SKIP: "skipped",
    Verdict.ELSE: "else",
    Verdict.CANCEL: "cancelled",
}


def run_facts(
    snapshot: Snapshot, channel: str, *, run_link: str | None = None, open_question_link: str | None = None
) -> RunFacts:
    """Return what there is to show of a run."""
    run = snapshot.run
    output = run_output(snapshot)
    outcome = run.outcome or {}
    return RunFacts(
        run_id=run.run_id,
        workflow=run.workflow_name,
        status=run.status,
        requester=run.request["notes"].get("requester", run.user_id or "nobody"),
        channel=channel,
        started_at=run.created_at,
        ended_at=run.updated_at if run.status.has_ended else None,
        steps=[_step(snapshot, key, name) for key, name in run.request["outline"]],
        pauses=[pause_facts(snapshot, pause) for pause in snapshot.pauses],
        content=as_text(output.content) if run.status is RunStatus.COMPLETED else None,
        error=outcome.get("error"),
        cancelled_by=_who(outcome.get("cancelled_by")),
        reason=outcome.get("reason"),
        run_link=run_link,
        open_question_link=open_question_link,
    )


def pause_facts(snapshot: Snapshot, pause: PauseRecord) -> PauseFacts:
    """Return what there is to show of one question."""
    question = pause.question
    answered = pause.answered
    stored = Answer.from_dict(answered.answer) if answered and answered.answer else None
    return PauseFacts(
        pause_id=pause.pause_id,
        kind=pause.kind,
        message=question["message"],
        step_name=pause.step_name,
        digest=pause.digest,
        index=question["index"],
        of=question["of"],
        next_step=question["next_step"],
        values=_values(snapshot, question),
        requires_confirmation=question.get("requires_confirmation", False),
        fields=[_field(decode(item)) for item in question.get("fields", ())],
        on_reject=question.get("on_reject"),
        on_timeout=question.get("on_timeout"),
        silence=pause.silence["action"] if pause.silence else None,
        actions=[str(action) for action in allowed_actions(question)],
        error=_error_of(question),
        cause=question.get("cause"),
        opened_at=pause.opened_at,
        deadline=pause.deadline,
        is_open=pause.state == "open",
        answer=stored,
        answered_at=answered.at if answered else None,
        answered_by=_who(answered.by) if answered else None,
        followed=_followed(snapshot, pause, stored),
        seconds=_seconds_of(snapshot, Journal(snapshot).get(pause.path, "output")),
    )


def _error_of(question: dict[str, Any]) -> str | None:
    """Return what went wrong: with its class, if an author's code raised it."""
    if question.get("cause") != "failed":
        return question.get("error_message")
    return ": ".join(filter(None, (question["error_type"], question["error_message"])))


def as_text(value: Any) -> str:
    """Return a value as a person reads it: text as it is, anything else as JSON where it can be."""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _who(person: str | None) -> str | None:
    return slack_user(person) or person


def _field(item: dict[str, Any]) -> FieldFacts:
    return FieldFacts(default=item.pop("value"), **item)


def _values(snapshot: Snapshot, question: dict[str, Any]) -> list[tuple[str, str]]:
    given = decode(snapshot.run.request["input"])
    named = given.items() if isinstance(given, dict) else [("input", given)]
    values = [(str(name), as_text(value)) for name, value in named if value is not None]
    previous = previous_output(snapshot, question)
    if previous is not None and previous.last_content is not None:
        values.append((f"from {previous.step_name}", as_text(previous.last_content)))
    return values


def _step(snapshot: Snapshot, key: str, name: str) -> StepFacts:
    path = f"{ROOT}/{key}"
    journal = Journal(snapshot)
    entry = journal.get(path, "output")
    state = _state(snapshot, path, entry, journal.output(path))
    failed = next(iter(output.failed_steps()), None) if (output := journal.output(path)) else None
    return StepFacts(
        name=name, state=state, seconds=_seconds_of(snapshot, entry), error=failed.error if failed else None
    )


def _state(snapshot: Snapshot, path: str, entry: JournalEntry | None, output: StepOutput | None) -> StepState:
    if entry is not None:
        if output is None:
            return "skipped"
        return "failed" if any(output.failed_steps()) else "done"
    touched = [pause for pause in snapshot.pauses if _is_under(pause.path, path)]
    if snapshot.run.status is RunStatus.ERROR and any(_is_under(e.path, path) for e in snapshot.journal):
        return "failed"
    if snapshot.run.status.has_ended:
        return "not_run"
    if any(pause.state == "open" for pause in touched):
        return "waiting"
    return "running" if touched or _is_next(snapshot, path) else "not_yet"


def _is_under(path: str, top: str) -> bool:
    return path == top or path.startswith(f"{top}/")


def _is_next(snapshot: Snapshot, path: str) -> bool:
    over = {entry.path for entry in snapshot.journal if entry.kind == "output"}
    waiting = [f"{ROOT}/{key}" for key, _ in snapshot.run.request["outline"] if f"{ROOT}/{key}" not in over]
    return waiting[:1] == [path]


def _followed(snapshot: Snapshot, pause: PauseRecord, answer: Answer | None) -> Followed:
    if answer is None:
        return "cancelled" if pause.state == "closed" else "resuming"
    follows = _FOLLOWS.get(verdict_of(answer.action, pause.question))
    entry = Journal(snapshot).get(pause.path, "output")
    if follows == "cancelled" or (entry is None and snapshot.run.status is RunStatus.CANCELLED):
        return "cancelled" if snapshot.run.status is RunStatus.CANCELLED else "resuming"
    if follows and (entry is not None or answer.action is Action.reject):
        return follows
    if entry is None:
        return "failed" if _has_failed_since(snapshot, pause) else "resuming"
    output = Journal(snapshot).output(pause.path)
    return "failed" if output is not None and any(output.failed_steps()) else "ran"


def _has_failed_since(snapshot: Snapshot, pause: PauseRecord) -> bool:
    """Whether the attempt that an answer allowed is known to have failed, and nothing is being tried just now."""
    known = pause.number if pause.kind == "error" else 0
    stopped = snapshot.run.status in (RunStatus.PAUSED, RunStatus.ERROR)
    return stopped and Journal(snapshot).failures(pause.path) > known


def _seconds_of(snapshot: Snapshot, entry: JournalEntry | None) -> float | None:
    """Return how long a node took: from the last thing before it that is on record until its output."""
    if entry is None:
        return None
    answered = [pause.answered.at for pause in snapshot.pauses if pause.answered]
    before = [other.created_at for other in snapshot.journal if other.kind == "output" and other.path != entry.path]
    earlier = [at for at in _flat(answered, before) if at <= entry.created_at]
    return entry.created_at - max(earlier, default=snapshot.run.created_at)


def _flat(*lists: Iterable[float]) -> Iterable[float]:
    for items in lists:
        yield from items
