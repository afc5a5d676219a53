"""How a question is put: the pause records that the walk asks to be opened."""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from kernbot.db.base import PauseRecord
from kernbot.engine import gates
from kernbot.engine.authority import MEMBERS, Rule
from kernbot.engine.values import digest, encode
from kernbot.engine.versions import Version, version_of
from kernbot.run.answer import Action, Answer
from kernbot.workflow.loop import Loop
from kernbot.workflow.node import Node
from kernbot.workflow.review import HumanReview, OnReject
from kernbot.workflow.router import Router

_LONGEST_TRACEBACK = 20_000
_CALLERS = ("kernbot.engine.", "concurrent.futures.")
"""Modules by which an author's code is called; how they do it tells nobody why it failed."""

Kind = Literal["confirmation", "user_input", "route", "output_review", "iteration_review", "tool", "error"]


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Where and when a question is asked."""

    run_id: str
    path: str
    now: float
    place: dict[str, Any] = field(
        default_factory=lambda: dict.fromkeys(("index", "of", "next_step", "previous", "input"))
    )
    """Position, number of top-level nodes, what comes next; by reference, what came before and what it began with."""
    rule: Rule = MEMBERS
    """Who may answer, as things stand: kept with the question, but no part of what is promised."""

    def pause(
        self, step_name: str, kind: Kind, question: dict[str, Any], number: int = 1, **promised: Any
    ) -> PauseRecord:
        """Return the pause of a question asked here."""
        pause = PauseRecord(
            pause_id=uuid.uuid4().hex,
            run_id=self.run_id,
            path=self.path,
            kind=kind,
            number=number,
            step_name=step_name,
            question={**question, **self.place, "rule": self.rule.to_dict()},
            digest="",
            opened_at=self.now,
            **{"deadline": None, "silence": None, **promised},
        )
        return replace(pause, digest=digest_of_pause(pause))


def digest_of_pause(pause: PauseRecord) -> str:
    """Return the digest of all that is asked and promised; who may answer is what holds at the click."""
    promise = {"deadline": pause.deadline, "silence": pause.silence}
    asked = {name: value for name, value in pause.question.items() if name != "rule"}
    return digest({"run": pause.run_id, "path": pause.path, "question": asked, **promise})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How often a question has been put before."""

    number: int = 1
    """Of the pause, among those of its kind at its path."""
    retries: int = 0
    """How often people have had it asked, or done, again."""
    feedback: str | None = None
    """What they said the last time."""
    instead_of: PauseRecord | None = None
    """A question whose answer does not count: the code that it was about is another one now."""


FIRST = Asked()


def ask_before(node: Node, asking: Asking, asked: Asked = FIRST, proposed: Sequence[str] | None = None) -> PauseRecord:
    """Return the pause of a node that asks before it runs: a yes or no, values, or both in one.

    `proposed` holds what the selector of a Router chose, and what the yes or no is about.
    """
    review = node.human_review
    is_for_values = review.requires_user_input and not isinstance(node, Router)
    fields = list(review.fields) if is_for_values else []
    on_reject = gates.on_reject_now(node, asked.retries, exhausted=OnReject.skip)
    question = {
        **_about(node, asked, on_reject),
        "message": _message(node, is_for_values=is_for_values),
        "requires_confirmation": review.requires_confirmation,
        "confirmation_message": review.confirmation_message,
        "requires_user_input": is_for_values,
        "user_input_message": review.user_input_message,
        "fields": _encoded(node, fields),
    }
    question |= about_code(version_of(node), asked.instead_of)
    if isinstance(node, Router):
        question |= {"choices": _choices(node), "proposed": proposed}
    approval = gates.approval_by_defaults(fields) if is_for_values else Answer(action=Action.confirm)
    silence = gates.answer_of_silence(review, on_reject, approval)
    kind: Kind = "user_input" if is_for_values else "confirmation"
    promise = promise_of(review, asking, silence, asked.instead_of)
    return asking.pause(node.name, kind, question, asked.number, **promise)


def ask_for_route(node: Router, asking: Asking, asked: Asked, proposed: Sequence[str]) -> PauseRecord:
    """Return the pause of a Router that has people select among its choices."""
    review = node.human_review
    on_reject = gates.on_reject_now(node, asked.retries, exhausted=OnReject.skip)
    question = {
        **_about(node, asked, on_reject),
        "message": review.user_input_message or f"Which way does `{node.name}` go on?",
        "user_input_message": review.user_input_message,
        "choices": _choices(node),
        "proposed": list(proposed),
        "allow_multiple_selections": review.allow_multiple_selections,
        "fields": _encoded(node, list(review.fields)),
        "actions": [Action.select, Action.reject],
        **about_code(version_of(node), asked.instead_of),
    }
    silence = gates.answer_of_silence(review, on_reject, gates.approval_of_routes(list(proposed)))
    promise = promise_of(review, asking, silence, asked.instead_of)
    return asking.pause(node.name, "route", question, asked.number, **promise)


def ask_about_output(
    node: Node, asking: Asking, asked: Asked, reviewed: dict[str, Any], *, may_retry: bool
) -> PauseRecord:
    """Return the pause of a node whose output people review; `reviewed` refers to it.

    Where no retry is left, a reject cancels the run.
    """
    review = node.human_review
    on_reject = gates.on_reject_now(node, asked.retries, exhausted=OnReject.cancel)
    if on_reject is OnReject.retry and not may_retry:
        on_reject = OnReject.cancel
    question = {
        **_about(node, asked, on_reject),
        "message": review.output_review_message or f"Is this output of `{node.name}` right?",
        "output_review_message": review.output_review_message,
        "retries_are_used_up": on_reject is not node.on_reject,
        "reviewed": reviewed,
        "actions": [Action.confirm, Action.edit, Action.reject],
    }
    if isinstance(node, Router):
        question |= {"choices": _choices(node), "proposed": None}
    silence = gates.answer_of_silence(review, on_reject, Answer(action=Action.confirm))
    return asking.pause(node.name, "output_review", question, asked.number, **promise_of(review, asking, silence))


def ask_about_iteration(node: Loop, asking: Asking, asked: Asked, reviewed: dict[str, Any]) -> PauseRecord:
    """Return the pause of a Loop whose iteration, the one of that number, people review: a yes ends the loop.

    Its retries are the iterations that are left, whatever `max_retries` says.
    """
    review = node.human_review
    which = f"iteration {asked.number} of {node.max_iterations} of `{node.name}`"
    question = {
        **_about(node, asked, node.on_reject),
        "max_retries": None,
        "message": review.iteration_review_message or f"Is {which} good enough?",
        "output_review_message": review.iteration_review_message,
        "iteration": asked.number,
        "max_iterations": node.max_iterations,
        "reviewed": reviewed,
        "actions": [Action.confirm, Action.edit, Action.reject],
    }
    silence = gates.answer_of_silence(review, node.on_reject, Answer(action=Action.confirm))
    return asking.pause(node.name, "iteration_review", question, asked.number, **promise_of(review, asking, silence))


def ask_after_crash(node: Node, asking: Asking, number: int, *, what: str | None = None) -> PauseRecord:
    """Return the pause of a step, or of the tool `what` in it, that may have run already when its process died."""
    subject = f"the tool {what!r}" if what else "this step"
    question = {
        "message": f"Retry `{what or node.name}`? It may have run already",
        "tool_name": what,
        "step_type": node.kind,
        "cause": "may_have_run",
        "error_type": "MayHaveRunAlready",
        "error_message": f"The process stopped while {subject} ran, and cannot see whether it took effect.",
        "on_timeout": str(node.human_review.on_timeout),
        "irreversible": node.human_review.irreversible,
        "actions": [Action.retry, Action.skip, Action.cancel],
    }
    silence = Answer(action=gates.action_of_silence_on_error(node.human_review))
    return asking.pause(node.name, "error", question, number, **promise_of(node.human_review, asking, silence))


def ask_after_failure(node: Node, asking: Asking, attempt: int, error: str, *, attempts: int = 1) -> PauseRecord:
    """Return the pause of a node that failed for now: its `on_error` is to ask people.

    `attempts` says how often it is tried by itself before they are asked.
    """
    error_class, _, error_message = error.partition(": ")
    question = {
        "message": f"Retry the failed step `{node.name}`?",
        "step_type": node.kind,
        "cause": "failed",
        "error_type": error_class.rpartition(".")[2],
        "error_message": error_message,
        "attempt": attempt,
        "attempts": attempts,
        "on_timeout": str(node.human_review.on_timeout),
        "irreversible": node.human_review.irreversible,
        "actions": [Action.retry, Action.skip, Action.cancel],
    }
    silence = Answer(action=gates.action_of_silence_on_error(node.human_review))
    return asking.pause(node.name, "error", question, attempt, **promise_of(node.human_review, asking, silence))


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


def traceback_text(error: BaseException) -> str:
    """Return how an exception came about, as Python shows it from the author's own code on; of a long one, the end."""
    trace = error.__traceback__
    while trace and trace.tb_next and trace.tb_frame.f_globals.get("__name__", "").startswith(_CALLERS):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))[-_LONGEST_TRACEBACK:].strip()


def error_text(error: BaseException) -> str:
    """Return class and message of an exception, as Python shows it."""
    return "".join(traceback.format_exception_only(error)).strip()


def _about(node: Node, asked: Asked, on_reject: OnReject) -> dict[str, Any]:
    return {
        "step_type": node.kind,
        "on_reject": str(on_reject),
        "on_timeout": str(node.human_review.on_timeout),
        "retry_count": asked.retries,
        "max_retries": node.human_review.max_retries,
        "feedback": asked.feedback,
        **_wording(node.human_review),
    }


def _wording(review: HumanReview) -> dict[str, Any]:
    return {
        "reason": review.reason and str(review.reason),
        "reasons": list(review.reasons),
        "approve_label": review.approve_label,
        "reject_label": review.reject_label,
        "irreversible": review.irreversible,
    }


def _choices(node: Router) -> list[dict[str, str | None]]:
    return [{"name": choice.name, "description": choice.description} for choice in node.choices]


def _encoded(node: Node, fields: list[Any]) -> list[Any]:
    return [encode(asdict(item), f"The schema of step {node.name!r}") for item in fields]


def about_code(version: Version | None, instead_of: PauseRecord | None) -> dict[str, Any]:
    """Return what a question says of the code that it is about, and of the question whose place it takes."""
    if instead_of is None:
        return {"version": version}
    changed = {"was": instead_of.question["version"]}
    return {"version": version, "changed": changed, "instead_of": instead_of.pause_id}


def promise_of(
    review: HumanReview, asking: Asking, silence: Answer, instead_of: PauseRecord | None = None
) -> dict[str, Any]:
    """Return the deadline of a question and the answer that the clock gives then; nothing without a timeout.

    One that takes the place of another keeps its deadline.
    """
    timeout = None if review.timeout is None else asking.now + review.timeout
    deadline = timeout if instead_of is None else instead_of.deadline
    return {} if deadline is None else {"deadline": deadline, "silence": silence.to_dict()}


def _message(node: Node, *, is_for_values: bool) -> str:
    review = node.human_review
    own = review.confirmation_message if review.requires_confirmation else None
    if message := own or (review.user_input_message if is_for_values else None):
        return message
    return f"Run `{node.name}`?" if review.requires_confirmation else f"Fill in what `{node.name}` needs"
