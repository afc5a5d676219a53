"""Calls of tools that ask people: the run stops there, each call has its own answer, and the model is told."""

from __future__ import annotations

import asyncio
import time

import pytest

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.engine.large import load
from kernbot.engine.ledger import TooLateError, give_answer
from kernbot.errors import AnswerError, ConflictError, UsageError
from kernbot.models.scripted import call
from kernbot.run import RunStatus
from kernbot.run.answer import Action, Answer
from kernbot.run.messages import ModelReply, ToolCall
from kernbot.run.requirement import RunRequirement
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Step, StepInput, Workflow
from kernbot.workflow.types import PauseKind
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
    texts,
    told,
)
from tests.engine.bench import Calls, Look, must_load


@pytest.fixture
def ann(desk: Desk) -> Agent:
    """Return an agent that sends one message."""
    return agent([[sends("hi")], "Done."], desk.send, desk.look)


def test_a_call_that_needs_a_yes_stops_the_run(db: Store, desk: Desk, ann: Agent, look: Look) -> None:
    """The run's last requirement names the agent, and holds the call as an object; nothing has been called."""
    workflow = flow(Step("mail", agent=ann), db=db)
    run = look(workflow, workflow.run("x"))
    assert (run.status, run.pause_kind, run.paused_step_name) == (RunStatus.PAUSED, PauseKind.EXECUTOR, "mail")
    requirement = run.step_requirements[-1]
    assert requirement.requires_executor_input
    assert (requirement.executor_name, requirement.executor_type, requirement.executor_id) == ("Ann", "agent", "ann")
    assert (requirement.step_name, requirement.step_id) == ("mail", "root/mail")
    (question,) = questions(run)
    assert isinstance(question, RunRequirement)
    assert (question.tool_execution.tool_name, question.tool_execution.tool_args) == ("send", {"text": "hi"})
    assert (question.needs_confirmation, question.is_resolved(), desk.done) == (True, False, [])


def test_a_yes_makes_the_call(db: Store, desk: Desk, ann: Agent, look: Look) -> None:
    """The model hears of the result and has the last word; it has been asked once for each turn."""
    workflow = flow(Step("mail", agent=ann), db=db)
    run = confirm_calls(workflow, look(workflow, workflow.run("x")))
    assert (run.status, run.content, desk.done) == (RunStatus.COMPLETED, "Done.", ["send(hi)"])
    assert (told(ann), len(requests(ann))) == (["send: hi"], 2)
    output = run.step_results[0]
    assert (output.executor_type, output.executor_name) == ("agent", "Ann")


@pytest.mark.parametrize("note", ["not today", None])
def test_a_no_is_told_to_the_model(db: Store, desk: Desk, look: Look, note: str | None) -> None:
    """With the note, if there is one; the call is not made, and the run goes on."""
    ann = agent([[sends("hi")], "Then not."], desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = look(workflow, workflow.run("x"))
    questions(run)[0].reject(note)
    run = workflow.continue_run(run)
    assert (run.status, run.content, desk.done) == (RunStatus.COMPLETED, "Then not.", [])
    assert told(ann) == [note or "The person rejected this call; it was not made."]


def test_the_calls_of_a_turn_have_an_answer_each(db: Store, desk: Desk, look: Look) -> None:
    """Those that ask nobody are made at once, the others once all are decided; the model hears of all in its order."""
    ann = agent([[sends("a"), looks("b"), sends("c"), sends("d")], "Done."], desk.send, desk.look)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = look(workflow, workflow.run("x"))
    assert (texts(run), desk.done) == (["a", "c", "d"], ["look(b)"])
    first, second, third = questions(run)
    third.confirm()
    first.confirm()
    second.reject("not c")
    run = workflow.continue_run(run)
    assert desk.done == ["look(b)", "send(a)", "send(d)"]
    assert told(ann) == ["send: a", "look: b", "not c", "send: d"]


@pytest.mark.parametrize(("decided", "named"), [(0, r"mail \(send\), mail \(send\);"), (1, r"about mail \(send\);")])
def test_an_undecided_call_is_an_error_that_names_it(db: Store, desk: Desk, decided: int, named: str) -> None:
    """Nothing is stored and nothing is called (T16); with the rest decided the run goes on."""
    workflow = flow(Step("mail", agent=agent([[sends("a"), sends("b")], "Done."], desk.send)), db=db)
    run = workflow.run("x")
    for question in questions(run)[:decided]:
        question.confirm()
    with pytest.raises(UsageError, match=named):
        workflow.continue_run(run)
    assert (texts(must_load(workflow, run.run_id)), desk.done) == (["a", "b"], [])
    assert confirm_calls(workflow, must_load(workflow, run.run_id)).content == "Done."


def test_requirements_that_a_caller_makes_do_not_remove_the_gate(db: Store, desk: Desk, ann: Agent) -> None:
    """An empty list, or a flag taken off the object, leaves the call undecided (T47)."""
    workflow = flow(Step("mail", agent=ann), db=db)
    run = workflow.run("x")
    with pytest.raises(UsageError, match="still waits"):
        workflow.continue_run(run_id=run.run_id, step_requirements=[])
    question = questions(run)[0].tool_execution
    question.requires_confirmation, question.confirmed = False, None
    run.step_requirements[-1].requires_executor_input = False
    with pytest.raises(UsageError, match="still waits"):
        workflow.continue_run(run)
    assert desk.done == []


async def test_the_answer_is_bound_to_the_arguments(db: Store, desk: Desk) -> None:
    """Arguments changed on the object are not what is called; the digests of two calls differ in their arguments."""
    workflow = flow(Step("mail", agent=agent([[sends("a"), sends("b")], "Done."], desk.send)), db=db)
    run = workflow.run("x")
    digests = {pause.digest for pause in (await load(db, run.run_id)).pauses}
    assert len(digests) == 2
    questions(run)[0].tool_execution.tool_args["text"] = "something else"
    confirm_calls(workflow, run)
    assert desk.done == ["send(a)", "send(b)"]


def test_a_stale_answer_is_refused(db: Store, desk: Desk) -> None:
    """The first one stored counts; another one from an old copy is an error that says what was answered."""
    ann = agent([[sends("a")], [sends("b")], "Done."], desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = workflow.run("x")
    copy = must_load(workflow, run.run_id)
    run = confirm_calls(workflow, run)
    questions(copy)[0].reject("late")
    with pytest.raises(UsageError, match=r"about mail \(send\) is closed: library answered 'confirm' first"):
        workflow.continue_run(copy)
    second = must_load(workflow, run.run_id)
    confirm_calls(workflow, run)
    questions(second)[0].reject("late")
    with pytest.raises(ConflictError, match="COMPLETED; there is nothing left"):
        workflow.continue_run(second)
    assert desk.done == ["send(a)", "send(b)"]


async def test_one_cancel_is_enough(db: Store, desk: Desk) -> None:
    """A run that is cancelled at one of several calls makes none, whatever the others wait for, or were allowed."""
    ann = agent([[sends("a"), sends("b"), sends("c")], "Done."], desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = await workflow.arun("x")
    first, second, _ = questions(run)
    for question, action in ((first, Action.confirm), (second, Action.cancel)):
        await give_answer(db, question.pause_id, Answer(action=action), at=time.time(), by="bob", door="button")
    run = await workflow.acontinue_run(run_id=run.run_id)
    assert (run.status, run.content, desk.done) == (
        RunStatus.CANCELLED,
        "The run was cancelled at step 'mail'.",
        [],
    )


def test_a_run_that_waits_can_be_cancelled(db: Store, desk: Desk, ann: Agent) -> None:
    """Its calls are decided then, and nobody can allow them any more."""
    workflow = flow(Step("mail", agent=ann), db=db)
    run = workflow.run("x")
    assert workflow.cancel_run(run.run_id)
    cancelled = must_load(workflow, run.run_id)
    assert (cancelled.status, questions(cancelled)) == (RunStatus.CANCELLED, [])
    questions(run)[0].confirm()
    with pytest.raises(ConflictError, match="CANCELLED; there is nothing left"):
        workflow.continue_run(run)
    assert desk.done == []


async def test_of_two_answers_to_a_call_the_first_counts(db: Store, desk: Desk) -> None:
    """Whoever comes second is told who answered what."""
    ann = agent([[sends("a"), sends("b")], "Done."], desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = await workflow.arun("x")
    second = questions(run)[1]
    for question in questions(run):
        question.confirm()
    answer = Answer(action=Action.reject, feedback="no")
    await give_answer(db, second.pause_id, answer, at=time.time(), by="bob", door="button")
    with pytest.raises(TooLateError, match="bob answered 'reject' first"):
        await workflow.acontinue_run(run)
    await workflow.acontinue_run(run_id=run.run_id)
    assert (told(ann), desk.done) == (["send: a", "no"], ["send(a)"])


def test_what_is_still_open_is_last(db: Store, desk: Desk) -> None:
    """Where somebody else has answered one of several calls, the last requirement holds the others only."""
    workflow = flow(Step("mail", agent=agent([[sends("a"), sends("b")], "Done."], desk.send)), db=db)
    run = workflow.run("x")
    answer = Answer(action=Action.confirm)
    given = give_answer(db, questions(run)[1].pause_id, answer, at=time.time(), by="bob", door="button")
    asyncio.run(given)
    run = must_load(workflow, run.run_id)
    (open_call,) = run.step_requirements[-1].executor_requirements or []
    assert open_call.tool_execution.tool_args == {"text": "a"}
    open_call.confirm()
    workflow.continue_run(run)
    assert desk.done == ["send(a)", "send(b)"]


def test_an_answer_can_be_changed_until_it_is_stored(desk: Desk, ann: Agent) -> None:
    """The last decision counts; afterwards the object refuses another one."""
    workflow = flow(Step("mail", agent=ann))
    run = workflow.run("x")
    (question,) = questions(run)
    question.confirm()
    question.reject("no")
    workflow.continue_run(run)
    assert desk.done == []
    with pytest.raises(AnswerError, match=r"answered already \(reject\)"):
        question.confirm()


def test_later_rounds_show_only_what_is_open(db: Store, desk: Desk, look: Look) -> None:
    """Each round of calls adds a requirement, and the last one holds the new calls only."""
    ann = agent([[sends("a"), sends("b")], [sends("c")], "Done."], desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = look(workflow, confirm_calls(workflow, workflow.run("x")))
    assert (texts(run), len(run.step_requirements)) == (["c"], 2)
    earlier, last = run.step_requirements
    assert [item.is_resolved() for item in earlier.executor_requirements or ()] == [True, True]
    assert (earlier.is_resolved, last.is_resolved, last is asked(run)) == (True, False, True)
    run = confirm_calls(workflow, run)
    assert (run.content, len(requests(ann))) == ("Done.", 3)


def _last_entry(run: WorkflowRunOutput) -> None:
    """Decide as document 000 does: the last entry is what is open."""
    for requirement in run.step_requirements[-1:]:
        if requirement.requires_executor_input:
            for item in requirement.executor_requirements or []:
                item.confirm()
        elif requirement.requires_confirmation:
            requirement.confirm()


def _filters(run: WorkflowRunOutput) -> None:
    """Decide as document 000 does otherwise: the filters leave out what is resolved."""
    for requirement in run.steps_requiring_confirmation + run.steps_requiring_output_review:
        requirement.confirm()
    for requirement in run.steps_requiring_executor_resolution:
        for item in requirement.executor_requirements or []:
            item.confirm()


@pytest.mark.parametrize("decide", [_last_entry, _filters])
def test_gates_on_one_step_come_in_order(db: Store, desk: Desk, look: Look, decide: object) -> None:
    """First the step, then each round of its tools, then what came out; both patterns of document 000 decide them."""
    assert callable(decide)
    ann = agent([[sends("a")], [sends("b")], "Done."], desk.send)
    step = Step("mail", agent=ann, requires_confirmation=True, requires_output_review=True)
    workflow = flow(step, db=db)
    run = look(workflow, workflow.run("x"))
    kinds = []
    while run.is_paused:
        kinds.append((run.pause_kind, run.step_requirements[-1].requires_output_review, list(desk.done)))
        decide(run)
        run = look(workflow, workflow.continue_run(run))
    assert kinds == [
        ("step", False, []),
        ("executor", False, []),
        ("executor", False, ["send(a)"]),
        ("step", True, ["send(a)", "send(b)"]),
    ]
    assert (run.content, len(run.step_requirements), len(requests(ann))) == ("Done.", 4, 3)


def test_a_step_that_is_rejected_asks_no_model(desk: Desk, ann: Agent) -> None:
    """The gate on the step stands before the agent."""
    workflow = flow(Step("mail", agent=ann, requires_confirmation=True))
    run = workflow.run("x")
    run.step_requirements[-1].reject()
    assert (workflow.continue_run(run).step_results, requests(ann), desk.done) == ([], [], [])


def test_a_review_has_the_agent_work_anew(db: Store, desk: Desk, look: Look) -> None:
    """Its message holds the draft and the feedback; its tools ask again, as they are to be called again."""
    ann = agent([[sends("a")], "Draft."], desk.send)
    workflow = flow(Step("mail", agent=ann, requires_output_review=True, on_reject="retry"), db=db)
    run = confirm_calls(workflow, workflow.run("Write."))
    run.step_requirements[-1].reject("Shorter!")
    run = look(workflow, workflow.continue_run(run))
    assert message_of(ann) == "Write.\n\nYour previous draft:\nDraft.\n\nWhat the reviewer said of it:\nShorter!"
    assert (texts(run), asked(run).step_id) == (["a"], "root/mail")
    run = look(workflow, confirm_calls(workflow, run))
    assert (run.is_paused, desk.done, run.step_requirements[-1].retry_count) == (True, ["send(a)"] * 2, 1)
    run.step_requirements[-1].confirm()
    assert workflow.continue_run(run).content == "Draft."


def _count(_: StepInput, session_state: dict[str, int]) -> int:
    return session_state["calls"]


def test_what_tools_write_into_the_session_state_stays(db: Store, desk: Desk, look: Look) -> None:
    """That of a call before the pause and that of one after it: the next step sees both, and so does the session."""
    ann = agent([[looks("a"), sends("b")], "Done."], desk.send, desk.look)
    workflow = flow(Step("mail", agent=ann), _count, db=db)
    run = workflow.run("x")
    assert workflow.get_session_state() == {"calls": 1}
    run = confirm_calls(workflow, look(workflow, run))
    assert (run.content, workflow.get_session_state()) == (2, {"calls": 2})


def test_a_call_that_does_not_fit_goes_back_to_the_model(db: Store, desk: Desk) -> None:
    """An unknown tool, wrong and missing arguments, and what is no JSON: people are not asked about these."""
    wrong = ToolCall(id="1", name="send", arguments='{"text": ')
    constant = ToolCall(id="2", name="send", arguments='{"text": NaN}')
    listed = ToolCall(id="3", name="send", arguments='["hi"]')
    calls = [call("nope", text="x"), call("send", text=1), call("send"), call("send", text="x", cc="y")]
    ann = agent([ModelReply(tool_calls=(wrong, constant, listed)), calls, [sends("hi")], "Done."], desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = workflow.run("x")
    refused, again = "Tool 'send' was not called:", "Correct the arguments and call it again."
    assert told(ann) == [
        "The arguments are no JSON: Expecting value: line 1 column 10 (char 9).",
        "The arguments are no JSON: it has no NaN.",
        "The arguments must be a JSON object.",
        "There is no tool 'nope'. There are: send.",
        f"{refused} 'text' is wrong: Input should be a valid string. {again}",
        f"{refused} 'text' is missing. {again}",
        f"{refused} 'cc' is no argument of it. {again}",
    ]
    assert (texts(run), desk.done) == (["hi"], [])
    assert confirm_calls(workflow, run).content == "Done."


def test_names_that_a_model_makes_up_are_calls_like_others(desk: Desk) -> None:
    """However long or odd a name is, each call has its own result."""
    odd = ["lo/ok", "look~1", "", "unknown", "x" * 5000, "look\n"]
    ann = agent([[*(call(name, text="a") for name in odd), looks("b")], "Done."], desk.look)
    run = flow(Step("s", agent=ann)).run("x")
    assert (run.content, desk.done) == ("Done.", ["look(b)"])
    heard = [text or "" for text in told(ann)]
    assert [repr(name) in text for name, text in zip(odd, heard, strict=False)] == [True] * len(odd)
    assert heard[-1] == "look: b"


def test_a_tool_that_raises_is_no_failure_of_the_step(db: Store) -> None:
    """The model is told class and message, and goes on; what it changed in the session state is lost."""

    def broken(session_state: dict[str, int]) -> None:
        session_state["calls"] = 1
        raise ValueError("no paper")

    ann = agent([[call("broken")], "Sorry."], broken)
    workflow = flow(Step("print", agent=ann), db=db)
    run = workflow.run("x")
    assert (run.content, run.has_failed_steps, told(ann)) == ("Sorry.", False, ["ValueError: no paper"])
    assert workflow.get_session_state() == {}


class Unwritable:
    """A result that nothing can be made of."""

    def __repr__(self) -> str:
        raise ValueError("no words")


def test_a_result_that_cannot_be_told_is_an_error_of_the_tool(db: Store) -> None:
    """The tool is not called again for it."""
    made: list[int] = []

    def make() -> Unwritable:
        made.append(1)
        return Unwritable()

    ann = agent([[call("make")], "Sorry."], make)
    run = flow(Step("s", agent=ann, max_retries=1), db=db).run("x")
    assert (run.content, made, told(ann)) == ("Sorry.", [1], ["ValueError: no words"])


def test_a_result_that_ends_the_agent_is_its_last_word(desk: Desk) -> None:
    """With `stop_after_tool_call` the model is not asked again; after a no it is."""
    tool = desk.tool("send", requires_confirmation=True, stop_after_tool_call=True)
    ann = agent([[sends("hi")], "Then not."], tool)
    workflow = flow(Step("mail", agent=ann))
    assert confirm_calls(workflow, workflow.run("x")).content == "send: hi"
    assert len(requests(ann)) == 1
    run = workflow.run("x")
    questions(run)[0].reject()
    assert workflow.continue_run(run).content == "Then not."


def test_the_requirement_of_the_step_rejects_all_at_once(desk: Desk) -> None:
    """Its `reject` is one for every call that is undecided; a `confirm` must be given to each call."""
    ann = agent([[sends("a"), sends("b")], "Done."], desk.send)
    workflow = flow(Step("mail", agent=ann))
    run = workflow.run("x")
    with pytest.raises(AnswerError, match="decide each of its executor_requirements"):
        asked(run).confirm()
    questions(run)[0].confirm()
    asked(run).reject("no")
    workflow.continue_run(run)
    assert (told(ann), desk.done) == (["send: a", "no"], ["send(a)"])


def test_new_objects_go_on_with_a_stored_run(db: Store, calls: Calls) -> None:
    """A program that starts anew answers, and carries on what another one began; turns before are not asked again."""

    def program(desk: Desk) -> tuple[Workflow, Agent]:
        ann = agent([[looks("a"), sends("b")], "Done."], desk.send, desk.look)
        return flow(Step("mail", agent=ann), calls.step("z"), db=db), ann

    before, after = Desk(), Desk()
    first, _ = program(before)
    run_id = first.run("x").run_id
    second, ann = program(after)
    run = confirm_calls(second, must_load(second, run_id))
    assert (run.content, before.done, after.done) == ("z(Done.)", ["look(a)"], ["send(b)"])
    assert (len(requests(ann)), told(ann)) == (1, ["look: a", "send: b"])


async def test_from_async_code_too(db: Store, desk: Desk) -> None:
    """Coroutine tools are awaited, plain ones called in a thread; both pause and go on."""

    async def wait(text: str) -> str:
        return f"waited for {text}"

    ann = agent([[call("wait", text="a"), sends("b")], "Done."], wait, desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = await workflow.arun("x")
    questions(run)[0].confirm()
    run = await workflow.acontinue_run(run)
    assert (run.content, told(ann)) == ("Done.", ["waited for a", "send: b"])
