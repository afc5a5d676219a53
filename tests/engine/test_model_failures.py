"""Models that fail, or answer nonsense: what the step makes of it, and that nothing is done twice for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.errors import ModelError
from kernbot.models.scripted import Item
from kernbot.run import RunStatus
from kernbot.run.agent import RunContentEvent
from kernbot.run.messages import ModelReply, ModelRequest
from kernbot.run.workflow import StepErrorEvent, WorkflowRunOutput
from kernbot.workflow import OnError, Parallel, Step, StepInput, Workflow
from tests.engine.agent_bench import (
    Desk,
    agent,
    confirm_calls,
    flow,
    looks,
    questions,
    requests,
    sends,
    team,
    texts,
    told,
)
from tests.engine.bench import Calls, Look, last_run, must_load
from tests.engine.places import AROUND

DOWN = ModelError("The model gpt-5 did not answer: it is down.")


def failing(*turns: Item, times: int = 1, error: Exception = DOWN) -> Callable[[ModelRequest], Item]:
    """Return a script whose last turn fails so many times before it is said."""
    left = [error] * times

    def script(request: ModelRequest) -> Item:
        said = sum(message.role == "assistant" for message in request.messages)
        is_last = said == len(turns) - 1
        return left.pop() if is_last and left else turns[said]

    return script


def _seen(step_input: StepInput) -> Any:
    return step_input.previous_step_content


def mailing(db: Store, script: Callable[[ModelRequest], Item], desk: Desk, **settings: Any) -> tuple[Workflow, Agent]:
    """Return a workflow whose second step sends something, and its agent."""
    ann = agent(script, desk.send, desk.look)
    return flow(Step("first", lambda _: "old"), Step("mail", agent=ann, **settings), _seen, db=db), ann


def test_a_model_that_fails_is_a_failure_of_the_step(db: Store, desk: Desk) -> None:
    """By default the run goes on without the step, and says which error it was; what came before is passed on."""
    workflow, _ = mailing(db, failing("Done."), desk, max_retries=0)
    run = workflow.run("x")
    assert (run.status, run.content, run.has_failed_steps) == (RunStatus.COMPLETED, "old", True)
    assert [failed.error for failed in run.failed_steps] == [f"kernbot.errors.ModelError: {DOWN}"]


def test_a_retry_goes_on_where_it_failed(db: Store, desk: Desk) -> None:
    """Turns that are known are not asked for again, and no call is made again."""
    workflow, ann = mailing(db, failing([looks("a")], [looks("b")], "Done."), desk, max_retries=1)
    run = workflow.run("x")
    assert (run.content, run.has_failed_steps) == ("Done.", False)
    assert (desk.done, len(requests(ann))) == (["look(a)", "look(b)"], 4)


def test_a_failure_after_a_call_asks_people(db: Store, desk: Desk, look: Look) -> None:
    """With `on_error=pause` the run waits though the call was made (T17); a retry asks the model for that turn only."""
    workflow, ann = mailing(db, failing([looks("a"), sends("b")], "Done.", times=2), desk, on_error="pause")
    run = look(workflow, confirm_calls(workflow, look(workflow, workflow.run("x"))))
    for retries in (0, 1):
        (asked,) = run.steps_with_errors
        assert (asked.step_name, asked.error_type, asked.retry_count) == ("mail", "ModelError", retries)
        assert asked.error_message == str(DOWN)
        asked.retry()
        run = look(workflow, workflow.continue_run(run))
    assert (run.status, run.content, len(requests(ann))) == (RunStatus.COMPLETED, "Done.", 4)
    assert (desk.done, told(ann)) == (["look(a)", "send(b)"], ["look: a", "send: b"])


def test_skip_leaves_out_what_the_agent_did(db: Store, desk: Desk, look: Look) -> None:
    """The step has failed; its calls were made all the same."""
    workflow, _ = mailing(db, failing([sends("b")], "Done."), desk, on_error="pause")
    run = look(workflow, confirm_calls(workflow, workflow.run("x")))
    run.steps_with_errors[0].skip()
    run = workflow.continue_run(run)
    assert (run.content, [failed.step_name for failed in run.failed_steps], desk.done) == ("old", ["mail"], ["send(b)"])


def test_a_retry_may_stop_at_the_next_call(db: Store, desk: Desk, look: Look) -> None:
    """The failure that was retried is not asked about again, and does not count any more."""
    workflow, ann = mailing(db, failing([sends("a")], [sends("b")]), desk, on_error="pause")
    run = look(workflow, confirm_calls(workflow, workflow.run("x")))
    run.steps_with_errors[0].retry()
    run = look(workflow, workflow.continue_run(run))
    assert (texts(run), run.steps_with_errors, len(requests(ann))) == (["b"], [], 3)


def test_with_fail_the_run_ends_and_can_be_continued(db: Store, desk: Desk) -> None:
    """What the model raised is raised; continued, the run asks the model again, and makes no call again."""
    workflow, ann = mailing(db, failing([sends("b")], "Done."), desk, on_error="fail", max_retries=0)
    run = workflow.run("x")
    with pytest.raises(ModelError, match="is down"):
        confirm_calls(workflow, run)
    run = must_load(workflow, run.run_id)
    assert (run.status, run.error) == (RunStatus.ERROR, f"kernbot.errors.ModelError: {DOWN}")
    run = workflow.continue_run(run)
    assert (run.status, run.content, desk.done, len(requests(ann))) == (
        RunStatus.COMPLETED,
        "Done.",
        ["send(b)"],
        3,
    )


@pytest.mark.parametrize("place", AROUND)
def test_a_failure_asks_wherever_it_is(db: Store, calls: Calls, desk: Desk, place: str) -> None:
    """And the run goes on there, without doing anything again (T19)."""
    ann = agent(failing([sends("hi")], "sent"), desk.send)
    nodes = [calls.step("a"), Step("mail", agent=ann, on_error="pause"), calls.step("b")]
    workflow = flow(AROUND[place]("outer", nodes), calls.step("z"), db=db)
    run = confirm_calls(workflow, workflow.run("x"))
    run.steps_with_errors[0].retry()
    assert workflow.continue_run(run).content == "z(b(sent))"
    assert (calls.names, desk.done, len(requests(ann))) == (["a", "b", "z"], ["send(hi)"], 3)


def test_a_failed_member_is_a_failure_of_the_teams_step(db: Store, desk: Desk) -> None:
    """A retry asks the member again; the leader goes on with what it has said."""
    ann = agent(failing([sends("hi")], "sent"), desk.send)
    crew = team([[("ann", "send it")], "all done"], ann)
    workflow = flow(Step("mail", team=crew, on_error="pause"), db=db)
    run = confirm_calls(workflow, workflow.run("x"))
    run.steps_with_errors[0].retry()
    assert workflow.continue_run(run).content == "all done"
    assert (len(requests(crew)), len(requests(ann)), desk.done) == (2, 3, ["send(hi)"])


def _continued_after_error(workflow: Workflow) -> WorkflowRunOutput:
    with pytest.raises(ModelError):
        workflow.run("x", run_id="R")
    assert must_load(workflow, "R").status is RunStatus.ERROR
    return workflow.continue_run(run_id="R")


def test_a_call_beside_a_run_that_failed_is_asked_about_again(db: Store, desk: Desk) -> None:
    """Its question ended with the run; continued, the run asks it once more, and the call is made once."""
    ann = agent(failing("Done."))
    bob = agent([[sends("b")], "sent"], desk.send, name="Bob")
    branches = [Step("1", agent=ann, on_error=OnError.fail, max_retries=0), Step("2", agent=bob)]
    workflow = flow(Parallel(*branches, name="both"), db=db)
    run = _continued_after_error(workflow)
    assert (run.status, texts(run), len(questions(run))) == (RunStatus.PAUSED, ["b"], 1)
    run = confirm_calls(workflow, run)
    assert (run.status, desk.done, len(requests(bob))) == (RunStatus.COMPLETED, ["send(b)"], 2)


def test_a_stream_tells_of_the_failure(db: Store, desk: Desk) -> None:
    """`StepError` with the cause, then what `on_error` makes of it."""
    workflow, _ = mailing(db, failing("Done."), desk, on_error="pause")
    events = list(workflow.run("x", stream=True))
    (failed,) = [event for event in events if isinstance(event, StepErrorEvent)]
    assert (failed.step_name, failed.error) == ("mail", f"kernbot.errors.ModelError: {DOWN}")
    assert [event.event for event in events][-2:] == ["StepPaused", "WorkflowPaused"]
    assert last_run(workflow).steps_with_errors[0].step_name == "mail"


class Breaking:
    """A model that is cut off in the middle of its first answer; or that never comes to an end of one."""

    id = "breaking"

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.asked = 0

    async def reply(self, request: ModelRequest, *, stream: bool) -> AsyncGenerator[str | ModelReply, None]:
        """Yield a piece, and then fail, or stop."""
        del request, stream
        self.asked += 1
        yield "All "
        if self.asked == 1:
            if self.error is not None:
                raise self.error
            return
        yield "done."
        yield ModelReply(content="All done.")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionError("cut off"), "cut off"),
        (TimeoutError("no answer in 60 s"), "no answer in 60 s"),
        (None, "The model of 'Ann' ended without a reply."),
    ],
)
def test_an_answer_that_is_cut_off_does_not_count(db: Store, error: Exception | None, text: str) -> None:
    """Its pieces were streamed, but only the whole answer of the retry is kept."""
    ann = Agent(name="Ann", model=Breaking(error))
    workflow = flow(Step("s", agent=ann, on_error="pause"), db=db)
    events = list(workflow.run("x", stream=True))
    run = last_run(workflow)
    assert run.steps_with_errors[0].error_message == text
    run.steps_with_errors[0].retry()
    events += workflow.continue_run(run, stream=True)
    assert [event.content for event in events if isinstance(event, RunContentEvent)] == ["All ", "All ", "done."]
    assert last_run(workflow).content == "All done."


@pytest.mark.parametrize("item", ["", ModelReply(), ModelReply(content=None)])
def test_an_empty_answer_is_an_empty_text(db: Store, item: Item) -> None:
    """It is the agent's last word."""
    run = flow(Step("s", agent=agent([item])), db=db).run("x")
    assert (run.status, run.content, run.has_failed_steps) == (RunStatus.COMPLETED, "", False)


def test_a_script_that_has_run_out_says_so(desk: Desk) -> None:
    """The failure names what to add."""
    run = flow(Step("s", agent=agent([[looks("a")]], desk.look), max_retries=0)).run("x")
    assert "The replies of the model scripted have run out" in (run.failed_steps[0].error or "")


def test_an_agent_that_goes_in_circles_is_stopped(desk: Desk) -> None:
    """After a hundred turns about one message, with an error that says so."""
    ann = agent(lambda _: [looks("again")], desk.look)
    run = flow(Step("s", agent=ann, max_retries=0)).run("x")
    assert run.failed_steps[0].error == (
        "RuntimeError: 'Ann' asked for tools 100 times about one message; it was stopped."
    )
    assert len(desk.done) == len(requests(ann)) == 100


class Verdict(BaseModel):
    """What an agent is to answer."""

    score: int


def _answers(*answers: str) -> Callable[[ModelRequest], Item]:
    left = list(answers)
    return lambda _: left.pop(0)


def test_an_answer_in_the_form_asked_for_is_an_object(db: Store, look: Look) -> None:
    """Live and reloaded."""
    ann = agent(['{"score": 3}'], output_schema=Verdict)
    workflow = flow(Step("judge", agent=ann), db=db)
    run = look(workflow, workflow.run("x"))
    assert run.content == Verdict(score=3)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [("no idea", "it: Invalid JSON"), ('{"score": "high"}', "score: Input should be a valid integer")],
)
def test_an_answer_in_another_form_is_a_failure(db: Store, wrong: str, problem: str) -> None:
    """Which names what is wrong; a retry asks the model again."""
    ann = agent(_answers(wrong, '{"score": 3}'), output_schema=Verdict)
    workflow = flow(Step("judge", agent=ann, on_error="pause"), db=db)
    run = workflow.run("x")
    (asked,) = run.steps_with_errors
    assert f"The model of 'Ann' did not answer in the form Verdict: {problem}" in asked.error_message
    asked.retry()
    assert workflow.continue_run(run).content == Verdict(score=3)
    assert len(requests(ann)) == 2


def test_a_failure_that_was_retried_by_itself_is_forgotten_at_a_call(db: Store, desk: Desk) -> None:
    """The run that goes on after the yes has its retries anew where it failed before, and asks nothing twice."""
    turns: Sequence[Item] = ([sends("a")], "Done.")
    left: list[Exception] = [DOWN]

    def script(request: ModelRequest) -> Item:
        said = sum(message.role == "assistant" for message in request.messages)
        return left.pop() if left else turns[said]

    workflow, ann = mailing(db, script, desk, max_retries=1)
    run = workflow.run("x")
    assert (texts(run), len(requests(ann))) == (["a"], 2)
    run = confirm_calls(workflow, run)
    assert (run.content, run.has_failed_steps, len(requests(ann))) == ("Done.", False, 3)
