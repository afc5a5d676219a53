"""What agents and teams may be made with, and what their model is told of itself."""

from __future__ import annotations

from typing import Any, cast

import pytest

from kernbot.agent import Agent
from kernbot.errors import DefinitionError
from kernbot.models import ScriptedModel
from kernbot.run.executor import DELEGATE
from kernbot.team import Team
from kernbot.tools import Toolkit
from kernbot.tools.user_feedback import UserFeedbackTools
from tests.engine.agent_bench import Desk, agent, requests, team

MODEL = ScriptedModel(["Hi."])


def test_an_agent_is_found_by_the_slug_of_its_name() -> None:
    """The id is made of the name; without either both have a default."""
    assert [Agent(name="Weather Agent", model=MODEL).id, Agent(model=MODEL).id] == ["weather-agent", "agent"]
    assert (Agent(id="w", model=MODEL).name, Agent(name="Näme", id="n", model=MODEL).id) == ("w", "n")


def test_the_model_is_told_what_it_is() -> None:
    """The system message has the description, the role, the instructions, what toolkits say, and the form."""
    ann = agent(
        ["Hi."],
        UserFeedbackTools(instructions="Ask with ask_user."),
        description="You are Ann.",
        role="Sends mail",
        instructions=["Be short.", "Be kind."],
        markdown=True,
    )
    ann.run("x")
    first = requests(ann)[0].messages[0]
    assert first.role == "system"
    assert str(first.content).split("\n\n") == [
        "You are Ann.",
        "Your role: Sends mail",
        "- Be short.\n- Be kind.",
        "Ask with ask_user.",
        "Use Markdown where it helps the reader.",
    ]


def test_instructions_may_be_a_text() -> None:
    """A text is told as it is; an agent about which nothing is said has no system message."""
    ann, bob = agent(["Hi."], instructions="Be short."), agent(["Hi."])
    ann.run("x")
    bob.run("x")
    assert [message.content for message in requests(ann)[0].messages] == ["Be short.", "x"]
    assert [message.role for message in requests(bob)[0].messages] == ["user"]


def test_the_leader_knows_the_members() -> None:
    """It is told that it leads, and the tool for handing tasks on names each member and its role."""
    crew = team(["Hi."], agent(["x"], name="Ann", role="Sends mail"), agent(["x"], name="Bob"))
    crew.run("x")
    (request,) = requests(crew)
    (spec,) = request.tools
    assert "You lead a team." in str(request.messages[0].content)
    assert (spec.name, spec.parameters["properties"]["member_id"]["enum"]) == (DELEGATE, ["ann", "bob"])
    assert "ann: Sends mail; bob: Bob" in spec.description


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Agent(name="Ann"), "Agent 'Ann' needs a model, not None"),
        (lambda: Agent(name="Ann", model=cast("Any", "openai:gpt")), "needs a model, not 'openai:gpt'"),
        (lambda: Agent(name="?!", model=MODEL), "needs an id: its name has no letter"),
        (lambda: Agent(model=MODEL, tools=cast("Any", ["look"])), "'look' is no tool"),
        (lambda: Agent(model=MODEL, tools=[Desk().look, Toolkit(tools=[Desk().look])]), "two tools 'look'"),
        (lambda: Team(members=[], model=MODEL), "Team 'team' has no members"),
        (lambda: Team(members=[agent(["x"]), agent(["x"])], model=MODEL), "two have the id 'ann'"),
        (lambda: Team(id="ann", members=[agent(["x"])], model=MODEL), "two have the id 'ann'"),
        (lambda: team(["x"], agent(["x"]), tools=[Desk().tool(DELEGATE)]), "rename the tool"),
    ],
)
def test_what_cannot_work_is_refused_at_once(make: Any, problem: str) -> None:
    """The error says what is wrong when the object is made, not in the middle of a run."""
    with pytest.raises(DefinitionError, match=problem.replace("?", r"\?")):
        make()


def test_keywords_of_the_documents_programs_are_taken() -> None:
    """What has no effect is accepted, as `telemetry` is."""
    Agent(model=MODEL, telemetry=False, debug_mode=True, store_events=True)
    Team(members=[agent(["x"])], model=MODEL, telemetry=False, show_members_responses=True)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"knowledge": 1}, "no knowledge base: give the agent a tool that searches"),
        ({"reasoning": True}, "choose a model that reasons"),
        ({"response_model": str}, "it is called output_schema"),
        ({"nonsense": 1}, "unexpected keyword argument 'nonsense'"),
    ],
)
def test_what_is_left_out_says_so(settings: Any, problem: str) -> None:
    """The TypeError says what to do instead; an unknown keyword is refused as Python does."""
    with pytest.raises(TypeError, match=problem):
        Agent(model=MODEL, **settings)
    with pytest.raises(TypeError, match=problem):
        Team(members=[agent(["x"])], model=MODEL, **settings)


@pytest.mark.parametrize("method", ["run", "continue_run"])
def test_unknown_arguments_of_a_run_are_refused(method: str) -> None:
    """So are those that do not exist here, with what to do instead."""
    ann = agent(["Hi."])
    with pytest.raises(TypeError, match="decide the requirements of the run"):
        getattr(ann, method)(updated_tools=[])
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        getattr(ann, method)(nonsense=1)
