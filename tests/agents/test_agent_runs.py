"""An agent by itself: each form of a run, its questions, its sessions, and what is stored of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.errors import ConflictError, ModelError, NotFoundError, UsageError
from kernbot.models import ModelReply, ScriptedModel, Usage, call
from kernbot.run import RunContext, RunStatus
from kernbot.run.agent import RunOutput, RunPausedEvent, ToolCallCompletedEvent
from kernbot.run.masking import MASK
from kernbot.tools import tool
from kernbot.workflow import Step, Workflow
from tests.engine.agent_bench import Desk, agent, looks, requests, sends, told


def _asking(desk: Desk, db: Store | None = None, **settings: Any) -> Agent:
    """Return an agent that sends two messages, one after the other, and asks about each."""
    return agent([[sends("a"), looks("b")], [sends("c")], "Done."], desk.send, desk.look, db=db, **settings)


def _must_load(ann: Agent, run_id: str) -> RunOutput:
    run = ann.get_run_output(run_id)
    assert run is not None
    return run


def test_a_run_ends_with_the_last_words(db: Store) -> None:
    """The output has the content, the messages, the tokens, and who it was."""
    ann = agent([ModelReply(content="Hi.", usage=Usage(input_tokens=3, output_tokens=2))], db=db, user_id="u")
    run = ann.run("Hello", session_id="s")
    assert (run.status, run.content, run.input, run.is_paused) == (RunStatus.COMPLETED, "Hi.", "Hello", False)
    assert (run.agent_id, run.agent_name, run.session_id, run.user_id) == ("ann", "Ann", "s", "u")
    assert [(message.role, message.content) for message in run.messages] == [("user", "Hello"), ("assistant", "Hi.")]
    assert run.metrics == Usage(input_tokens=3, output_tokens=2)
    assert run.metrics.total_tokens == 5


def test_a_paused_run_says_what_it_waits_for(db: Store, desk: Desk) -> None:
    """Calls that ask nobody have been made; the question is a requirement, and the content a sentence."""
    run = _asking(desk, db).run("x")
    (question,) = run.active_requirements
    assert (run.is_paused, desk.done) == (True, ["look(b)"])
    assert run.content == "Waiting for people: a yes or no about the tool send."
    assert (question.needs_confirmation, question.member_agent_id) == (True, None)
    assert question.tool_execution.tool_args == {"text": "a"}
    assert [tool.tool_name for tool in run.tools_requiring_confirmation] == ["send"]


def test_it_goes_on_where_it_was(db: Store, desk: Desk) -> None:
    """The model is asked once for each turn, each call is made once, and a second round asks anew."""
    ann = _asking(desk, db)
    run = ann.run("x")
    run.requirements[0].confirm()
    run = ann.continue_run(run)
    assert [item.is_resolved() for item in run.requirements] == [True, False]
    run.active_requirements[0].reject("not now")
    run = ann.continue_run(run)
    assert (run.status, run.content, desk.done) == (RunStatus.COMPLETED, "Done.", ["look(b)", "send(a)"])
    assert [(tool.tool_name, tool.result, tool.tool_call_error) for tool in run.tools] == [
        ("send", "send: a", None),
        ("look", "look: b", None),
        ("send", "not now", True),
    ]
    assert len(requests(ann)) == 3


def test_a_decision_on_the_call_itself_counts(desk: Desk) -> None:
    """What a program sets on the run's tools is what it sets on the requirements."""
    ann = agent([[sends("a")], "Done."], desk.send)
    run = ann.run("x")
    run.tools_requiring_confirmation[0].confirmed = True
    assert ann.continue_run(run).content == "Done."
    assert desk.done == ["send(a)"]


def test_another_process_goes_on_by_the_ids(db: Store, desk: Desk) -> None:
    """New objects, a run that was loaded, and requirements that are given by themselves do."""
    run_id = _asking(desk, db).run("x").run_id
    for _ in range(2):
        ann = _asking(desk, db)
        loaded = _must_load(ann, run_id)
        loaded.active_requirements[0].confirm()
        run = ann.continue_run(run_id=run_id, requirements=loaded.requirements)
    assert (run.content, desk.done) == ("Done.", ["look(b)", "send(a)", "send(c)"])
    assert run == _must_load(_asking(desk, db), run_id)


def test_undecided_calls_are_named(desk: Desk) -> None:
    """Nothing is stored or made before all are decided."""
    ann = agent([[sends("a"), sends("b")], "Done."], desk.send)
    run = ann.run("x")
    run.requirements[0].confirm()
    with pytest.raises(UsageError, match=r"still waits for an answer about Ann \(send\)"):
        ann.continue_run(run)
    assert (_must_load(ann, run.run_id).active_requirements[0].confirmation, desk.done) == (None, [])


def test_continuing_needs_a_run(desk: Desk) -> None:
    """Without one, with that of another agent, user or session, or one that has ended, it is an error."""
    ann = agent(["Done."])
    run = ann.run("x", user_id="u")
    bob = agent(["Done."], name="Bob", db=ann.db)
    with pytest.raises(UsageError, match="needs the run, or its run_id"):
        ann.continue_run()
    with pytest.raises(NotFoundError):
        ann.continue_run(run_id="nowhere")
    with pytest.raises(UsageError, match="is of workflow 'agent:ann'"):
        bob.continue_run(run)
    with pytest.raises(UsageError, match="not a run of user 'v'"):
        ann.continue_run(run, user_id="v")
    with pytest.raises(ConflictError, match="is COMPLETED"):
        ann.continue_run(run)
    assert (bob.get_run_output(run.run_id), desk.done) == (None, [])


def test_a_model_that_fails_is_raised_and_may_be_tried_again(db: Store) -> None:
    """The run ends in ERROR, and continuing it asks the model once more."""
    replies: list[Any] = [ModelError("The model is away."), "Hi."]
    ann = agent(lambda _: replies.pop(0), db=db)
    with pytest.raises(ModelError, match="away"):
        ann.run("x", run_id="r")
    failed = _must_load(ann, "r")
    assert (failed.status, failed.error) == (RunStatus.ERROR, "kernbot.errors.ModelError: The model is away.")
    assert ann.continue_run(run_id="r").content == "Hi."


class Forecast(BaseModel):
    """What the last words are to be."""

    city: str
    degrees: int


def test_the_last_words_may_have_a_form(db: Store) -> None:
    """They are an instance of the schema, which the model is told; what does not fit is an error."""
    ann = agent(['{"city": "Tokyo", "degrees": 21}'], db=db, output_schema=Forecast)
    run = ann.run("x", run_id="r")
    assert run.content == Forecast(city="Tokyo", degrees=21)
    assert (requests(ann)[0].output_schema, _must_load(ann, "r").content) == (Forecast, run.content)
    with pytest.raises(RuntimeError, match="did not answer in the form Forecast: degrees"):
        agent(['{"city": "Tokyo"}'], output_schema=Forecast).run("x")


def test_the_session_state_is_kept(db: Store, desk: Desk) -> None:
    """It begins with that of the agent, takes what a run brings, and what tools write, also after a pause."""
    ann = agent([[looks("a"), sends("b")], "Done."], desk.look, desk.send, db=db, session_state={"calls": 5, "n": 1})
    run = ann.run("x", session_id="s", session_state={"n": 2})
    run.requirements[0].confirm()
    ann.continue_run(run)
    assert ann.get_session_state("s") == {"calls": 7, "n": 2}


def test_tools_see_what_a_run_is_given(db: Store) -> None:
    """Dependencies and metadata of the agent and the run are merged, and survive a pause."""
    seen: list[Any] = []

    def note(run_context: RunContext) -> None:
        seen.append((run_context.dependencies, run_context.metadata, run_context.user_id))

    ask = Desk().send
    ann = agent([[sends("a")], [call("note")], "Done."], ask, note, db=db, dependencies={"a": 1}, metadata={"m": 1})
    run = ann.run("x", dependencies={"b": 2}, user_id="u")
    run.requirements[0].confirm()
    ann.continue_run(run, dependencies={"c": 3})
    assert seen == [({"a": 1, "b": 2}, {"m": 1}, "u")]


def test_runs_go_on_in_the_last_session(db: Store) -> None:
    """A run that names none is in the session of the one before; `get_session()` returns that, with its runs."""
    ann = agent(["Hi."], db=db)
    first, second = ann.run("1"), ann.run("2")
    session = ann.get_session()
    assert session is not None
    assert first.session_id == second.session_id == session.session_id
    assert [run.input for run in session.runs] == ["1", "2"]
    assert session.runs[-1] == second == ann.get_last_run_output()
    assert (ann.get_session("nowhere"), ann.get_session(user_id="u")) == (None, None)


def test_a_session_may_be_shared(db: Store) -> None:
    """Each agent, and each workflow, sees its own runs in it."""
    ann, bob = (agent(["Hi."], name=name, db=db) for name in ("Ann", "Bob"))
    workflow = Workflow(name="Ann", db=db, steps=[Step("s", agent=ann)])
    own = ann.run("x", session_id="s")
    bob.run("x", session_id="s")
    workflow.run("x", session_id="s")
    session = ann.get_session("s")
    assert session is not None
    assert [run.run_id for run in session.runs] == [own.run_id]


def test_two_paused_runs_of_a_session_do_not_meet(db: Store, desk: Desk) -> None:
    """Each goes on by itself, in any order."""
    ann = agent([[sends("a")], "Done."], desk.send, db=db)
    runs = [ann.run("x", session_id="s") for _ in range(2)]
    for run in reversed(runs):
        run.requirements[0].confirm()
        assert ann.continue_run(run).status is RunStatus.COMPLETED
    assert desk.done == ["send(a)"] * 2


def test_a_paused_run_can_be_cancelled(db: Store, desk: Desk) -> None:
    """It ends at once, and can't be continued."""
    ann = _asking(desk, db)
    run = ann.run("x")
    run.requirements[0].confirm()
    assert (ann.cancel_run(run.run_id), ann.cancel_run(run.run_id)) == (True, False)
    cancelled = _must_load(ann, run.run_id)
    assert (cancelled.is_cancelled, cancelled.content) == (True, "The run was cancelled by library.")
    with pytest.raises(ConflictError, match="is CANCELLED"):
        ann.continue_run(run)
    assert desk.done == ["look(b)"]


def test_a_run_id_is_taken_once(db: Store) -> None:
    """A second run of the same id is refused."""
    ann = agent(["Hi."], db=db)
    ann.run("x", run_id="r")
    with pytest.raises(ConflictError):
        ann.run("x", run_id="r")


def test_silent_calls_are_not_talked_about(desk: Desk) -> None:
    """The content is empty while only the result of a silent call is missing, and names one that is not silent."""
    silent = desk.tool("silent", external_execution=True, external_execution_silent=True)
    loud = desk.tool("loud", external_execution=True)
    ann = agent([[call("silent", text="a")], [call("loud", text="b")], "Done."], silent, loud)
    run = ann.run("x")
    assert (run.is_paused, run.content) == (True, "")
    run.tools_awaiting_external_execution[0].result = "dark"
    run = ann.continue_run(run)
    assert run.content == "Waiting for people: the result of the tool loud."
    run.requirements[-1].set_external_execution_result("done")
    assert (ann.continue_run(run).content, told(ann), desk.done) == ("Done.", ["dark", "done"], [])


def test_a_run_is_json(desk: Desk) -> None:
    """`to_dict` leaves nothing out that is there; the repr shows no arguments."""
    ann = agent([[sends("secret")], "Done."], desk.send)
    run = ann.run("x")
    plain = json.loads(json.dumps(run.to_dict()))
    assert (plain["status"], plain["requirements"][0]["tool_execution"]["tool_args"]) == ("PAUSED", {"text": "secret"})
    assert [message["role"] for message in plain["messages"]] == ["user", "assistant"]
    assert "secret" not in repr(run)


async def test_from_async_code(db: Store, desk: Desk) -> None:
    """All methods have a twin; two runs at the same time do not meet."""
    ann = agent([[sends("a")], "Done."], desk.send, db=db)
    runs = await asyncio.gather(*(ann.arun("x", session_id="s") for _ in range(2)))
    for run in runs:
        run.requirements[0].confirm()
    done = await asyncio.gather(*(ann.acontinue_run(run) for run in runs))
    assert [run.content for run in done] == ["Done."] * 2
    session = await ann.aget_session("s")
    assert session is not None
    assert await ann.aget_run_output(done[0].run_id) == done[0]
    assert await ann.aget_run_output(done[0].run_id, "other") is None
    # Both tools saw no calls: the last writer of a key wins, which is logged.
    assert (await ann.aget_session_state("s"), len(session.runs)) == ({"calls": 1}, 2)
    assert (await ann.aget_last_run_output("s"), await ann.acancel_run("nowhere")) == (session.runs[-1], False)


async def test_from_plain_code_inside_a_running_loop(desk: Desk) -> None:
    """It runs in a thread of its own."""
    ann = agent([[looks("a")], "Done."], desk.look)
    assert ann.run("x").content == "Done."


def _names(events: Any) -> list[str]:
    return [event.event if hasattr(event, "event") else type(event).__name__ for event in events]


def test_a_stream_tells_what_is_said(db: Store, desk: Desk) -> None:
    """Pieces of text, and that it pauses, with the requirements to decide; at the end the run, if it is asked for."""
    ann = _asking(desk, db)
    first = list(ann.run("x", stream=True))
    assert _names(first) == ["RunPaused"]
    (paused,) = first
    assert isinstance(paused, RunPausedEvent)
    assert (paused.is_paused, paused.workflow_id, paused.step_name) == (True, None, None)
    paused.active_requirements[0].confirm()
    second = list(ann.continue_run(run_id=paused.run_id, requirements=paused.requirements, stream=True))
    assert isinstance(second[-1], RunPausedEvent)
    second[-1].active_requirements[0].confirm()
    third = list(ann.continue_run(second[-1], stream=True, yield_run_output=True))
    assert _names(third) == ["RunContent", "RunOutput"]
    assert third[-1] == ann.get_run_output(str(paused.run_id))


def test_a_stream_may_be_continued_while_it_is_iterated(desk: Desk) -> None:
    """What it tells is stored by then."""
    ann = agent([[sends("a")], "Done."], desk.send)
    said = ""
    for event in ann.run("x", stream=True):
        assert isinstance(event, RunPausedEvent)
        event.active_requirements[0].confirm()
        said += "".join(str(part.content) for part in ann.continue_run(event, stream=True))
    assert said == "Done."


def test_all_events_of_a_stream(db: Store, desk: Desk) -> None:
    """With `stream_events` all that the agent does is told, and nothing of a workflow."""
    ann = agent([[looks("a"), sends("b")], "Done."], desk.look, desk.send, db=db)
    first = list(ann.run("x", stream=True, stream_events=True))
    assert _names(first) == ["RunStarted", "ToolCallStarted", "ToolCallCompleted", "RunPaused"]
    paused = first[-1]
    assert isinstance(paused, RunPausedEvent)
    paused.active_requirements[0].confirm()
    second = list(ann.continue_run(paused, stream=True, stream_events=True))
    assert _names(second) == ["RunContinued", "ToolCallStarted", "ToolCallCompleted", "RunContent", "RunCompleted"]
    assert {(event.run_id, getattr(event, "workflow_id", None)) for event in (*first, *second)} == {
        (first[0].run_id, None)
    }


def test_a_stream_ends_with_the_error(db: Store) -> None:
    """It is told, and raised."""
    broken = agent([ModelError("The model is away.")], db=db)
    events = broken.run("x", stream=True)
    told_of = next(events)
    assert (_names([told_of]), getattr(told_of, "error", "")) == (
        ["RunError"],
        "kernbot.errors.ModelError: The model is away.",
    )
    with pytest.raises(ModelError):
        next(events)


def test_a_cancelled_run_tells_it(db: Store, desk: Desk) -> None:
    """The stream ends with why."""
    ann = agent(lambda _: _cancel(ann), desk.look, db=db)

    def _cancel(who: Agent) -> Any:
        who.cancel_run("r")
        return [looks("a")]

    (event,) = ann.run("x", run_id="r", stream=True)
    assert (_names([event]), event.is_paused, desk.done) == (["RunCancelled"], False, [])


def test_secret_arguments_are_in_no_event(desk: Desk) -> None:
    """They are on the requirement, for whoever decides."""
    ask = desk.tool("send", requires_confirmation=True, secret_args=["text"])
    ann = agent([[sends("hush")], "Done."], ask)
    events = list(ann.run("x", stream=True, stream_events=True))
    assert "hush" not in json.dumps([event.to_dict() for event in events])
    assert "hush" not in repr(events)
    assert isinstance(events[-1], RunPausedEvent)
    assert events[-1].requirements[0].tool_execution.tool_args == {"text": "hush"}


def test_a_result_that_repeats_a_secret_argument_is_told_without_it() -> None:
    """A tool that fails with it, or returns it, tells the model only."""

    @tool(secret_args=["pin"])
    def pay(pin: str, fails: bool) -> str:
        """Pay."""
        if fails:
            raise RuntimeError(f"{pin} is wrong")
        return f"paid with {pin}"

    calls = [call("pay", pin="hush-hush", fails=fails) for fails in (True, False)]
    model = ScriptedModel([calls, "Done."])
    events = list(Agent(name="Ann", model=model, tools=[pay]).run("x", stream=True, stream_events=True))
    told = [event.content for event in events if isinstance(event, ToolCallCompletedEvent)]
    assert told == [f"RuntimeError: {MASK} is wrong", f"paid with {MASK}"]
    assert "hush-hush" not in json.dumps([event.to_dict() for event in events]) + repr(events)
    assert [message.content for message in model.requests[-1].messages[-2:]] == [
        "RuntimeError: hush-hush is wrong",
        "paid with hush-hush",
    ]


async def test_an_async_stream_may_be_awaited_first(desk: Desk) -> None:
    """Iterated as it is, or awaited, it is the same."""
    ann = agent([[sends("a")], "Done."], desk.send)
    paused = [event async for event in ann.arun("x", stream=True)]
    assert isinstance(paused[-1], RunPausedEvent)
    paused[-1].requirements[0].confirm()
    stream = await ann.acontinue_run(paused[-1], stream=True)
    assert "".join([str(event.content) async for event in stream]) == "Done."
