"""Which events a stream yields, and in which order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple

import pytest

from kernbot.engine.large import load
from kernbot.run.workflow import (
    RouterExecutionStartedEvent,
    RouterPausedEvent,
    StepContinuedEvent,
    StepOutputReviewEvent,
    StepPausedEvent,
    WorkflowPausedEvent,
    WorkflowRunOutput,
    WorkflowRunOutputEvent,
)
from kernbot.workflow import Condition, Loop, Parallel, Router, Step, Steps, Workflow
from kernbot.workflow.node import Node
from tests.engine.bench import Calls, last_run


def _seen(events: Iterable[WorkflowRunOutputEvent]) -> list[str]:
    return [f"{event.event} {name}" if (name := getattr(event, "step_name", None)) else event.event for event in events]


Decide = Callable[[WorkflowRunOutput], None]


def yes(run: WorkflowRunOutput) -> None:
    """Confirm what is open."""
    for asked in run.active_step_requirements:
        asked.confirm()


def no(run: WorkflowRunOutput) -> None:
    """Reject what is open."""
    run.step_requirements[-1].reject("not yet")


def edit(run: WorkflowRunOutput) -> None:
    """Take what came out in other words."""
    run.step_requirements[-1].edit("edited")


def fill_in(run: WorkflowRunOutput) -> None:
    """Give the values."""
    run.step_requirements[-1].set_user_input(n=1)


def take_b(run: WorkflowRunOutput) -> None:
    """Select a choice."""
    run.step_requirements[-1].select("b")


def retry(run: WorkflowRunOutput) -> None:
    """Have the failed step run again."""
    run.error_requirements[-1].retry()


def skip(run: WorkflowRunOutput) -> None:
    """Go on without the failed step."""
    run.error_requirements[-1].skip()


class Story(NamedTuple):
    """A node with a step `z` after it, what is decided, and what the stream yields for the start and each decision."""

    node: Callable[[Calls], Node]
    decisions: Sequence[Decide]
    legs: Sequence[str]

    def workflow(self) -> Workflow:
        """Return the workflow, which has not run."""
        calls = Calls()
        return Workflow(steps=[self.node(calls), calls.step("z")])


YES: dict[str, Any] = {"requires_confirmation": True}
REDO: dict[str, Any] = {"requires_output_review": True, "on_reject": "retry"}
VALUES: dict[str, Any] = {"requires_user_input": True, "user_input_schema": [{"name": "n", "field_type": "int"}]}


def routed(calls: Calls, **settings: Any) -> Router:
    """Return a router whose selector takes `a`."""
    return Router([calls.step("a"), calls.step("b")], lambda _: "a", "g", **settings)


def looped(calls: Calls, **settings: Any) -> Loop:
    """Return a loop of two iterations."""
    return Loop([calls.step("a")], "g", max_iterations=2, **settings)


START = "WorkflowStarted"
PAUSED = "WorkflowPaused"
END = "StepStarted z, StepOutput z, StepCompleted z, WorkflowCompleted"
G = "StepStarted g, StepOutput g, StepCompleted g"
A = "StepStarted a, StepOutput a, StepCompleted a"
B = "StepStarted b, StepOutput b, StepCompleted b"
ITERATION = f"LoopIterationStarted g, {A}, LoopIterationCompleted g"
LOOPED = f"LoopExecutionStarted g, {ITERATION}, LoopExecutionCompleted g"

STORIES = {
    "a step": Story(lambda calls: calls.step("g"), [], [f"{START}, {G}, {END}"]),
    "a failed step": Story(
        lambda calls: calls.failing("g", max_retries=0),
        [],
        [f"{START}, StepStarted g, StepError g, StepOutput g, StepCompleted g, {END}"],
    ),
    "a confirmation": Story(
        lambda calls: calls.step("g", **YES),
        [yes],
        [f"{START}, StepPaused g, {PAUSED}", f"StepContinued g, {G}, {END}"],
    ),
    "a skipped step": Story(
        lambda calls: calls.step("g", **YES),
        [no],
        [f"{START}, StepPaused g, {PAUSED}", f"StepContinued g, {END}"],
    ),
    "a cancelled run": Story(
        lambda calls: calls.step("g", **YES, on_reject="cancel"),
        [no],
        [f"{START}, StepPaused g, {PAUSED}", "StepContinued g, WorkflowCancelled"],
    ),
    "a question asked again": Story(
        lambda calls: calls.step("g", **YES, on_reject="retry"),
        [no, yes],
        [
            f"{START}, StepPaused g, {PAUSED}",
            f"StepContinued g, StepPaused g, {PAUSED}",
            f"StepContinued g, {G}, {END}",
        ],
    ),
    "values": Story(
        lambda calls: calls.step("g", **VALUES),
        [fill_in],
        [f"{START}, StepPaused g, {PAUSED}", f"StepContinued g, {G}, {END}"],
    ),
    "a pipeline": Story(
        lambda calls: Steps("g", steps=[calls.step("a"), calls.step("b", **YES)], **YES),
        [yes, yes],
        [
            f"{START}, StepPaused g, {PAUSED}",
            f"StepContinued g, StepsExecutionStarted g, {A}, StepPaused b, {PAUSED}",
            f"StepsExecutionStarted g, StepContinued b, {B}, StepsExecutionCompleted g, {END}",
        ],
    ),
    "a condition": Story(
        lambda calls: Condition([calls.step("a")], True, [calls.step("b")], "g", **YES),
        [no],
        [
            f"{START}, StepPaused g, {PAUSED}",
            f"StepContinued g, ConditionExecutionStarted g, {B}, ConditionExecutionCompleted g, {END}",
        ],
    ),
    "a workflow as a step": Story(
        lambda calls: Step("g", workflow=Workflow(steps=[calls.step("a", **YES)])),
        [yes],
        [
            f"{START}, StepStarted g, StepPaused a, {PAUSED}",
            f"StepStarted g, StepContinued a, {A}, StepOutput g, StepCompleted g, {END}",
        ],
    ),
    "a parallel": Story(
        lambda calls: Parallel(calls.step("a", **YES), name="g"),
        [yes],
        [
            f"{START}, ParallelExecutionStarted g, StepPaused a, {PAUSED}",
            f"ParallelExecutionStarted g, StepContinued a, {A}, ParallelExecutionCompleted g, {END}",
        ],
    ),
    "an output review": Story(
        lambda calls: calls.step("g", **REDO),
        [no, edit],
        [
            f"{START}, {G}, StepOutputReview g, {PAUSED}",
            f"StepContinued g, {G}, StepOutputReview g, {PAUSED}",
            f"StepContinued g, {END}",
        ],
    ),
    "a selection": Story(
        lambda calls: routed(calls, requires_user_input=True),
        [take_b],
        [
            f"{START}, RouterPaused g, {PAUSED}",
            f"StepContinued g, RouterExecutionStarted g, {B}, RouterExecutionCompleted g, {END}",
        ],
    ),
    "all that a router asks": Story(
        lambda calls: routed(calls, **YES, **REDO),
        [yes, no, take_b, yes],
        [
            f"{START}, StepPaused g, {PAUSED}",
            f"StepContinued g, RouterExecutionStarted g, {A}, RouterExecutionCompleted g, StepOutputReview g, {PAUSED}",
            f"StepContinued g, RouterPaused g, {PAUSED}",
            f"StepContinued g, RouterExecutionStarted g, {B}, RouterExecutionCompleted g, StepOutputReview g, {PAUSED}",
            f"StepContinued g, {END}",
        ],
    ),
    "an iteration review": Story(
        lambda calls: looped(calls, **YES, requires_iteration_review=True, on_reject="retry"),
        [yes, no],
        [
            f"{START}, StepPaused g, {PAUSED}",
            f"StepContinued g, LoopExecutionStarted g, {ITERATION}, StepOutputReview g, {PAUSED}",
            f"LoopExecutionStarted g, StepContinued g, {ITERATION}, LoopExecutionCompleted g, {END}",
        ],
    ),
    "a review of what a loop left": Story(
        lambda calls: looped(calls, end_condition=lambda _: True, **REDO),
        [no, yes],
        [
            f"{START}, {LOOPED}, StepOutputReview g, {PAUSED}",
            f"StepContinued g, {LOOPED}, StepOutputReview g, {PAUSED}",
            f"StepContinued g, {END}",
        ],
    ),
    "a retried failure": Story(
        lambda calls: calls.failing("g", 1, on_error="pause"),
        [retry],
        [f"{START}, StepStarted g, StepError g, StepPaused g, {PAUSED}", f"StepContinued g, {G}, {END}"],
    ),
    "a skipped failure": Story(
        lambda calls: calls.failing("g", on_error="pause"),
        [skip],
        [f"{START}, StepStarted g, StepError g, StepPaused g, {PAUSED}", f"StepContinued g, {END}"],
    ),
}

every_story = pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)


@every_story
def test_a_stream_tells_what_happens_in_order(story: Story) -> None:
    """Where it stops at a question it says so; each answer is announced by `StepContinued`, and then followed."""
    workflow = story.workflow()
    legs = [_seen(workflow.run("x", stream=True, stream_events=True))]
    for decide in story.decisions:
        run = last_run(workflow)
        decide(run)
        legs.append(_seen(workflow.continue_run(run, stream=True, stream_events=True)))
    assert [", ".join(leg) for leg in legs] == list(story.legs)


@every_story
def test_a_short_stream_leaves_out_what_happens_inside(story: Story) -> None:
    """Without `stream_events` it has questions, answers, failures, the outputs of top-level steps, and the ends."""
    workflow = story.workflow()
    legs = [_seen(workflow.run("x", stream=True))]
    for decide in story.decisions:
        run = last_run(workflow)
        decide(run)
        legs.append(_seen(workflow.continue_run(run, stream=True)))
    assert legs == [[event for event in leg.split(", ") if _is_always_told(event)] for leg in story.legs]


def _is_always_told(event: str) -> bool:
    kind, _, name = event.partition(" ")
    always = ("StepPaused", "RouterPaused", "StepOutputReview", "StepContinued", "StepError")
    return kind.startswith("Workflow") or kind in always or (kind == "StepOutput" and name in ("g", "z"))


async def _written(story: Story, go: Callable[..., Awaitable[None]]) -> tuple[list[Any], list[Any]]:
    """Return all that is stored of a story: what happened, and what was asked and answered."""
    workflow = story.workflow()
    await go(workflow, None)
    for decide in story.decisions:
        run = await workflow.aget_run_output("R")
        assert run is not None
        decide(run)
        await go(workflow, run)
    known = await load(workflow.db, "R")
    entries = [(entry.path, entry.kind, entry.attempt, entry.payload) for entry in known.journal]
    pauses = [
        (pause.path, pause.kind, pause.number, pause.question, pause.answered and pause.answered.answer)
        for pause in known.pauses
    ]
    return [known.run.status, *entries], pauses


async def _collected(workflow: Workflow, run: WorkflowRunOutput | None) -> None:
    workflow.continue_run(run) if run else workflow.run("x", run_id="R")


async def _streamed(workflow: Workflow, run: WorkflowRunOutput | None) -> None:
    list(workflow.continue_run(run, stream=True) if run else workflow.run("x", run_id="R", stream=True))


async def _collected_async(workflow: Workflow, run: WorkflowRunOutput | None) -> None:
    await (workflow.acontinue_run(run) if run else workflow.arun("x", run_id="R"))


async def _streamed_async(workflow: Workflow, run: WorkflowRunOutput | None) -> None:
    stream = workflow.acontinue_run(run, stream=True) if run else workflow.arun("x", run_id="R", stream=True)
    async for _ in stream:
        pass


@every_story
async def test_however_it_is_consumed_the_same_happens(story: Story) -> None:
    """Streamed or collected, from plain or from async code: what is stored does not differ."""
    expected = await _written(story, _collected)
    for go in (_streamed, _collected_async, _streamed_async):
        assert await _written(story, go) == expected


def test_a_review_says_what_it_asks(calls: Calls) -> None:
    """Its message, and where it is."""
    step = Steps("s", steps=[calls.step("g", requires_output_review=True, output_review_message="Fit?")])
    review = list(Workflow(steps=[step]).run("x", stream=True))[-2]
    assert isinstance(review, StepOutputReviewEvent)
    assert (review.step_name, review.step_index, review.nested_depth) == ("g", 0, 1)
    assert (review.output_review_message, review.requires_output_review) == ("Fit?", True)


def test_a_router_says_what_may_be_selected_and_what_was(calls: Calls) -> None:
    """The choices when it asks, the selection when it goes on."""
    workflow = Workflow(steps=[routed(calls, requires_user_input=True, allow_multiple_selections=True)])
    paused = list(workflow.run("x", stream=True))[-2]
    assert isinstance(paused, RouterPausedEvent)
    assert (paused.available_choices, paused.allow_multiple_selections) == (["a", "b"], True)
    run = last_run(workflow)
    run.step_requirements[-1].select("b", "a")
    events = list(workflow.continue_run(run, stream=True, stream_events=True))
    assert [event.selected_steps for event in events if isinstance(event, RouterExecutionStartedEvent)] == [["b", "a"]]


def test_a_failed_run_ends_its_stream_with_the_exception(calls: Calls) -> None:
    """After `StepError` and `WorkflowError`."""
    stream = Workflow(steps=[calls.failing("g", on_error="fail", max_retries=0)]).run("x", stream=True)
    seen: list[str] = []
    with pytest.raises(ValueError, match="g is broken"):
        seen.extend(event.event for event in stream)
    assert seen == ["WorkflowStarted", "StepError", "WorkflowError"]


def test_a_paused_stream_ends_with_workflow_paused(calls: Calls) -> None:
    """It says where; the question itself is on the stored run."""
    schema = [{"name": "n"}]
    step = calls.step("g", requires_user_input=True, user_input_message="How many?", user_input_schema=schema)
    events = list(Workflow(steps=[step]).run("x", stream=True))
    paused, last = events[-2:]
    assert isinstance(paused, StepPausedEvent)
    assert (paused.step_name, paused.requires_user_input, paused.user_input_message) == ("g", True, "How many?")
    assert [item["name"] for item in paused.user_input_schema or ()] == ["n"]
    assert isinstance(last, WorkflowPausedEvent)
    assert (last.paused_step_name, last.pause_kind, last.is_paused) == ("g", "step", True)


def test_an_answer_is_announced_once(calls: Calls) -> None:
    """A pipeline that pauses inside after it was confirmed does not announce its own answer again."""
    steps = [calls.step(name, requires_confirmation=True) for name in ("g", "h")]
    workflow = Workflow(steps=[Steps(name="s", steps=steps, requires_confirmation=True)])
    list(workflow.run("x", stream=True))
    continued = []
    for _ in range(3):
        run = last_run(workflow)
        yes(run)
        events = workflow.continue_run(run, stream=True)
        continued.append([event.step_name for event in events if isinstance(event, StepContinuedEvent)])
    assert continued == [["s"], ["g"], ["h"]]


def test_every_event_names_its_run(calls: Calls) -> None:
    """Workflow, session and run, on each of them."""
    events = list(Workflow(name="My Flow", steps=[calls.step("a")]).run("x", run_id="R", session_id="S", stream=True))
    assert {(event.workflow_id, event.workflow_name, event.run_id, event.session_id) for event in events} == {
        ("my-flow", "My Flow", "R", "S")
    }
