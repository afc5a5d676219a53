"""The rules of gates, which are pure: who may have which, and from an answer, or from silence, to what is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kernbot.db.base import AnswerRecord, PauseRecord
from kernbot.engine import gates
from kernbot.engine.gates import Verdict
from kernbot.engine.questions import (
    Asked,
    Asking,
    ask_about_change,
    ask_about_iteration,
    ask_about_output,
    ask_after_crash,
    ask_after_failure,
    ask_before,
    ask_for_route,
)
from kernbot.errors import DefinitionError
from kernbot.run.answer import Action, Answer
from kernbot.workflow import Condition, HumanReview, Loop, Parallel, Router, Step, Steps, Workflow
from kernbot.workflow.node import Node
from kernbot.workflow.review import OnError

ASKING = Asking(run_id="R", path="root/a", now=1000.0)


def _step(**settings: Any) -> Step:
    return Step(name="a", executor=lambda _: None, **settings)


def _router(**settings: Any) -> Router:
    return Router([_step()], lambda _: "a", "r", **settings)


def _loop(**settings: Any) -> Loop:
    return Loop([_step()], "l", **settings)


def _about_output(node: Node, retries: int = 0, *, may_retry: bool = True) -> PauseRecord:
    reviewed = {"draft": 1, "digest": "d"}
    return ask_about_output(node, ASKING, Asked(retries=retries), reviewed, may_retry=may_retry)


def _about_iteration(**settings: Any) -> PauseRecord:
    loop = _loop(requires_iteration_review=True, **settings)
    return ask_about_iteration(loop, ASKING, Asked(), {"path": None, "digest": "d"})


def _for_route(retries: int = 0, proposed: tuple[str, ...] = (), **settings: Any) -> PauseRecord:
    return ask_for_route(_router(requires_user_input=True, **settings), ASKING, Asked(retries=retries), proposed)


def _answered(pause: PauseRecord, action: Action) -> PauseRecord:
    record = AnswerRecord(answer=Answer(action=action).to_dict(), at=1.0, by="ann", door="button")
    return replace(pause, state="answered", answered=record)


@pytest.mark.parametrize(
    ("node", "action", "verdict"),
    [
        (_step(requires_confirmation=True), Action.confirm, Verdict.PROCEED),
        (_step(requires_confirmation=True), Action.reject, Verdict.SKIP),
        (_step(requires_confirmation=True), Action.skip, Verdict.SKIP),
        (_step(requires_confirmation=True), Action.cancel, Verdict.CANCEL),
        (_step(requires_confirmation=True, on_reject="cancel"), Action.reject, Verdict.CANCEL),
        (_step(requires_confirmation=True, on_reject="cancel"), Action.skip, Verdict.SKIP),
        (Steps(name="s", requires_confirmation=True), Action.reject, Verdict.SKIP),
        (Condition([], requires_confirmation=True), Action.reject, Verdict.ELSE),
        (Condition([], requires_confirmation=True), Action.skip, Verdict.SKIP),
        (Condition([], requires_confirmation=True, on_reject="skip"), Action.reject, Verdict.SKIP),
        (Condition([], requires_confirmation=True, on_reject="retry"), Action.reject, Verdict.RETRY),
        (_step(requires_confirmation=True, on_reject="retry"), Action.reject, Verdict.RETRY),
        (_loop(requires_confirmation=True, on_reject="cancel"), Action.reject, Verdict.CANCEL),
        (_router(requires_confirmation=True), Action.reject, Verdict.SKIP),
    ],
)
def test_what_follows_from_an_answer(node: Node, action: Action, verdict: Verdict) -> None:
    """A reject does what the node says, and never proceeds; skip and cancel do what they are called."""
    assert gates.decide(_answered(ask_before(node, ASKING), action)).verdict is verdict


@pytest.mark.parametrize("action", [Action.confirm, Action.edit])
@pytest.mark.parametrize("pause", [_about_output(_step()), _about_iteration()])
def test_a_yes_to_what_came_out_goes_on(pause: PauseRecord, action: Action) -> None:
    """So does an edit, and that there is one is known."""
    decision = gates.decide(_answered(pause, action))
    assert (decision.verdict, decision.is_edit) == (Verdict.PROCEED, action is Action.edit)


RETRIED: dict[str, Any] = {"on_reject": "retry", "hitl_max_retries": 2}


@pytest.mark.parametrize(
    ("pause", "on_reject"),
    [
        (ask_before(_step(requires_confirmation=True, **RETRIED), ASKING, Asked(retries=1)), "retry"),
        (ask_before(_step(requires_confirmation=True, **RETRIED), ASKING, Asked(retries=2)), "skip"),
        (_for_route(1, **RETRIED), "retry"),
        (_for_route(2, **RETRIED), "skip"),
        (_about_output(_step(**RETRIED), 1), "retry"),
        (_about_output(_step(**RETRIED), 2), "cancel"),
        (_about_output(_router(**RETRIED), 2), "cancel"),
        (_about_output(_loop(**RETRIED), 1), "retry"),
        (_about_output(_loop(**RETRIED), 1, may_retry=False), "cancel"),
        (_about_output(_loop(on_reject="skip"), may_retry=False), "skip"),
        (_about_iteration(**RETRIED), "retry"),
    ],
)
def test_what_a_reject_does_is_promised(pause: PauseRecord, on_reject: str) -> None:
    """Once the retries are used up it skips what has not run, and cancels the run over what did."""
    assert pause.question["on_reject"] == on_reject


def test_a_cancel_says_why() -> None:
    """Somebody wanted it, rejected it, or rejected it once too often; or nobody answered in time."""
    rejected = _step(requires_confirmation=True, on_reject="cancel")
    cases = [
        (ask_before(rejected, ASKING), Action.cancel, "The run was cancelled at step 'a'."),
        (ask_before(rejected, ASKING), Action.reject, "Step 'a' was rejected."),
        (_about_output(_step(**RETRIED), 2), Action.reject, "Step 'a' was rejected, and no retry is left."),
    ]
    assert [gates.decide(_answered(pause, action)).reason for pause, action, _ in cases] == [text for *_, text in cases]
    silence = AnswerRecord(answer=Answer(action=Action.cancel).to_dict(), at=1.0, by="timeout", door="clock")
    late = replace(ask_before(rejected, ASKING), state="answered", answered=silence)
    assert gates.decide(late).reason == "Nobody answered the question of step 'a' in time."


def test_what_was_promised_counts() -> None:
    """The rule is that of the stored question, whatever the node says by now."""
    asked = ask_before(_step(requires_confirmation=True, on_reject="cancel"), ASKING)
    assert gates.verdict_of(Action.reject, asked.question) is Verdict.CANCEL


def test_an_open_question_decides_nothing() -> None:
    """ValueError."""
    with pytest.raises(ValueError, match="has no answer"):
        gates.decide(ask_before(_step(requires_confirmation=True), ASKING))


NUMBER = {"name": "n", "field_type": "int"}
VALUES: dict[str, Any] = {"requires_user_input": True}


@pytest.mark.parametrize(
    ("settings", "silence"),
    [
        ({"requires_confirmation": True}, Answer(action=Action.cancel)),
        ({"requires_confirmation": True, "on_timeout": "approve"}, Answer(action=Action.confirm)),
        ({"requires_confirmation": True, "on_timeout": "skip"}, Answer(action=Action.skip)),
        ({"requires_confirmation": True, "on_timeout": "reject"}, Answer(action=Action.reject)),
        ({**VALUES, "user_input_schema": [NUMBER], "on_timeout": "approve"}, Answer(action=Action.cancel)),
        ({**VALUES, "user_input_schema": [NUMBER], "on_timeout": "skip"}, Answer(action=Action.skip)),
        (
            {
                **VALUES,
                "user_input_schema": [{**NUMBER, "value": 3}, {"name": "o", "required": False}],
                "on_timeout": "approve",
            },
            Answer(action=Action.provide, values={"n": 3}),
        ),
    ],
)
def test_what_silence_answers(settings: dict[str, Any], silence: Answer) -> None:
    """`on_timeout`, in full: approval of a question for values gives the defaults, and cancels where one is missing."""
    asked = ask_before(_step(timeout=60, **settings), ASKING)
    assert (asked.silence, asked.deadline) == (silence.to_dict(), 1060.0)


REDO: dict[str, Any] = {"on_reject": "retry", "timeout": 60}
CONFIRM, SKIP, CANCEL, REJECT = (Answer(action=Action(name)) for name in ("confirm", "skip", "cancel", "reject"))


@pytest.mark.parametrize(
    ("pause", "silence"),
    [
        (_about_output(_step(timeout=60, on_timeout="approve")), CONFIRM),
        (_about_output(_step(timeout=60, on_timeout="reject")), REJECT),
        (_about_output(_step(on_timeout="reject", **REDO)), SKIP),
        (_about_output(_step(on_timeout="reject", **REDO), 3), REJECT),
        (_about_output(_step(on_timeout="skip", **REDO)), SKIP),
        (_about_iteration(timeout=60, on_timeout="approve"), CONFIRM),
        (_about_iteration(on_timeout="reject", **REDO), SKIP),
        (_about_iteration(on_timeout="cancel", **REDO), CANCEL),
        (ask_before(_step(requires_confirmation=True, on_timeout="reject", **REDO), ASKING), SKIP),
        (_for_route(on_timeout="reject", **REDO), SKIP),
        (_for_route(timeout=60, on_timeout="approve"), CANCEL),
        (
            _for_route(proposed=("a",), timeout=60, on_timeout="approve"),
            Answer(action=Action.select, routes=("a",)),
        ),
    ],
)
def test_silence_has_nothing_done_again(pause: PauseRecord, silence: Answer) -> None:
    """Where a person's reject would be a retry, `on_timeout=reject` skips; approval of a selection is the proposal."""
    assert (pause.silence, pause.deadline) == (silence.to_dict(), 1060.0)


def test_without_a_timeout_there_is_no_deadline() -> None:
    """None is invented, whatever `on_timeout` says."""
    asked = ask_before(_step(requires_confirmation=True, on_timeout="approve"), ASKING)
    assert (asked.silence, asked.deadline) == (None, None)


@pytest.mark.parametrize(
    ("on_timeout", "action"), [("approve", "skip"), ("skip", "skip"), ("reject", "skip"), ("cancel", "cancel")]
)
def test_silence_never_has_anything_run_again(on_timeout: str, action: str) -> None:
    """A question about a failure has the step's deadline, and is skipped or cancelled at it."""
    step = _step(timeout=60, on_timeout=on_timeout)
    for asked in (ask_after_crash(step, ASKING, 1), ask_after_failure(step, ASKING, 1, "ValueError: no")):
        assert asked.silence == Answer(action=Action(action)).to_dict()
        assert asked.deadline == 1060.0


@pytest.mark.parametrize(
    ("pause", "actions"),
    [
        (ask_before(_step(requires_confirmation=True), ASKING), (Action.confirm, Action.reject)),
        (ask_before(_step(**VALUES, user_input_schema=[NUMBER]), ASKING), (Action.provide, Action.reject)),
        (_for_route(), (Action.select, Action.reject)),
        (_about_output(_step()), (Action.confirm, Action.edit, Action.reject)),
        (_about_iteration(), (Action.confirm, Action.edit, Action.reject)),
        (ask_after_crash(_step(), ASKING, 1), (Action.retry, Action.skip, Action.cancel)),
        (ask_after_failure(_step(), ASKING, 1, "ValueError: no"), (Action.retry, Action.skip, Action.cancel)),
        (ask_about_change("w", "It changed.", ASKING, 1), (Action.retry, Action.cancel)),
    ],
)
def test_what_may_be_answered(pause: PauseRecord, actions: tuple[Action, ...]) -> None:
    """A yes, values or choices, and always a no; only what came out is edited; a failure is retried or skipped."""
    assert gates.allowed_actions(pause.question) == actions


@pytest.mark.parametrize(
    ("settings", "failures", "gated", "on_error", "again"),
    [
        ({}, 3, False, "skip", True),
        ({}, 4, False, "skip", False),
        ({}, 1, True, "skip", False),
        ({}, 1, False, "pause", False),
        ({"max_retries": 2}, 2, True, "skip", True),
        ({"max_retries": 2}, 3, True, "skip", False),
        ({"max_retries": 2}, 2, False, "pause", True),
        ({"max_retries": 0}, 1, False, "skip", False),
    ],
)
def test_when_a_step_is_tried_again(
    settings: dict[str, Any], failures: int, gated: bool, on_error: str, again: bool
) -> None:
    """Three times by default, or as often as the author said; where people decide, only if the author said so."""
    assert gates.may_try_again(_step(**settings), failures, gated=gated, on_error=OnError(on_error)) is again


def test_the_wait_before_a_retry_doubles() -> None:
    """0.5 s first, at most 8 s."""
    assert [gates.retry_delay(failures) for failures in (1, 2, 3, 4, 5, 6)] == [0.5, 1, 2, 4, 8, 8]


def test_a_message_is_made_where_none_is_given() -> None:
    """A question always says what it is about."""
    assert ask_before(_step(requires_confirmation=True), ASKING).question["message"] == "Run `a`?"
    asked = ask_before(_step(**VALUES, user_input_schema=[NUMBER]), ASKING)
    assert asked.question["message"] == "Fill in what `a` needs"


def test_the_digest_covers_what_is_promised() -> None:
    """The same question has the same digest, and another deadline another one."""
    step = _step(requires_confirmation=True)
    assert ask_before(step, ASKING).digest == ask_before(step, ASKING).digest
    assert ask_before(_step(requires_confirmation=True, timeout=1), ASKING).digest != ask_before(step, ASKING).digest


FLAGS: dict[str, dict[str, Any]] = {
    "requires_confirmation": {"requires_confirmation": True},
    "requires_user_input": {"requires_user_input": True, "user_input_schema": [NUMBER]},
    "requires_output_review": {"requires_output_review": True},
    "requires_iteration_review": {"requires_iteration_review": True},
}
NODES: dict[str, tuple[Callable[..., Node], set[str]]] = {
    "step": (_step, {"requires_confirmation", "requires_user_input", "requires_output_review"}),
    "workflow": (
        lambda **settings: Step(workflow=Workflow(name="w"), **settings),
        {"requires_confirmation", "requires_user_input", "requires_output_review"},
    ),
    "steps": (lambda **settings: Steps("s", **settings), {"requires_confirmation"}),
    "condition": (lambda **settings: Condition([], **settings), {"requires_confirmation"}),
    "loop": (_loop, {"requires_confirmation", "requires_output_review", "requires_iteration_review"}),
    "router": (_router, {"requires_confirmation", "requires_user_input", "requires_output_review"}),
    "parallel": (lambda **settings: Parallel(_step(), **settings), set()),
}


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("kind", NODES)
def test_a_gate_that_can_not_be_honoured_is_refused(kind: str, flag: str) -> None:
    """When the node is built, in both styles: what a node does not know as a keyword it refuses in a HumanReview."""
    make, honoured = NODES[kind]
    if flag in honoured:
        assert make(**FLAGS[flag]).human_review.asks == [flag]
        assert make(human_review=HumanReview(**FLAGS[flag])).human_review.asks == [flag]
        return
    with pytest.raises(TypeError, match=flag):
        make(**FLAGS[flag])
    with pytest.raises(DefinitionError, match=f"can't honour {flag}: it can ask for"):
        make(human_review=HumanReview(**FLAGS[flag]))


@pytest.mark.parametrize("kind", NODES)
def test_only_a_condition_has_an_else(kind: str) -> None:
    """DefinitionError for `on_reject=else` anywhere else."""
    make, _ = NODES[kind]
    if kind == "condition":
        assert make(human_review=HumanReview(on_reject="else")).on_reject == "else"
        return
    with pytest.raises(DefinitionError, match="on_reject='else' is for a Condition"):
        make(human_review=HumanReview(on_reject="else"))


def test_an_object_wins_over_keywords() -> None:
    """Where both styles are given only the HumanReview counts; without it the keywords do."""
    review = HumanReview(requires_output_review=True, on_reject="cancel")
    both = _step(requires_confirmation=True, on_reject="skip", hitl_timeout=5, human_review=review)
    assert (both.human_review, both.asks_before, both.on_reject) == (review, False, "cancel")
    flat = _step(requires_confirmation=True, on_reject="retry", hitl_timeout=5, hitl_max_retries=7, on_timeout="skip")
    expected = HumanReview(requires_confirmation=True, on_reject="retry", timeout=5, max_retries=7, on_timeout="skip")
    assert flat.human_review == expected


@pytest.mark.parametrize(
    "settings",
    [
        {"on_reject": "bogus"},
        {"on_timeout": "bogus"},
        {"on_error": "bogus"},
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": "60"},
        {"timeout": True},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"timeout": 1e15},
        {"max_retries": -1},
        {"max_retries": 1.5},
        {"max_retries": True},
        {"requires_confirmation": "yes"},
        {"requires_iteration_review": len},
        {"requires_output_review": "always"},
        {"requires_output_review": True, "requires_iteration_review": True},
        {"requires_user_input": True, "user_input_schema": [{"name": "n"}, {"name": "n"}]},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    """DefinitionError, when they are given."""
    with pytest.raises(DefinitionError):
        HumanReview(**settings)


def test_settings_are_given_as_such() -> None:
    """DefinitionError for a dict in the place of a HumanReview."""
    with pytest.raises(DefinitionError, match="must be a HumanReview"):
        _step(human_review={"requires_confirmation": True})
