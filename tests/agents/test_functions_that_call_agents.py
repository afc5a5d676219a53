"""Agents that the function of a step calls: each is a part of the run, wherever in the function it is called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import BaseModel

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.db.sqlite import SqliteDb
from kernbot.engine.execution import Part
from kernbot.errors import ModelError, UsageError
from kernbot.models import call
from kernbot.run import RunContext, RunStatus
from kernbot.run.agent import RunOutput
from kernbot.run.answer import Action
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Condition, HumanReview, OnReject, Parallel, Step, StepInput, Workflow
from kernbot.workflow.node import Node
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
from tests.engine.worker import answer, die_in

Asks = Callable[[Agent], Callable[[StepInput], Any]]
"""Makes a step function that asks an agent."""


def _plain(ann: Agent) -> Callable[[StepInput], Any]:
    return lambda step_input: f"<{ann.run(step_input.input).content}>"


def _awaited(ann: Agent) -> Callable[[StepInput], Any]:
    async def ask(step_input: StepInput) -> str:
        return f"<{(await ann.arun(step_input.input)).content}>"

    return ask


def _plain_in_async(ann: Agent) -> Callable[[StepInput], Any]:
    async def ask(step_input: StepInput) -> str:
        return f"<{ann.run(step_input.input).content}>"

    return ask


def _in_a_thread(ann: Agent) -> Callable[[StepInput], Any]:
    async def ask(step_input: StepInput) -> str:
        return f"<{(await asyncio.to_thread(ann.run, step_input.input)).content}>"

    return ask


def _in_a_task(ann: Agent) -> Callable[[StepInput], Any]:
    async def ask(step_input: StepInput) -> str:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(_run(ann, step_input.input))
        return f"<{task.result().content}>"

    return ask


def _streamed(ann: Agent) -> Callable[[StepInput], Any]:
    return lambda step_input: f"<{''.join(str(event.content) for event in ann.run(step_input.input, stream=True))}>"


def _streamed_async(ann: Agent) -> Callable[[StepInput], Any]:
    async def ask(step_input: StepInput) -> str:
        said = [str(event.content) async for event in ann.arun(step_input.input, stream=True)]
        return f"<{''.join(said)}>"

    return ask


def _yielded(ann: Agent) -> Callable[[StepInput], Any]:
    def ask(step_input: StepInput) -> Any:
        yield "<"
        yield ann.run(step_input.input).content
        yield ">"

    return ask


WAYS = [_plain, _awaited, _plain_in_async, _in_a_thread, _in_a_task, _streamed, _streamed_async, _yielded]


async def _run(ann: Agent, given: Any) -> RunOutput:
    return await ann.arun(given)


@pytest.mark.parametrize("way", WAYS)
def test_its_question_stops_the_workflow(db: Store, desk: Desk, way: Asks) -> None:
    """The requirement is the step's and names the agent; the answer goes down to it, and nothing is done twice."""
    ann = agent([[looks("a"), sends("b")], "Done."], desk.look, desk.send)
    workflow = flow(Step("mail", executor=way(ann)), db=db)
    run = workflow.run("x")
    requirement = asked(run)
    assert (requirement.step_name, requirement.executor_name, requirement.executor_type) == ("mail", "Ann", "agent")
    assert (requirement.executor_run_id, desk.done) == (f"{run.run_id}:root/mail/agent~1", ["look(a)"])
    run = confirm_calls(workflow, run)
    assert (run.status, run.content) == (RunStatus.COMPLETED, "<Done.>")
    assert (desk.done, len(requests(ann)), message_of(ann)) == (["look(a)", "send(b)"], 2, "x")


@pytest.mark.parametrize("way", WAYS)
async def test_from_async_code(desk: Desk, way: Asks) -> None:
    """There, plain functions run in worker threads."""
    ann = agent([[looks("a"), sends("b")], "Done."], desk.look, desk.send)
    workflow = flow(Step("mail", executor=way(ann)))
    run = await workflow.arun("x")
    for question in questions(run):
        question.confirm()
    run = await workflow.acontinue_run(run)
    assert (run.content, desk.done, len(requests(ann))) == ("<Done.>", ["look(a)", "send(b)"], 2)


@pytest.mark.parametrize("way", WAYS)
async def test_beside_others(desk: Desk, way: Asks) -> None:
    """In a Parallel each branch stops and goes on for itself."""
    agents = [agent([[sends(name)], f"{name}!"], desk.send, name=name) for name in ("Ann", "Bob")]
    workflow = flow(Parallel(*(Step(ann.name, executor=way(ann)) for ann in agents), name="both"))
    run = await workflow.arun("x")
    for question in questions(run):
        question.confirm()
    run = await workflow.acontinue_run(run)
    (both,) = run.step_results
    assert [output.content for output in both.steps or ()] == ["<Ann!>", "<Bob!>"]
    assert sorted(desk.done) == ["send(Ann)", "send(Bob)"]


def test_only_the_function_itself_runs_again(db: Store, desk: Desk) -> None:
    """An agent that has ended is not asked again: its output is the same one."""
    ann, bob = agent(["Found it."]), agent([[sends("a")], "Sent it."], desk.send, name="Bob")
    seen: list[RunOutput] = []

    def ask(step_input: StepInput) -> Any:
        seen.append(ann.run(step_input.input))
        seen.append(bob.run(seen[-1].content))
        return seen[-1]

    workflow = flow(Step("mail", executor=ask), db=db)
    run = workflow.run("x")
    assert len(seen) == 1
    run = confirm_calls(workflow, run)
    first, again, second = seen
    assert first == again
    assert (first.status, first.content, first.input) == (RunStatus.COMPLETED, "Found it.", "x")
    assert [first.run_id, second.run_id] == [f"{run.run_id}:root/mail/agent~{number}" for number in (1, 2)]
    assert [message.content for message in second.messages] == ["Found it.", None, "send: a", "Sent it."]
    assert (run.content, len(requests(ann)), len(requests(bob))) == ("Sent it.", 1, 2)


def test_its_requirements_are_on_its_output(desk: Desk) -> None:
    """The function sees what people decided."""
    ann = agent([[sends("a")], "Sent it."], desk.send)
    workflow = flow(Step("mail", executor=lambda _: str(ann.run("x").requirements[0].confirmation)))
    assert confirm_calls(workflow, workflow.run("x")).content == "True"


class Found(BaseModel):
    """What an agent found."""

    where: str


def test_an_output_with_a_form_is_the_same_again(db: Store, desk: Desk) -> None:
    """It is an instance of the schema, also when it comes from the journal."""
    ann = agent(['{"where": "here"}'], output_schema=Found)
    bob = agent([[sends("a")], "Sent it."], desk.send, name="Bob")
    seen: list[Any] = []

    def ask(_: StepInput) -> None:
        seen.append(ann.run("x").content)
        bob.run("x")

    workflow = flow(Step("mail", executor=ask), db=db)
    confirm_calls(workflow, workflow.run("x"))
    assert seen == [Found(where="here")] * 2


def test_new_objects_go_on_with_a_stored_run(tmp_path: Path, desk: Desk) -> None:
    """Another process does, in the middle of a function."""

    def leg(carry_on: Callable[[Workflow], WorkflowRunOutput]) -> tuple[WorkflowRunOutput, int, int]:
        ann = agent(["Found it."])
        bob = agent([[sends("a")], [sends("b")], "Sent it."], desk.send, name="Bob")
        workflow = flow(Step("mail", executor=lambda _: bob.run(ann.run("x").content)), db=SqliteDb(tmp_path / "k.db"))
        return carry_on(workflow), len(requests(ann)), len(requests(bob))

    run, *asked_first = leg(lambda workflow: workflow.run("x"))
    assert asked_first == [1, 1]
    for _ in range(2):
        run, *asked_again = leg(lambda workflow, run=run: confirm_calls(workflow, run))  # type: ignore[misc]
        assert asked_again == [0, 1]
    assert (run.content, desk.done) == ("Sent it.", ["send(a)", "send(b)"])


@pytest.mark.parametrize("is_grouped", [True, False])
def test_agents_at_the_same_time_ask_together(db: Store, desk: Desk, is_grouped: bool) -> None:
    """Out of a TaskGroup, or a gather, all their questions are open at once, and each has its own answer."""
    agents = [agent([[looks(name), sends(name)], f"{name}!"], desk.look, desk.send, name=name) for name in "ABC"]

    async def ask(_: StepInput) -> str:
        if is_grouped:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(_run(ann, "x")) for ann in agents]
            return "".join(str(task.result().content) for task in tasks)
        return "".join(str(output.content) for output in await asyncio.gather(*(ann.arun("x") for ann in agents)))

    workflow = flow(Step("mail", executor=ask), db=db)
    run = workflow.run("x")
    assert sorted(str(item.executor_name) for item in run.steps_requiring_executor_resolution) == ["A", "B", "C"]
    for question in questions(run):
        question.confirm() if question.tool_execution.tool_args == {"text": "B"} else question.reject("no")
    run = workflow.continue_run(run)
    assert (run.content, sorted(desk.done)) == ("A!B!C!", ["look(A)", "look(B)", "look(C)", "send(B)"])
    assert [(told(ann)[-1], len(requests(ann))) for ann in agents] == [("no", 2), ("send: B", 2), ("no", 2)]


async def _swallowed(ann: Agent) -> Any:
    return await asyncio.gather(ann.arun("x"), return_exceptions=True)


async def _caught(ann: Agent) -> Any:
    try:
        return await ann.arun("x")
    except BaseException as stop:  # noqa: BLE001 - what a careless author writes
        return repr(stop)


async def _left_alone(ann: Agent) -> Any:
    task = asyncio.create_task(_run(ann, "x"))
    task.add_done_callback(lambda done: done.exception())
    await asyncio.sleep(0)  # it has begun


@pytest.mark.parametrize("careless", [_swallowed, _caught, _left_alone])
def test_no_function_can_lose_a_question(db: Store, desk: Desk, careless: Callable[[Agent], Any]) -> None:
    """What it makes of the exception counts only once the question is answered."""
    ann = agent([[sends("a")], "Done."], desk.send)

    async def ask(_: StepInput) -> str:
        await careless(ann)
        return "went on"

    workflow = flow(Step("mail", executor=ask), db=db)
    run = workflow.run("x")
    assert (run.status, run.step_results) == (RunStatus.PAUSED, [])
    run = confirm_calls(workflow, run)
    assert (run.content, desk.done, len(requests(ann))) == ("went on", ["send(a)"], 2)


async def test_an_agent_that_begins_too_late_is_refused(db: Store, desk: Desk) -> None:
    """When the function has ended, it asks no model: nobody would wait for it."""
    ann, late = agent([[sends("a")], "Done."], desk.send), []

    async def ask(_: StepInput) -> str:
        late.append(asyncio.ensure_future(ann.arun("x")))
        return "went on"

    run = await flow(Step("mail", executor=ask), db=db).arun("x")
    with pytest.raises(UsageError, match="'Ann' was to begin after the function that called it had ended"):
        await late[0]
    assert (run.content, requests(ann)) == ("went on", [])


def test_a_question_that_nobody_would_ask_is_an_error(desk: Desk) -> None:
    """In a thread that does not know the step an agent runs by itself; returning it while it waits fails the step."""
    ann = agent([[sends("a")], "Done."], desk.send)

    def ask(_: StepInput) -> RunOutput:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: ann.run("x")).result()

    run = flow(Step("mail", executor=ask, max_retries=0)).run("x")
    assert "'Ann' waits for people, but it was called where the step is not known" in str(run.step_results[0].error)


def test_another_agent_at_the_same_place_is_an_error(db: Store, desk: Desk) -> None:
    """It names both: the function must call the same ones in the same order."""
    ann, bob = (agent([[sends(name)], "Done."], desk.send, name=name) for name in ("Ann", "Bob"))
    order = [ann, bob]
    workflow = flow(Step("mail", executor=lambda _: order.pop(0).run("x"), max_retries=0), db=db)
    run = confirm_calls(workflow, workflow.run("x"))
    assert "At root/mail/agent~1 this run has called 'Ann', and now 'Bob' is called there" in str(
        run.step_results[0].error
    )
    assert (desk.done, requests(bob)) == ([], [])


def test_it_goes_on_with_the_words_that_it_began_with(desk: Desk) -> None:
    """A message that is made anew, with the time in it, say, is not what the model is told."""
    messages = ["at ten", "at eleven"]
    ann = agent([[sends("a")], "Done."], desk.send)
    workflow = flow(Step("mail", executor=lambda _: ann.run(messages.pop(0))))
    confirm_calls(workflow, workflow.run("x"))
    assert (message_of(ann), messages) == ("at ten", [])


def test_a_function_that_fails_afterwards_does_not_ask_again(db: Store) -> None:
    """Its next attempt finds what the agent said."""
    ann, failures = agent(["Found it."]), ["once"]

    def ask(_: StepInput) -> str:
        said = ann.run("x").content
        if failures:
            raise ValueError(failures.pop())
        return str(said)

    run = flow(Step("mail", executor=ask, max_retries=1), db=db).run("x")
    assert (run.content, len(requests(ann))) == ("Found it.", 1)


def test_what_its_model_raises_is_raised(db: Store) -> None:
    """The function may catch it, or fail with it, and the next attempt asks the model once more."""
    replies: list[Any] = [ModelError("away"), ModelError("still away"), "Hi.", "Ho."]
    ann = agent(lambda _: replies.pop(0))

    def ask(_: StepInput) -> str:
        with suppress(ModelError):
            ann.run("x")
        return str(ann.run("y").content)

    run = flow(Step("mail", executor=ask, max_retries=1), db=db).run("x")
    assert (run.content, replies) == ("Ho.", [])


def test_a_review_has_it_work_anew(db: Store, desk: Desk) -> None:
    """In each round of the step the agent begins at a place of its own."""
    ann = agent([[sends("a")], "Done."], desk.send)
    review = HumanReview(requires_output_review=True, on_reject=OnReject.retry)
    workflow = flow(Step("mail", executor=lambda _: ann.run("x"), human_review=review), db=db)
    run = confirm_calls(workflow, workflow.run("x"))
    run.step_requirements[-1].reject("again")
    run = workflow.continue_run(run)
    assert asked(run).executor_run_id == f"{run.run_id}:root/mail/~2/agent~1"
    run = confirm_calls(workflow, run)
    run.step_requirements[-1].confirm()
    assert (workflow.continue_run(run).content, desk.done) == ("Done.", ["send(a)"] * 2)


def test_a_team_is_called_the_same_way(db: Store, desk: Desk) -> None:
    """What a member asks names it."""
    ann = agent([[sends("a")], "Ann done."], desk.send)
    crew = team([[("ann", "Do it")], "All done."], ann)
    workflow = flow(Step("mail", executor=lambda _: crew.run("x")), db=db)
    run = workflow.run("x")
    assert (asked(run).executor_type, questions(run)[0].member_agent_name) == ("team", "Ann")
    assert (confirm_calls(workflow, run).content, desk.done) == ("All done.", ["send(a)"])


@pytest.mark.parametrize("is_gated", [False, True])
def test_a_tool_may_call_an_agent(db: Store, desk: Desk, is_gated: bool) -> None:
    """What that asks stops the run too, and the tool goes on with the answer; that it waited is no crash."""
    inner = agent([[sends("deep")], "Inner done."], desk.send, name="Inner")
    ask = desk.tool("ask", requires_confirmation=is_gated)
    ask.entrypoint = lambda text: inner.run(text).content
    outer = agent([[call("ask", text="go")], "Outer done."], ask, name="Outer")
    workflow = flow(Step("mail", agent=outer), db=db)
    run = workflow.run("x")
    if is_gated:
        run = confirm_calls(workflow, run)
    assert asked(run).executor_name == "Inner"
    run = confirm_calls(workflow, run)
    assert (run.status, run.content, told(outer), desk.done) == (
        RunStatus.COMPLETED,
        "Outer done.",
        ["Inner done."],
        ["send(deep)"],
    )


def test_an_agent_by_itself_may_call_others_too(db: Store, desk: Desk) -> None:
    """In a tool of an agent that runs by itself it is the same."""
    inner = agent([[sends("deep")], "Inner done."], desk.send, name="Inner")

    async def ask() -> str:
        return str((await inner.arun("go")).content)

    outer = agent([[call("ask")], "Outer done."], ask, name="Outer", db=db)
    run = outer.run("x")
    (question,) = run.active_requirements
    assert (question.member_agent_name, question.member_run_id) == (
        "Inner",
        f"{run.run_id}:root/outer/call:ask~1/agent~1",
    )
    question.confirm()
    assert (outer.continue_run(run).content, desk.done) == ("Outer done.", ["send(deep)"])


def test_the_function_sees_what_tools_wrote(db: Store, desk: Desk) -> None:
    """The session state is one, before and after a pause: nothing is overwritten."""
    ann = agent([[looks("a"), sends("b")], "Done."], desk.look, desk.send)
    seen: list[Any] = []

    def ask(_: StepInput, run_context: RunContext) -> None:
        state = run_context.session_state
        ann.run("x")
        seen.append(state["calls"])
        state["calls"] += 10

    workflow = Workflow(name="w", db=db, steps=[Step("mail", executor=ask)], session_state={"calls": 0})
    confirm_calls(workflow, workflow.run("x", session_id="s"))
    assert (seen, workflow.get_session_state("s")) == ([2], {"calls": 12})


def test_dependencies_are_those_of_the_workflow_s_run(desk: Desk) -> None:
    """Others are refused, as its tools would not get them."""
    ann = agent([[looks("a")], "Done."], desk.look)
    run = flow(Step("mail", executor=lambda _: ann.run("x", dependencies={"a": 1}), max_retries=0)).run("x")
    assert "give them to the run of the workflow" in str(run.step_results[0].error)


def test_what_only_decides_runs_agents_by_themselves(db: Store) -> None:
    """In an evaluator an agent has a run of its own, in its own database."""
    ann = agent(["yes"], db=db)
    workflow = flow(
        Condition([Step("then", executor=lambda _: "went")], lambda _: ann.run("x", session_id="e").content == "yes")
    )
    run = workflow.run("x")
    last = ann.get_last_run_output("e")
    assert (run.content, last and last.content) == ("went", "yes")


async def test_a_call_in_flight_at_a_crash_is_asked_about(db: Store, desk: Desk) -> None:
    """It was approved, and may have been made: it is not repeated unasked, and the agent goes on with the answer."""
    ann = agent([[sends("a")], "Done."], desk.send)
    workflow = flow(Step("mail", executor=lambda _: ann.run("x")), db=db)
    run = await workflow.arun("x")
    await answer(db, run.run_id, Action.confirm)
    await die_in(db, run.run_id, "root/mail/agent~1/call:send~1", cast("Node", Part("Tool:send")))
    run = await workflow.acontinue_run(run_id=run.run_id)
    (doubt,) = run.steps_with_errors
    assert (doubt.error_type, desk.done) == ("MayHaveRunAlready", [])
    doubt.retry()
    run = await workflow.acontinue_run(run)
    assert (run.content, desk.done, len(requests(ann))) == ("Done.", ["send(a)"], 2)
