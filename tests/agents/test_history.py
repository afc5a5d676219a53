"""What an agent is told of earlier runs of its session."""

from __future__ import annotations

import pytest

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.errors import ModelError
from kernbot.models.scripted import Item
from kernbot.run.messages import ModelRequest
from kernbot.workflow import Step, StepInput, Workflow
from tests.engine.agent_bench import Desk, agent, looks, requests, sends


def _echo(request: ModelRequest) -> str:
    return f"re: {request.messages[-1].content}"


def _said(who: Agent) -> list[str]:
    """Return what the model was told when it was asked last."""
    return [f"{message.role}: {message.content}" for message in requests(who)[-1].messages]


def test_earlier_runs_are_told_as_messages(db: Store) -> None:
    """The newest so many runs, oldest first; the agent is told what it is only once."""
    ann = agent(_echo, db=db, instructions="Be short.", add_history_to_context=True, num_history_runs=2)
    for number in range(1, 5):
        ann.run(str(number), session_id="s")
    assert _said(ann) == [
        "system: Be short.",
        *("user: 2", "assistant: re: 2"),
        *("user: 3", "assistant: re: 3"),
        "user: 4",
    ]


def test_without_being_asked_for_there_is_none(db: Store) -> None:
    """Each run begins anew."""
    ann = agent(_echo, db=db)
    for number in range(1, 3):
        ann.run(str(number), session_id="s")
    assert _said(ann) == ["user: 2"]


def test_calls_are_a_part_of_it(db: Store, desk: Desk) -> None:
    """What tools returned is told again, with the calls."""
    ann = agent([[looks("a")], "Sunny.", "Still sunny."], desk.look, db=db, add_history_to_context=True)
    ann.run("1", session_id="s")
    ann.run("2", session_id="s")
    assert _said(ann) == ["user: 1", "assistant: None", "tool: look: a", "assistant: Sunny.", "user: 2"]
    assert requests(ann)[-1].messages[1].tool_calls[0].id == requests(ann)[-1].messages[2].tool_call_id


def test_only_completed_runs_of_the_session_count(db: Store, desk: Desk) -> None:
    """Not those that failed or wait, not those of other sessions, and not those of others in this one."""
    script: dict[str, Item] = {"fail": ModelError("away"), "wait": [sends("a")]}
    ann = agent(
        lambda request: script.get(str(request.messages[-1].content), "Yes."),
        desk.send,
        db=db,
        add_history_to_context=True,
    )
    ann.run("1", session_id="s")
    ann.run("wait", session_id="s")
    ann.run("elsewhere", session_id="t")
    agent(_echo, db=db, name="Bob").run("bob's", session_id="s")
    with pytest.raises(ModelError):
        ann.run("fail", session_id="s")
    ann.run("2", session_id="s")
    assert _said(ann) == ["user: 1", "assistant: Yes.", "user: 2"]


def test_a_run_goes_on_with_the_history_that_it_began_with(db: Store, desk: Desk) -> None:
    """Runs that end while it waits do not come into it."""
    ann = agent(
        lambda request: [sends("a")] if request.messages[-1].content == "wait" else "Yes.",
        desk.send,
        db=db,
        add_history_to_context=True,
    )
    ann.run("1", session_id="s")
    waiting = ann.run("wait", session_id="s")
    ann.run("2", session_id="s")
    waiting.requirements[0].confirm()
    ann.continue_run(waiting)
    assert _said(ann) == ["user: 1", "assistant: Yes.", "user: wait", "assistant: None", "tool: send: a"]


@pytest.mark.parametrize("is_called", [False, True])
def test_in_a_workflow_it_is_what_was_said_at_the_same_place(db: Store, is_called: bool) -> None:
    """An agent in two places is told of each what it said there."""
    ann = agent(_echo, add_history_to_context=True)

    def ask(step_input: StepInput) -> str:
        return str(ann.run(step_input.previous_step_content or step_input.input).content)

    steps = [Step(name=name, executor=ask) if is_called else Step(name=name, agent=ann) for name in ("a", "b")]
    workflow = Workflow(name="w", db=db, steps=steps)
    workflow.run("1", session_id="s")
    workflow.run("2", session_id="s")
    assert _said(ann) == ["user: re: 1", "assistant: re: re: 1", "user: re: 2"]
