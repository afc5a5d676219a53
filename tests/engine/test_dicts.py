"""Runs, requirements and events as dictionaries: what goes through JSON and comes back, and what a client may bring."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from kernbot.db.base import Store
from kernbot.errors import AnswerError, UsageError
from kernbot.run import RunStatus
from kernbot.run.answer import Action, Answer
from kernbot.run.workflow import StepCompletedEvent, StepPausedEvent, WorkflowRunOutput
from kernbot.workflow import HumanReview, Loop, Router, Step, StepOutput, Steps, Workflow
from kernbot.workflow.requirement import Requirement
from kernbot.workflow.types import ErrorRequirement, PauseKind, StepRequirement, UserInputField
from tests.engine.bench import Calls, must_load

Decide = Callable[[Any], object]

_FIELDS = [{"name": "n", "field_type": "int"}, {"name": "mode", "allowed_values": ["fast", "slow"], "value": "fast"}]

_REVIEWS: dict[str, dict[str, Any]] = {
    "confirmation": {"requires_confirmation": True},
    "values": {"requires_user_input": True, "user_input_schema": _FIELDS},
    "both": {"requires_confirmation": True, "requires_user_input": True, "user_input_schema": _FIELDS},
    "route": {"requires_user_input": True, "allow_multiple_selections": True},
    "review": {"requires_output_review": True, "on_reject": "retry"},
    "iteration": {"requires_iteration_review": True, "on_reject": "retry"},
    "error": {"on_error": "pause"},
}


def _asking(kind: str, calls: Calls, db: Store | None = None, **settings: Any) -> Workflow:
    """Return a workflow that asks people one thing, between two steps."""
    human_review = HumanReview(**{**_REVIEWS[kind], **settings})
    if kind == "route":
        asks: Any = Router(name="g", choices=[calls.step(name) for name in "pqr"], human_review=human_review)
    elif kind == "iteration":
        asks = Loop(name="g", steps=[calls.step("i")], max_iterations=2, human_review=human_review)
    elif kind == "error":
        asks = calls.failing("g", times=1, human_review=human_review)
    else:
        asks = Step("g", lambda seen: f"g({seen.user_input or seen.previous_step_content})", human_review=human_review)
    return Workflow(name="w", db=db, steps=[calls.step("a"), asks, calls.step("z")])


def _open(run: WorkflowRunOutput) -> Requirement:
    return [*run.step_requirements, *run.error_requirements][-1]


def _sent(data: dict[str, Any]) -> Any:
    """Return a dictionary as another process gets it."""
    return json.loads(json.dumps(data, allow_nan=False))


ASKED: list[tuple[str, Decide, dict[str, Any], str]] = [
    ("confirmation", lambda it: it.confirm(), {"confirmed": True}, "z(g(a(x)))"),
    ("confirmation", lambda it: it.reject("no"), {"confirmed": False, "rejection_feedback": "no"}, "z(a(x))"),
    ("values", lambda it: it.set_user_input(n=1), {"user_input": {"n": 1}}, "z(g({'n': 1, 'mode': 'fast'}))"),
    ("route", lambda it: it.select("r", "p"), {"selected_choices": ["r", "p"]}, "z(p(r(a(x))))"),
    ("review", lambda it: it.confirm(), {"confirmed": True}, "z(g(a(x)))"),
    ("review", lambda it: it.edit({"b": 2}), {"edited_output": {"b": 2}}, "z({'b': 2})"),
    ("iteration", lambda it: it.edit("e"), {"confirmed": True, "edited_output": "e"}, "z(e)"),
    ("iteration", lambda it: it.reject("again"), {"confirmed": False, "rejection_feedback": "again"}, "z(i(a(x)))"),
    ("error", lambda it: it.retry(), {"decision": "retry"}, "z(g(a(x)))"),
    ("error", lambda it: it.skip(), {"decision": "skip"}, "z(a(x))"),
]
"""What is asked, how it is decided, how a client says the same in the dictionary, and what comes out."""


@pytest.mark.parametrize(("kind", "decide"), [case[:2] for case in ASKED])
def test_a_run_is_the_same_after_json(kind: str, decide: Decide, calls: Calls) -> None:
    """It equals what was sent while it waits, once it is decided and once it has ended, and each can be sent again."""
    workflow = _asking(kind, calls, timeout=3600.0)
    run = workflow.run("x", metadata={"m": [1]})
    decided = copy.deepcopy(run)
    decide(_open(decided))
    ended = workflow.continue_run(decided)
    for each in (run, decided, ended):
        sent = _sent(each.to_dict())
        assert WorkflowRunOutput.from_dict(sent) == each
        assert WorkflowRunOutput.from_dict(sent).to_dict() == sent


@pytest.mark.parametrize(("kind", "decide", "in_keys", "content"), ASKED)
def test_a_run_from_json_is_continued(
    kind: str, decide: Decide, in_keys: dict[str, Any], content: str, *, db: Store, calls: Calls
) -> None:
    """Whether it was decided by a method, before or after, or by a client in the dictionary."""
    workflow = _asking(kind, calls, db)
    for way in ("before", "after", "in the dictionary"):
        run = workflow.run("x")
        if way == "before":
            decide(_open(run))
        sent = _sent(run.to_dict())
        if way == "in the dictionary":
            [*sent["step_requirements"], *sent["error_requirements"]][-1].update(in_keys)
        came_back = WorkflowRunOutput.from_dict(sent)
        if way == "after":
            decide(_open(came_back))
        assert workflow.continue_run(came_back).content == content
        calls.names.clear()


@pytest.mark.parametrize(("kind", "decide", "in_keys", "content"), ASKED)
def test_a_requirement_alone_brings_the_decision(
    kind: str, decide: Decide, in_keys: dict[str, Any], content: str, calls: Calls
) -> None:
    """With the run's id it is enough, and what it asked, said and shows is the same on the way there and back."""
    workflow = _asking(kind, calls)
    run = workflow.run("x")
    asked = _open(run)
    there = type(asked).from_dict(_sent(asked.to_dict()))
    assert there == asked
    decide(there)
    back = type(asked).from_dict(_sent(there.to_dict()))
    assert back == there
    in_words = type(asked).from_dict({**_sent(asked.to_dict()), **in_keys})
    assert in_words.answer is not None
    assert (in_words.is_resolved, _said(in_words)) == (True, _said(back))
    assert workflow.continue_run(run_id=run.run_id, step_requirements=[back]).content == content


def _said(item: Requirement) -> tuple[object, ...]:
    names = ("confirmed", "rejection_feedback", "selected_choices", "edited_output", "decision")
    return (item.answer and item.answer.action, *(getattr(item, name, None) for name in names))


def test_a_run_that_ended_in_error_is_continued_from_json(calls: Calls) -> None:
    """What failed is tried once more."""
    workflow = Workflow(steps=[calls.step("a"), calls.failing("g", times=1, max_retries=0, on_error="fail")])
    with pytest.raises(ValueError, match="broken"):
        workflow.run("x", run_id="R")
    run = WorkflowRunOutput.from_dict(_sent(must_load(workflow, "R").to_dict()))
    assert (run.status, run.error) == (RunStatus.ERROR, "ValueError: g is broken")
    assert workflow.continue_run(run).content == "g(a(x))"


def test_half_a_decision_stays_half_of_one(calls: Calls) -> None:
    """A yes without the values, or the values without the yes, goes through JSON and is completed there."""
    workflow = _asking("both", calls)
    parts: list[Decide] = [lambda it: it.confirm(), lambda it: it.set_user_input(n=1)]
    for first, second in (parts, reversed(parts)):
        run = workflow.run("x")
        first(_open(run))
        came_back = WorkflowRunOutput.from_dict(_sent(run.to_dict()))
        assert came_back == run
        with pytest.raises(UsageError, match="still waits"):
            workflow.continue_run(came_back)
        second(_open(came_back))
        assert workflow.continue_run(came_back).content == "z(g({'n': 1, 'mode': 'fast'}))"


@pytest.mark.parametrize(
    ("kind", "in_keys"),
    [
        ("confirmation", {"confirmed": "true"}),
        ("confirmation", {"confirmed": 1}),
        ("confirmation", {"user_input": {"n": 1}}),
        ("confirmation", {"rejection_feedback": "no"}),
        ("confirmation", {"is_stored": True, "confirmed": True}),
        ("confirmation", {"answer": {"action": "approve"}, "confirmed": True}),
        ("confirmation", {"requires_confirmation": False}),
        ("both", {"confirmed": True}),
        ("both", {"user_input": {"n": 1}}),
        ("values", {"confirmed": True}),
        ("values", {"requires_user_input": False, "user_input": {"n": 1}}),
        ("values", {"user_input": "n=1"}),
        ("values", {"user_input_schema": [{"name": "n", "value": 1}]}),
        ("route", {"confirmed": True}),
        ("route", {"confirmed": True, "selected_choices": []}),
        ("route", {"selected_choices": "p"}),
        ("review", {"edited_output": None}),
        ("error", {"decision": "later"}),
    ],
)
def test_what_is_no_decision_opens_no_gate(kind: str, in_keys: dict[str, Any], calls: Calls) -> None:
    """UsageError as if nothing had been said: not what is half said, nor said in the wrong type, nor a flag removed."""
    workflow = _asking(kind, calls)
    run = workflow.run("x")
    asked = _open(run)
    came_back = type(asked).from_dict({**_sent(asked.to_dict()), **in_keys})
    with pytest.raises(UsageError, match="still waits for an answer about g"):
        workflow.continue_run(run_id=run.run_id, step_requirements=[came_back])
    assert "z" not in calls.names


@pytest.mark.parametrize(
    ("kind", "in_keys", "complaint"),
    [
        ("confirmation", {"edited_output": "e"}, "can't be answered with 'edit'"),
        ("confirmation", {"requires_route_selection": True, "selected_choices": ["p"]}, "can't be answered"),
        ("values", {"user_input": {"n": "1"}}, "n must be a whole number, not '1'"),
        ("values", {"user_input": {"n": 1, "extra": 2}}, "extra is not a field"),
        ("values", {"requires_user_input": False, "confirmed": True}, "can't be answered with 'confirm'"),
        ("values", {"user_input_schema": [], "user_input": {"anything": 1}}, "n is required"),
        ("both", {"requires_user_input": False, "confirmed": True}, "can't be answered with 'confirm'"),
        ("route", {"available_choices": ["s"], "selected_choices": ["s"]}, "'s' is no choice"),
        ("route", {"selected_choices": ["p", "p"]}, "selected twice"),
        ("error", {"decision": "confirm"}, "can't be answered with 'confirm'"),
    ],
)
def test_what_a_client_brings_is_checked_against_what_was_asked(
    kind: str, in_keys: dict[str, Any], complaint: str, calls: Calls
) -> None:
    """AnswerError, and nothing is stored: the dictionary can't change the question."""
    workflow = _asking(kind, calls)
    run = workflow.run("x")
    asked = _open(run)
    came_back = type(asked).from_dict({**_sent(asked.to_dict()), **in_keys})
    with pytest.raises(AnswerError, match=complaint):
        workflow.continue_run(run_id=run.run_id, step_requirements=[came_back])
    assert must_load(workflow, run.run_id) == run


def test_a_requirement_of_no_pause_is_refused(calls: Calls) -> None:
    """One that a client made up answers nothing."""
    workflow = _asking("confirmation", calls)
    run = workflow.run("x")
    made_up = StepRequirement.from_dict({"step_id": "root/g", "requires_confirmation": True, "confirmed": True})
    with pytest.raises(UsageError):
        workflow.continue_run(run_id=run.run_id, step_requirements=[made_up])
    assert must_load(workflow, run.run_id).is_paused


def test_the_answer_wins_over_the_plain_names(calls: Calls) -> None:
    """What a method decided stands, whatever else the dictionary says."""
    workflow = _asking("confirmation", calls)
    run = workflow.run("x")
    run.step_requirements[-1].reject("no")
    came_back = StepRequirement.from_dict({**_sent(run.step_requirements[-1].to_dict()), "confirmed": True})
    assert workflow.continue_run(run_id=run.run_id, step_requirements=[came_back]).content == "z(a(x))"


def test_a_client_may_only_make_a_reject_stricter(calls: Calls) -> None:
    """`on_reject` set to `cancel` in the dictionary cancels the run; `skip` changes nothing where a reject cancels."""
    for promised, set_to, status in (("skip", "cancel", "CANCELLED"), ("cancel", "skip", "CANCELLED")):
        workflow = _asking("confirmation", calls, on_reject=promised)
        run = workflow.run("x")
        sent = {**_sent(run.step_requirements[-1].to_dict()), "confirmed": False, "on_reject": set_to}
        asked = StepRequirement.from_dict(sent)
        assert workflow.continue_run(run_id=run.run_id, step_requirements=[asked]).status == status


def test_decisions_that_are_stored_already_do_no_harm(calls: Calls) -> None:
    """A client sends back the whole list, and the open one counts."""
    steps = [calls.step(name, requires_confirmation=True) for name in ("g", "h")]
    workflow = Workflow(steps=steps)
    run = workflow.run("x")
    run.step_requirements[-1].confirm()
    sent = _sent(workflow.continue_run(run).to_dict())
    assert [item["confirmed"] for item in sent["step_requirements"]] == [True, None]
    for item in sent["step_requirements"]:
        item["confirmed"] = True
    came_back = [StepRequirement.from_dict(item) for item in sent["step_requirements"]]
    assert workflow.continue_run(run_id=run.run_id, step_requirements=came_back).content == "h(g(x))"


def test_a_decision_counts_as_of_when_it_was_taken(calls: Calls) -> None:
    """Taken in time and brought after the deadline it counts, by a method as in the dictionary."""
    workflow = _asking("confirmation", calls, timeout=0.1)
    for in_keys in ({}, {"confirmed": True, "resolved_at": time.time()}):
        run = workflow.run("x")
        if not in_keys:
            run.step_requirements[-1].confirm()
        sent = {**_sent(run.step_requirements[-1].to_dict()), **in_keys}
        time.sleep(0.15)
        asked = StepRequirement.from_dict(sent)
        assert workflow.continue_run(run_id=run.run_id, step_requirements=[asked]).status is RunStatus.COMPLETED


@pytest.mark.parametrize("resolved_at", [None, 4e9, -1, "soon", float("nan"), float("inf")])
def test_no_decision_is_of_the_future(resolved_at: Any, calls: Calls) -> None:
    """One without a moment that can be believed counts as of now, and closes no other question by its clock."""
    workflow = _asking("confirmation", calls, timeout=3600.0)
    run, other = workflow.run("x"), workflow.run("y")
    sent = {**_sent(run.step_requirements[-1].to_dict()), "confirmed": True, "resolved_at": resolved_at}
    asked = StepRequirement.from_dict(sent)
    assert workflow.continue_run(run_id=run.run_id, step_requirements=[asked]).content == "z(g(a(x)))"
    assert must_load(workflow, other.run_id) == other


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2025-06-15T12:00:00+00:00", datetime(2025, 6, 15, 12, tzinfo=UTC)),
        ("2025-06-15T12:00:00Z", datetime(2025, 6, 15, 12, tzinfo=UTC)),
        ("2025-06-15T12:00:00.5", datetime(2025, 6, 15, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2025-06-15T14:00:00+02:00", datetime(2025, 6, 15, 12, tzinfo=UTC)),
        ("tomorrow", None),
        (None, None),
    ],
)
def test_moments_are_written_in_utc(written: str | None, moment: datetime | None) -> None:
    """ISO 8601; a trailing Z and other time zones are read too, and what is no moment is left out."""
    asked = StepRequirement.from_dict({"timeout_at": written})
    assert asked.timeout_at == moment
    assert asked.to_dict()["timeout_at"] == (moment and moment.isoformat())


def test_a_moment_of_another_zone_is_written_in_utc() -> None:
    """As every other."""
    noon = datetime(2025, 6, 15, 14, tzinfo=timezone(timedelta(hours=2)))
    assert StepRequirement(timeout_at=noon).to_dict()["timeout_at"] == "2025-06-15T12:00:00+00:00"


class Report(BaseModel):
    """A model of an author."""

    title: str
    due: datetime | None = None


def test_contents_are_plain_json(calls: Calls) -> None:
    """Models become dicts wherever they are: in the input, the content, an edit, what a question shows."""
    draft = Step(
        "draft", lambda _: Report(title="t", due=datetime(2025, 1, 1, tzinfo=UTC)), requires_output_review=True
    )
    workflow = Workflow(steps=[draft])
    run = workflow.run(Report(title="x"))
    shown = run.step_requirements[-1]
    shown.edit(Report(title="e"))
    sent = _sent(run.to_dict())
    asked = sent["step_requirements"][-1]
    assert (sent["input"]["title"], asked["step_output"]["content"]["due"][:10]) == ("x", "2025-01-01")
    assert asked["edited_output"] == asked["answer"]["output"] == {"title": "e", "due": None}
    assert asked["step_input"] == (shown.step_input and shown.step_input.to_dict())
    assert asked["step_output"] == (shown.step_output and shown.step_output.to_dict())
    assert workflow.continue_run(WorkflowRunOutput.from_dict(sent)).content == {"title": "e", "due": None}
    assert calls.names == []


def test_enums_are_written_as_their_values(calls: Calls) -> None:
    """And read as the enums they were."""
    sent = _sent(_asking("confirmation", calls).run("x").to_dict())
    assert (sent["status"], sent["pause_kind"]) == ("PAUSED", "step")
    run = WorkflowRunOutput.from_dict(sent)
    assert run.status is RunStatus.PAUSED
    assert run.pause_kind is PauseKind.STEP


def test_a_nested_run_goes_through_json(calls: Calls) -> None:
    """With the outputs inside composites."""
    inner = Step("inner", workflow=Workflow(name="i", steps=[calls.step("b")]))
    workflow = Workflow(steps=[Steps(name="s", steps=[calls.step("a"), inner])])
    run = workflow.run("x")
    came_back = WorkflowRunOutput.from_dict(_sent(run.to_dict()))
    assert came_back == run
    assert came_back.step_results[0].steps == run.step_results[0].steps


def test_values_that_no_longer_fit_are_kept() -> None:
    """Nothing is raised, the value is there to be seen, and right ones can be given in its place."""
    field = {"name": "n", "field_type": "int", "value": "many"}
    asked = StepRequirement.from_dict(
        {"requires_user_input": True, "user_input": {"n": "many"}, "user_input_schema": [field], "is_stored": False}
    )
    assert (asked.user_input, asked.user_input_schema and asked.user_input_schema[0].value) == ({"n": "many"}, "many")
    with pytest.raises(AnswerError, match="n must be a whole number"):
        asked.set_user_input(n="none")
    asked.set_user_input(n=1)
    assert asked.answer == Answer(action=Action.provide, values={"n": 1})


def test_a_run_of_another_version_is_read() -> None:
    """A status that is not known is kept; what has no place, or is always empty, is left out."""
    run = WorkflowRunOutput.from_dict({"run_id": "R", "status": "REGENERATED", "later": 1, "events": [{}]})
    assert (run.run_id, run.status, run.is_paused, run.events) == ("R", "REGENERATED", False, [])


def test_a_failure_with_unknown_actions_may_be_retried_or_skipped() -> None:
    """As one that names none; what is really allowed is what its pause says."""
    failed = ErrorRequirement.from_dict({"actions": ["undo"]})
    assert failed == ErrorRequirement()
    changed = ErrorRequirement(actions=(Action.retry,))
    assert ErrorRequirement.from_dict(_sent(changed.to_dict())) == changed


def test_a_stored_decision_keeps_its_moment() -> None:
    """By whatever clock it was taken."""
    answer = Answer(action=Action.confirm)
    stored = StepRequirement(answer=answer, resolved_at=time.time() + 60, is_stored=True, confirmed=True)
    assert StepRequirement.from_dict(_sent(stored.to_dict())) == stored


@pytest.mark.parametrize(
    "data",
    [
        {"name": "n", "field_type": "int", "value": "many", "allowed_values": [1, 2], "required": False},
        {"name": "n", "field_type": "date", "description": "When?"},
        {"field_type": None},
    ],
)
def test_a_field_is_read_unchecked(data: dict[str, Any]) -> None:
    """What was stored is kept, whatever the rules for fields are by now."""
    written = UserInputField.from_dict({**data, "of a later version": 1}).to_dict()
    assert written == {**UserInputField(name="n").to_dict(), "name": "", **data}


def test_a_field_of_another_spelling_is_read_as_the_same() -> None:
    """`text` is `str`, as where a field is made."""
    assert UserInputField.from_dict({"name": "n", "field_type": "text"}) == UserInputField(name="n", field_type="text")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
WHOLE: list[tuple[Any, dict[str, Any]]] = [
    (
        StepRequirement,
        StepRequirement(requires_confirmation=True, user_input_schema=[UserInputField(name="n")]).to_dict(),
    ),
    (ErrorRequirement, ErrorRequirement().to_dict()),
    (UserInputField, UserInputField(name="n").to_dict()),
    (WorkflowRunOutput, WorkflowRunOutput(step_requirements=[StepRequirement(pause_id="p")]).to_dict()),
]


@given(data=st.data())
def test_whatever_a_dictionary_holds_it_is_read(data: st.DataObject) -> None:
    """Nothing is raised, and the dictionary is as it was."""
    kind, whole = data.draw(st.sampled_from(WHOLE))
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(whole)), JSON, max_size=3))
    given_dict = copy.deepcopy({**whole, **changed})
    before = repr(given_dict)
    kind.from_dict(given_dict)
    assert repr(given_dict) == before


def test_reading_and_deciding_leave_the_dictionary_alone(calls: Calls) -> None:
    """It is the same after its objects have been decided and continued."""
    workflow = _asking("values", calls)
    sent = _sent(workflow.run("x").to_dict())
    before = copy.deepcopy(sent)
    run = WorkflowRunOutput.from_dict(sent)
    run.step_requirements[-1].set_user_input(n=1)
    workflow.continue_run(run)
    assert sent == before


def test_a_decided_failure_says_what_follows() -> None:
    """`should_retry` or `should_skip`, neither before, and neither for a cancel."""
    failed = ErrorRequirement(step_name="g")
    assert (failed.should_retry, failed.should_skip) == (False, False)
    failed.retry()
    assert (failed.should_retry, failed.should_skip) == (True, False)
    failed.skip()
    assert (failed.should_retry, failed.should_skip) == (False, True)
    cancelled = ErrorRequirement.from_dict({"decision": "cancel"})
    assert (cancelled.is_resolved, cancelled.should_retry, cancelled.should_skip) == (True, False, False)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        ("as it is", "as it is"),
        ({"a": ["\u00e9"]}, '{"a": ["\u00e9"]}'),
        (Report(title="t"), '{"title": "t", "due": null}'),
        (0, "0"),
    ],
)
def test_the_content_as_text(content: Any, text: str) -> None:
    """Text stays as it is, nothing is empty, anything else is JSON."""
    assert WorkflowRunOutput(content=content).get_content_as_string() == text


def test_the_content_as_text_is_shaped_as_asked() -> None:
    """By what `json.dumps` takes."""
    assert WorkflowRunOutput(content={"b": 1, "a": 2}).get_content_as_string(indent=1, sort_keys=True) == (
        '{\n "a": 2,\n "b": 1\n}'
    )


def test_an_event_is_written_without_what_is_none() -> None:
    """With its name, and outputs as they write themselves."""
    output = StepOutput(step_name="s", content=Report(title="t"), steps=[StepOutput(content=1)])
    event = StepCompletedEvent(created_at=1, run_id="R", step_name="s", content=output.content, step_response=output)
    assert _sent(event.to_dict()) == {
        "event": "StepCompleted",
        "created_at": 1,
        "run_id": "R",
        "step_name": "s",
        "nested_depth": 0,
        "content": {"title": "t", "due": None},
        "step_response": output.to_dict(),
    }


def test_every_event_of_a_run_goes_through_json(calls: Calls) -> None:
    """Also those of composites and questions."""
    loop = Loop(name="l", steps=[calls.step("i")], max_iterations=1)
    workflow = Workflow(steps=[loop, *_asking("values", calls).steps])
    events = list(workflow.run(Report(title="x"), stream=True, stream_events=True))
    assert [_sent(event.to_dict())["event"] for event in events] == [event.event for event in events]
    paused = next(event for event in events if isinstance(event, StepPausedEvent))
    assert _sent(paused.to_dict())["user_input_schema"][0]["name"] == "n"
