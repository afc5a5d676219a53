"""What people give for a call besides a yes: values, results from elsewhere, choices, and arguments they changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.errors import AnswerError, UsageError
from kernbot.models.scripted import call
from kernbot.run import RunStatus
from kernbot.run.requirement import RunRequirement
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.tools import Function, tool
from kernbot.tools.user_control_flow import UserControlFlowTools
from kernbot.tools.user_feedback import UserFeedbackTools
from kernbot.workflow import Step, Workflow
from tests.engine.agent_bench import agent, flow, questions, requests, told
from tests.engine.bench import Look


@dataclass
class Bank:
    """Tools with arguments of several types, and the arguments with which they were called."""

    paid: list[tuple[Any, ...]] = field(default_factory=list)

    def pay(self, **settings: Any) -> Function:
        """Return a tool that takes a number and two texts."""

        def pay(amount: float, recipient: str, note: str = "none") -> str:
            self.paid.append((amount, recipient, note))
            return "paid"

        made: Function = tool(**settings)(pay)
        return made

    def book(self) -> Function:
        """Return a tool that takes a day, of which people are asked."""

        @tool(requires_user_input=True)
        def book(day: date) -> str:
            self.paid.append((day,))
            return f"booked {day}"

        made: Function = book
        return made


@pytest.fixture
def bank() -> Bank:
    """Return tools that have not been called."""
    return Bank()


def _begin(ann: Agent, look: Look, db: Store) -> tuple[Workflow, WorkflowRunOutput, RunRequirement]:
    """Return a workflow, its run that waits, and the one question."""
    workflow = flow(Step("s", agent=ann), db=db)
    run = look(workflow, workflow.run("x"))
    (question,) = questions(run)
    return workflow, run, question


GUESSED = call("pay", amount=5, recipient="somebody")


def test_what_a_person_is_to_fill_in_is_empty(db: Store, bank: Bank, look: Look) -> None:
    """Whatever the model guessed, which is a suggestion only (T73); what it gave beside is shown."""
    ann = agent([[GUESSED], "Done."], bank.pay(user_input_fields=["recipient"]))
    _, run, question = _begin(ann, look, db)
    assert (question.pause_type, question.needs_user_input, question.needs_confirmation) == ("user_input", True, False)
    fields = {item.name: (item.value, item.suggestion) for item in question.user_input_schema or ()}
    assert fields == {"amount": (5, None), "recipient": (None, "somebody")}
    assert (run.status, bank.paid) == (RunStatus.PAUSED, [])


def test_the_values_given_are_what_the_tool_is_called_with(db: Store, bank: Bank, look: Look) -> None:
    """In the place of the model's, each in the type of its parameter."""
    ann = agent([[GUESSED], "Done."], bank.pay(requires_user_input=True))
    workflow, run, question = _begin(ann, look, db)
    question.provide_user_input({"amount": "7.5", "recipient": "Bob"})
    assert workflow.continue_run(run).content == "Done."
    assert (bank.paid, told(ann)) == ([(7.5, "Bob", "none")], ["paid"])


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"recipient": "Bob", "cc": "x"}, "cc is not a field of this question"),
        ({"recipient": 3}, "recipient must be text, not 3"),
        ({"recipient": "Bob", "amount": "much"}, "amount must be a number, not 'much'"),
        ({"recipient": ""}, "recipient is required"),
        ({}, "recipient is required"),
    ],
)
def test_values_that_do_not_fit_are_refused(
    db: Store, bank: Bank, look: Look, values: dict[str, Any], problem: str
) -> None:
    """Nothing has changed then: the call is still undecided (T66, T73)."""
    ann = agent([[GUESSED], "Done."], bank.pay(user_input_fields=["recipient"]))
    workflow, run, question = _begin(ann, look, db)
    with pytest.raises(AnswerError, match=problem):
        question.provide_user_input(values)
    with pytest.raises(UsageError, match=r"s \(pay\)"):
        workflow.continue_run(run)
    assert bank.paid == []


def test_what_a_person_leaves_empty_is_not_guessed(db: Store, look: Look) -> None:
    """An optional argument that stays empty is the function's own default, not what the model wanted."""
    noted: list[str | None] = []

    @tool(requires_user_input=True)
    def note(text: str | None = None) -> None:
        noted.append(text)

    workflow, run, question = _begin(agent([[call("note", text="guess")], "Done."], note), look, db)
    question.provide_user_input({})
    workflow.continue_run(run)
    assert noted == [None]


def test_values_that_only_the_function_refuses_are_asked_for_again(db: Store, bank: Bank, look: Look) -> None:
    """The person hears why; the model hears nothing of it and the call is made once, when they fit (T73)."""
    ann = agent([[call("book", day="soon")], "Done."], bank.book())
    workflow, run, question = _begin(ann, look, db)
    question.provide_user_input({"day": "tomorrow"})
    run = look(workflow, workflow.continue_run(run))
    (again,) = questions(run)
    assert "'day' is wrong" in (run.step_requirements[-1].user_input_message or "")
    assert (again.is_resolved(), bank.paid, len(requests(ann))) == (False, [], 1)
    again.provide_user_input({"day": "2030-01-02"})
    assert workflow.continue_run(run).content == "Done."
    assert (bank.paid, told(ann)) == ([(date(2030, 1, 2),)], ["booked 2030-01-02"])


def test_a_yes_may_change_what_is_editable(db: Store, bank: Bank, look: Look) -> None:
    """The rest stays as the model gave it, and can't be changed."""
    ann = agent([[GUESSED], "Done."], bank.pay(requires_confirmation=True, editable=["amount"]))
    workflow, run, question = _begin(ann, look, db)
    assert [(item.name, item.value) for item in question.user_input_schema or ()] == [("amount", 5)]
    with pytest.raises(AnswerError, match="recipient is not a field"):
        question.provide_user_input({"recipient": "me"})
    question.provide_user_input({"amount": 4})
    workflow.continue_run(run)
    assert bank.paid == [(4, "somebody", "none")]


def test_what_is_editable_may_be_emptied(db: Store, bank: Bank, look: Look) -> None:
    """The function's default takes the place of the model's value."""
    asked = call("pay", amount=5, recipient="Bob", note="urgent")
    ann = agent([[asked], "Done."], bank.pay(requires_confirmation=True, editable=["note"]))
    workflow, run, question = _begin(ann, look, db)
    question.provide_user_input({"note": ""})
    workflow.continue_run(run)
    assert bank.paid == [(5, "Bob", "none")]


def test_a_plain_yes_leaves_the_arguments(db: Store, bank: Bank, look: Look) -> None:
    """What is editable need not be edited."""
    ann = agent([[GUESSED], "Done."], bank.pay(requires_confirmation=True, editable=["amount"]))
    workflow, run, question = _begin(ann, look, db)
    question.confirm()
    workflow.continue_run(run)
    assert bank.paid == [(5, "somebody", "none")]


def _by_method(question: RunRequirement, result: Any) -> None:
    question.set_external_execution_result(result)


def _directly(question: RunRequirement, result: Any) -> None:
    question.tool_execution.result = result


@pytest.mark.parametrize("give", [_by_method, _directly])
@pytest.mark.parametrize(("result", "heard"), [("3 rows", "3 rows"), ({"rows": 3}, '{"rows": 3}'), (0, "0")])
def test_what_runs_elsewhere_is_told_by_its_result(db: Store, look: Look, give: Any, result: Any, heard: str) -> None:
    """By the method, or set on the call itself (T67); the function is never called."""
    called: list[str] = []

    @tool(external_execution=True)
    def query(sql: str) -> None:
        called.append(sql)

    ann = agent([[call("query", sql="select 1")], "Done."], query)
    workflow, run, question = _begin(ann, look, db)
    assert (question.needs_external_execution, question.tool_execution.tool_args) == (True, {"sql": "select 1"})
    give(question, result)
    assert question.is_resolved()
    assert workflow.continue_run(run).content == "Done."
    assert (told(ann), called) == ([heard], [])


def test_the_agent_may_ask_for_values_itself(db: Store, look: Look) -> None:
    """`get_user_input` pauses with the fields it names, and gets their values as JSON."""
    fields = [
        {"field_name": "city", "field_type": "str", "field_description": "Where to"},
        {"field_name": "days", "field_type": "int"},
    ]
    ann = agent([[call("get_user_input", user_input_fields=fields)], "Done."], UserControlFlowTools())
    workflow, run, question = _begin(ann, look, db)
    asked = [(item.name, item.field_type, item.description) for item in question.user_input_schema or ()]
    assert (question.pause_type, asked) == ("user_input", [("city", "str", "Where to"), ("days", "int", None)])
    with pytest.raises(AnswerError, match="days must be a whole number"):
        question.provide_user_input({"city": "Kyoto", "days": 1.5})
    question.provide_user_input({"city": "Kyoto", "days": 3})
    workflow.continue_run(run)
    assert json.loads(told(ann)[0] or "") == [{"name": "city", "value": "Kyoto"}, {"name": "days", "value": 3}]


def _ask(*questions: dict[str, Any]) -> Agent:
    return agent([[call("ask_user", questions=list(questions))], "Done."], UserFeedbackTools())


COLOUR = {"question": "Which colour?", "options": [{"label": "red"}, {"label": "blue"}]}
SIZES = {"question": "Which sizes?", "options": [{"label": "S"}, {"label": "L"}], "multi_select": True}


def test_the_agent_may_have_people_choose(db: Store, look: Look) -> None:
    """`ask_user` pauses with its questions, and gets the labels chosen as JSON."""
    ann = _ask(COLOUR, SIZES)
    workflow, run, question = _begin(ann, look, db)
    assert (question.pause_type, question.needs_user_feedback) == ("user_feedback", True)
    assert [item.question for item in question.user_feedback_schema or ()] == ["Which colour?", "Which sizes?"]
    question.provide_user_feedback({"Which colour?": "blue", "Which sizes?": ["S", "L"]})
    workflow.continue_run(run)
    assert json.loads(told(ann)[0] or "") == [
        {"question": "Which colour?", "selected": ["blue"]},
        {"question": "Which sizes?", "selected": ["S", "L"]},
    ]


def test_a_choice_that_was_not_offered_is_refused(db: Store, look: Look) -> None:
    """No made-up label reaches the model (T66)."""
    ann = _ask(COLOUR)
    workflow, run, question = _begin(ann, look, db)
    with pytest.raises(AnswerError, match="no choice 'green': choose among 'red', 'blue'"):
        question.provide_user_feedback({"Which colour?": ["green"]})
    with pytest.raises(UsageError, match="ask_user"):
        workflow.continue_run(run)
    assert len(requests(ann)) == 1


def test_a_question_of_the_agent_may_be_rejected(db: Store, look: Look) -> None:
    """The model hears why, whatever is asked."""
    for ann in (_ask(COLOUR), agent([[GUESSED], "Done."], Bank().pay(requires_user_input=True))):
        workflow, run, question = _begin(ann, look, db)
        question.reject("None of your business")
        assert (workflow.continue_run(run).content, told(ann)) == ("Done.", ["None of your business"])


def test_the_wrong_kind_of_answer_is_an_error(db: Store, bank: Bank, look: Look) -> None:
    """It names what is asked (T57); nothing is decided by it."""
    ann = agent([[GUESSED], "Done."], bank.pay(requires_user_input=True))
    _, _, question = _begin(ann, look, db)
    for answer in (question.confirm, lambda: question.set_external_execution_result("x")):
        with pytest.raises(AnswerError, match=r"asks for values: provide_user_input\(\) or reject\(\)"):
            answer()
    assert not question.is_resolved()


def test_each_call_of_a_turn_asks_in_its_own_way(db: Store, bank: Bank, look: Look) -> None:
    """Yes, values and a result in one turn: all are needed, and the model hears of each in its order."""

    @tool(external_execution=True)
    def query(sql: str) -> None:
        raise AssertionError(sql)

    calls = [GUESSED, call("query", sql="s"), call("book", day="soon")]
    ann = agent([calls, "Done."], bank.pay(requires_confirmation=True), query, bank.book())
    workflow = flow(Step("s", agent=ann), db=db)
    run = look(workflow, workflow.run("x"))
    pay, query_, book = questions(run)
    assert [item.pause_type for item in (pay, query_, book)] == ["confirmation", "external_execution", "user_input"]
    book.provide_user_input({"day": "2030-01-02"})
    pay.confirm()
    with pytest.raises(UsageError, match=r"about s \(query\);"):
        workflow.continue_run(run)
    query_.set_external_execution_result("rows")
    workflow.continue_run(run)
    assert told(ann) == ["paid", "rows", "booked 2030-01-02"]
