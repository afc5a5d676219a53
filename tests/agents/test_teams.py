"""A team by itself: its leader hands tasks on, and what members ask is asked of whoever runs the team."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.errors import DefinitionError, UsageError
from kernbot.models import ScriptedModel, call
from kernbot.run import RunStatus, team
from kernbot.run.executor import DELEGATE
from kernbot.run.team import TeamRunOutput
from kernbot.team import Team
from tests.engine.agent_bench import Desk, agent, requests, sends, told
from tests.engine.agent_bench import team as crew_of


def _crew(desk: Desk, db: Store) -> tuple[Team, Agent, Agent]:
    """Return a team whose leader has both members send something, at once; and the members."""
    ann, bob = (agent([[sends(name)], f"{name} done."], desk.send, name=name) for name in ("Ann", "Bob"))
    crew = crew_of([[("ann", "Task A"), ("bob", "Task B")], "All done."], ann, bob)
    crew.db = db
    return crew, ann, bob


def test_a_member_does_a_task(db: Store) -> None:
    """Its answer is what the leader is told, and the output says what each member did."""
    ann = agent(["It rains."], name="Ann")
    crew = crew_of([[("ann", "Look outside")], "Take an umbrella."], ann)
    crew.db = db
    run = crew.run("Umbrella?")
    assert isinstance(run, TeamRunOutput)
    assert (run.status, run.content, told(crew)) == (RunStatus.COMPLETED, "Take an umbrella.", ["It rains."])
    (answer,) = run.member_responses
    assert (answer.agent_name, answer.input, answer.content) == ("Ann", "Look outside", "It rains.")
    assert answer.run_id == f"{run.run_id}:root/crew/call:{DELEGATE}~1"
    assert [(message.role, message.content) for message in answer.messages] == [
        ("user", "Look outside"),
        ("assistant", "It rains."),
    ]
    assert (run.team_id, run.team_name, run == crew.get_run_output(run.run_id)) == ("crew", "Crew", True)


def test_what_a_member_asks_names_it(db: Store, desk: Desk) -> None:
    """The team waits; each requirement has the member's id, name and run."""
    crew, _, _ = _crew(desk, db)
    run = crew.run("x")
    first, second = run.active_requirements
    assert run.is_paused
    assert run.content == (
        "Waiting for people: Ann needs a yes or no about the tool send; Bob needs a yes or no about the tool send."
    )
    assert (first.member_agent_id, first.member_agent_name) == ("ann", "Ann")
    assert [first.member_run_id, second.member_run_id] == [answer.run_id for answer in run.member_responses]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_all_members_must_be_answered(db: Store, desk: Desk, order: tuple[int, int]) -> None:
    """Nothing is made before; then each goes on with its own answer, in new objects too."""
    crew, _, _ = _crew(desk, db)
    run = crew.run("x")
    decided, left = (run.requirements[number] for number in order)
    decided.confirm()
    with pytest.raises(UsageError, match="still waits for an answer"):
        crew.continue_run(run)
    assert desk.done == []
    left.reject("no")
    crew, ann, bob = _crew(desk, db)
    run = crew.continue_run(run)
    assert (run.status, run.content) == (RunStatus.COMPLETED, "All done.")
    assert desk.done == [["send(Ann)", "send(Bob)"][order[0]]]
    assert [told(ann), told(bob)][order[1]] == ["no"]
    assert told(crew) == ["Ann done.", "Bob done."]
    assert [len(requests(who)) for who in (crew, ann, bob)] == [1, 1, 1]


def test_a_member_may_ask_again_and_again(db: Store, desk: Desk) -> None:
    """Each round shows what is open, and the task is handed on once."""
    ann = agent([[sends("a")], [sends("b")], "Done."], desk.send)
    crew = crew_of([[("ann", "Do it")], "All done."], ann)
    crew.db = db
    run = crew.run("x")
    for number in range(1, 3):
        assert (len(run.requirements), len(run.active_requirements)) == (number, 1)
        run.active_requirements[0].confirm()
        run = crew.continue_run(run)
    assert (run.content, desk.done, len(requests(crew))) == ("All done.", ["send(a)", "send(b)"], 2)


def test_a_tool_of_the_team_itself_names_no_member(db: Store, desk: Desk) -> None:
    """It asks beside what a member asks, and both are answered."""
    ann = agent([[sends("a")], "Done."], desk.send)
    crew = crew_of([[sends("own"), ("ann", "Do it")], "All done."], ann, tools=[desk.send])
    crew.db = db
    run = crew.run("x")
    assert sorted(str(item.member_agent_name) for item in run.active_requirements) == ["Ann", "None"]
    for item in run.requirements:
        item.confirm()
    assert (crew.continue_run(run).content, sorted(desk.done)) == ("All done.", ["send(a)", "send(own)"])


def test_a_member_that_is_not_there_is_an_error_for_the_leader(db: Store) -> None:
    """It is told who there is, and nobody is asked."""
    crew = crew_of([[("nobody", "Do it")], "Sorry."], agent(["x"]))
    crew.db = db
    run = crew.run("x")
    assert (run.content, run.member_responses) == ("Sorry.", [])
    assert "a member_id among: ann" in str(told(crew)[0])


def test_a_team_may_be_a_member(db: Store, desk: Desk) -> None:
    """What a member of it asks is asked of whoever runs the outer team."""
    ann = agent([[sends("deep")], "Ann done."], desk.send)
    outer = Team(
        name="Outer",
        model=ScriptedModel([[call(DELEGATE, member_id="crew", task="Go")], "Outer done."]),
        members=[crew_of([[("ann", "Do it")], "Crew done."], ann)],
        db=db,
    )
    run = outer.run("x")
    (question,) = run.active_requirements
    assert question.member_agent_name == "Ann"
    question.confirm()
    run = outer.continue_run(run)
    (crew,) = run.member_responses
    assert isinstance(crew, TeamRunOutput)
    assert (run.content, crew.content, crew.member_responses[0].content) == ("Outer done.", "Crew done.", "Ann done.")
    assert desk.done == ["send(deep)"]


def test_a_team_may_name_its_mode() -> None:
    """There is one, and another is an error that says what a team does."""
    members = [agent(["Hi."])]
    assert Team(name="Crew", model=ScriptedModel(["Hi."]), members=members, mode="coordinate").run("x").content == "Hi."
    with pytest.raises(DefinitionError, match=r"can't have mode='route', because kernbot has no modes of a team"):
        Team(name="Crew", model=ScriptedModel([]), members=members, mode="route")  # type: ignore[arg-type]


def test_a_session_begins_with_the_state_of_the_members(db: Store, desk: Desk) -> None:
    """The team's own goes before it, and what members' tools write stays."""
    ann = agent([[sends("a")], "Done."], desk.send, session_state={"calls": 1, "who": "ann"})
    crew = Team(
        name="Crew",
        model=ScriptedModel([[call(DELEGATE, member_id="ann", task="Go")], "All done."]),
        members=[ann],
        db=db,
        session_state={"who": "crew"},
    )
    run = crew.run("x", session_id="s")
    run.requirements[0].confirm()
    crew.continue_run(run)
    assert crew.get_session_state("s") == {"calls": 2, "who": "crew"}


def test_a_stream_has_the_leader_s_words_only(db: Store, desk: Desk) -> None:
    """With all events, those of the members are among them; the pause is the team's."""
    crew, _, _ = _crew(desk, db)
    events = list(crew.run("x", stream=True, stream_events=True))
    assert isinstance(events[-1], team.RunPausedEvent)
    assert (events[-1].team_name, len(events[-1].active_requirements), len(events[-1].tools)) == ("Crew", 2, 2)
    assert {getattr(event, "agent_name", "") for event in events} == {"Crew", "Ann", "Bob"}
    for item in events[-1].requirements:
        item.confirm()
    said = list(crew.continue_run(events[-1], stream=True))
    assert "".join(str(event.content) for event in said) == "All done."
    assert {type(event) for event in said} == {team.RunContentEvent}


async def test_from_async_code(db: Store, desk: Desk) -> None:
    """It is the same."""
    crew, _, _ = _crew(desk, db)
    run = await crew.arun("x")
    for item in run.requirements:
        item.confirm()
    run = await crew.acontinue_run(run)
    plain: Any = run.to_dict()
    assert [answer["content"] for answer in plain["member_responses"]] == ["Ann done.", "Bob done."]
