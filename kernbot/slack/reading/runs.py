"""From a stored run to the facts that are shown of it: pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kernbot.db.base import PauseRecord, RunRecord, SessionRecord, Snapshot
from kernbot.engine.gates import Verdict, allowed_actions, verdict_of
from kernbot.engine.journal import ROOT, Journal
from kernbot.engine.values import decode
from kernbot.engine.views import run_output
from kernbot.run.answer import Action, Answer
from kernbot.run.masking import masked, scrubbed, scrubbed_error
from kernbot.run.status import RunStatus
from kernbot.slack.ids import slack_user
from kernbot.slack.reading.asked import approvers_of, requester_may
from kernbot.slack.reading.damaged import damaged
from kernbot.slack.reading.subject import (
    Rows,
    call_as_json,
    choices_of,
    fields_of,
    given_values,
    reviewed_of,
    values_of,
)
from kernbot.slack.reading.talks import talks_of
from kernbot.slack.render.facts import CALLS_ON_A_CARD, CardKind, Followed, PauseFacts, RunFacts, StepFacts, StepState

_FOLLOWS: dict[Verdict, Followed] = {
    Verdict.SKIP: "skipped",
    Verdict.ELSE: "else",
    Verdict.CANCEL: "cancelled",
}

_KINDS_OF_CALLS: dict[str, CardKind] = {
    "confirmation": "call_confirmation",
    "user_input": "call_input",
    "external_execution": "call_result",
    "fields": "agent_input",
    "questions": "agent_choices",
}


def run_facts(
    snapshot: Snapshot,
    channel: str,
    *,
    hides_values: bool = False,
    run_link: str | None = None,
    open_question_link: str | None = None,
    trouble: str | None = None,
    traced: bool = False,
) -> RunFacts:
    """Return what there is to show of a run; without values, result and error texts where people may not see them.

    `trouble` is the reference under which the log says why it could not be carried on; `traced` says that tracebacks
    are shown.
    """
    run = snapshot.run
    record = _Record(snapshot, hides_values=hides_values, trouble=trouble, traced=traced)
    is_told = run.status is RunStatus.COMPLETED and not hides_values
    outcome = run.outcome or {}
    return RunFacts(
        run_id=run.run_id,
        workflow=run.workflow_name,
        status=run.status,
        requester=run.request["notes"].get("requester", run.user_id or "nobody"),
        requester_id=slack_user(run.user_id),
        channel=channel,
        started_at=run.created_at,
        ended_at=run.updated_at if run.status.has_ended else None,
        steps=[record.step(f"{ROOT}/{key}", name) for key, name in run.request["outline"]],
        pauses=[record.pause(pause) for pause in snapshot.pauses],
        talks=list(talks_of(record.rows, hides_words=hides_values)),
        content=record.rows.shown(run_output(snapshot).content) if is_told else None,
        error=record.told(outcome.get("error")),
        cancelled_by=_who(outcome.get("cancelled_by")),
        run_link=run_link,
        open_question_link=open_question_link,
    )


def pause_facts(snapshot: Snapshot, pause: PauseRecord, *, traced: bool = False) -> PauseFacts:
    """Return what there is to show of one question."""
    return _Record(snapshot, traced=traced).pause(pause)


def card_of(snapshot: Snapshot, pause: PauseRecord) -> str:
    """Return the question whose card this one stands on: itself, or the first of several that share a card."""
    return _Record(snapshot, hides_values=True).first_asked(pause) or pause.pause_id


def listed_facts(run: RunRecord, pause: PauseRecord, channel: str) -> tuple[RunFacts, PauseFacts]:
    """Return what a list shows of an open question: its run's own row and the question, no values and no steps."""
    session = SessionRecord(
        session_id=run.session_id,
        workflow_id=run.workflow_id,
        user_id=run.user_id,
        state={},
        created_at=run.created_at,
        updated_at=run.updated_at,
    )
    snapshot = Snapshot(run=run, session=session, journal=(), pauses=(pause,))
    facts = run_facts(snapshot, channel, hides_values=True)
    return replace(facts, steps=(), pauses=()), facts.pauses[0]


class _Record:
    """A run's rows, and what can be told from them."""

    def __init__(
        self, snapshot: Snapshot, *, hides_values: bool = False, trouble: str | None = None, traced: bool = False
    ) -> None:
        self._trouble = trouble
        self._traced = traced
        self._snapshot = snapshot
        self._run = snapshot.run
        self._pauses = snapshot.pauses
        self._entries = snapshot.journal
        self._journal = Journal(snapshot)
        rows = _readable(snapshot, self._journal)
        self._hides_values = hides_values or rows is None
        self.rows = rows or Rows(snapshot, self._journal, frozenset())
        self._over = {entry.path: entry.created_at for entry in snapshot.journal if entry.kind == "output"}

    def step(self, path: str, name: str) -> StepFacts:
        output = self._journal.output(path)
        failed = next(iter(output.failed_steps()), None) if output else None
        error = self.told(failed.error) if failed else None
        state = self._state(path)
        return StepFacts(
            name=name,
            state=state,
            seconds=self._seconds(path),
            error=error,
            traceback=self._traceback_under(path) if state == "failed" else None,
        )

    def told(self, error: str | None) -> str | None:
        """Return as much of an error as may be shown: its class alone where values are hidden."""
        if error is None or self._hides_values:
            return error and error.partition(":")[0]
        return scrubbed_error(error, self.rows.secrets)

    def pause(self, pause: PauseRecord) -> PauseFacts:
        try:
            return self._read(pause)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a question, it is told, the others are shown
            return damaged(pause, error)

    def _read(self, pause: PauseRecord) -> PauseFacts:
        question = pause.question
        answered = pause.answered
        answer = self._stored(pause)
        followed = self._followed_a_look(pause) if _is_look(pause, answer) else self._followed(pause, answer)
        is_stuck = followed == "resuming" and answer is not None and self._trouble is not None
        return PauseFacts(
            pause_id=pause.pause_id,
            first_asked=self.first_asked(pause),
            kind=_kind(pause),
            message=scrubbed(question["message"], self.rows.secrets),
            step_name=pause.step_name,
            digest=pause.digest,
            index=question["index"],
            of=question["of"],
            next_step=question["next_step"],
            values=[] if self._hides_values else values_of(self.rows, pause),
            hides_values=self._hides_values,
            requires_confirmation=question.get("requires_confirmation", False),
            fields=fields_of(pause),
            on_reject=question.get("on_reject"),
            silence=pause.silence["action"] if pause.silence else None,
            actions=[str(action) for action in allowed_actions(question)],
            retries=question.get("retry_count", 0),
            max_retries=question.get("max_retries"),
            is_last_try=question.get("retries_are_used_up", False),
            reviewed=None if self._hides_values else reviewed_of(self.rows, pause),
            iteration=question.get("iteration"),
            max_iterations=question.get("max_iterations"),
            choices=choices_of(pause),
            several=question.get("allow_multiple_selections", False),
            proposed=question.get("proposed") or (),
            irreversible=question.get("irreversible", False),
            changed=_changed(question),
            reason=question.get("reason"),
            reasons=question.get("reasons", ()),
            approve_label=question.get("approve_label"),
            reject_label=question.get("reject_label"),
            **self._call(pause),
            error=self.told(_error_of(question)),
            cause=question.get("cause"),
            attempt=question.get("attempt"),
            attempts=question.get("attempts", 1),
            traceback=self._traceback(pause.path, question.get("attempt")),
            approvers=approvers_of(self._snapshot, pause),
            requester_may=requester_may(self._snapshot, pause),
            opened_at=pause.opened_at,
            deadline=pause.deadline,
            is_open=pause.state == "open",
            answer=replace(answer, values={}, output=None) if answer and self._hides_values else answer,
            answered_at=answered.at if answered else None,
            answered_by=_who(answered.by) if answered else None,
            followed="stuck" if is_stuck else followed,
            reference=self._trouble if is_stuck else None,
            seconds=self._seconds(pause.path),
        )

    def _traceback(self, path: str, attempt: int | None) -> str | None:
        """Return how an attempt failed, where that may be shown."""
        entry = self._journal.get(path, "failure", attempt) if attempt and self._traced else None
        text = entry.payload.get("traceback") if entry else None
        return scrubbed_error(text, self.rows.secrets) if text else None

    def _traceback_under(self, path: str) -> str | None:
        failed = [entry for entry in self._entries if entry.kind == "failure" and _is_under(entry.path, path)]
        return self._traceback(failed[-1].path, failed[-1].attempt) if failed else None

    def _stored(self, pause: PauseRecord) -> Answer | None:
        """Return the answer that a question was given, without what is secret."""
        if pause.answered is None or not pause.answered.answer:
            return None
        answer = Answer.from_dict(pause.answered.answer)
        return replace(
            answer,
            values=given_values(self.rows, pause, decode(answer.values)),
            output=self._without_secrets(decode(answer.output)),
            feedback=answer.feedback and scrubbed(answer.feedback, self.rows.secrets),
        )

    def _without_secrets(self, value: Any) -> Any:
        shown = masked(value)
        return scrubbed(shown, self.rows.secrets) if type(shown) is str else shown

    def first_asked(self, pause: PauseRecord) -> str | None:
        """Return the first question that stands on the same card: in an earlier round, or about another call."""
        paths = self._calls_on_card(pause) if pause.kind == "tool" else [pause.path]
        same = (other.pause_id for other in self._pauses if other.kind == pause.kind and other.path in paths)
        first = next(same, pause.pause_id)
        return None if first == pause.pause_id else first

    def _call(self, pause: PauseRecord) -> dict[str, Any]:
        """Return what there is to show of the call that a question is about."""
        question = pause.question
        if pause.kind != "tool":
            return {"tool": question.get("tool_name")}
        paths = self._calls(pause)
        asker = question["member"] or question["executor"]
        return {
            "tool": question["tool"]["name"],
            "as_json": None if self._hides_values else call_as_json(self.rows, pause),
            "problem": question.get("problem"),
            "turn": question["turn"],
            "asker": (asker["kind"], asker["name"]),
            "call": paths.index(pause.path) + 1,
            "calls": len(paths),
        }

    def _calls(self, pause: PauseRecord) -> list[str]:
        """Return the paths of the calls of one turn."""
        return list(dict.fromkeys(other.path for other in self._turn(pause)))

    def _calls_on_card(self, pause: PauseRecord) -> list[str]:
        paths = self._calls(pause)
        place = paths.index(pause.path)
        return paths[place - place % CALLS_ON_A_CARD :][:CALLS_ON_A_CARD]

    def _turn(self, pause: PauseRecord) -> list[PauseRecord]:
        """Return the questions about the calls of one turn; about each call, there may be several."""
        return [other for other in self._pauses if other.question.get("turn") == pause.question["turn"]]

    def _state(self, path: str) -> StepState:
        if path in self._over:
            if self._journal.output(path) is None:
                return "skipped"
            return "failed" if self._has_failed_steps(path) else "done"
        if self._run.status is RunStatus.ERROR and any(_is_under(entry.path, path) for entry in self._entries):
            return "failed"
        if self._run.status.has_ended:
            return "not_run"
        touched = [pause for pause in self._pauses if _is_under(pause.path, path)]
        if any(pause.state == "open" for pause in touched):
            return "waiting"
        return "running" if touched or self._is_next(path) else "not_yet"

    def _is_next(self, path: str) -> bool:
        paths = (f"{ROOT}/{key}" for key, _ in self._run.request["outline"])
        return next((other for other in paths if other not in self._over), None) == path

    def _has_failed_steps(self, path: str) -> bool:
        output = self._journal.output(path)
        return output is not None and any(output.failed_steps())

    def _followed(self, pause: PauseRecord, answer: Answer | None) -> Followed:
        if answer is None:
            return "cancelled" if pause.state == "closed" else "resuming"
        return "held" if self._is_held(pause) else self._followed_from(pause, answer)

    def _followed_from(self, pause: PauseRecord, answer: Answer) -> Followed:
        is_over = pause.path in self._over
        verdict = verdict_of(answer.action, pause.question)
        had_it_again = answer.action is Action.reject and verdict is Verdict.RETRY
        if (had_it_again and is_over) or (pause.kind != "error" and self._is_asked_again(pause)):
            return "again"
        follows = _FOLLOWS.get(verdict)
        if follows == "cancelled" or (not is_over and self._run.status is RunStatus.CANCELLED):
            return "cancelled" if self._run.status is RunStatus.CANCELLED else "resuming"
        if follows and (is_over or answer.action is Action.reject):
            return follows
        if not is_over:
            return "failed" if self._has_failed_since(pause) else "resuming"
        return "failed" if self._has_failed_steps(pause.path) else "ran"

    def _followed_a_look(self, pause: PauseRecord) -> Followed:
        """Return what came of looking again at a changed workflow: the same question, or the run is past it."""
        if self._is_asked_again(pause):
            return "again"
        went_on = self._run.status in (RunStatus.PAUSED, RunStatus.COMPLETED, RunStatus.ERROR)
        return "ran" if went_on else "resuming"

    def _is_held(self, pause: PauseRecord) -> bool:
        """Whether an agent waits for people to decide other calls of the same turn."""
        if pause.kind != "tool" or pause.path in self._over:
            return False
        others = (other for other in self._turn(pause) if other.path != pause.path)
        return any(other.state == "open" for other in others) and not self._is_asked_again(pause)

    def _is_asked_again(self, pause: PauseRecord) -> bool:
        return self._journal.pause(pause.path, pause.kind, pause.number + 1) is not None

    def _has_failed_since(self, pause: PauseRecord) -> bool:
        """Whether what an answer allowed is known to have failed, and nothing is being tried just now."""
        if self._run.status is not RunStatus.PAUSED:
            return self._run.status is RunStatus.ERROR
        known = pause.number if pause.kind == "error" else 0
        return self._journal.failures(pause.path) > known

    def _seconds(self, path: str) -> float | None:
        """Return how long a node took: from the last thing before it that is on record until its output."""
        if (end := self._over.get(path)) is None:
            return None
        answers = (pause.answered.at for pause in self._pauses if pause.answered)
        outputs = (at for other, at in self._over.items() if other != path)
        return end - max((at for at in (*answers, *outputs) if at <= end), default=self._run.created_at)


def _readable(snapshot: Snapshot, journal: Journal) -> Rows | None:
    """Return the rows of a run with what of them is secret; None where that can't be told, so that all is hidden."""
    try:
        return Rows.of(snapshot, journal)
    except Exception:  # noqa: BLE001 - a damaged row may hold anything
        return None


def _changed(question: dict[str, Any]) -> tuple[str | None, str | None] | None:
    """Return as which version a step was asked about, and which it is now; None if it has not changed since."""
    changed = question.get("changed")
    return (changed["was"].get("version"), question["version"].get("version")) if changed else None


def _kind(pause: PauseRecord) -> CardKind:
    match pause.kind:
        case "confirmation" | "user_input" | "route" | "output_review" | "iteration_review" | "error" as kind:
            return kind
        case "tool":
            return _KINDS_OF_CALLS[pause.question["tool"]["asks"]]
    raise NotImplementedError(f"There is no card for a pause of kind {pause.kind}.")


def _is_look(pause: PauseRecord, answer: Answer | None) -> bool:
    """Whether somebody had the bot look again at a workflow that had changed."""
    is_retry = answer is not None and answer.action is Action.retry
    return is_retry and pause.question.get("cause") == "definition_changed"


def _error_of(question: dict[str, Any]) -> str | None:
    """Return what went wrong: with its class, if an author's code raised it."""
    if question.get("cause") != "failed":
        return question.get("error_message")
    return ": ".join(filter(None, (question["error_type"], question["error_message"])))


def _who(person: str | None) -> str | None:
    return slack_user(person) or person


def _is_under(path: str, top: str) -> bool:
    return path == top or path.startswith(f"{top}/")
