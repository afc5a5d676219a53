"""How a question is put: the pause records that the walk asks to be opened."""

from __future__ import annotations

import traceback
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from kernbot.db.base import PauseRecord
from kernbot.engine.gates import action_of_silence_on_error, answer_of_silence
from kernbot.engine.values import digest, encode
from kernbot.run.answer import Action, Answer
from kernbot.workflow.node import Node
from kernbot.workflow.review import HumanReview

Kind = Literal["confirmation", "user_input", "error"]


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Where and when a question is asked."""

    run_id: str
    path: str
    now: float
    place: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(("index", "of", "next_step", "previous")))
    """Position, number of top-level nodes, what comes next, and a reference to what came before."""

    def pause(
        self, step_name: str, kind: Kind, question: dict[str, Any], number: int = 1, **promised: Any
    ) -> PauseRecord:
        """Return the pause of a question asked here."""
        whole = {**question, **self.place}
        promise = {"deadline": None, "silence": None, **promised}
        return PauseRecord(
            pause_id=uuid.uuid4().hex,
            run_id=self.run_id,
            path=self.path,
            kind=kind,
            number=number,
            step_name=step_name,
            question=whole,
            digest=digest({"run": self.run_id, "path": self.path, "question": whole, **promise}),
            opened_at=self.now,
            **promise,
        )


def ask_before(node: Node, asking: Asking) -> PauseRecord:
    """Return the pause of a node that asks before it runs: a yes or no, values, or both in one."""
    review = node.human_review
    fields = list(review.fields) if review.requires_user_input else []
    question = {
        "message": _message(node),
        "step_type": node.kind,
        "requires_confirmation": review.requires_confirmation,
        "confirmation_message": review.confirmation_message,
        "requires_user_input": review.requires_user_input,
        "user_input_message": review.user_input_message,
        "fields": [encode(asdict(item), f"The schema of step {node.name!r}") for item in fields],
        "on_reject": str(node.on_reject),
        "on_timeout": str(review.on_timeout),
    }
    kind: Kind = "user_input" if review.requires_user_input else "confirmation"
    return asking.pause(node.name, kind, question, **_promise(review, asking, answer_of_silence(review, fields)))


def ask_after_crash(node: Node, asking: Asking, number: int) -> PauseRecord:
    """Return the pause of a step that may have run already when its process died."""
    question = {
        "message": f"Retry `{node.name}`? It may have run already",
        "step_type": node.kind,
        "cause": "may_have_run",
        "error_type": "MayHaveRunAlready",
        "error_message": "The process stopped while this step ran, and cannot see whether it took effect.",
        "on_timeout": str(node.human_review.on_timeout),
        "actions": [Action.retry, Action.skip, Action.cancel],
    }
    silence = Answer(action=action_of_silence_on_error(node.human_review))
    return asking.pause(node.name, "error", question, number, **_promise(node.human_review, asking, silence))


def ask_after_failure(node: Node, asking: Asking, attempt: int, error: str) -> PauseRecord:
    """Return the pause of a step that failed for now: its `on_error` is to ask people."""
    error_type, _, error_message = error.partition(": ")
    question = {
        "message": f"Retry the failed step `{node.name}`?",
        "step_type": node.kind,
        "cause": "failed",
        "error_type": error_type,
        "error_message": error_message,
        "attempt": attempt,
        "on_timeout": str(node.human_review.on_timeout),
        "actions": [Action.retry, Action.skip, Action.cancel],
    }
    silence = Answer(action=action_of_silence_on_error(node.human_review))
    return asking.pause(node.name, "error", question, attempt, **_promise(node.human_review, asking, silence))


def ask_about_change(name: str, problem: str, asking: Asking, number: int) -> PauseRecord:
    """Return the pause of a run whose workflow no longer matches what it has done."""
    question = {
        "message": f"Look again at `{name}`? It changed while this run was under way",
        "step_type": None,
        "cause": "definition_changed",
        "error_type": "DefinitionChanged",
        "error_message": problem,
        "actions": [Action.retry, Action.cancel],
    }
    return asking.pause(name, "error", question, number)


def error_text(error: BaseException) -> str:
    """Return class and message of an exception, as Python shows it."""
    return "".join(traceback.format_exception_only(error)).strip()


def _promise(review: HumanReview, asking: Asking, silence: Answer) -> dict[str, Any]:
    """Return the deadline of a question and the answer that the clock gives then; nothing without a timeout."""
    if review.timeout is None:
        return {}
    return {"deadline": asking.now + review.timeout, "silence": silence.to_dict()}


def _message(node: Node) -> str:
    review = node.human_review
    own = review.confirmation_message if review.requires_confirmation else None
    if message := own or review.user_input_message:
        return message
    return f"Run `{node.name}`?" if review.requires_confirmation else f"Fill in what `{node.name}` needs"
