"""Streams of agents that the function of a step calls."""

from __future__ import annotations

from typing import Any

from kernbot.models import ModelReply
from kernbot.run.agent import RunContentEvent
from kernbot.workflow import Step, StepInput
from tests.engine.agent_bench import Desk, agent, confirm_calls, flow, looks, sends


def test_a_stream_repeats_what_was_said_before(desk: Desk) -> None:
    """A function that gathers pieces has the whole text when it runs again; that it waits it is told by no event."""
    ann = agent(
        [ModelReply(content="Let me see. ", tool_calls=(looks("a"), sends("b"))), "Done."], desk.look, desk.send
    )
    seen: list[list[Any]] = []

    def ask(_: StepInput) -> None:
        seen.append([])
        for event in ann.run("x", stream=True, stream_events=True, yield_run_output=True):
            seen[-1].append(event)

    workflow = flow(Step("mail", executor=ask))
    confirm_calls(workflow, workflow.run("x"))
    said = ["".join(event.content for event in one if isinstance(event, RunContentEvent)) for one in seen]
    assert said == ["Let me see. ", "Let me see. Done."]
    assert [event.event for event in seen[0][-2:]] == ["ToolCallStarted", "ToolCallCompleted"]
    assert (seen[1][-2].event, seen[1][-1].content) == ("RunCompleted", "Done.")


def test_a_stream_that_is_given_up_leaves_the_rest_undone(desk: Desk) -> None:
    """What the agent had not done yet is not done; the step has its output."""
    ann = agent([[looks("a")], [looks("b")], "Done."], desk.look)

    def ask(_: StepInput) -> str:
        next(iter(ann.run("x", stream=True, stream_events=True)))
        return "enough"

    assert (flow(Step("mail", executor=ask)).run("x").content, desk.done) == ("enough", [])
