"""What public programs show of agents and teams holds over HTTP too, with each API of OpenAI."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from pydantic import BaseModel

from kernbot.agent import Agent
from kernbot.db.sqlite import SqliteDb
from kernbot.errors import ModelError
from kernbot.models import ModelReply, Usage
from kernbot.models.openai import OpenAIChat, OpenAIResponses
from kernbot.models.scripted import Item, call
from kernbot.run import RunContext, RunStatus
from kernbot.run.agent import RunContentEvent
from kernbot.run.messages import Model, ModelRequest
from kernbot.team import Team
from kernbot.tools import tool
from kernbot.tools.user_control_flow import UserControlFlowTools
from kernbot.workflow import Workflow
from kernbot.workflow.step import Step
from tests.models.openai_server import KEY, OpenAIServer, openai_server
from tests.models.wire import Fault

Connect: TypeAlias = Callable[[OpenAIServer], Model]
"""Makes a model that asks a server."""


class Forecast(BaseModel):
    """A form for last words."""

    city: str
    degrees: int


@tool(requires_confirmation=True)
def alert(city: str, run_context: RunContext) -> str:
    """Tell whom it alerts, and for whom."""
    return f"alerted {city} for {(run_context.dependencies or {}).get('user')}"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the database be a file of each test's own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=[OpenAIResponses, OpenAIChat])
def connect(request: pytest.FixtureRequest) -> Connect:
    """Return what makes a model of a server, by each API."""
    kind: type[OpenAIResponses | OpenAIChat] = request.param
    return lambda server: kind(id="local", api_key=KEY, base_url=server.base_url)


def test_a_team_asks_through_its_step(connect: Connect) -> None:
    """The leader's task reaches the member, whose call waits for a yes; each turn is asked for once."""

    def says(request: ModelRequest) -> Item:
        turn = [message.role for message in request.messages].count("assistant")
        first = call("alert", city="Tokyo")
        if request.tools[0].name != "alert":
            first = call(request.tools[0].name, member_id="ann", task="Alert them.")
        return [first] if turn == 0 else f"Done: {request.messages[-1].content}"

    def workflow() -> Workflow:
        ann = Agent(name="Ann", model=connect(server), tools=[alert])
        team = Team(name="Warners", model=connect(server), members=[ann])
        return Workflow(name="Warning", db=SqliteDb(db_file="w.db"), steps=[Step(name="warn", team=team)])

    with openai_server(says) as server:
        paused = workflow().run("Warn Tokyo", session_id="s", dependencies={"user": "Bob"})
        asked = paused.step_requirements[-1]
        (requirement,) = asked.executor_requirements or []
        assert (asked.executor_name, asked.executor_type) == ("Warners", "team")
        assert (requirement.member_agent_name, requirement.tool_execution.tool_args) == ("Ann", {"city": "Tokyo"})
        requirement.confirm()
        run = workflow().continue_run(paused)
        assert run.content == "Done: Done: alerted Tokyo for Bob"
        assert len(server.bodies) == 4


def test_each_call_of_a_turn_has_its_answer(connect: Connect) -> None:
    """A yes and a no in one turn are told to the model as the results of the two calls."""
    turns: list[Item] = [[call("alert", city="Tokyo"), call("alert", city="Kyoto")], "Done."]
    with openai_server(turns) as server:
        agent = Agent(name="Ann", model=connect(server), tools=[alert])
        paused = agent.run("Warn both", dependencies={"user": "Bob"})
        first, second = paused.active_requirements
        first.confirm()
        second.reject(note="Kyoto is dry")
        assert agent.continue_run(paused).content == "Done."
        *_, yes, no = server.model.requests[-1].messages
        assert (yes.content, no.content) == ("alerted Tokyo for Bob", "Kyoto is dry")


def test_what_an_agent_asks_by_itself_is_told_to_it(connect: Connect) -> None:
    """The fields that it makes up are asked for, set on the requirement's fields, and read by its next turn."""
    fields = [{"field_name": "to", "field_type": "str", "field_description": "Whom to write to"}]
    with openai_server([[call("get_user_input", user_input_fields=fields)], "Thanks."]) as server:
        agent = Agent(name="Ann", model=connect(server), tools=[UserControlFlowTools()])
        paused = agent.run("Write")
        (requirement,) = paused.active_requirements
        (field,) = requirement.user_input_schema or []
        field.value = "Bob"
        run = agent.continue_run(run_id=paused.run_id, session_id=paused.session_id, requirements=paused.requirements)
        assert run.content == "Thanks."
        assert "Bob" in str(server.model.requests[-1].messages[-1].content)


@pytest.mark.parametrize("is_streamed", [False, True])
def test_both_forms_of_an_api_say_the_same(connect: Connect, is_streamed: bool) -> None:
    """A run that is collected asks for whole replies, one that is streamed for pieces; a tool pause holds in both."""
    turns: list[Item] = [[call("alert", city="Tokyo"), call("alert", city="Kyoto")], "All done."]
    with openai_server(turns) as server:
        workflow = Workflow(
            name="w",
            db=SqliteDb(db_file="w.db"),
            steps=[Step(name="warn", agent=Agent(name="Ann", model=connect(server), tools=[alert]))],
        )

        def leg(work: Callable[..., Any], *given: Any, **named: Any) -> list[str]:
            done = work(*given, **named, stream=is_streamed)
            return [event.content for event in done if isinstance(event, RunContentEvent)] if is_streamed else []

        leg(workflow.run, "Warn them", run_id="r")
        run = workflow.get_run_output("r")
        assert run is not None
        for requirement in run.step_requirements[-1].executor_requirements or ():
            requirement.confirm()
        pieces = leg(workflow.continue_run, run)
        done = workflow.get_run_output("r")
        assert done is not None
        assert (done.content, "".join(pieces)) == ("All done.", "All done." if is_streamed else "")
        assert [bool(body.get("stream")) for body in server.bodies] == [is_streamed] * 2
        assert len(pieces) != 1


def test_an_agent_remembers_calls_and_answers_in_a_form(connect: Connect) -> None:
    """The second run is told the first with its calls; the last words are an instance of the form."""

    @tool
    def look(city: str) -> int:
        """Return degrees."""
        return len(city)

    def says(request: ModelRequest) -> Item:
        is_new = request.messages[-1].role == "user"
        return [call("look", city="Tokyo")] if is_new else Forecast(city="Tokyo", degrees=5).model_dump_json()

    with openai_server(says) as server:
        agent = Agent(
            name="Ann", model=connect(server), tools=[look], output_schema=Forecast, add_history_to_context=True
        )
        assert agent.run("How is Tokyo?").content == Forecast(city="Tokyo", degrees=5)
        agent.run("And now?")
        told = [message.role for message in server.model.requests[-1].messages]
        assert told == ["user", "assistant", "tool", "assistant", "user", "assistant", "tool"]


@pytest.mark.parametrize("is_streamed", [False, True])
def test_last_words_keep_their_form_across_a_pause(connect: Connect, *, is_streamed: bool) -> None:
    """Streamed or not, alone or in a step: they are an instance of it, and the tokens of all turns are stored."""
    form = Forecast(city="Tokyo", degrees=5)
    last = ModelReply(content=form.model_dump_json(), usage=Usage(input_tokens=7, output_tokens=4))
    asks = ModelReply(tool_calls=(call("alert", city="Tokyo"),), usage=Usage(input_tokens=3, output_tokens=2))

    def carry(work: Callable[..., Any], *given: Any, **named: Any) -> None:
        done = work(*given, **named, stream=is_streamed)
        if is_streamed:
            list(done)

    with openai_server([asks, last]) as server:
        ann = Agent(name="Ann", model=connect(server), tools=[alert], output_schema=Forecast)
        carry(ann.run, "Warn them", run_id="alone")
        paused = ann.get_run_output("alone")
        assert paused is not None
        paused.active_requirements[0].confirm()
        carry(ann.continue_run, paused)
        run = ann.get_run_output("alone")
        assert run is not None
        assert (run.content, run.metrics.total_tokens) == (form, 16)

        workflow = Workflow(name="w", db=SqliteDb(db_file="w.db"), steps=[Step(name="warn", agent=ann)])
        carry(workflow.run, "Warn them", run_id="in a step")
        waiting = workflow.get_run_output("in a step")
        assert waiting is not None
        (waiting.step_requirements[-1].executor_requirements or [])[0].confirm()
        carry(workflow.continue_run, waiting)
        whole = workflow.get_run_output("in a step")
        assert whole is not None
        (spoke,) = whole.step_executor_runs
        assert (whole.content, spoke.usage) == (form, Usage(input_tokens=10, output_tokens=6))


def test_arguments_that_are_wrong_are_told_to_the_model(connect: Connect) -> None:
    """Nobody is asked about them; the model's next try is."""
    turns: list[Item] = [[call("alert", town="Tokyo")], [call("alert", city="Tokyo")], "Done."]
    with openai_server(turns) as server:
        paused = Agent(name="Ann", model=connect(server), tools=[alert]).run("Warn them")
        (requirement,) = paused.active_requirements
        assert requirement.tool_execution.tool_args == {"city": "Tokyo"}
        heard = server.model.requests[-1].messages[-1]
        assert heard.role == "tool"
        assert "city" in str(heard.content)


@pytest.mark.parametrize("on_error", ["skip", "fail", "pause"])
def test_a_server_that_stays_broken_is_a_matter_of_on_error(connect: Connect, on_error: str) -> None:
    """The step fails with an error that names model and cause: passed over, raised, or asked about and tried again."""
    faults: list[Fault | None] = [Fault.BROKEN] * 3 if on_error == "pause" else [Fault.BROKEN] * 12
    with openai_server(["Fine."], faults) as server:
        ann = Agent(name="Ann", model=connect(server))
        steps = [Step(name="ask", agent=ann, on_error=on_error, max_retries=0), Step(name="b", executor=lambda _: "b")]
        workflow = Workflow(name="w", db=SqliteDb(db_file="w.db"), steps=steps)
        named = "The model local failed: .*The server had an error"
        if on_error == "fail":
            with pytest.raises(ModelError, match=named):
                workflow.run("x")
            return
        run = workflow.run("x")
        if on_error == "skip":
            assert (run.status, run.content) == (RunStatus.COMPLETED, "b")
            assert re.search(named, str(run.step_results[0].error))
            return
        (failure,) = run.error_requirements
        assert re.search(named, failure.error_message)
        failure.retry()
        run = workflow.continue_run(run)
        assert [result.content for result in run.step_results] == ["Fine.", "b"]
