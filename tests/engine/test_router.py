"""Routers: who chooses, what may be chosen, and what is asked before and after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.engine.large import load
from kernbot.engine.ledger import give_answer
from kernbot.errors import AnswerError, DefinitionError
from kernbot.run import RunContext, RunStatus
from kernbot.run.answer import Action, Answer
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Condition, HumanReview, Router, Step, StepInput, Steps, Workflow
from kernbot.workflow.types import StepRequirement
from tests.engine.bench import Calls, Look, confirm, must_load, reject

CHOSEN_BY_PEOPLE: dict[str, Any] = {"requires_user_input": True}
SEVERAL: dict[str, Any] = {**CHOSEN_BY_PEOPLE, "allow_multiple_selections": True}


def routed(
    calls: Calls, selector: Callable[..., Any] | None = None, db: Store | None = None, **settings: Any
) -> Workflow:
    """Return a workflow with a router among a, b and a pipeline of c and d, between two steps."""
    choices = [calls.step("a"), calls.step("b"), [calls.step("c"), calls.step("d")]]
    router = Router(choices, selector, name="router", **settings)
    return Workflow(name="w", db=db, steps=[calls.step("first"), router, calls.step("last")])


def route(run: WorkflowRunOutput) -> StepRequirement:
    """Return the one selection that a run waits for."""
    (asked,) = run.steps_requiring_route
    return asked


def select(workflow: Workflow, run: WorkflowRunOutput, *names: str) -> WorkflowRunOutput:
    """Select choices, and continue."""
    route(run).select(*names)
    return workflow.continue_run(run)


STEP = Step("a", lambda _: "another function with the same name")


@pytest.mark.parametrize(
    ("chosen", "content"),
    [
        ("a", "last(a(first(x)))"),
        (STEP, "last(a(first(x)))"),
        ("steps_group_2", "last(d(c(first(x))))"),
        (["b", STEP], "last(a(b(first(x))))"),
        (("b", "steps_group_2", "a"), "last(a(d(c(b(first(x))))))"),
        (None, "last(first(x))"),
        ([], "last(first(x))"),
    ],
)
def test_the_selector_chooses(calls: Calls, chosen: Any, content: str) -> None:
    """A step, a name, or several of them in the order in which they run; None or an empty list for none at all."""
    run = routed(calls, lambda _: chosen).run("x")
    assert (run.status, run.content) == (RunStatus.COMPLETED, content)


async def test_a_selector_may_be_async_and_see_the_run(calls: Calls) -> None:
    """A coroutine function chooses too; it gets what was done before, the run context and the choices."""

    async def choose(seen: StepInput, run_context: RunContext, step_choices: list[Any]) -> Any:
        run_context.session_state["chosen"] = [choice.name for choice in step_choices]
        return step_choices[1] if seen.previous_step_content == "first(x)" else None

    workflow = routed(calls, choose)
    assert (await workflow.arun("x", session_id="S")).content == "last(b(first(x)))"
    assert await workflow.aget_session_state("S") == {"chosen": ["a", "b", "steps_group_2"]}


def fails(_: StepInput) -> str:
    """Choose nothing."""
    raise LookupError("no way")


wrong_choices = pytest.mark.parametrize(
    ("selector", "complaint"),
    [
        (fails, "no way"),
        (lambda _: "nope", "chose 'nope', which is none of: "),
        (lambda _: ["a", "a"], "chose the same twice"),
        (lambda _: 3, "chose '3', which is none of: "),
    ],
)


@wrong_choices
def test_a_selector_that_fails_is_a_failed_step(calls: Calls, selector: Any, complaint: str) -> None:
    """It raised, or named what is no choice: nothing runs, and the run goes on and says so."""
    run = routed(calls, selector).run("x")
    assert (run.content, calls.names) == ("last(first(x))", ["first", "last"])
    (failed,) = run.failed_steps
    assert failed.step_name == "router"
    assert complaint in str(failed.error)


@wrong_choices
def test_a_selector_that_fails_may_end_the_run(calls: Calls, selector: Any, complaint: str) -> None:
    """With `on_error=fail` its exception leaves `run`, and nothing after it runs."""
    with pytest.raises((LookupError, RuntimeError), match=complaint):
        routed(calls, selector, on_error="fail").run("x")
    assert calls.names == ["first"]


def test_people_may_be_asked_about_a_selector_that_fails(db: Store, look: Look, calls: Calls) -> None:
    """With `on_error=pause`: retry calls it again, and it is asked before anything else about the router."""
    answers = iter([LookupError("no way"), "b"])

    def choose(_: StepInput) -> Any:
        if isinstance(answer := next(answers), Exception):
            raise answer
        return answer

    workflow = routed(calls, choose, db, on_error="pause", requires_confirmation=True)
    run = look(workflow, workflow.run("x"))
    (failed,) = run.steps_with_errors
    assert (failed.error_message, run.steps_requiring_confirmation) == ("no way", [])
    failed.retry()
    run = look(workflow, workflow.continue_run(run))
    assert run.step_requirements[-1].proposed_choices == ["b"]
    assert confirm(workflow, run).content == "last(b(first(x)))"


def test_a_selector_is_called_once(db: Store, calls: Calls) -> None:
    """A run that paused in a choice goes on in it, whatever the selector would say by now."""
    answers = iter(["g"])
    router = Router([calls.step("g", requires_confirmation=True)], lambda _: next(answers), name="router")
    workflow = Workflow(db=db, steps=[router])
    assert confirm(workflow, workflow.run("x")).content == "g(x)"


def test_people_select_one_choice(db: Store, look: Look, calls: Calls) -> None:
    """The question names the choices, and nothing of the router runs before it is answered."""
    workflow = routed(calls, db=db, user_input_message="Which way?", **CHOSEN_BY_PEOPLE)
    run = look(workflow, workflow.run("x"))
    asked = route(run)
    assert (asked.available_choices, asked.allow_multiple_selections) == (["a", "b", "steps_group_2"], False)
    assert (asked.user_input_message, asked.step_type, run.paused_step_name) == ("Which way?", "Router", "router")
    assert (asked.requires_user_input, asked.requires_confirmation, calls.names) == (False, False, ["first"])
    run = look(workflow, select(workflow, run, "b"))
    assert (run.content, run.step_requirements[0].selected_choices) == ("last(b(first(x)))", ["b"])


@pytest.mark.parametrize(
    ("names", "content"),
    [(["a"], "last(a(first(x)))"), (["steps_group_2", "b", "a"], "last(a(b(d(c(first(x))))))")],
)
def test_people_select_several_choices(db: Store, look: Look, calls: Calls, names: list[str], content: str) -> None:
    """They run in the order of the selection, each seeing what the one before left."""
    workflow = routed(calls, db=db, **SEVERAL)
    run = look(workflow, workflow.run("x"))
    route(run).select_multiple(names)
    assert workflow.continue_run(run).content == content


def test_selections_nest(db: Store, look: Look, calls: Calls) -> None:
    """A router among the choices asks when it is its turn."""
    inner = Router([calls.step("c"), calls.step("d")], name="inner", **CHOSEN_BY_PEOPLE)
    outer = Router([calls.step("a"), Steps("pipe", steps=[inner, calls.step("b")])], name="outer", **SEVERAL)
    workflow = Workflow(db=db, steps=[outer])
    run = look(workflow, select(workflow, look(workflow, workflow.run("x")), "pipe", "a"))
    assert (route(run).step_name, route(run).available_choices, calls.names) == ("inner", ["c", "d"], [])
    assert select(workflow, run, "d").content == "a(b(d(x)))"


@pytest.mark.parametrize(
    ("settings", "names", "complaint"),
    [
        (CHOSEN_BY_PEOPLE, [], "nothing was selected"),
        (SEVERAL, [], "nothing was selected"),
        (CHOSEN_BY_PEOPLE, ["nope"], "'nope' is no choice; select among 'a', 'b', 'steps_group_2'"),
        (SEVERAL, ["a", "nope"], "'nope' is no choice"),
        (SEVERAL, ["a", "b", "a"], "a choice was selected twice"),
        (CHOSEN_BY_PEOPLE, ["a", "b"], "only one choice may be selected"),
    ],
)
async def test_a_selection_that_makes_no_sense_is_refused(
    db: Store, calls: Calls, settings: dict[str, Any], names: list[str], complaint: str
) -> None:
    """AnswerError by the requirement and by the ledger, and the question is open as before."""
    run = await routed(calls, db=db, **settings).arun("x")
    asked = route(run)
    with pytest.raises(AnswerError, match=complaint):
        asked.select(*names)
    answer = Answer(action=Action.select, routes=tuple(names))
    with pytest.raises(AnswerError, match=complaint):
        await give_answer(db, asked.pause_id, answer, at=1.0, by="ann", door="modal")
    (stored,) = (await load(db, run.run_id)).pauses
    assert (asked.is_resolved, stored.state) == (False, "open")


@pytest.mark.parametrize("selector", [None, lambda _: "a"])
@pytest.mark.parametrize(
    ("on_reject", "content"), [("skip", "last(first(x))"), ("cancel", "Step 'router' was rejected.")]
)
def test_a_selection_can_be_rejected(look: Look, calls: Calls, selector: Any, on_reject: str, content: str) -> None:
    """No choice runs then, be it one that the selector proposed; the run goes on without, or is cancelled."""
    workflow = routed(calls, selector, on_reject=on_reject, **CHOSEN_BY_PEOPLE)
    run = reject(workflow, look(workflow, workflow.run("x")))
    assert (run.content, run.is_cancelled, "a" in calls.names) == (content, on_reject == "cancel", False)


def test_a_selector_proposes_to_those_who_select(look: Look, calls: Calls) -> None:
    """Its choice is shown with the question; what people select is what runs."""
    workflow = routed(calls, lambda _: ["b"], **CHOSEN_BY_PEOPLE)
    run = look(workflow, workflow.run("x"))
    assert (route(run).proposed_choices, route(run).selected_choices) == (["b"], None)
    assert select(workflow, run, "a").content == "last(a(first(x)))"


def test_a_confirmation_shows_what_was_chosen(db: Store, look: Look, calls: Calls) -> None:
    """The selector has run when people are asked, and is not called again after their yes."""
    choices = iter([["b", "a"]])
    workflow = routed(calls, lambda _: next(choices), db, requires_confirmation=True)
    run = look(workflow, workflow.run("x"))
    (asked,) = run.steps_requiring_confirmation
    assert (asked.proposed_choices, asked.available_choices) == (["b", "a"], ["a", "b", "steps_group_2"])
    assert (asked.requires_route_selection, run.steps_requiring_route, calls.names) == (False, [], ["first"])
    assert confirm(workflow, run).content == "last(a(b(first(x))))"


@pytest.mark.parametrize(
    ("on_reject", "content"), [("skip", "last(first(x))"), ("cancel", "Step 'router' was rejected.")]
)
def test_a_confirmation_can_be_rejected(calls: Calls, on_reject: str, content: str) -> None:
    """Then nothing of what the selector chose runs."""
    workflow = routed(calls, lambda _: "a", requires_confirmation=True, on_reject=on_reject)
    assert (reject(workflow, workflow.run("x")).content, "a" in calls.names) == (content, False)


def test_every_question_of_a_router_is_asked_in_turn(db: Store, look: Look, calls: Calls) -> None:
    """A yes, the selection, the review; after a reject with retry a new selection and its review, counted on."""
    settings = {**SEVERAL, "requires_confirmation": True, "requires_output_review": True, "on_reject": "retry"}
    workflow = routed(calls, lambda _: "a", db, hitl_max_retries=2, **settings)
    run = look(workflow, confirm(workflow, look(workflow, workflow.run("x"))))
    run = look(workflow, select(workflow, run, "a"))
    for number, names in enumerate([["b", "a"], ["steps_group_2"]]):
        (asked,) = run.steps_requiring_output_review
        assert (asked.retry_count, asked.available_choices) == (number, ["a", "b", "steps_group_2"])
        asked.reject("another way")
        run = look(workflow, select(workflow, look(workflow, workflow.continue_run(run)), *names))
    assert [output.last_content for output in run.step_results] == ["first(x)", "d(c(first(x)))"]
    assert (run.steps_requiring_output_review[0].on_reject, len(run.step_requirements)) == ("cancel", 7)
    assert confirm(workflow, run).content == "last(d(c(first(x))))"
    assert calls.names == ["first", "a", "b", "a", "c", "d", "last"]


def test_a_review_has_people_select_where_the_selector_chose(db: Store, look: Look, calls: Calls) -> None:
    """A retry asks them which way to go instead, and shows the feedback."""
    workflow = routed(calls, lambda _: "a", db, requires_output_review=True, on_reject="retry")
    run = look(workflow, workflow.run("x"))
    run.steps_requiring_output_review[0].reject("too long")
    run = look(workflow, workflow.continue_run(run))
    assert (route(run).proposed_choices, run.steps_requiring_output_review) == (["a"], [])
    assert [output.step_name for output in run.step_results] == ["first"]
    run = look(workflow, select(workflow, run, "b"))
    assert confirm(workflow, run).content == "last(b(first(x)))"


async def test_a_new_selection_shows_why_it_is_asked(calls: Calls) -> None:
    """The reviewer's feedback is part of the stored question."""
    db = InMemoryDb()
    workflow = routed(calls, lambda _: "a", db, requires_output_review=True, on_reject="retry")
    run = await workflow.arun("x")
    run.steps_requiring_output_review[0].reject("too long")
    await workflow.acontinue_run(run)
    assert (await load(db, run.run_id)).pauses[-1].question["feedback"] == "too long"


def test_gates_inside_the_choices_hold(db: Store, look: Look, calls: Calls) -> None:
    """Each asks when it is its turn, in the order of the selection."""
    choices = [calls.step("a", requires_confirmation=True), Condition([calls.step("b")], requires_confirmation=True)]
    workflow = Workflow(db=db, steps=[Router(choices, name="router", **SEVERAL)])
    run = look(workflow, select(workflow, look(workflow, workflow.run("x")), "Condition", "a"))
    assert (run.paused_step_name, run.paused_step_index, calls.names) == ("Condition", 0, [])
    run = look(workflow, confirm(workflow, run))
    assert (run.paused_step_name, calls.names) == ("a", ["b"])
    assert confirm(workflow, run).content == "a(b(x))"


def test_choices_see_what_was_there_before(calls: Calls) -> None:
    """A step after the router finds each of them by its name, and the router as one output."""
    seen: list[StepInput] = []
    workflow = routed(calls, lambda _: ["a", "steps_group_2"])
    workflow = Workflow(steps=[*workflow.steps[:2], Step("look", seen.append)])
    workflow.run("x")
    assert list(seen[0].previous_step_outputs) == ["first", "router"]
    contents = {name: seen[0].get_step_content(name) for name in ("a", "d", "router")}
    assert contents == {"a": "a(first(x))", "d": "d(c(a(first(x))))", "router": "d(c(a(first(x))))"}


async def test_runs_leave_the_definition_as_it_is(db: Store, calls: Calls) -> None:
    """Two runs of the same router under way at once each go their own way, and nothing of them stays in it."""
    workflow = routed(calls, lambda _: "a", db, **CHOSEN_BY_PEOPLE)
    router = workflow.steps[1]
    before = dict(vars(router))
    runs = [await workflow.arun("x"), await workflow.arun("y")]
    route(runs[0]).select("b")
    route(runs[1]).select("steps_group_2")
    done = await asyncio.gather(*(workflow.acontinue_run(run) for run in runs))
    assert [run.content for run in done] == ["last(b(first(x)))", "last(d(c(first(y))))"]
    assert vars(router) == before


@pytest.mark.parametrize("gate", ["requires_confirmation", "requires_user_input"])
def test_a_choice_that_is_gone_before_it_ran_is_a_change(db: Store, calls: Calls, gate: str) -> None:
    """The run goes on once it is back; a choice that is not taken may go, where its author accepts changes."""
    review = HumanReview(**{gate: True}, accept_changes=True)  # type: ignore[arg-type]

    def deployed(*names: str) -> Workflow:
        choices = [calls.step(name) for name in names]
        return Workflow(name="w", db=db, steps=[Router(choices, lambda _: "b", "r", human_review=review)])

    run = deployed("a", "b", "c").run("x")
    asked = run.step_requirements[-1]
    asked.select("b") if asked.requires_route_selection else asked.confirm()
    with pytest.raises(DefinitionError, match="goes on with 'b' in this run, which is no longer one of its choices"):
        deployed("a").continue_run(run)
    run = must_load(deployed("b"), run.run_id)
    run.error_requirements[-1].retry()
    assert deployed("b").continue_run(run).content == "b(x)"


def _two() -> list[Step]:
    return [Step(name, lambda _: "done") for name in ("a", "b")]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Router(_two()), "needs a selector, or requires_user_input: who chooses"),
        (lambda: Router(_two(), requires_confirmation=True), "who chooses"),
        (lambda: Router(_two(), requires_output_review=True), "who chooses"),
        (lambda: Router(_two(), "step.name == 'a'"), "selector must be a function"),  # type: ignore[arg-type]
        (lambda: Router([], lambda _: None), "has no choices"),
        (lambda: Router([*_two(), *_two()], lambda _: None), "several choices named 'a'"),
        (lambda: Router([*_two(), "c"], lambda _: None), "holds 'c'"),
    ],
)
def test_a_router_that_makes_no_sense_is_refused(make: Callable[[], Router], complaint: str) -> None:
    """When the workflow is built."""
    with pytest.raises(DefinitionError, match=complaint):
        make()
