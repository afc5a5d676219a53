"""Agents as steps of a workflow, apart from what they ask: what they are told, and what becomes of what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.models.scripted import call
from kernbot.run import RunStatus
from kernbot.run.executor import DELEGATE
from kernbot.run.messages import ModelReply
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Parallel, Step
from tests.engine.agent_bench import (
    Desk,
    agent,
    asked,
    confirm_calls,
    flow,
    looks,
    message_of,
    questions,
    requests,
    sends,
    team,
    told,
)
from tests.engine.bench import Calls, Look, must_load


def test_what_a_person_filled_in_for_the_step_reaches_the_message() -> None:
    """Under the input, by name."""
    ann = agent(["Done."])
    schema = [{"name": "city"}, {"name": "days", "field_type": "int"}]
    workflow = flow(Step("plan", agent=ann, requires_user_input=True, user_input_schema=schema))
    run = workflow.run("Plan it.")
    run.step_requirements[-1].set_user_input(city="Kyoto", days=3)
    workflow.continue_run(run)
    assert message_of(ann) == "Plan it.\n\nValues that a person gave:\n- city: Kyoto\n- days: 3"


@pytest.mark.parametrize(
    ("given", "before", "message"),
    [("x", None, "x"), ({"a": 1}, None, '{"a": 1}'), (None, None, ""), ("x", "old", "old"), ("x", [1], "[1]")],
)
def test_an_agent_works_on_what_came_before(given: object, before: object, message: str) -> None:
    """That is the content of the step before, else the input; what is no text is told as JSON."""
    ann = agent(["Done."])
    first = [] if before is None else [Step("first", lambda _: before)]
    flow(*first, Step("plan", agent=ann)).run(given)
    assert message_of(ann) == message


def test_its_last_words_are_the_content_of_its_step(db: Store, calls: Calls, look: Look) -> None:
    """Which the next step sees; without a Step of its own, it is one of its name."""
    workflow = flow(agent(["from ann"]), Step("bob", agent=agent(["from bob"], name="Bob")), calls.step("z"), db=db)
    run = look(workflow, workflow.run("x"))
    assert (run.content, calls.names) == ("z(from bob)", ["z"])
    seen = [(output.step_name, output.content, output.executor_type) for output in run.step_results[:2]]
    assert seen == [("Ann", "from ann", "agent"), ("bob", "from bob", "agent")]


def test_a_bare_agent_asks_like_any_other(db: Store, desk: Desk) -> None:
    """Also in a Parallel."""
    ann = agent([[sends("hi")], "sent"], desk.send)
    workflow = flow(Parallel(ann, agent(["nothing"], name="Bob"), name="both"), db=db)
    run = workflow.run("x")
    assert (asked(run).step_name, asked(run).step_id) == ("Ann", "root/both/Ann")
    assert confirm_calls(workflow, run).status is RunStatus.COMPLETED


def test_what_it_says_beside_its_calls_stays_in_the_conversation(db: Store, desk: Desk) -> None:
    """It is no last word, but the model is told of it again, with the ids of the calls."""
    reply = ModelReply(content="Let me send it.", tool_calls=(sends("hi"),))
    ann = agent([reply, "Sent."], desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = confirm_calls(workflow, workflow.run("x"))
    _, said, result = requests(ann)[-1].messages
    assert (run.content, said.content) == ("Sent.", "Let me send it.")
    assert result.tool_call_id == said.tool_calls[0].id


def test_a_second_agent_begins_with_what_the_first_one_left(desk: Desk) -> None:
    """It hears nothing of the first one's calls."""
    ann = agent([[looks("a")], "It rains."], desk.look)
    bob = agent(["Take an umbrella."], name="Bob")
    flow(Step("1", agent=ann), Step("2", agent=bob)).run("x")
    assert [(message.role, message.content) for message in requests(bob)[0].messages] == [("user", "It rains.")]


def test_large_contents_go_on_whole(db: Store, desk: Desk, look: Look) -> None:
    """A result, an argument and last words of several hundred thousand characters, before and after a pause."""
    large = "y" * 300_000

    def read() -> str:
        return large

    ann = agent([[call("read"), sends(large)], large], read, desk.send)
    workflow = flow(Step("mail", agent=ann), lambda step_input: len(step_input.previous_step_content), db=db)
    run = confirm_calls(workflow, look(workflow, workflow.run("x")))
    assert run.content == 300_000
    assert told(ann) == [large, f"send: {large}"]


def test_any_text_goes_on_as_it_is(db: Store, desk: Desk) -> None:
    """Also what no database likes: NUL, halves of surrogate pairs, and the mark by which values are stored."""
    odd = "\x00 \ud800 {'$kernbot': ['large', 1]}"
    ann = agent([[sends(odd)], odd], desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = confirm_calls(workflow, must_load(workflow, workflow.run("x").run_id))
    assert (run.content, told(ann), desk.done) == (odd, [f"send: {odd}"], [f"send({odd})"])


def test_arguments_that_look_like_stored_values_stay_data(db: Store) -> None:
    """An object whose key is the mark of stored values reaches the tool as that object."""
    seen: list[dict[str, Any]] = []

    def keep(item: dict[str, Any]) -> dict[str, Any]:
        seen.append(item)
        return item

    item = {"$kernbot": ["tuple", [1, 2]]}
    ann = agent([[call("keep", item=item)], "Done."], keep)
    flow(Step("s", agent=ann), db=db).run("x")
    assert (seen, json.loads(told(ann)[0] or "")) == ([item], item)


def test_a_run_goes_through_json(db: Store, desk: Desk) -> None:
    """Made of a dictionary, its questions are objects that can be decided; decisions taken before go along (T3)."""
    ann = agent([[sends("a"), sends("b")], "Done."], desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = workflow.run("x")
    questions(run)[0].reject("not a")
    run = WorkflowRunOutput.from_dict(json.loads(json.dumps(run.to_dict())))
    assert [item.is_resolved() for item in asked(run).executor_requirements or []] == [True, False]
    questions(run)[1].confirm()
    assert (workflow.continue_run(run).content, told(ann)) == ("Done.", ["not a", "send: b"])


def test_a_team_may_be_a_member_of_a_team(db: Store, desk: Desk, look: Look) -> None:
    """A call at the bottom pauses the one at the top, by whose name it goes; each model is asked once for each turn."""
    ann = agent([[sends("hi")], "sent"], desk.send)
    inner = team([[("ann", "send it")], "inner done"], ann, name="Inner")
    outer = team([[("inner", "have it sent")], "outer done"], inner)
    workflow = flow(Step("mail", team=outer), db=db)
    run = look(workflow, workflow.run("x"))
    assert (asked(run).executor_name, questions(run)[0].member_agent_name) == ("Crew", "Ann")
    run = confirm_calls(workflow, run)
    assert (run.content, told(outer), told(inner), told(ann)) == (
        "outer done",
        ["inner done"],
        ["sent"],
        ["send: hi"],
    )
    assert [len(requests(who)) for who in (outer, inner, ann)] == [2, 2, 2]


def test_no_name_that_a_model_makes_up_reaches_into_another_conversation(db: Store) -> None:
    """Not even one that is the place of a member's first turn."""
    ann = agent(["done"])
    calls = [call(DELEGATE, member_id="ann", task="do it"), call(f"{DELEGATE}~1/model")]
    crew = team([calls, "all done"], ann)
    run = flow(Step("s", team=crew, max_retries=0), db=db).run("x")
    assert (run.content, told(crew)[0]) == ("all done", "done")
    assert "There is no tool" in (told(crew)[1] or "")
