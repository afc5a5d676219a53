"""Calls of tools that ask people inside other nodes: the run stops exactly there, and goes on exactly there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.engine.ledger import give_answer
from kernbot.errors import UsageError
from kernbot.models.scripted import Item
from kernbot.run import RunStatus
from kernbot.run.answer import Action, Answer
from kernbot.run.messages import ModelRequest
from kernbot.workflow import Condition, Loop, Parallel, Router, Step, StepInput, StepOutput, Steps, Workflow
from tests.engine.agent_bench import (
    Desk,
    agent,
    asked,
    confirm_calls,
    flow,
    message_of,
    questions,
    requests,
    sends,
    team,
    texts,
    told,
)
from tests.engine.bench import Calls, Look, must_load
from tests.engine.places import AROUND


def _mailer(desk: Desk) -> Agent:
    """Return an agent that sends one message."""
    return agent([[sends("hi")], "sent"], desk.send)


def _between(calls: Calls, ann: Agent) -> list[Step]:
    return [calls.step("a"), Step("mail", agent=ann), calls.step("b")]


@pytest.mark.parametrize("place", AROUND)
def test_a_call_stops_and_goes_on_where_it_is(db: Store, calls: Calls, desk: Desk, look: Look, place: str) -> None:
    """What came before is not done again, and what comes after is done once (T4, T5)."""
    ann = _mailer(desk)
    workflow = flow(AROUND[place]("outer", _between(calls, ann)), calls.step("z"), db=db)
    run = look(workflow, workflow.run("x"))
    assert (run.pause_kind, run.paused_step_name, asked(run).executor_name) == ("executor", "mail", "Ann")
    assert (calls.names, desk.done, texts(run)) == (["a"], [], ["hi"])
    run = confirm_calls(workflow, run)
    assert (run.status, run.content) == (RunStatus.COMPLETED, "z(b(sent))")
    assert (calls.names, desk.done, len(requests(ann))) == (["a", "b", "z"], ["send(hi)"], 2)
    assert message_of(ann) == "a(x)"


@pytest.mark.parametrize(("outer", "inner"), list(product(AROUND, AROUND)))
def test_at_any_depth(calls: Calls, desk: Desk, outer: str, inner: str) -> None:
    """Three levels down, in whatever is in whatever, it is the same."""
    ann = _mailer(desk)
    nodes: list[Any] = [Steps(name="pipeline", steps=_between(calls, ann))]
    workflow = flow(AROUND[outer]("outer", [AROUND[inner]("inner", nodes)]), calls.step("z"))
    run = workflow.run("x")
    assert (texts(run), calls.names) == (["hi"], ["a"])
    run = confirm_calls(workflow, run)
    assert (run.content, calls.names, desk.done) == ("z(b(sent))", ["a", "b", "z"], ["send(hi)"])


def test_in_workflows_in_each_other(db: Store, calls: Calls, desk: Desk, look: Look) -> None:
    """A call in the third workflow pauses the first; its session state is theirs (T5, T37)."""

    def count(_: StepInput, session_state: dict[str, int]) -> int:
        return session_state["calls"]

    third = Workflow(name="third", steps=_between(calls, _mailer(desk)))
    second = Workflow(name="second", steps=[third, calls.step("c")])
    workflow = flow(second, calls.step("z"), count, db=db)
    run = look(workflow, workflow.run("x"))
    assert asked(run).step_id == "root/second/third/mail"
    run = confirm_calls(workflow, run)
    assert (run.content, run.step_results[1].content, calls.names) == (1, "z(c(b(sent)))", ["a", "b", "c", "z"])


def test_each_iteration_of_a_loop_asks_for_itself(db: Store, calls: Calls, desk: Desk, look: Look) -> None:
    """A no in the second one is for that one only; the rest of the iteration and the loop go on (T4)."""
    ann = _mailer(desk)
    loop = Loop([calls.step("a"), Step("mail", agent=ann), calls.step("b")], "loop", max_iterations=3)
    workflow = flow(loop, calls.step("z"), db=db)
    run = workflow.run("x")
    seen = []
    while run.is_paused:
        run = look(workflow, run)
        seen.append((asked(run).step_id, list(calls.names)))
        (question,) = questions(run)
        question.reject() if len(seen) == 2 else question.confirm()
        run = workflow.continue_run(run)
    once = ["a", "b"]
    assert seen == [
        ("root/loop/iter-1/mail", ["a"]),
        ("root/loop/iter-2/mail", [*once, "a"]),
        ("root/loop/iter-3/mail", [*once, *once, "a"]),
    ]
    assert (calls.names, desk.done) == ([*once * 3, "z"], ["send(hi)"] * 2)


def _only_in_the_second(request: ModelRequest) -> Item:
    """Ask for a call where the message says that the first iteration is over."""
    last = request.messages[-1]
    return [sends("hi")] if last.content == "b(sent)" else "sent"


def test_a_loop_goes_on_after_a_call_in_its_second_iteration(db: Store, calls: Calls, desk: Desk, look: Look) -> None:
    """Its end condition is asked as often as there are iterations, with what came out of each."""
    seen: list[list[Any]] = []

    def is_enough(outputs: list[StepOutput]) -> bool:
        seen.append([output.content for output in outputs])
        return len(seen) == 3

    ann = agent(_only_in_the_second, desk.send)
    nodes = [Step("mail", agent=ann), calls.step("b")]
    loop = Loop(nodes, "loop", max_iterations=5, end_condition=is_enough, forward_iteration_output=True)
    workflow = flow(loop, db=db)
    run = look(workflow, workflow.run("x"))
    assert (asked(run).step_id, seen) == ("root/loop/iter-2/mail", [["sent", "b(sent)"]])
    run = look(workflow, confirm_calls(workflow, run))
    assert asked(run).step_id == "root/loop/iter-3/mail"
    confirm_calls(workflow, run)
    assert (seen, calls.names) == ([["sent", "b(sent)"]] * 3, ["b"] * 3)


def test_the_choices_after_it_still_run(db: Store, calls: Calls, desk: Desk, look: Look) -> None:
    """Of two that a person selected, in their order, the second one asks; the run goes on behind it (T4)."""
    router = Router(
        [calls.step("a"), Step("mail", agent=_mailer(desk)), calls.step("b")], name="way", requires_user_input=True
    )
    router.human_review.allow_multiple_selections = True
    workflow = flow(router, calls.step("z"), db=db)
    run = look(workflow, workflow.run("x"))
    run.step_requirements[-1].select("b", "mail")
    run = look(workflow, workflow.continue_run(run))
    assert (asked(run).step_id, calls.names) == ("root/way/mail", ["b"])
    run = confirm_calls(workflow, run)
    assert (run.content, calls.names) == ("z(sent)", ["b", "z"])


def test_the_branch_not_taken_asks_nothing(desk: Desk, calls: Calls) -> None:
    """The evaluator is asked once, and the branch it chose goes on after the pause."""
    evaluated: list[int] = []

    def evaluate(_: StepInput) -> bool:
        evaluated.append(1)
        return False

    other = Step("other", agent=agent([[sends("never")], "no"], desk.send, name="Otto"))
    workflow = flow(Condition([other], evaluate, _between(calls, _mailer(desk)), "which"))
    run = workflow.run("x")
    assert (asked(run).executor_name, asked(run).step_id) == ("Ann", "root/which/else/mail")
    assert confirm_calls(workflow, run).content == "b(sent)"
    assert (evaluated, desk.done) == ([1], ["send(hi)"])


def _pair(desk: Desk) -> tuple[Agent, Agent]:
    ann = agent([[sends("from ann")], "ann sent"], desk.send)
    bob = agent([[sends("from bob")], "bob sent"], desk.send, name="Bob")
    return ann, bob


def test_two_agents_in_one_composite_ask_each_for_itself(db: Store, calls: Calls, desk: Desk, look: Look) -> None:
    """The requirement names the agent whose call it is, not the first one there is (T7)."""
    ann, bob = _pair(desk)
    silent = agent(["nothing to send"], desk.send, name="Silent")
    nodes = [Step("1", agent=silent), Step("2", agent=ann), Step("3", agent=bob), calls.step("b")]
    workflow = flow(Steps(name="s", steps=nodes), db=db)
    run = look(workflow, workflow.run("x"))
    assert (asked(run).executor_name, asked(run).step_name, texts(run)) == ("Ann", "2", ["from ann"])
    run = look(workflow, confirm_calls(workflow, run))
    assert (asked(run).executor_name, asked(run).step_name, texts(run)) == ("Bob", "3", ["from bob"])
    assert confirm_calls(workflow, run).content == "b(bob sent)"
    assert desk.done == ["send(from ann)", "send(from bob)"]


def test_one_agent_may_work_in_two_steps(desk: Desk) -> None:
    """Each step has a conversation of its own."""
    ann = _mailer(desk)
    workflow = flow(Step("1", agent=ann), Step("2", agent=ann))
    run = confirm_calls(workflow, workflow.run("x"))
    assert asked(run).step_id == "root/2"
    assert confirm_calls(workflow, run).content == "sent"
    assert (message_of(ann), desk.done) == ("sent", ["send(hi)"] * 2)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_agents_side_by_side_wait_together(
    db: Store, calls: Calls, desk: Desk, look: Look, order: Sequence[int]
) -> None:
    """Each has a requirement of its own; all must be decided, in any order, and a third branch has gone its way."""
    ann, bob = _pair(desk)
    branches = Parallel(Step("1", agent=ann), Step("2", agent=bob), calls.step("c"), name="both")
    workflow = flow(branches, calls.step("z"), db=db)
    run = look(workflow, workflow.run("x"))
    waiting = run.steps_requiring_executor_resolution
    assert sorted((str(item.executor_name), item.step_id) for item in waiting) == [
        ("Ann", "root/both/1"),
        ("Bob", "root/both/2"),
    ]
    assert (sorted(texts(run)), calls.names) == (["from ann", "from bob"], ["c"])
    first, second = (questions(run)[number] for number in order)
    first.confirm()
    with pytest.raises(UsageError, match=f"about {order[1] + 1} "):
        workflow.continue_run(run)
    second.reject("no")
    run = workflow.continue_run(run)
    sent = ["send(from ann)", "send(from bob)"][order[0]]
    assert (run.status, desk.done, calls.names) == (RunStatus.COMPLETED, [sent], ["c", "z"])
    assert sorted([told(ann), told(bob)]) == sorted([["no"], [f"send: {first.tool_execution.tool_args['text']}"]])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_answers_may_come_one_by_one(db: Store, desk: Desk, order: Sequence[int]) -> None:
    """Each branch goes on as soon as its own call is decided, whatever the other one waits for."""
    ann, bob = _pair(desk)
    workflow = flow(Parallel(Step("1", agent=ann), Step("2", agent=bob), name="both"), db=db)
    run = await workflow.arun("x")
    by_text = {item.tool_execution.tool_args["text"]: item.pause_id for item in questions(run)}
    sent = []
    for number in order:
        text = ["from ann", "from bob"][number]
        await _say_yes(db, by_text[text])
        run = await workflow.acontinue_run(run_id=run.run_id)
        sent.append(f"send({text})")
        assert desk.done == sent
    assert (run.status, len(requests(ann)), len(requests(bob))) == (RunStatus.COMPLETED, 2, 2)


async def test_the_calls_of_a_turn_wait_for_each_other(db: Store, desk: Desk) -> None:
    """Of two calls of one turn, the one that was allowed is made once the other one is decided too."""
    ann = agent([[sends("a"), sends("b")], "sent"], desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = await workflow.arun("x")
    first, second = questions(run)
    await _say_yes(db, first.pause_id)
    run = await workflow.acontinue_run(run_id=run.run_id)
    assert (run.status, texts(run), desk.done) == (RunStatus.PAUSED, ["b"], [])
    await _say_yes(db, second.pause_id)
    run = await workflow.acontinue_run(run_id=run.run_id)
    assert (run.content, desk.done, len(requests(ann))) == ("sent", ["send(a)", "send(b)"], 2)


async def _say_yes(db: Store, pause_id: str) -> None:
    """Answer from elsewhere."""
    await give_answer(db, pause_id, Answer(action=Action.confirm), at=time.time(), by="eve", door="button")


def test_gates_around_it_come_first(db: Store, calls: Calls, desk: Desk, look: Look) -> None:
    """The pipeline's, then the step's, then the tool's, then the review of what the pipeline's step left."""
    step = Step("mail", agent=_mailer(desk), requires_confirmation=True, requires_output_review=True)
    workflow = flow(Steps(name="s", steps=[step], requires_confirmation=True), calls.step("z"), db=db)
    run = look(workflow, workflow.run("x"))
    seen = []
    while run.is_paused:
        last = run.step_requirements[-1]
        seen.append((last.step_name, run.pause_kind, last.requires_output_review))
        if last.requires_executor_input:
            questions(run)[0].confirm()
        else:
            last.confirm()
        run = look(workflow, workflow.continue_run(run))
    assert seen == [("s", "step", False), ("mail", "step", False), ("mail", "executor", False), ("mail", "step", True)]
    assert (run.content, desk.done) == ("z(sent)", ["send(hi)"])


def test_a_member_of_a_team_asks_through_the_team(db: Store, calls: Calls, desk: Desk, look: Look) -> None:
    """The requirement names the team, the question the member; the answer goes down, what came of it up."""
    ann, _ = _pair(desk)
    crew = team([[("ann", "send it")], "all done"], ann)
    workflow = flow(Step("mail", team=crew), calls.step("z"), db=db)
    run = look(workflow, workflow.run("x"))
    assert (asked(run).executor_type, asked(run).executor_name, asked(run).step_id) == ("team", "Crew", "root/mail")
    (question,) = questions(run)
    assert (question.member_agent_id, question.member_agent_name) == ("ann", "Ann")
    run = confirm_calls(workflow, run)
    assert (run.content, desk.done) == ("z(all done)", ["send(from ann)"])
    assert (message_of(ann), told(ann), told(crew)) == ("send it", ["send: from ann"], ["ann sent"])


def test_members_of_a_team_wait_together(db: Store, desk: Desk, look: Look) -> None:
    """Nothing is called before all is decided, by whichever member and the leader itself (T70)."""
    ann, bob = _pair(desk)
    tasks: list[Any] = [("ann", "1"), ("bob", "2"), sends("from the leader")]
    crew = team([tasks, "all done"], ann, bob, tools=[desk.send])
    workflow = flow(Step("mail", team=crew), db=db)
    run = look(workflow, workflow.run("x"))
    assert [item.member_agent_name for item in questions(run)] == ["Ann", "Bob", None]
    questions(run)[0].confirm()
    with pytest.raises(UsageError, match=r"mail \(send\), mail \(send\);"):
        workflow.continue_run(run)
    assert desk.done == []
    run = must_load(workflow, run.run_id)
    assert confirm_calls(workflow, run).content == "all done"
    assert told(crew) == ["ann sent", "bob sent", "send: from the leader"]
    assert [len(requests(who)) for who in (ann, bob, crew)] == [2, 2, 2]
