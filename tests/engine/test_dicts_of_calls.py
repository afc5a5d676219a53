"""Questions about calls of tools as dictionaries: what goes through JSON and back, and what a client may bring."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from kernbot.agent import Agent
from kernbot.errors import AnswerError, UsageError
from kernbot.models.scripted import call
from kernbot.run.answer import Action, Answer
from kernbot.run.requirement import RunRequirement
from kernbot.run.tool_execution import ToolExecution, UserFeedbackOption, UserFeedbackQuestion, UserInputField
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.tools.user_feedback import UserFeedbackTools
from kernbot.workflow import Step, Workflow
from kernbot.workflow.types import PauseKind, StepRequirement
from tests.engine.agent_bench import Desk, agent, flow, questions, told
from tests.engine.bench import must_load

Decide = Callable[[RunRequirement], object]


def _sent(data: dict[str, Any]) -> Any:
    """Return a dictionary as another process gets it."""
    return json.loads(json.dumps(data, allow_nan=False))


def _there_and_back(item: RunRequirement) -> RunRequirement:
    return RunRequirement.from_dict(_sent(item.to_dict()))


def _fields(n: int | None) -> list[UserInputField]:
    return [UserInputField(name="n", field_type="int", value=n), UserInputField(name="to", value="ann")]


def _question() -> UserFeedbackQuestion:
    return UserFeedbackQuestion("Which?", [UserFeedbackOption("A", "the first"), UserFeedbackOption("B")], "Pick")


def _fill_in(item: RunRequirement) -> None:
    assert item.user_input_schema is not None
    item.user_input_schema[0].value = 3


CASES: list[tuple[dict[str, Any], Decide, Action]] = [
    ({"requires_confirmation": True}, lambda it: it.confirm(), Action.confirm),
    ({"requires_confirmation": True}, lambda it: it.reject("no"), Action.reject),
    (
        {"requires_confirmation": True, "user_input_schema": _fields(2)},
        lambda it: it.provide_user_input({"n": 3}),
        Action.provide,
    ),
    ({"requires_confirmation": True, "user_input_schema": _fields(2)}, lambda it: it.confirm(), Action.confirm),
    (
        {"requires_user_input": True, "user_input_schema": _fields(None)},
        lambda it: it.provide_user_input({"n": 3}),
        Action.provide,
    ),
    ({"requires_user_input": True, "user_input_schema": _fields(None)}, _fill_in, Action.provide),
    (
        {"user_feedback_schema": [_question()]},
        lambda it: it.provide_user_feedback({"Which?": ["A"]}),
        Action.provide,
    ),
    ({"external_execution_required": True}, lambda it: it.set_external_execution_result({"a": 1}), Action.supply),
    ({"external_execution_required": True}, lambda it: it.tool_execution.__setitem__("result", "ok"), Action.supply),
]
"""What a call asks, how it is decided, and what that is."""


@pytest.mark.parametrize(("asks", "decide", "action"), CASES)
def test_a_question_about_a_call_is_the_same_after_json(asks: dict[str, Any], decide: Decide, action: Action) -> None:
    """It equals what was sent while it is open, decided and stored, and it can be decided on the way."""
    execution = ToolExecution(tool_call_id="c", tool_name="pay", tool_args={"n": 2}, **copy.deepcopy(asks))
    asked = RunRequirement(pause_id="p", tool_execution=execution, created_at=datetime.now(UTC), member_agent_id="m")
    there = _there_and_back(asked)
    assert (there, there.is_resolved()) == (asked, False)
    decide(there)
    back = _there_and_back(there)
    assert back == there
    assert back.answer is not None
    assert (back.answer, back.answer.action) == (there.answer, action)
    assert back.resolved_at == pytest.approx(there.resolved_at, abs=5)
    stored = RunRequirement(pause_id="p", tool_execution=execution, stored_answer=back.answer, decided_at=1.0)
    assert (_there_and_back(stored), _there_and_back(stored).is_stored) == (stored, True)


@pytest.mark.parametrize(
    ("asks", "beside", "answer"),
    [
        ({"requires_confirmation": True}, {"confirmation": True}, Answer(action=Action.confirm)),
        (
            {"requires_confirmation": True},
            {"confirmation": False, "confirmation_note": "no"},
            Answer(action=Action.reject, feedback="no"),
        ),
        (
            {"external_execution_required": True},
            {"external_execution_result": "ok"},
            Answer(action=Action.supply, output="ok"),
        ),
        ({"requires_confirmation": True}, {"confirmation": "true"}, None),
        ({"requires_confirmation": True}, {"tool_execution": {"confirmed": 1}}, None),
        ({"requires_confirmation": True}, {"external_execution_result": "ok"}, None),
        ({"requires_user_input": True, "user_input_schema": _fields(None)}, {"confirmation": True}, None),
        (
            {"requires_user_input": True, "user_input_schema": _fields(2)},
            {"tool_execution": {"answered": "no"}},
            None,
        ),
    ],
)
def test_a_decision_may_stand_beside_the_call(
    asks: dict[str, Any], beside: dict[str, Any], answer: Answer | None
) -> None:
    """As a client writes it; what is said in the wrong type, or answers another question, is no decision."""
    asked = RunRequirement(pause_id="p", tool_execution=ToolExecution(**copy.deepcopy(asks)))
    sent = _sent(asked.to_dict())
    call_too = {"tool_execution": sent["tool_execution"] | beside.get("tool_execution", {})}
    assert RunRequirement.from_dict({**sent, **beside, **call_too}).answer == answer


@pytest.mark.parametrize("decided_at", [None, 4e9, "soon"])
def test_no_decision_about_a_call_is_of_the_future(decided_at: Any) -> None:
    """It counts as of now."""
    asked = RunRequirement(pause_id="p", tool_execution=ToolExecution(requires_confirmation=True))
    item = RunRequirement.from_dict({**asked.to_dict(), "confirmation": True, "decided_at": decided_at})
    assert item.resolved_at == pytest.approx(time.time(), abs=5)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"tool_execution": None, "created_at": "?", "stored_answer": {"action": "?"}, "first_values": 1},
        {
            "tool_execution": {
                "tool_args": [],
                "user_input_schema": [{"name": ["n"], "value": 1}],
                "user_feedback_schema": {},
            }
        },
        {"tool_execution": {"user_feedback_schema": [{"options": [{}], "selected_options": [1]}]}},
        {
            "tool_execution": {"user_feedback_schema": [{"question": "Which?", "options": [{"label": "A"}]}]},
            "stored_answer": {"action": "provide", "values": {}},
        },
    ],
)
def test_whatever_a_dictionary_of_a_call_holds_it_is_read(data: dict[str, Any]) -> None:
    """Nothing is raised, nothing is decided by it, and the dictionary is as it was."""
    before = copy.deepcopy(data)
    item = RunRequirement.from_dict(data)
    assert (data, item.is_resolved()) == (before, item.is_stored)
    assert isinstance(item.tool_execution.tool_args, dict)
    assert _there_and_back(item) == item


def _of_each_kind() -> tuple[Workflow, Agent, WorkflowRunOutput]:
    """Return a run that waits for answers about four calls, one of each kind."""
    desk = Desk()
    question = {"question": "Which?", "options": [{"label": "A"}, {"label": "B"}]}
    calls = [
        call("send", text="hi"),
        call("pay", text="one"),
        call("fetch", text="x"),
        call("ask_user", questions=[question]),
    ]
    pay = desk.tool("pay", requires_user_input=True)
    fetch = desk.tool("fetch", external_execution=True)
    ann = agent([calls, "Done."], desk.send, pay, fetch, UserFeedbackTools())
    workflow = flow(Step("s", agent=ann))
    return workflow, ann, workflow.run("x")


def _decide_each(items: list[RunRequirement]) -> None:
    send, pay, fetch, ask = items
    send.reject("not now")
    pay.provide_user_input({"text": "two"})
    fetch.set_external_execution_result("found")
    ask.provide_user_feedback({"Which?": ["B"]})


def _decide_each_as_a_client(dicts: list[dict[str, Any]]) -> None:
    send, pay, fetch, ask = dicts
    send |= {"confirmation": False, "confirmation_note": "not now"}
    pay["tool_execution"]["user_input_schema"][0]["value"] = "two"
    fetch["external_execution_result"] = "found"
    ask["tool_execution"]["user_feedback_schema"][0]["selected_options"] = ["B"]


@pytest.mark.parametrize("way", ["before", "after", "as a client"])
def test_a_run_that_waits_for_calls_is_continued_from_json(way: str) -> None:
    """Whether the calls were decided before, after, or in the dictionary; each counts for its own call."""
    workflow, ann, run = _of_each_kind()
    if way == "before":
        _decide_each(questions(run))
    sent = _sent(run.to_dict())
    if way == "as a client":
        _decide_each_as_a_client(sent["step_requirements"][-1]["executor_requirements"])
    came_back = WorkflowRunOutput.from_dict(sent)
    if way == "after":
        _decide_each(questions(came_back))
    done = workflow.continue_run(came_back)
    assert (done.content, told(ann)[1:3]) == ("Done.", ["pay: two", "found"])
    assert ["not now" in str(told(ann)[0]), '"B"' in str(told(ann)[3])] == [True, True]
    assert WorkflowRunOutput.from_dict(_sent(done.to_dict())) == done


def test_a_requirement_alone_brings_the_decisions_about_calls() -> None:
    """With the run's id it is enough; the run that waits equals what was sent, and says at which level."""
    workflow, _, run = _of_each_kind()
    came_back = WorkflowRunOutput.from_dict(_sent(run.to_dict()))
    assert (came_back, came_back.pause_kind) == (run, PauseKind.EXECUTOR)
    asked = StepRequirement.from_dict(_sent(run.step_requirements[-1].to_dict()))
    assert not asked.is_resolved
    _decide_each(asked.executor_requirements or [])
    assert workflow.continue_run(run_id=run.run_id, step_requirements=[asked]).content == "Done."


@pytest.mark.parametrize(
    "left",
    [
        {"executor_requirements": []},
        {"executor_requirements": None, "confirmed": True},
        {"requires_executor_input": False, "confirmed": True},
    ],
)
def test_calls_that_are_left_out_stay_open(left: dict[str, Any]) -> None:
    """A client can't answer them together, nor by taking them away."""
    workflow, _, run = _of_each_kind()
    asked = StepRequirement.from_dict({**_sent(run.step_requirements[-1].to_dict()), **left})
    assert not (asked.requires_executor_input and asked.is_resolved)
    with pytest.raises(UsageError):
        workflow.continue_run(run_id=run.run_id, step_requirements=[asked])
    assert must_load(workflow, run.run_id) == run


def test_what_a_client_brings_is_checked_against_the_call() -> None:
    """AnswerError, and nothing is stored: neither its choices nor what it asks are those of the dictionary."""
    workflow, _, run = _of_each_kind()
    made_up = {"question": "Which?", "options": [{"label": "C"}], "selected_options": ["C"]}
    wrong: list[tuple[int, dict[str, Any], str]] = [
        (2, {"external_execution_required": False, "confirmed": True}, "can't be answered with 'confirm'"),
        (3, {"user_feedback_schema": [made_up]}, "'Which\\?' has no choice 'C'"),
    ]
    for number, changed, complaint in wrong:
        sent = _sent(run.step_requirements[-1].to_dict())
        _decide_each_as_a_client(sent["executor_requirements"])
        sent["executor_requirements"][number]["tool_execution"] |= changed
        asked = StepRequirement.from_dict(sent)
        with pytest.raises(AnswerError, match=complaint):
            workflow.continue_run(run_id=run.run_id, step_requirements=[asked])
    assert must_load(workflow, run.run_id) == run
