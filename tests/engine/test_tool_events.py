"""What a stream tells of an agent's work, and that nobody is told a secret."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import pytest

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.errors import AnswerError
from kernbot.models.scripted import call
from kernbot.run import team as team_events
from kernbot.run.agent import (
    RunCompletedEvent,
    RunContentEvent,
    RunEvent,
    RunPausedEvent,
    ToolCallCompletedEvent,
    ToolCallStartedEvent,
)
from kernbot.run.workflow import (
    StepExecutorContinuedEvent,
    StepExecutorPausedEvent,
    StepOutputEvent,
    WorkflowPausedEvent,
    WorkflowRunOutput,
    WorkflowRunOutputEvent,
)
from kernbot.tools import tool
from kernbot.workflow import Loop, Parallel, Step, StepInput, Steps, Workflow
from kernbot.workflow.node import Node
from tests.engine.agent_bench import Desk, agent, flow, looks, message_of, questions, sends, team
from tests.engine.bench import Calls, last_run

Events = list[WorkflowRunOutputEvent]


def _told(event: WorkflowRunOutputEvent) -> str:
    called = getattr(event, "tool", None)
    name = called.tool_name if called else getattr(event, "step_name", None)
    return f"{event.event} {name}" if name else event.event


def _short(events: Iterable[WorkflowRunOutputEvent]) -> str:
    """Return the names of events; several pieces of content in a row are one."""
    told: list[str] = []
    for event in map(_told, events):
        if not (told and event == told[-1] and "RunContent" in event):
            told.append(event)
    return ", ".join(told)


def yes(run: WorkflowRunOutput) -> None:
    """Confirm what is open, steps and calls."""
    for asked in run.steps_requiring_confirmation + run.steps_requiring_output_review:
        asked.confirm()
    for question in questions(run):
        question.confirm()


def redo(run: WorkflowRunOutput) -> None:
    """Have it done again."""
    run.step_requirements[-1].reject("again")


class Story(NamedTuple):
    """A node with a step `z` after it, what is decided, and what the stream yields for the start and each decision."""

    node: Callable[[Calls, Desk], Node]
    decisions: Sequence[Callable[[WorkflowRunOutput], None]]
    legs: Sequence[str]

    def workflow(self) -> Workflow:
        """Return the workflow, which has not run."""
        calls = Calls()
        return flow(self.node(calls, Desk()), calls.step("z"))


def mail(desk: Desk, **settings: Any) -> Step:
    """Return a step whose agent looks, and then sends."""
    return Step("g", agent=agent([[looks("a"), sends("b")], "All done."], desk.send, desk.look), **settings)


def _crew(desk: Desk) -> Step:
    ann = agent([[sends("b")], "Sent it."], desk.send)
    return Step("g", team=team([[("ann", "send it")], "All done."], ann))


def _function(desk: Desk, work: Callable[[Agent, StepInput], Any]) -> Step:
    ann = agent([[looks("a"), sends("b")], "All done."], desk.send, desk.look)
    return Step("g", executor=lambda step_input: work(ann, step_input))


def _tool_that_calls(desk: Desk) -> Step:
    ann = agent([[sends("b")], "Sent it."], desk.send)

    @tool
    async def ask() -> Any:
        return (await ann.arun("x")).content

    return Step("g", agent=agent([[call("ask")], "All done."], ask, name="Bob"))


START = "WorkflowStarted"
PAUSED = "StepExecutorPaused g, WorkflowPaused"
LOOKED = "StepStarted g, RunStarted g, ToolCallStarted look, ToolCallCompleted look, RunPaused g"
BOTH_PAUSED = "RunPaused g, RunPaused g"
SENT = "StepExecutorContinued g, RunContinued g, ToolCallStarted send, ToolCallCompleted send"
SAID = "RunContent g, RunCompleted g, StepOutput g, StepCompleted g"
SENT_DOWN = SENT.replace("RunContinued", "TeamRunContinued g, RunContinued")
B = "StepStarted b, StepOutput b, StepCompleted b"
HANDED_ON = "TeamToolCallStarted delegate_task_to_member, RunStarted g"
HANDED_BACK = "TeamToolCallCompleted delegate_task_to_member, TeamRunContent g, TeamRunCompleted g"
END = "StepStarted z, StepOutput z, StepCompleted z, WorkflowCompleted"

STORIES = {
    "a call that asks nobody": Story(
        lambda _, desk: Step("g", agent=agent([[looks("a")], "Seen."], desk.look)),
        [],
        [f"{START}, StepStarted g, RunStarted g, ToolCallStarted look, ToolCallCompleted look, {SAID}, {END}"],
    ),
    "a call that asks": Story(
        lambda _, desk: mail(desk), [yes], [f"{START}, {LOOKED}, {PAUSED}", f"{SENT}, {SAID}, {END}"]
    ),
    "two rounds of calls": Story(
        lambda _, desk: Step("g", agent=agent([[sends("a")], [sends("b")], "Done."], desk.send)),
        [yes, yes],
        [
            f"{START}, StepStarted g, RunStarted g, RunPaused g, {PAUSED}",
            f"{SENT}, RunPaused g, {PAUSED}",
            f"{SENT}, {SAID}, {END}",
        ],
    ),
    "all gates of a step": Story(
        lambda _, desk: mail(desk, requires_confirmation=True, requires_output_review=True, on_reject="retry"),
        [yes, yes, redo, yes, yes],
        [
            f"{START}, StepPaused g, WorkflowPaused",
            f"StepContinued g, {LOOKED}, {PAUSED}",
            f"{SENT}, {SAID}, StepOutputReview g, WorkflowPaused",
            f"StepContinued g, {LOOKED}, {PAUSED}",
            f"{SENT}, {SAID}, StepOutputReview g, WorkflowPaused",
            f"StepContinued g, {END}",
        ],
    ),
    "in a pipeline": Story(
        lambda calls, desk: Steps(name="s", steps=[mail(desk), calls.step("b")]),
        [yes],
        [
            f"{START}, StepsExecutionStarted s, {LOOKED}, {PAUSED}",
            f"StepsExecutionStarted s, {SENT}, {SAID}, {B}, StepsExecutionCompleted s, {END}",
        ],
    ),
    "a member of a team": Story(
        lambda _, desk: _crew(desk),
        [yes],
        [
            f"{START}, StepStarted g, TeamRunStarted g, {HANDED_ON}, RunPaused g, TeamRunPaused g, {PAUSED}",
            f"{SENT_DOWN}, RunContent g, RunCompleted g, {HANDED_BACK}, StepOutput g, StepCompleted g, {END}",
        ],
    ),
    "an agent that a function calls": Story(
        lambda _, desk: _function(desk, lambda ann, step_input: ann.run(step_input.input).content),
        [yes],
        [f"{START}, {LOOKED}, {PAUSED}", f"StepStarted g, {SENT}, {SAID}, {END}"],
    ),
    "an agent that a function calls and hears": Story(
        lambda _, desk: _function(desk, lambda ann, step_input: [*ann.run(step_input.input, stream=True)][-1].content),
        [yes],
        [f"{START}, {LOOKED}, {PAUSED}", f"StepStarted g, {SENT}, {SAID}, {END}"],
    ),
    "an agent that a tool calls": Story(
        lambda _, desk: _tool_that_calls(desk),
        [yes],
        [
            f"{START}, StepStarted g, RunStarted g, ToolCallStarted ask, RunStarted g, {BOTH_PAUSED}, {PAUSED}",
            f"{SENT}, RunContent g, RunCompleted g, ToolCallCompleted ask, {SAID}, {END}",
        ],
    ),
}

every_story = pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)


def _legs(story: Story, **settings: bool) -> list[Events]:
    workflow = story.workflow()
    legs = [list(workflow.run("x", stream=True, **settings))]  # type: ignore[call-overload]
    for decide in story.decisions:
        run = last_run(workflow)
        decide(run)
        legs.append(list(workflow.continue_run(run, stream=True, **settings)))  # type: ignore[call-overload]
    return legs


@every_story
def test_a_stream_tells_what_an_agent_does_in_order(story: Story) -> None:
    """Where it waits for people, the agent says so, then its step, then the workflow; each answer is announced."""
    assert [_short(leg) for leg in _legs(story, stream_events=True)] == list(story.legs)


@every_story
def test_a_short_stream_has_all_of_the_agents_events(story: Story) -> None:
    """Without `stream_events` only the beginnings and ends of steps and composites, and inner outputs, are missing."""
    everything, short = (_legs(story, stream_events=all_of_it) for all_of_it in (True, False))
    expected = [[_told(event) for event in leg if not _is_inner(event)] for leg in everything]
    assert [[_told(event) for event in leg] for leg in short] == expected


def _is_inner(event: WorkflowRunOutputEvent) -> bool:
    is_inside = isinstance(event, StepOutputEvent) and event.nested_depth > 0
    return is_inside or event.event.startswith(("StepStarted", "StepCompleted", "StepsExecution"))


@every_story
async def test_however_it_is_consumed_the_same_is_told(story: Story) -> None:
    """From async code too, and collected the run ends as it does when it is streamed."""
    streamed, collected = story.workflow(), story.workflow()
    legs = [[event async for event in streamed.arun("x", stream=True, stream_events=True)]]
    done = await collected.arun("x")
    for decide in story.decisions:
        session = await streamed.aget_session()
        assert session is not None
        run = session.runs[-1]
        decide(run)
        legs.append([event async for event in streamed.acontinue_run(run, stream=True, stream_events=True)])
        decide(done)
        done = await collected.acontinue_run(done)
    assert [_short(leg) for leg in legs] == list(story.legs)
    assert (legs[-1][-1].event, done.content) == ("WorkflowCompleted", getattr(legs[-1][-1], "content", None))


def test_what_a_model_says_comes_in_pieces() -> None:
    """Which are its last words put together; each piece names agent and step."""
    events = _legs(STORIES["a call that asks"])[-1]
    pieces = [event for event in events if isinstance(event, RunContentEvent)]
    assert [piece.content for piece in pieces] == ["All ", "done."]
    assert {(piece.agent_id, piece.agent_name, piece.step_name) for piece in pieces} == {("ann", "Ann", "g")}
    (completed,) = [event for event in events if isinstance(event, RunCompletedEvent)]
    assert completed.content == "All done."


def test_the_pause_names_agent_and_step(desk: Desk) -> None:
    """Its event has the open calls to look at; they are decided on the stored run, whose agent run it names."""
    steps = [Step("a", lambda _: "a"), Steps(name="s", steps=[mail(desk)])]
    workflow = flow(*steps)
    *_, agents, paused, last = workflow.run("x", run_id="R", stream=True)
    assert isinstance(paused, StepExecutorPausedEvent)
    assert (paused.executor_id, paused.executor_name, paused.executor_type) == ("ann", "Ann", "agent")
    assert (paused.step_name, paused.step_index, paused.step_id, paused.nested_depth) == ("g", 1, "root/s/g", 1)
    assert [item.tool_execution.tool_args for item in paused.executor_requirements] == [{"text": "b"}]
    assert "executor_requirements" not in paused.to_dict()
    assert isinstance(last, WorkflowPausedEvent)
    assert (last.paused_step_name, last.pause_kind) == ("g", "executor")
    assert isinstance(agents, RunPausedEvent)
    assert [(item.tool_name, item.tool_args, item.requires_confirmation) for item in agents.tools] == [
        ("send", {"text": "b"}, True)
    ]
    run = last_run(workflow)
    assert paused.executor_run_id == run.step_requirements[-1].executor_run_id == "R:root/s/g"
    yes(run)
    continued = next(iter(workflow.continue_run(run, stream=True)))
    assert isinstance(continued, StepExecutorContinuedEvent)
    told = (continued.executor_id, continued.executor_name, continued.executor_type, continued.executor_run_id)
    assert told == ("ann", "Ann", "agent", "R:root/s/g")
    assert (continued.step_name, continued.step_index, continued.nested_depth) == ("g", 1, 1)


def test_an_executor_has_its_earlier_name_too(desk: Desk) -> None:
    """`executor_agent_name` is `executor_name`, on the event and on the requirement; it is not written twice."""
    workflow = flow(Step("g", agent=agent([[sends("a")], "Done."], desk.send)))
    paused = next(event for event in workflow.run("x", stream=True) if isinstance(event, StepExecutorPausedEvent))
    requirement = last_run(workflow).step_requirements[-1]
    assert (paused.executor_agent_name, requirement.executor_agent_name) == ("Ann", "Ann")
    assert "executor_agent_name" not in {**paused.to_dict(), **requirement.to_dict()}


def test_a_team_goes_by_its_own_name(desk: Desk) -> None:
    """What waits and goes on in the step is the team, though it is a member's call."""
    workflow = flow(_crew(desk))
    events = list(workflow.run("x", stream=True))
    (paused,) = [event for event in events if isinstance(event, StepExecutorPausedEvent)]
    assert (paused.executor_name, paused.executor_type) == ("Crew", "team")
    of_team = [event for event in events if isinstance(event, team_events.RunPausedEvent)]
    assert [event.agent_name for event in of_team] == ["Crew"]
    run = last_run(workflow)
    yes(run)
    continued = next(iter(workflow.continue_run(run, stream=True)))
    assert isinstance(continued, StepExecutorContinuedEvent)
    assert (continued.executor_name, continued.executor_type) == ("Crew", "team")


def test_a_call_is_told_with_its_result(desk: Desk) -> None:
    """Made, rejected, or one that did not fit: each has a beginning and an end, and the last two are errors."""
    ann = agent([[looks("a"), sends("b"), call("nope")], "Done."], desk.send, desk.look)
    workflow = flow(Step("g", agent=ann))
    events = list(workflow.run("x", stream=True))
    run = last_run(workflow)
    questions(run)[0].reject("no")
    events += workflow.continue_run(run, stream=True)
    started = [event.tool.tool_name for event in events if isinstance(event, ToolCallStartedEvent) and event.tool]
    ended = [event.tool for event in events if isinstance(event, ToolCallCompletedEvent) and event.tool]
    assert started == [item.tool_name for item in ended] == ["look", "nope", "send"]
    assert [(item.result, bool(item.tool_call_error)) for item in ended] == [
        ("look: a", False),
        ("There is no tool 'nope'. There are: send, look.", True),
        ("no", True),
    ]
    assert [item.tool_args for item in ended] == [{"text": "a"}, {}, {"text": "b"}]


def test_an_answer_is_announced_once(desk: Desk) -> None:
    """Two agents side by side, each by its own name; an agent that waits is not said to wait again."""
    branches = [
        Step(name, agent=agent([[sends(name)], "sent"], desk.send, name=name.title())) for name in ("ann", "bob")
    ]
    workflow = flow(Parallel(*branches, name="both"))
    list(workflow.run("x", run_id="R", stream=True))
    run = last_run(workflow)
    yes(run)
    events = list(workflow.continue_run(run, stream=True))
    assert sorted(event.executor_name or "" for event in events if isinstance(event, StepExecutorContinuedEvent)) == [
        "Ann",
        "Bob",
    ]
    assert not [event for event in events if isinstance(event, RunPausedEvent)]


def test_each_iteration_tells_of_its_own(desk: Desk) -> None:
    """Agent and step begin in each, and pause in each."""
    workflow = flow(Loop([mail(desk)], "loop", max_iterations=2))
    legs = [_short(workflow.run("x", stream=True, stream_events=True))]
    for _ in range(2):
        run = last_run(workflow)
        yes(run)
        legs.append(_short(workflow.continue_run(run, stream=True, stream_events=True)))
    opening = "LoopExecutionStarted loop, LoopIterationStarted loop"
    again = "LoopIterationCompleted loop, LoopIterationStarted loop"
    assert legs[0] == f"{START}, {opening}, {LOOKED}, {PAUSED}"
    assert legs[1] == f"{opening}, {SENT}, {SAID}, {again}, {LOOKED}, {PAUSED}"


SECRET = "s3cr3t-t0ken"


def _login_agent(**settings: Any) -> Agent:
    def login(user: str, token: str) -> str:
        if user == "nobody" or token != SECRET:
            raise PermissionError(f"{user} may not log in")
        return f"{user} is in"

    marked = tool(secret_args=["token"], **settings)(login)
    wrong = [call("login", user=1, token=SECRET), call("login", user="x", token={"a": SECRET})]
    unknown = [call("login", user="x", token=SECRET, twice=SECRET), call("nope", token=SECRET)]
    asked = [call("login", user="ann", token=SECRET), call("login", user="nobody", token=SECRET)]
    return agent([[*wrong, *unknown], asked, "Done."], marked)


@pytest.mark.parametrize(
    "settings",
    [{"requires_confirmation": True}, {"requires_confirmation": True, "editable": ["user"]}, {}],
)
def test_a_secret_is_told_to_nobody(db: Store, caplog: pytest.LogCaptureFixture, settings: dict[str, Any]) -> None:
    """It is in no event, log, error, repr or question as it is shown; the tool gets it, and the model knows it."""
    caplog.set_level(logging.DEBUG)
    workflow = flow(Step("g", agent=_login_agent(**settings)), db=db)
    events = list(workflow.run("x", run_id="R", stream=True, stream_events=True))
    run = last_run(workflow)
    shown = [repr(run), str(run.step_requirements)]
    for question in questions(run):
        assert question.tool_execution.tool_args["token"] == SECRET
        question.confirm()
    if run.is_paused:
        with pytest.raises(AnswerError) as caught:
            questions_of_all(run)[0].set_external_execution_result("x")
        shown.append(str(caught.value))
        events += workflow.continue_run(run, stream=True, stream_events=True)
    shown += [repr(event) + str(event.to_dict()) for event in events]
    shown += [repr(last_run(workflow)), caplog.text]
    assert [text for text in shown if SECRET in text] == []
    assert last_run(workflow).content == "Done."


def questions_of_all(run: WorkflowRunOutput) -> list[Any]:
    """Return the questions about calls, decided or not."""
    return [item for step in run.step_requirements for item in step.executor_requirements or ()]


async def test_a_secret_is_masked_where_a_question_is_shown(db: Store) -> None:
    """The stored question holds it in the call alone, and names it as secret."""
    workflow = flow(Step("g", agent=_login_agent(requires_confirmation=True)), db=db)
    run = await workflow.arun("x")
    pause = await db.get_pause(questions(run)[0].pause_id)
    assert pause is not None
    assert pause.question["secret_args"] == ["token"]
    whole = {key: value for key, value in pause.question.items() if key != "tool"}
    assert SECRET not in str(whole)


def test_a_secret_that_a_person_fills_in_is_no_suggestion(db: Store) -> None:
    """It is asked for empty, refused without being named, and reaches the tool only."""
    seen: list[str] = []

    @tool(requires_user_input=True, user_input_fields=["pin"], secret_args=["pin"])
    def unlock(pin: int) -> str:
        seen.append(str(pin))
        return "open"

    ann = agent([[call("unlock", pin=1234)], "Done."], unlock)
    workflow = flow(Step("g", agent=ann), db=db)
    run = workflow.run("x")
    (question,) = questions(run)
    (item,) = question.user_input_schema or []
    assert (item.value, item.suggestion, item.secret) == (None, None, True)
    with pytest.raises(AnswerError) as caught:
        question.provide_user_input({"pin": SECRET})
    assert SECRET not in str(caught.value)
    question.provide_user_input({"pin": 987_654})
    events = list(workflow.continue_run(run, stream=True))
    assert (seen, message_of(ann)) == (["987654"], "x")
    shown = [repr(event) for event in events] + [repr(question), repr(last_run(workflow))]
    assert [text for text in shown if "987654" in text] == []


def test_every_event_of_an_agent_names_its_run() -> None:
    """Workflow, session and run, as every event does; and what it says is kept in no event of the workflow's own."""
    events = _legs(STORIES["a call that asks nobody"])[0]
    of_agent = [event for event in events if isinstance(event, RunEvent)]
    assert {(event.workflow_id, bool(event.run_id), bool(event.session_id)) for event in of_agent} == {
        ("w", True, True)
    }
    assert [event.step_name for event in events if isinstance(event, StepOutputEvent)] == ["g", "z"]
