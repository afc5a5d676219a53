"""Processes that die while an agent works: what is asked again, what is repeated, what people are asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any, cast

import pytest

from kernbot.agent import Agent
from kernbot.db.base import Snapshot, Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.db.sqlite import SqliteDb
from kernbot.engine.large import load
from kernbot.engine.ledger import expire_due, give_answer
from kernbot.models.scripted import Item
from kernbot.run import RunContext, RunStatus
from kernbot.run.answer import Action, Answer
from kernbot.run.messages import ModelRequest
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.tools import Function, tool
from kernbot.workflow import Parallel, Step, Workflow
from tests.engine.agent_bench import Desk, agent, confirm_calls, flow, looks, questions, requests, sends, team, told
from tests.engine.bench import Calls, must_load
from tests.engine.places import AROUND
from tests.faults.watched_store import watched


class DiedError(BaseException):
    """What a process dies of, in these tests."""


@contextmanager
def dying() -> Iterator[None]:
    """Expect that the process dies."""
    with pytest.raises(DiedError):
        yield


def fatal(desk: Desk, name: str, in_calls: tuple[int, ...] = (1,), **settings: Any) -> Function:
    """Return a tool during some of whose calls the process dies, when what it does is done."""

    def work(text: str, run_context: RunContext) -> str:
        desk.note(f"{name}({text})", run_context)
        if len(desk.done) in in_calls:
            raise DiedError
        return f"{name}: {text}"

    made: Function = tool(name=name, **settings)(work)
    return made


GATED: dict[str, Any] = {"requires_confirmation": True}
STORED = "This call may have been made already when the process stopped; its result is not known."


def _died_in_an_approved_call(db: Store, desk: Desk, *after: Any, **settings: Any) -> tuple[Workflow, Agent, str]:
    """Return a workflow, its agent, and a run whose process died inside a call that people had allowed."""
    ann = agent([[sends("hi")], "Done."], fatal(desk, "send", **GATED))
    workflow = flow(Step("mail", agent=ann, **settings), *after, db=db)
    run = workflow.run("x")
    with dying():
        confirm_calls(workflow, run)
    return workflow, ann, run.run_id


def test_an_approved_call_is_never_repeated_silently(db: Store, desk: Desk) -> None:
    """The run stops at a question that names the tool, and offers retry and skip; the model is not asked again."""
    workflow, ann, run_id = _died_in_an_approved_call(db, desk)
    run = workflow.continue_run(run_id=run_id)
    (asked,) = run.steps_with_errors
    assert (run.status, run.paused_step_name, asked.step_name) == (RunStatus.PAUSED, "mail", "mail")
    assert (asked.error_type, asked.actions, asked.retry_count) == (
        "MayHaveRunAlready",
        (Action.retry, Action.skip),
        0,
    )
    assert "send" in asked.error_message
    assert (desk.done, len(requests(ann)), questions(run)) == (["send(hi)"], 1, [])


def test_retry_makes_the_call_once_more(db: Store, desk: Desk) -> None:
    """As another attempt, with a key of its own; nobody is asked for the yes again."""
    workflow, ann, run_id = _died_in_an_approved_call(db, desk)
    run = workflow.continue_run(run_id=run_id)
    run.steps_with_errors[0].retry()
    assert workflow.continue_run(run).content == "Done."
    assert (desk.done, told(ann)) == (["send(hi)"] * 2, ["send: hi"])
    assert desk.keys == ["root/mail/call:send~1:1", "root/mail/call:send~1:2"]


def test_skip_tells_the_model_that_it_is_not_known(db: Store, desk: Desk) -> None:
    """The call is not made again, and the agent goes on."""
    workflow, ann, run_id = _died_in_an_approved_call(db, desk)
    run = workflow.continue_run(run_id=run_id)
    run.steps_with_errors[0].skip()
    run = workflow.continue_run(run)
    assert (run.content, run.has_failed_steps, desk.done, told(ann)) == ("Done.", False, ["send(hi)"], [STORED])


async def test_cancel_ends_the_run(db: Store, desk: Desk, calls: Calls) -> None:
    """Nothing further is called."""
    workflow, ann, run_id = await asyncio.to_thread(_died_in_an_approved_call, db, desk, calls.step("z"))
    await workflow.acontinue_run(run_id=run_id)
    (pause,) = [pause for pause in (await load(db, run_id)).pauses if pause.kind == "error"]
    await give_answer(db, pause.pause_id, Answer(action=Action.cancel), at=time.time(), by="eve", door="button")
    run = await workflow.acontinue_run(run_id=run_id)
    assert (run.status, calls.names, len(requests(ann))) == (RunStatus.CANCELLED, [], 1)


def test_it_is_asked_after_every_crash(db: Store, desk: Desk) -> None:
    """One that dies in the retry too leaves a second question, which knows of the first retry."""
    ann = agent([[sends("hi")], "Done."], fatal(desk, "send", (1, 2), **GATED))
    workflow = flow(Step("mail", agent=ann), db=db)
    run = workflow.run("x", run_id="R")
    with dying():
        confirm_calls(workflow, run)
    for retries in (0, 1):
        run = workflow.continue_run(run_id="R")
        (asked,) = run.steps_with_errors
        assert asked.retry_count == retries
        asked.retry()
        if retries == 0:
            with dying():
                workflow.continue_run(run)
    assert (workflow.continue_run(run).content, len(desk.done)) == ("Done.", 3)


async def test_silence_never_repeats_it(db: Store, desk: Desk) -> None:
    """At the deadline of the question the call is left out, though `on_timeout` says approve."""
    settings: dict[str, Any] = {"timeout": 60, "on_timeout": "approve"}
    workflow, ann, run_id = await asyncio.to_thread(_died_in_an_approved_call, db, desk, **settings)
    await workflow.acontinue_run(run_id=run_id)
    assert len(await expire_due(db, time.time() + 61)) == 1
    run = await workflow.acontinue_run(run_id=run_id)
    assert (run.content, desk.done, told(ann)) == ("Done.", ["send(hi)"], [STORED])


@pytest.mark.parametrize("place", AROUND)
def test_it_is_asked_wherever_it_is(db: Store, calls: Calls, desk: Desk, place: str) -> None:
    """And the run goes on there."""
    ann = agent([[sends("hi")], "sent"], fatal(desk, "send", **GATED))
    nodes = [calls.step("a"), Step("mail", agent=ann), calls.step("b")]
    workflow = flow(AROUND[place]("outer", nodes), calls.step("z"), db=db)
    run = workflow.run("x", run_id="R")
    with dying():
        confirm_calls(workflow, run)
    run = workflow.continue_run(run_id="R")
    run.steps_with_errors[0].retry()
    assert workflow.continue_run(run).content == "z(b(sent))"
    assert (calls.names, desk.done, len(requests(ann))) == (["a", "b", "z"], ["send(hi)"] * 2, 2)


def test_other_calls_of_the_turn_are_made_meanwhile(db: Store, desk: Desk) -> None:
    """Those that were allowed and not begun; the model hears of all once the question is answered."""
    ann = agent([[sends("a"), sends("b")], "Done."], fatal(desk, "send", **GATED))
    workflow = flow(Step("mail", agent=ann), db=db)
    run = workflow.run("x", run_id="R")
    with dying():
        confirm_calls(workflow, run)
    run = workflow.continue_run(run_id="R")
    assert (desk.done, len(requests(ann))) == (["send(a)", "send(b)"], 1)
    run.steps_with_errors[0].skip()
    workflow.continue_run(run)
    assert (told(ann), desk.done) == ([STORED, "send: b"], ["send(a)", "send(b)"])


def test_a_member_of_a_team_is_asked_about_too(db: Store, desk: Desk) -> None:
    """Neither the leader nor the member is asked again for what they said."""
    ann = agent([[sends("hi")], "sent"], fatal(desk, "send", **GATED))
    crew = team([[("ann", "send it")], "all done"], ann)
    workflow = flow(Step("mail", team=crew), db=db)
    run = workflow.run("x", run_id="R")
    with dying():
        confirm_calls(workflow, run)
    run = workflow.continue_run(run_id="R")
    run.steps_with_errors[0].retry()
    assert workflow.continue_run(run).content == "all done"
    assert [len(requests(who)) for who in (crew, ann)] == [2, 2]


@pytest.mark.parametrize(
    ("settings", "step", "is_asked"),
    [
        ({}, {}, False),
        (GATED, {}, True),
        ({"requires_user_input": True}, {}, True),
        ({}, {"requires_confirmation": True}, True),
        ({"on_crash": "ask"}, {}, True),
        ({**GATED, "on_crash": "repeat"}, {}, False),
        ({"on_crash": "repeat"}, {"requires_confirmation": True}, False),
    ],
)
def test_who_is_asked_about_a_call_in_flight(
    db: Store, desk: Desk, settings: dict[str, Any], step: dict[str, Any], is_asked: bool
) -> None:
    """People, if people stand before it or `on_crash` says so; else it is made again, with the same key."""
    ann = agent([[sends("hi")], "Done."], fatal(desk, "send", **settings))
    workflow = flow(Step("mail", agent=ann, **step), db=db)
    _run_until_it_dies(workflow, "R")
    run = workflow.continue_run(run_id="R")
    assert len(run.steps_with_errors) == is_asked
    if is_asked:
        run.steps_with_errors[0].retry()
        run = workflow.continue_run(run)
    assert run.content == "Done."
    attempts = [key.rpartition(":")[2] for key in desk.keys]
    assert (attempts, len(requests(ann))) == (["1", "2" if is_asked else "1"], 2)


def _run_until_it_dies(workflow: Workflow, run_id: str) -> None:
    """Answer whatever is asked with a yes."""
    with dying():
        run = workflow.run("x", run_id=run_id)
        while run.is_paused:
            _agree(run)
            run = workflow.continue_run(run)


def _agree(run: WorkflowRunOutput) -> None:
    for asked in run.steps_requiring_confirmation:
        asked.confirm()
    for question in questions(run):
        if question.needs_user_input:
            question.provide_user_input({"text": "hi"})
        else:
            question.confirm()


async def test_an_answer_outlives_the_process_that_took_it(db: Store, desk: Desk) -> None:
    """A run whose worker died between the answer and the call makes it without asking again."""
    ann = agent([[sends("hi")], "Done."], desk.send)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = await workflow.arun("x")
    (question,) = questions(run)
    await give_answer(db, question.pause_id, Answer(action=Action.confirm), at=time.time(), by="eve", door="button")
    assert await db.claim_run(run.run_id, "dead", 0.01) is not None
    await asyncio.sleep(0.02)
    run = await workflow.acontinue_run(run_id=run.run_id)
    assert (run.content, desk.done, len(run.step_requirements)) == ("Done.", ["send(hi)"], 1)


def _once(item: Item | DiedError, then: Item) -> Callable[[ModelRequest], Item]:
    """Return a script whose turn after the first result of a call dies once."""
    left = [item, then]

    def script(request: ModelRequest) -> Item:
        if request.messages[-1].role != "tool":
            return [looks("a"), sends("b")]
        turn = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(turn, DiedError):
            raise turn
        return turn

    return script


def test_a_model_in_flight_is_asked_again(db: Store, desk: Desk) -> None:
    """That is no side effect: nobody is asked, and no call that was made is made again."""
    ann = agent(_once(DiedError(), "Done."), desk.send, desk.look)
    workflow = flow(Step("mail", agent=ann), db=db)
    run = workflow.run("x", run_id="R")
    with dying():
        confirm_calls(workflow, run)
    run = workflow.continue_run(run_id="R")
    assert (run.content, desk.done, len(requests(ann))) == ("Done.", ["look(a)", "send(b)"], 3)


def test_a_crash_beside_an_open_question_leaves_it_open(db: Store, desk: Desk) -> None:
    """The other branch's call is asked about once, and what was in flight is made again."""
    ann = agent([[looks("a")], "looked"], fatal(desk, "look"))
    bob = agent([[sends("b")], "sent"], desk.send, name="Bob")
    workflow = flow(Parallel(Step("1", agent=ann), Step("2", agent=bob), name="both"), db=db)
    with dying():
        workflow.run("x", run_id="R")
    run = workflow.continue_run(run_id="R")
    assert ([item.tool_execution.tool_args for item in questions(run)], desk.done) == ([{"text": "b"}], ["look(a)"] * 2)
    run = confirm_calls(workflow, run)
    assert (run.status, desk.done[2:], len(requests(bob))) == (RunStatus.COMPLETED, ["send(b)"], 2)


def test_a_stream_may_be_left_at_any_event(db: Store) -> None:
    """Whoever goes on with the run makes every call once and asks nothing, wherever the stream was left."""
    for number in count(1):
        desk = Desk()
        ann = agent([[looks("a"), sends("b")], "All done."], desk.send, desk.look)
        workflow = flow(Step("mail", agent=ann), db=db)
        run = workflow.run("x")
        questions(run)[0].confirm()
        events = cast("Generator[Any, None, None]", workflow.continue_run(run, stream=True, stream_events=True))
        with closing(events):
            seen = list(islice(events, number))
        if len(seen) < number:
            break
        if seen[-1].event != "WorkflowCompleted":
            workflow.continue_run(run_id=run.run_id)
        run = must_load(workflow, run.run_id)
        assert (run.content, desk.done, len(run.step_requirements)) == ("All done.", ["look(a)", "send(b)"], 1)
    assert [event.event for event in seen][-2:] == ["StepCompleted", "WorkflowCompleted"]


async def test_a_call_that_is_stopped_in_the_middle_is_asked_about(db: Store) -> None:
    """A task that is cancelled while an approved call waits for something leaves a question."""
    begun = asyncio.Event()

    @tool(name="send", requires_confirmation=True)
    async def send(text: str) -> str:
        begun.set()
        await asyncio.sleep(60)
        return text

    workflow = flow(Step("mail", agent=agent([[sends("hi")], "Done."], send)), db=db)
    run = await workflow.arun("x")
    questions(run)[0].confirm()
    task = asyncio.create_task(workflow.acontinue_run(run))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    run = await workflow.acontinue_run(run_id=run.run_id)
    assert [asked.error_type for asked in run.steps_with_errors] == ["MayHaveRunAlready"]


@dataclass
class Life:
    """A process that dies at one of its transactions, and does nothing any more then."""

    dies_at: int | None
    when: str
    is_dead: bool = False

    def watching(self, store: Store) -> Store:
        """Return a store whose process dies then."""
        return watched(store, before=self._before, after=self._after)

    async def _before(self, number: int) -> None:
        if self.is_dead or (self.when, number) == ("before", self.dies_at):
            self._die()

    async def _after(self, number: int) -> None:
        if (self.when, number) == ("after", self.dies_at):
            self._die()

    def _die(self) -> None:
        self.is_dead = True
        raise DiedError


@dataclass
class Trial:
    """The lives of one run, in a store whose clock moves on between them: leases have run out by then."""

    folder: Path | None
    """Where it is stored; None for in memory."""
    lives: int = 0
    desk: Desk = field(default_factory=Desk)
    agents: list[Agent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store: Store = (
            InMemoryDb(clock=self._now) if self.folder is None else SqliteDb(self.folder / "run.db", clock=self._now)
        )

    def _now(self) -> float:
        return time.time() + 3600 * self.lives

    def live(self, life: Life) -> WorkflowRunOutput | None:
        """Carry the run to its end with new objects; None if the process dies on the way."""
        self.lives += 1
        script: list[Item] = [[looks("a"), sends("b"), sends("c")], [sends("d")], "Done."]
        ann = agent(script, self.desk.look, self.desk.send)
        self.agents.append(ann)
        workflow = flow(
            Step("mail", agent=ann), lambda step_input: step_input.previous_step_content, db=life.watching(self.store)
        )
        try:
            return self._carry_on(workflow)
        except DiedError:
            return None

    def _carry_on(self, workflow: Workflow) -> WorkflowRunOutput:
        run = workflow.get_run_output("R") or workflow.run("x", run_id="R")
        while not run.status.has_ended:
            for asked in run.steps_with_errors:
                asked.skip()
            _agree(run)
            run = workflow.continue_run(run)
        return run

    def known(self) -> Snapshot:
        """Return what is stored."""
        return asyncio.run(load(self.store, "R"))


def _check(trial: Trial) -> None:
    """Each call was asked about once and made at most once; one that may have been made was asked about again."""
    known = trial.known()
    asked = [pause.path for pause in known.pauses if pause.kind == "tool"]
    in_flight = [pause.path for pause in known.pauses if pause.kind == "error"]
    made = {path: trial.desk.keys.count(f"{path}:1") for path in asked}
    assert asked == [f"root/mail/call:send~{number}" for number in (1, 2, 3)]
    assert all(key.endswith(":1") for key in trial.desk.keys)
    assert (len(in_flight) <= 1, max(made.values())) == (True, 1)
    assert [path for path, times in made.items() if times == 0] in ([], in_flight)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("is_stored", [False, True])
def test_a_process_may_die_at_any_moment(tmp_path: Path, when: str, is_stored: bool) -> None:
    """Whenever it does, no call is made twice, no answer is asked for twice, and no turn of the model is lost."""
    for number in count():
        folder = tmp_path / str(number)
        folder.mkdir()
        trial, first = Trial(folder if is_stored else None), Life(number, when)
        run = trial.live(first) or trial.live(Life(None, when))
        assert run is not None
        assert (run.status, run.content, run.has_failed_steps) == (RunStatus.COMPLETED, "Done.", False)
        _check(trial)
        turns = sum(len(requests(ann)) for ann in trial.agents)
        assert turns in (3, 4)
        if not first.is_dead:
            break
    assert (turns, number) == (3, 22)
