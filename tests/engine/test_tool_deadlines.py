"""Calls of tools that nobody decides about in time: the review settings of the step say what follows."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.models.scripted import call
from kernbot.run import RunStatus
from kernbot.run.messages import ToolCall
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.tools.user_control_flow import UserControlFlowTools
from kernbot.tools.user_feedback import UserFeedbackTools
from kernbot.workflow import HumanReview, Step, Workflow
from tests.engine.agent_bench import Desk, agent, asked, flow, looks, questions, requests, sends, told
from tests.engine.bench import Calls, must_load

SOON = 0.05
NO_ANSWER = "no answer in time"


def _expired(workflow: Workflow, run: WorkflowRunOutput) -> WorkflowRunOutput:
    """Return a run that was carried on at its deadline of a minute."""
    (expired,) = workflow.expire_paused_runs(time.time() + 61)
    assert expired.run_id == run.run_id
    return expired


FIELD = {"field_name": "city"}
COLOUR = {"question": "Which?", "options": [{"label": "red"}]}
KINDS: dict[str, tuple[ToolCall, Any]] = {
    "confirmation": (sends("hi"), lambda desk: desk.send),
    "editable": (sends("hi"), lambda desk: desk.tool("send", requires_confirmation=True, editable=["text"])),
    "values": (sends("hi"), lambda desk: desk.tool("send", requires_user_input=True)),
    "result": (sends("hi"), lambda desk: desk.tool("send", external_execution=True)),
    "fields": (call("get_user_input", user_input_fields=[FIELD]), lambda _: UserControlFlowTools()),
    "choices": (call("ask_user", questions=[COLOUR]), lambda _: UserFeedbackTools()),
}

every_kind = pytest.mark.parametrize("kind", KINDS)


def _waiting(db: Store, desk: Desk, calls: Calls, kind: str, on_timeout: str) -> tuple[Any, Workflow, Any]:
    asks, make = KINDS[kind]
    ann = agent([[asks], "Done."], make(desk))
    step = Step("mail", agent=ann, human_review=HumanReview(timeout=60, on_timeout=on_timeout))
    workflow = flow(step, calls.step("z"), db=db)
    run = workflow.run("x")
    deadline = asked(run).timeout_at
    assert deadline is not None
    assert deadline.timestamp() == pytest.approx(time.time() + 60, abs=5)
    return ann, workflow, run


@every_kind
@pytest.mark.parametrize("on_timeout", ["skip", "reject"])
def test_silence_is_a_no(db: Store, desk: Desk, calls: Calls, kind: str, on_timeout: str) -> None:
    """To every kind of question: the model is told that nobody answered in time, and goes on."""
    ann, workflow, run = _waiting(db, desk, calls, kind, on_timeout)
    run = _expired(workflow, run)
    assert (run.status, run.content, desk.done, told(ann)) == (RunStatus.COMPLETED, "z(Done.)", [], [NO_ANSWER])


@every_kind
def test_silence_may_cancel_the_run(db: Store, desk: Desk, calls: Calls, kind: str) -> None:
    """The reason is that nobody answered; nothing further runs."""
    ann, workflow, run = _waiting(db, desk, calls, kind, "cancel")
    run = _expired(workflow, run)
    assert (run.status, run.content) == (
        RunStatus.CANCELLED,
        "Nobody answered the question of step 'mail' in time.",
    )
    assert (desk.done, calls.names, len(requests(ann))) == ([], [], 1)


@every_kind
def test_silence_may_be_a_yes(db: Store, desk: Desk, calls: Calls, kind: str) -> None:
    """Where a yes is all that is asked, the call is made as the model wants it; without values the run is cancelled."""
    _, workflow, run = _waiting(db, desk, calls, kind, "approve")
    run = _expired(workflow, run)
    if kind in ("confirmation", "editable"):
        assert (run.content, desk.done) == ("z(Done.)", ["send(hi)"])
    else:
        assert (run.status, desk.done, calls.names) == (RunStatus.CANCELLED, [], [])


def test_without_a_timeout_there_is_no_deadline(db: Store, desk: Desk) -> None:
    """None is invented."""
    workflow = flow(Step("mail", agent=agent([[sends("hi")], "Done."], desk.send)), db=db)
    run = workflow.run("x")
    assert asked(run).timeout_at is None
    assert workflow.expire_paused_runs(time.time() + 1e9) == []


def test_a_decision_in_time_counts(db: Store, desk: Desk) -> None:
    """However late the run is continued; the other call of the turn is answered by silence."""
    ann = agent([[sends("a"), looks("b"), sends("c")], "Done."], desk.send, desk.look)
    step = Step("mail", agent=ann, timeout=SOON, on_timeout="skip")
    workflow = flow(step, db=db)
    run = workflow.run("x")
    questions(run)[0].confirm()
    time.sleep(SOON + 0.01)
    run = workflow.continue_run(run)
    assert (run.content, desk.done) == ("Done.", ["look(b)", "send(a)"])
    assert told(ann) == ["send: a", "look: b", NO_ANSWER]


def test_a_decision_that_is_late_does_not(db: Store, desk: Desk) -> None:
    """Silence has answered then, and no error is raised for it."""
    ann = agent([[sends("a")], "Done."], desk.send)
    workflow = flow(Step("mail", agent=ann, timeout=SOON, on_timeout="skip"), db=db)
    run = workflow.run("x")
    time.sleep(SOON + 0.01)
    questions(run)[0].confirm()
    assert workflow.continue_run(run).content == "Done."
    assert (told(ann), desk.done) == ([NO_ANSWER], [])


def test_each_round_has_a_deadline_of_its_own(db: Store, desk: Desk) -> None:
    """Counted from the moment that it is asked."""
    ann = agent([[sends("a")], [sends("b")], "Done."], desk.send)
    workflow = flow(Step("mail", agent=ann, timeout=60, on_timeout="skip"), db=db)
    run = workflow.run("x")
    (second,) = workflow.expire_paused_runs(time.time() + 61)
    first, last = must_load(workflow, run.run_id).step_requirements
    assert first.timeout_at is not None
    assert last.timeout_at is not None
    assert (second.status, first.timeout_at < last.timeout_at) == (RunStatus.PAUSED, True)
    assert workflow.expire_paused_runs() == []


def test_a_no_by_silence_leaves_other_gates(db: Store, desk: Desk) -> None:
    """`on_reject` is about the step: a call that is rejected cancels nothing, and the review still comes."""
    ann = agent([[sends("a")], "Done."], desk.send)
    review = HumanReview(requires_output_review=True, on_reject="cancel", timeout=60, on_timeout="reject")
    workflow = flow(Step("mail", agent=ann, human_review=review), db=db)
    run = _expired(workflow, workflow.run("x"))
    assert [item.step_output and item.step_output.content for item in run.steps_requiring_output_review] == ["Done."]
    assert told(ann) == [NO_ANSWER]
