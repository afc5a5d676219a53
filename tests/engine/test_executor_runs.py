"""What agents and teams have done in the steps of a run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from kernbot.db.base import Store
from kernbot.models import call
from kernbot.run import RunStatus
from kernbot.run.agent import RunOutput
from kernbot.run.team import TeamRunOutput
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.tools import tool
from kernbot.workflow import Loop, Step
from tests.engine.agent_bench import Desk, agent, asked, confirm_calls, flow, looks, questions, sends, team


def _done(output: RunOutput) -> tuple[str | None, RunStatus, Any]:
    return output.agent_name, output.status, output.content


def test_each_agent_of_a_run_is_there_once(db: Store, desk: Desk) -> None:
    """In the order in which they began, also in a function and in each iteration, whatever they were asked."""
    ann = agent([[looks("a"), sends("b")], [sends("c")], "All done."], desk.look, desk.send)
    bob = agent(["Hi."], name="Bob")
    workflow = flow(
        Step("mail", agent=ann),
        Loop([Step("greet", agent=bob)], name="twice", max_iterations=2),
        Step("call", executor=lambda _: bob.run("x").content),
        db=db,
    )
    run = workflow.run("x", run_id="R")
    (waiting,) = run.step_executor_runs
    assert (_done(waiting), waiting.is_paused) == (("Ann", RunStatus.PAUSED, None), True)
    assert waiting.run_id == asked(run).executor_run_id
    while run.is_paused:
        run = confirm_calls(workflow, run)
    assert [_done(output) for output in run.step_executor_runs] == [
        ("Ann", RunStatus.COMPLETED, "All done."),
        *[("Bob", RunStatus.COMPLETED, "Hi.")] * 3,
    ]
    assert [output.run_id for output in run.step_executor_runs] == [
        "R:root/mail",
        "R:root/twice/iter-1/greet",
        "R:root/twice/iter-2/greet",
        "R:root/call/agent~1",
    ]
    assert workflow.get_run_output("R") == run


def test_it_tells_what_was_said_and_called(desk: Desk) -> None:
    """The message, all calls with arguments and results, and the answers of people; each question is there once."""
    ann = agent([[looks("a"), sends("b")], "All done."], desk.look, desk.send)
    workflow = flow(Step("mail", agent=ann))
    run = workflow.run("Write to Bob")
    questions(run)[0].reject("not now")
    (output,) = workflow.continue_run(run).step_executor_runs
    assert (output.agent_id, output.input) == ("ann", "Write to Bob")
    assert [(each.tool_name, each.tool_args, each.result) for each in output.tools] == [
        ("look", {"text": "a"}, "look: a"),
        ("send", {"text": "b"}, "not now"),
    ]
    assert [message.role for message in output.messages] == ["user", "assistant", "tool", "tool", "assistant"]
    assert [item.confirmation_note for item in output.requirements] == ["not now"]


def test_a_team_has_what_its_members_did(desk: Desk) -> None:
    """Under each task; nobody is listed beside the team."""
    ann = agent([[sends("b")], "Sent it."], desk.send)
    workflow = flow(Step("mail", team=team([[("ann", "send it")], "All done."], ann)))
    run = workflow.run("x")
    (waiting,) = run.step_executor_runs
    assert isinstance(waiting, TeamRunOutput)
    assert waiting.member_responses[0].run_id == questions(run)[0].member_run_id
    (done,) = confirm_calls(workflow, run).step_executor_runs
    assert isinstance(done, TeamRunOutput)
    assert (_done(done), [_done(member) for member in done.member_responses]) == (
        ("Crew", RunStatus.COMPLETED, "All done."),
        [("Ann", RunStatus.COMPLETED, "Sent it.")],
    )


def test_each_round_of_a_review_is_a_run_of_its_own(desk: Desk) -> None:
    """With what the agent said then, before anybody edited it; a question names the round that it is asked in."""
    workflow = flow(
        Step("mail", agent=agent([[sends("b")], "Done."], desk.send), requires_output_review=True, on_reject="retry")
    )
    run = confirm_calls(workflow, workflow.run("x", run_id="R"))
    run.steps_requiring_output_review[0].reject("again")
    run = workflow.continue_run(run)
    assert asked(run).executor_run_id == run.step_executor_runs[-1].run_id == "R:root/mail/~2"
    run = confirm_calls(workflow, run)
    run.steps_requiring_output_review[0].edit("Better.")
    run = workflow.continue_run(run)
    assert (run.content, [output.content for output in run.step_executor_runs]) == ("Better.", ["Done.", "Done."])


@pytest.mark.parametrize(
    ("on_error", "status"), [("skip", RunStatus.ERROR), ("pause", RunStatus.PAUSED), ("fail", RunStatus.ERROR)]
)
def test_one_that_failed_says_so(on_error: str, status: RunStatus) -> None:
    """As far as it is known what becomes of it."""
    ann = agent([[call("nothing")], RuntimeError("the model is broken")])
    workflow = flow(Step("mail", agent=ann, on_error=on_error, max_retries=0))
    try:
        run = workflow.run("x", run_id="R")
    except RuntimeError:
        run = workflow.get_last_run_output()  # type: ignore[assignment]
    assert [_done(output) for output in run.step_executor_runs] == [("Ann", status, None)]


class Form(BaseModel):
    """A form for last words."""

    words: str


def test_it_becomes_a_dictionary_and_comes_back(desk: Desk) -> None:
    """A run that was sent as JSON may be continued, and what its agents did is known there."""
    bob = agent([Form(words="hi").model_dump_json()], name="Bob", output_schema=Form)
    ann = agent([[sends("b")], "Sent it."], desk.send)
    workflow = flow(Step("form", agent=bob), Step("mail", team=team([[("ann", "send it")], "All done."], ann)))
    run = workflow.run("x")
    assert run.step_executor_runs[0].content == Form(words="hi")
    back = WorkflowRunOutput.from_dict(json.loads(json.dumps(run.to_dict())))
    assert back.step_executor_runs[0].content == {"words": "hi"}
    assert back.step_executor_runs[1] == run.step_executor_runs[1]
    assert confirm_calls(workflow, back).content == "All done."


def test_no_event_has_what_may_be_secret() -> None:
    """What agents were told and called is on the stored run alone; its text does not show it either."""

    @tool(secret_args=["key"])
    def login(key: str) -> str:
        return f"in with {len(key)}"

    workflow = flow(Step("mail", agent=agent([[call("login", key="hunter2")], "Done."], login)))
    events = list(workflow.run("x", stream=True, stream_events=True, run_id="R"))
    assert "hunter2" not in str([event.to_dict() for event in events])
    run = workflow.get_run_output("R")
    assert run is not None
    assert (run.step_executor_runs[0].tools[0].tool_args, "hunter2" in repr(run)) == ({"key": "hunter2"}, False)
