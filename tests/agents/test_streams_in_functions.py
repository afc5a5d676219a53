"""Streams of agents that the function of a step calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.models import ModelReply, ScriptedModel, call
from kernbot.run.agent import RunContentEvent
from kernbot.run.executor import DELEGATE
from kernbot.run.messages import ModelRequest
from kernbot.team import Team
from kernbot.workflow import Step, StepInput
from tests.engine.agent_bench import Desk, Script, agent, confirm_calls, flow, looks, questions, sends


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


async def test_what_an_agent_does_is_told_while_its_function_runs() -> None:
    """The workflow's stream has the agent's words before the function goes on with them."""
    heard = asyncio.Event()

    async def ask(_: StepInput) -> str:
        said = (await agent(["Hello there."]).arun("x")).content
        await heard.wait()
        return f"<{said}>"

    told = []
    async for event in flow(Step("mail", executor=ask)).arun("x", stream=True):
        told.append(event)
        if event.event == "RunCompleted":
            heard.set()
    pieces = [event.content for event in told if isinstance(event, RunContentEvent)]
    assert (pieces, told[-1].event, told[-2].content) == (["Hello ", "there."], "WorkflowCompleted", "<Hello there.>")  # type: ignore[attr-defined]


async def test_what_was_said_before_a_pause_is_told_once(desk: Desk) -> None:
    """The function is told it again when it runs again; whoever reads the workflow's stream is not."""
    ann = agent([ModelReply(content="Let me see. ", tool_calls=(sends("b"),)), "Done."], desk.send)
    workflow = flow(Step("mail", executor=lambda _: ann.run("x").content))
    first = [event for event in workflow.run("x", stream=True, run_id="r") if isinstance(event, RunContentEvent)]
    run = workflow.get_run_output("r")
    assert run is not None
    questions(run)[0].confirm()
    second = [event for event in workflow.continue_run(run, stream=True) if isinstance(event, RunContentEvent)]
    assert ["".join(event.content for event in leg) for leg in (first, second)] == ["Let me see. ", "Done."]


async def test_a_stream_that_is_left_stops_the_function(db: Store, desk: Desk) -> None:
    """It is cancelled where it is, and the run can be continued: what the agent had done is not done again."""
    ended: list[str] = []
    ann = agent([[looks("a")], "Done."], desk.look)

    async def ask(_: StepInput) -> str:
        said = str((await ann.arun("x")).content)
        try:
            await asyncio.sleep(0 if ended else 60)
        finally:
            ended.append(said)
        return said

    workflow = flow(Step("mail", executor=ask), db=db)
    stream = workflow.arun("x", stream=True, run_id="r")
    async for event in stream:
        if event.event == "RunCompleted":
            break
    await stream.aclose()
    assert (ended, desk.done) == (["Done."], ["look(a)"])
    assert (await workflow.acontinue_run(run_id="r")).content == "Done."
    assert desk.done == ["look(a)"]


@pytest.mark.parametrize("live", [False, True])
def test_only_a_stream_asks_for_words_one_by_one(live: bool) -> None:
    """A run that is collected asks its models for whole replies, in steps, in functions and in teams."""
    asked: list[bool] = []

    class Listening(ScriptedModel):
        async def reply(self, request: ModelRequest, *, stream: bool) -> AsyncGenerator[str | ModelReply, None]:
            asked.append(stream)
            async for piece in super().reply(request, stream=stream):
                yield piece

    def listening(script: Script) -> Agent:
        return Agent(name="Ann", model=Listening(script))

    ann = listening(["Hi."])
    crew = Team(name="Crew", model=Listening([[call(DELEGATE, member_id="ann", task="x")], "Done."]), members=[ann])
    workflow = flow(Step("a", agent=ann), Step("b", team=crew), Step("c", executor=lambda _: ann.run("x").content))
    list(workflow.run("x", stream=True)) if live else workflow.run("x")
    assert asked == [live] * 5


def test_a_function_that_hears_its_agent_is_told_word_by_word() -> None:
    """Whether or not anybody reads the stream of the workflow."""
    ann = agent(["Hello there."])
    step = Step("mail", executor=lambda _: [event.content for event in ann.run("x", stream=True)])
    assert flow(step).run("x").content == ["Hello ", "there."]
