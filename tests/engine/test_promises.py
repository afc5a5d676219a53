"""Answers count for the code that people were asked about: the step's version, or what its function is compiled to."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from kernbot.agent import Agent
from kernbot.db.base import PauseRecord, Store
from kernbot.engine.large import load
from kernbot.engine.ledger import AskedAnewError, expire_due, give_answer
from kernbot.engine.versions import version_of
from kernbot.errors import DefinitionError
from kernbot.models import ScriptedModel
from kernbot.run import RunStatus
from kernbot.run.answer import Action, Answer
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.tools import tool
from kernbot.workflow import Condition, HumanReview, Loop, Router, Step, StepInput, Steps, Workflow
from kernbot.workflow.node import Node
from tests.engine.agent_bench import Desk, agent, confirm_calls, flow, questions, sends, team
from tests.engine.bench import must_load

ASKS = HumanReview(requires_confirmation=True, timeout=3600)
Work = Callable[[StepInput], str]


def old(_: StepInput) -> str:
    """Do it as before."""
    return "old"


def new(_: StepInput) -> str:
    """Do it in a new way."""
    return "new"


def _never(_: object) -> bool:
    return False


def _step(work: Work, **settings: Any) -> Step:
    return Step("deploy", executor=work, **settings)


GATES: dict[str, Callable[[Work], Node]] = {
    "a step": partial(_step, human_review=ASKS),
    "a step with values": lambda work: _step(
        work, human_review=HumanReview(requires_user_input=True, timeout=3600, user_input_schema=[{"name": "x"}])
    ),
    "a pipeline": lambda work: Steps(name="all", steps=[_step(work)], human_review=ASKS),
    "a condition": lambda work: Condition(name="if", steps=[_step(work)], human_review=ASKS),
    "a loop": lambda work: Loop(name="again", steps=[_step(work)], max_iterations=1, human_review=ASKS),
    "a router's proposal": lambda work: Router(
        name="which", choices=[_step(work)], selector=lambda _: "deploy", human_review=ASKS
    ),
    "a router's selection": lambda work: Router(
        name="which", choices=[_step(work)], human_review=HumanReview(requires_user_input=True, timeout=3600)
    ),
    "a workflow that is a step": lambda work: Step(
        "inner", workflow=Workflow(name="inner", steps=[_step(work)]), human_review=ASKS
    ),
    "a step inside": lambda work: Loop(name="again", steps=[_step(work, human_review=ASKS)], max_iterations=1),
}

every_gate = pytest.mark.parametrize("gate", GATES.values(), ids=GATES)


def say_yes(run: WorkflowRunOutput) -> None:
    """Answer the open question so that it runs."""
    (asked,) = run.active_step_requirements
    if asked.needs_user_input:
        asked.set_user_input(x="1")
    elif asked.needs_route_selection:
        asked.select("deploy")
    else:
        asked.confirm()


async def _open(db: Store) -> PauseRecord:
    (pause,) = [pause for pause in (await load(db, "R")).pauses if pause.state == "open"]
    return pause


@every_gate
async def test_an_answer_about_other_code_is_refused(db: Store, gate: Callable[[Work], Node]) -> None:
    """Nothing is recorded or run; the same question stands again, until the same deadline, and can be answered."""
    run = await flow(gate(old), db=db).arun("x", run_id="R")
    before = await _open(db)
    changed = flow(gate(new), db=db)
    say_yes(run)
    with pytest.raises(AskedAnewError, match="changed since this was asked, so nothing was recorded"):
        await changed.acontinue_run(run)
    now = await _open(db)
    assert (now.pause_id, now.deadline, now.opened_at) == (before.pause_id, before.deadline, before.opened_at)
    assert now.digest != before.digest
    run = await load_output(changed)
    assert (run.status, run.step_results) == (RunStatus.PAUSED, [])
    say_yes(run)
    assert (await changed.acontinue_run(run)).content == "new"


async def load_output(workflow: Workflow) -> WorkflowRunOutput:
    """Return the run."""
    run = await workflow.aget_run_output("R")
    assert run is not None
    return run


@every_gate
async def test_an_answer_about_the_same_code_counts(db: Store, gate: Callable[[Work], Node]) -> None:
    """In objects that are made anew."""
    run = await flow(gate(old), db=db).arun("x", run_id="R")
    say_yes(run)
    assert (await flow(gate(old), db=db).acontinue_run(run)).content == "old"


@every_gate
async def test_an_answer_that_was_stored_before_the_change_is_asked_for_again(
    db: Store, gate: Callable[[Work], Node]
) -> None:
    """A process that died before it went on promised nothing about other code; the deadline is the same."""
    await flow(gate(old), db=db).arun("x", run_id="R")
    first = await _open(db)
    actions = {"user_input": Action.provide, "route": Action.select}
    answer = Answer(action=actions.get(first.kind, Action.confirm), values={"x": "1"}, routes=("deploy",))
    if first.kind != "user_input":
        answer = Answer(action=answer.action, routes=answer.routes)
    await give_answer(db, first.pause_id, answer, at=time.time(), by="ana", door="button")
    changed = flow(gate(new), db=db)
    run = await changed.acontinue_run(run_id="R")
    again = await _open(db)
    assert (again.number, again.deadline, run.status) == (2, first.deadline, RunStatus.PAUSED)
    run = await load_output(changed)
    say_yes(run)
    done = await changed.acontinue_run(run)
    assert (done.content, len(done.step_requirements)) == ("new", 2)


async def test_what_was_refused_later_stays_refused(db: Store) -> None:
    """The yes to the old code does not count when the new one got a no."""
    await flow(_step(old, human_review=ASKS), db=db).arun("x", run_id="R")
    first = await _open(db)
    await give_answer(db, first.pause_id, Answer(action=Action.confirm), at=time.time(), by="ana", door="button")
    changed = flow(_step(new, human_review=ASKS), db=db)
    await changed.acontinue_run(run_id="R")
    run = await load_output(changed)
    run.active_step_requirements[0].reject()
    assert (await changed.acontinue_run(run)).step_results == []


async def test_it_may_change_twice(db: Store) -> None:
    """Each time it is asked anew."""

    def newest(_: StepInput) -> str:
        return "newest"

    run = await flow(_step(old, human_review=ASKS), db=db).arun("x", run_id="R")
    for work in (new, newest):
        changed = flow(_step(work, human_review=ASKS), db=db)
        say_yes(run)
        with pytest.raises(AskedAnewError):
            await changed.acontinue_run(run)
        run = await load_output(changed)
    say_yes(run)
    assert (await changed.acontinue_run(run)).content == "newest"


@pytest.mark.parametrize(
    ("was", "now", "counts"), [("3", "3", True), (3, "3", True), ("3", "4", False), ("3", None, False)]
)
async def test_a_version_says_what_is_the_same(db: Store, was: Any, now: Any, counts: bool) -> None:
    """Whatever the code is."""
    run = await flow(_step(old, version=was, human_review=ASKS), db=db).arun("x", run_id="R")
    changed = flow(_step(new if counts else old, version=now, human_review=ASKS), db=db)
    say_yes(run)
    if counts:
        assert (await changed.acontinue_run(run)).content == "new"
    else:
        with pytest.raises(AskedAnewError):
            await changed.acontinue_run(run)


async def test_changes_may_be_accepted(db: Store) -> None:
    """By the author, with `accept_changes`, when it was asked or since."""
    accepts = HumanReview(requires_confirmation=True, accept_changes=True)
    run = await flow(_step(old, human_review=ASKS), db=db).arun("x", run_id="R")
    say_yes(run)
    assert (await flow(_step(new, human_review=accepts), db=db).acontinue_run(run)).content == "new"
    with pytest.raises(DefinitionError, match="accept_changes is 1; it must be True or False"):
        HumanReview(accept_changes=1)  # type: ignore[arg-type]


async def test_silence_says_what_was_promised(db: Store) -> None:
    """The clock's answer holds for whatever the author's code is then: nobody was asked."""
    review = HumanReview(requires_confirmation=True, timeout=60, on_timeout="approve")
    await flow(_step(old, human_review=review), db=db).arun("x", run_id="R")
    await expire_due(db, time.time() + 61)
    assert (await flow(_step(new, human_review=review), db=db).acontinue_run(run_id="R")).content == "new"


async def test_what_has_begun_goes_on(db: Store) -> None:
    """A pipeline that was approved is not asked about again in the middle."""

    def pipeline(work: Work) -> Steps:
        return Steps(
            name="all",
            steps=[_step(work), Step("second", executor=work, requires_confirmation=True)],
            human_review=ASKS,
        )

    first = flow(pipeline(old), db=db)
    run = await first.arun("x", run_id="R")
    say_yes(run)
    run = await first.acontinue_run(run)
    assert run.paused_step_name == "second"
    changed = flow(pipeline(new), db=db)
    say_yes(run)
    with pytest.raises(AskedAnewError):
        await changed.acontinue_run(run)
    run = await load_output(changed)
    say_yes(run)
    assert (await changed.acontinue_run(run)).content == "new"


async def test_questions_about_what_is_over_hold(db: Store) -> None:
    """A review is about what came out, a retry is wanted because something was mended."""
    run = await flow(_step(old, requires_output_review=True), db=db).arun("x", run_id="R")
    run.active_step_requirements[0].confirm()
    assert (await flow(_step(new, requires_output_review=True), db=db).acontinue_run(run)).content == "old"

    def broken(_: StepInput) -> str:
        raise RuntimeError("no")

    run = await flow(_step(broken, on_error="pause"), db=db).arun("x", run_id="F")
    run.steps_with_errors[0].retry()
    assert (await flow(_step(new, on_error="pause"), db=db).acontinue_run(run)).content == "new"


def _other_send() -> Any:
    @tool(name="send", requires_confirmation=True)
    def send(text: str) -> str:
        return f"sent in another way: {text}"

    return send


def _in_a_team(who: Agent) -> Step:
    return Step("mail", team=team([[("ann", "send it")], "All done."], who))


def _in_a_function(who: Agent) -> Step:
    async def ask(_: StepInput) -> Any:
        return (await who.arun("x")).content

    return Step("mail", executor=ask)


@pytest.mark.parametrize("place", [lambda who: Step("mail", agent=who), _in_a_team])
def test_a_call_of_another_tool_is_refused(db: Store, desk: Desk, place: Callable[[Agent], Step]) -> None:
    """Though it has the same name and takes the same arguments; asked anew, it can be allowed."""
    run = flow(place(agent([[sends("b")], "Done."], desk.send)), db=db).run("x", run_id="R")
    changed = flow(place(agent([[sends("b")], "Done."], _other_send())), db=db)
    with pytest.raises(AskedAnewError):
        confirm_calls(changed, run)
    run = must_load(changed, "R")
    assert (len(questions(run)), desk.done) == (1, [])
    assert confirm_calls(changed, run).status is RunStatus.COMPLETED


@pytest.mark.parametrize("place", [lambda who: Step("mail", agent=who), _in_a_team, _in_a_function])
async def test_a_call_that_was_allowed_before_the_change_is_asked_about_again(
    db: Store, desk: Desk, place: Callable[[Agent], Step]
) -> None:
    """Also in a function, where only its run can tell which agent it calls."""
    await flow(place(agent([[sends("b")], "Done."], desk.send)), db=db).arun("x", run_id="R")
    first = await _open(db)
    await give_answer(db, first.pause_id, Answer(action=Action.confirm), at=time.time(), by="ana", door="button")
    changed = flow(place(agent([[sends("b")], "Done."], _other_send())), db=db)
    run = await changed.acontinue_run(run_id="R")
    assert ((await _open(db)).number, desk.done) == (2, [])
    questions(run)[0].confirm()
    assert (await changed.acontinue_run(run)).status is RunStatus.COMPLETED


def _agent(**settings: Any) -> Step:
    known = {"name": "Ann", "model": ScriptedModel([]), "instructions": "Be brief.", **settings}
    return Step("mail", agent=Agent(**known), human_review=ASKS)


@pytest.mark.parametrize(
    "changed",
    [{"instructions": "Be long."}, {"model": ScriptedModel([], id="other")}, {"tools": [_other_send()]}, {"role": "x"}],
)
def test_an_agent_is_what_it_is_told_and_may_call(changed: dict[str, Any]) -> None:
    """Its instructions, its model and its tools."""
    assert version_of(_agent()) == version_of(_agent())
    assert version_of(_agent(**changed)) != version_of(_agent())


def _compiled(source: str) -> Work:
    names: dict[str, Any] = {}
    exec(textwrap.dedent(source), names)  # noqa: S102 - as a changed file would be read
    work: Work = names["work"]
    return work


@pytest.mark.parametrize(
    ("source", "is_same"),
    [
        ("def work(x):\n    # say why\n\n    return ('a', 'b')", True),
        ("def work(x):\n    return ('a', 'c')", False),
        ("def work(x):\n    return (x, 'b')", False),
        ("def work(x):\n    return [y for y in ('a', 'b')]", False),
        ("async def work(x):\n    return ('a', 'b')", False),
    ],
)
def test_code_is_what_it_does(source: str, is_same: bool) -> None:
    """Comments, and where it stands in its file, make no difference."""
    known = _step(_compiled("\ndef work(x):\n    return ('a', 'b')"))
    assert (version_of(_step(_compiled(source))) == version_of(known)) is is_same


class Deployer:
    """An executor that is an object."""

    def __call__(self, _: StepInput) -> str:
        """Deploy."""
        return "done"


@pytest.mark.parametrize("work", [Deployer(), partial(old), lambda _: {1, 2} and str, print, Deployer().__call__])
def test_anything_that_can_be_called_has_a_version(work: Any) -> None:
    """The same one each time."""
    assert version_of(_step(work)) == version_of(_step(work))
