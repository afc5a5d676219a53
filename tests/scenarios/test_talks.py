"""Agents that talk: what they say is seen in the thread of their run while they say it, and whole at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from kernbot.agent import Agent
from kernbot.models import ModelReply, ScriptedModel, call
from kernbot.models.scripted import Item
from kernbot.run.messages import ModelRequest
from kernbot.tools import tool
from kernbot.workflow import Step, StepInput, Workflow
from tests.scenarios.team import CHANNEL, Team, words

HOSTILE = (
    "<!channel> [a](https://evil.example) <https://evil.example|here> www.evil.example ```x``` *b* \u202edne\u200b"
)


class Speaker(ScriptedModel):
    """A model that stops in the middle of its words until a test lets it go on."""

    def __init__(self, replies: Sequence[Item], after: int = 1) -> None:
        super().__init__(replies)
        self.go_on = asyncio.Event()
        self._after = after

    async def reply(self, request: ModelRequest, *, stream: bool) -> AsyncGenerator[str | ModelReply, None]:
        """Say so many words, wait, and say the rest."""
        number = 0
        async for piece in super().reply(request, stream=stream):
            if isinstance(piece, str) and number == self._after:
                await self.go_on.wait()
            number += isinstance(piece, str)
            yield piece


def _report(model: ScriptedModel, *tools: Any) -> Workflow:
    return Workflow(name="report", steps=[Step("write", agent=Agent(name="Ann", model=model, tools=tools))])


def _now(team: Team, message: dict[str, Any]) -> dict[str, Any]:
    return next(shown for shown in team.thread(team.parents()[0]) if shown["ts"] == message["ts"])


async def _streaming(team: Team, text: str) -> dict[str, Any]:
    """Wait for a message in the run's thread that is being streamed and holds a text."""

    def found() -> dict[str, Any]:
        thread = [shown for parent in team.parents() for shown in team.thread(parent)]
        return next((shown for shown in thread if shown.get("streaming") and text in str(shown)), {})

    return await team.until(found)


async def _ended(team: Team, message: dict[str, Any], text: str) -> dict[str, Any]:
    """Wait until a message is not streamed any more, and holds a text."""

    def found() -> dict[str, Any]:
        shown = _now(team, message)
        return shown if not shown.get("streaming") and text in words(shown) else {}

    return await team.until(found)


async def test_what_an_agent_says_is_seen_while_it_says_it(team: Team) -> None:
    """At the end the same message holds it whole, and says that the agent is done."""
    model = Speaker(["The cows are out and the gate is open."], after=4)
    async with team.bot(_report(model)):
        await team.start("report")
        seen = await _streaming(team, "The cows are")
        assert "open" not in str(seen)
        assert "`Ann` begins to speak, step `write`." in words(seen)
        model.go_on.set()
        done = await _ended(team, seen, "is done")
        assert "The cows are out and the gate is open." in words(done)
        assert "Agent `Ann` is done, step `write`." in words(done)


async def test_calls_of_tools_are_tasks(team: Team) -> None:
    """Each is shown when it begins, and when it is over; at the end they are named."""
    begun = asyncio.Event()

    @tool
    async def look(text: str) -> str:
        await begun.wait()
        return text

    model = ScriptedModel([ModelReply(content="Let me see. ", tool_calls=(call("look", text="up"),)), "All done."])
    async with team.bot(_report(model, look)):
        await team.start("report")
        seen = await _streaming(team, "Call look")
        assert ("in_progress" in str(seen), "Let me see." in str(seen)) == (True, True)
        begun.set()
        done = await _ended(team, seen, "is done")
        assert "Asked to call `look`." in words(done)
        assert "Let me see. \n\nAll done." in words(done)


async def test_an_agent_that_a_function_calls_is_heard_too(team: Team) -> None:
    """In the step of the function."""
    model = Speaker(["Well, it rains."])
    ann = Agent(name="Ann", model=model)

    async def ask(_: StepInput) -> str:
        return f"<{(await ann.arun('x')).content}>"

    async with team.bot(Workflow(name="report", steps=[Step("write", executor=ask)])):
        await team.start("report")
        seen = await _streaming(team, "Well,")
        model.go_on.set()
        await _ended(team, seen, "Well, it rains.")


async def test_hostile_words_stay_words(team: Team) -> None:
    """While they are streamed nothing in them is a link, a mention or a fence; nor afterwards."""
    model = Speaker([f"{HOSTILE} and more"], after=8)
    async with team.bot(_report(model)):
        await team.start("report")
        seen = await _streaming(team, "evil")
        (markdown,) = [block["text"] for block in seen["blocks"] if block["type"] == "markdown"]
        head, inside = markdown.split("```\n", 1)
        assert (head, "```" in inside, "<" in inside) == ("", False, False)
        assert ("\u202e" in inside, "\\u202e" in inside) == (False, True)
        model.go_on.set()
        done = await _ended(team, seen, "is done")
        quoted = [element for block in done["blocks"] if block["type"] == "rich_text" for element in block["elements"]]
        kinds = {inner["type"] for element in quoted for inner in element["elements"]}
        assert kinds == {"text"}


async def test_a_channel_that_strangers_read_sees_no_words(team: Team) -> None:
    """Nothing is streamed, and the message says why."""
    model = Speaker(["The cows are out."])
    model.go_on.set()
    team.slack.join("USAM", CHANNEL)
    async with team.bot(_report(model)):
        parent = await team.start("report")
        shown = await team.under(parent, "Ann is done")
        assert "this channel is shared with another organisation" in words(shown)
        assert not team.calls("chat.startStream")
        assert "cows" not in str(team.calls("chat.postMessage") + team.calls("chat.update"))


async def test_who_is_not_of_slack_gets_it_whole_at_the_end(team: Team) -> None:
    """A message that is streamed answers a person of Slack; without one there is none before the end."""
    model = Speaker(["The cows are out."])
    model.go_on.set()
    workflow = _report(model)
    async with team.bot(workflow):
        parent = await team.start("report")
        await team.under(parent, "Ann is done")


async def test_a_stream_that_slack_refuses_is_shown_at_the_end(team: Team) -> None:
    """The run goes on all the same."""
    model = Speaker(["The cows are out."])
    async with team.bot(_report(model)):
        team.line.refuse("chat.startStream", "fatal_error", times=1, status=500)
        parent = await team.start("report")
        await team.eventually(lambda: model.requests)
        model.go_on.set()
        shown = await team.under(parent, "Ann is done")
        assert "The cows are out." in words(shown)


@pytest.mark.parametrize("status", ["429"])
async def test_a_stream_that_is_put_off_goes_on(team: Team, status: str) -> None:
    """Slack's rate limits are kept, and no word is lost."""
    model = Speaker(["The cows are out and the gate is open."], after=4)
    async with team.bot(_report(model)):
        await team.start("report")
        seen = await _streaming(team, "The cows are")
        team.line.refuse("chat.appendStream", "ratelimited", times=2, status=int(status))
        model.go_on.set()
        done = await _ended(team, seen, "is done")
        assert "The cows are out and the gate is open." in words(done)


async def test_a_tool_gate_ends_the_stream_and_the_message_goes_on(team: Team) -> None:
    """While people are asked it says so; in the end all that was said stands in it."""

    @tool(requires_confirmation=True)
    def send(text: str) -> str:
        return text

    model = ScriptedModel([ModelReply(content="Let me send it. ", tool_calls=(call("send", text="hi"),)), "Sent."])
    async with team.bot(_report(model, send)):
        card = await team.ask("report", "Run the tool")
        parent = team.parents()[0]
        waiting = await team.under(parent, "Ann waits for an answer")
        assert "Let me send it." in words(waiting)
        await team.click("ana", card, "pause.approve")
        done = await _ended(team, waiting, "is done")
        assert "Let me send it. \n\nSent." in words(done)


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_thread_reads_in_the_order_of_the_steps(team: Team, is_streamed: bool) -> None:
    """What was said before a question stands above it, and the result below all of it."""

    @tool(requires_confirmation=True)
    def send(text: str) -> str:
        return text

    def agent(name: str, *replies: Item, **more: Any) -> Agent:
        return Agent(name=name, model=ScriptedModel(replies), **more)

    steps = [
        Step("fetch", agent=agent("Fay", "Fetched.")),
        Step("process", agent=agent("Pat", "Processed."), requires_confirmation=True, confirmation_message="Go on?"),
        Step("check", agent=agent("Cy", "Checked.")),
        Step(
            "save",
            agent=agent(
                "Sam", ModelReply(content="Soon.", tool_calls=(call("send", text="x"),)), "Saved.", tools=[send]
            ),
        ),
        Step("end", agent=agent("Eve", "Ended.")),
    ]
    if not is_streamed:
        team.line.refuse("chat.startStream", "fatal_error", times=9, status=500)
    async with team.bot(Workflow(name="report", steps=steps)):
        card = await team.ask("report", "Go on?")
        await team.click("ana", card, "pause.approve")
        parent = team.parents()[0]
        await team.click("ana", await team.under(parent, "Run the tool"), "pause.approve")
        await team.under(parent, "Result of")
        read = [str(message["text"]) for message in team.thread(parent)]
        marks = ("Fay", "Go on?", "Pat", "Cy", "Sam", "Run the tool", "Eve", "Result of")
        assert [next(mark for mark in marks if mark in text) for text in read] == list(marks)


@pytest.mark.parametrize("can_read_back", [True, False])
async def test_a_stream_whose_beginning_was_not_confirmed(team: Team, can_read_back: bool) -> None:
    """Where the bot may read threads, it goes on with that message; else that one says no more than that it began."""
    if can_read_back:
        team.grant("channels:history")
    model = Speaker(["The cows are out."])
    async with team.bot(_report(model)):
        team.line.lose_answer("chat.startStream")
        parent = await team.start("report")
        await team.eventually(lambda: team.line.faults_met)
        model.go_on.set()
        for text in ("Ann is done", "Result of"):
            await team.under(parent, text)
        *begun, done, _ = [words(message["blocks"]) for message in team.thread(parent)]
        assert "The cows are out." in done
        assert begun == [] if can_read_back else ["`Ann` begins to speak, step `write`."]


async def test_a_bot_that_stopped_in_the_middle_leaves_the_truth(team: Team) -> None:
    """The next one ends the message as the run's rows have it: what was not kept is not shown."""
    first, second = Speaker(["The cows are out, I think."], after=4), ScriptedModel(["All is quiet."])
    async with team.bot(_report(first)):
        await team.start("report")
        seen = await _streaming(team, "The cows are")
    async with team.bot(_report(second)):
        done = await _ended(team, seen, "is done")
        assert ("All is quiet." in words(done), "cows" in str(done)) == (True, False)
        assert len([shown for shown in team.thread(team.parents()[0]) if "Ann" in shown["text"]]) == 1


async def test_a_stream_that_a_killed_process_left_is_ended(team: Team) -> None:
    """It is still being streamed when the next bot starts, which ends it."""
    first, second = Speaker(["The cows are out, I think."], after=4), ScriptedModel(["All is quiet."])
    async with team.bot(_report(first)):
        await team.start("report")
        seen = await _streaming(team, "The cows are")
        team.line.refuse("chat.stopStream", "fatal_error", times=9, status=500)
        team.line.refuse("chat.update", "fatal_error", times=9, status=500)
    team.line.clear()
    assert _now(team, seen)["streaming"]
    async with team.bot(_report(second)):
        done = await _ended(team, seen, "is done")
        assert ("All is quiet." in words(done), "cows" in str(done)) == (True, False)


async def test_a_channel_that_strangers_join_in_the_middle_hears_no_more(team: Team) -> None:
    """The stream ends, and what was said is taken back."""
    model = Speaker(["The cows are out and the gate is open."], after=4)
    async with team.bot(_report(model)):
        await team.start("report")
        seen = await _streaming(team, "The cows are")
        team.slack.join("USAM", CHANNEL)
        team.clock.move(61)
        model.go_on.set()
        done = await _ended(team, seen, "shared with another organisation")
        assert "cows" not in str(done)
        assert "gate" not in str(team.calls("chat.appendStream") + team.calls("chat.update"))
