"""Tools that change while a call of theirs waits: nothing else is called than people decided about."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.engine.large import load
from kernbot.engine.ledger import AskedAnewError, give_answer
from kernbot.errors import DefinitionError
from kernbot.models.scripted import Item, call
from kernbot.run import RunContext, RunStatus
from kernbot.run.answer import Action, Answer
from kernbot.run.requirement import RunRequirement
from kernbot.tools import Function, tool
from kernbot.workflow import Step, Workflow
from tests.engine.agent_bench import (
    Desk,
    agent,
    confirm_calls,
    flow,
    looks,
    questions,
    requests,
    sends,
    team,
    texts,
    told,
)
from tests.engine.bench import must_load

SEND: list[Item] = [[sends("hi")], "Done."]


def program(db: Store, script: list[Item], *tools: Any) -> Workflow:
    """Return the workflow as a program makes it that starts anew, with these tools."""
    return flow(Step("mail", agent=agent(script, *tools)), db=db)


def _two_texts(desk: Desk) -> Function:
    """Return a tool of the same name that needs one argument more."""

    @tool(name="send", requires_confirmation=True)
    def send(text: str, to: str) -> None:
        desk.done.append(f"{text} {to}")

    made: Function = send
    return made


def _confirm(question: RunRequirement) -> None:
    question.confirm()


def _reject(question: RunRequirement) -> None:
    question.reject("no")


@pytest.mark.parametrize("decide", [_confirm, _reject])
@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (lambda desk: [desk.tool("post", requires_confirmation=True)], "There is no tool 'send'. There are: post."),
        (lambda _: [], "There is no tool 'send'. There are: none."),
        (lambda desk: [desk.tool("send")], "People would not be asked about it as they were."),
        (lambda desk: [desk.tool("send", external_execution=True)], "People would not be asked about it as they were."),
    ],
    ids=["renamed", "gone", "ungated", "asks otherwise"],
)
def test_a_tool_that_changed_is_not_called(db: Store, desk: Desk, decide: Any, changed: Any, problem: str) -> None:
    """The run waits until it is what it was, and says so; then the decision counts, and is not asked for again."""
    run = program(db, SEND, desk.send).run("x", run_id="R")
    decide(questions(run)[0])
    with pytest.raises(DefinitionError, match="The tool 'send' of 'Ann' is no longer what it was") as caught:
        program(db, SEND, *changed(desk)).continue_run(run)
    assert problem in str(caught.value)
    assert desk.done == []
    restored = program(db, SEND, desk.send)
    run = must_load(restored, "R")
    assert [item.error_type for item in run.steps_with_errors] == ["DefinitionChanged"]
    run.steps_with_errors[0].retry()
    run = restored.continue_run(run)
    assert (run.content, desk.done) == ("Done.", ["send(hi)"] if decide is _confirm else [])


def test_a_tool_that_takes_other_arguments_is_asked_about_anew_and_not_called(db: Store, desk: Desk) -> None:
    """Whoever says yes all the same is told that it does not fit."""
    run = program(db, SEND, desk.send).run("x", run_id="R")
    questions(run)[0].confirm()
    changed = program(db, SEND, _two_texts(desk))
    with pytest.raises(AskedAnewError):
        changed.continue_run(run)
    with pytest.raises(DefinitionError, match="'to' is missing"):
        confirm_calls(changed, must_load(changed, "R"))
    assert desk.done == []


def test_a_retry_before_it_is_restored_asks_again(db: Store, desk: Desk) -> None:
    """As often as it takes."""
    run = program(db, SEND, desk.send).run("x", run_id="R")
    questions(run)[0].confirm()
    changed = program(db, SEND, desk.tool("post"))
    for _ in range(2):
        with pytest.raises(DefinitionError, match="no longer what it was"):
            changed.continue_run(run)
        run = must_load(changed, "R")
        run.steps_with_errors[0].retry()
    assert (program(db, SEND, desk.send).continue_run(run).content, desk.done) == ("Done.", ["send(hi)"])


async def test_such_a_run_can_be_cancelled(db: Store, desk: Desk) -> None:
    """By the answer to its question too."""
    run = await program(db, SEND, desk.send).arun("x", run_id="R")
    questions(run)[0].confirm()
    changed = program(db, SEND, desk.tool("post"))
    with pytest.raises(DefinitionError):
        await changed.acontinue_run(run)
    (pause,) = [pause for pause in (await load(db, "R")).pauses if pause.kind == "error"]
    await give_answer(db, pause.pause_id, Answer(action=Action.cancel), at=time.time(), by="eve", door="button")
    run = await changed.acontinue_run(run_id="R")
    assert (run.status, desk.done) == (RunStatus.CANCELLED, [])


def test_what_the_model_was_told_stays_told(db: Store, desk: Desk) -> None:
    """A tool that was unknown, or a wrong argument, when it was asked for is not called when it fits later on."""
    script: list[Item] = [[call("post", text="x"), call("look")], [sends("hi")], "Done."]
    run = program(db, script, desk.send, desk.look).run("x")

    @tool(name="look")
    def look_anywhere(run_context: RunContext, text: str = "everywhere") -> None:
        desk.note(text, run_context)

    changed = program(db, script, desk.send, look_anywhere, desk.tool("post"))
    run = confirm_calls(changed, run)
    assert (run.content, desk.done) == ("Done.", ["send(hi)"])


def test_what_has_been_called_is_not_asked_about(db: Store, desk: Desk) -> None:
    """A tool that is gated, or gone, since it was called has been called all the same, and the model hears of it."""
    script: list[Item] = [[looks("a"), sends("hi")], "Done."]
    for later in (desk.tool("look", requires_confirmation=True), desk.tool("other")):
        run = program(db, script, desk.send, desk.look).run("x")
        ann = agent(script, desk.send, later)
        run = confirm_calls(flow(Step("mail", agent=ann), db=db), run)
        assert (run.content, told(ann), len(requests(ann))) == ("Done.", ["look: a", "send: hi"], 1)
    assert desk.done == ["look(a)", "send(hi)"] * 2


def test_tools_may_be_added_meanwhile(db: Store, desk: Desk) -> None:
    """And their descriptions, and the agent's instructions, may change: what was decided stands."""
    run = program(db, SEND, desk.send).run("x")
    described = desk.tool("send", requires_confirmation=True, description="Send a text.")
    ann = agent(SEND, described, desk.look, instructions="Be kind.")
    workflow = flow(Step("mail", agent=ann), db=db)
    assert confirm_calls(workflow, run).content == "Done."
    assert desk.done == ["send(hi)"]


def test_a_member_that_is_gone_leaves_its_call_waiting(db: Store, desk: Desk) -> None:
    """The leader is not told that there is no such member, and the decision counts when it is back."""

    def program(*names: str) -> Workflow:
        members = [agent([[sends("hi")], "sent"], desk.send, name=name) for name in names]
        crew = team([[("ann", "send it")], "all done"], *members)
        return flow(Step("mail", team=crew), db=db)

    run = program("Ann", "Bob").run("x", run_id="R")
    questions(run)[0].confirm()
    with pytest.raises(DefinitionError, match="'delegate_task_to_member' of 'Crew' is no longer what it was"):
        program("Bob").continue_run(run)
    run = must_load(program("Ann"), "R")
    run.steps_with_errors[0].retry()
    assert (program("Ann").continue_run(run).content, desk.done) == ("all done", ["send(hi)"])


class DiedError(BaseException):
    """What a process dies of, in these tests."""


def test_a_tool_that_was_in_flight_and_is_gone_waits_too(db: Store, desk: Desk) -> None:
    """It may have run: that is asked once it is there again, and the model is not told that there is no such tool."""

    @tool(name="send", on_crash="ask")
    def send(text: str) -> str:
        desk.done.append(text)
        raise DiedError

    with pytest.raises(DiedError):
        program(db, SEND, send).run("x", run_id="R")
    with pytest.raises(DefinitionError, match="There is no tool 'send'"):
        program(db, SEND).continue_run(run_id="R")
    restored = program(db, SEND, send)
    run = must_load(restored, "R")
    run.steps_with_errors[0].retry()
    run = restored.continue_run(run)
    assert [item.error_type for item in run.steps_with_errors] == ["MayHaveRunAlready"]
    assert (texts(run), desk.done) == ([], ["hi"])
