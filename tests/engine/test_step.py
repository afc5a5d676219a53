"""Steps: what they call, what a gate before them does, and what follows when they fail."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from kernbot.db.in_memory import InMemoryDb
from kernbot.errors import DefinitionError
from kernbot.run import RunContext, RunStatus
from kernbot.workflow import Condition, HumanReview, OnError, OnReject, Step, StepInput, StepOutput, Workflow, pause
from tests.engine.bench import Calls, confirm, must_load, reject


def test_each_step_sees_the_content_of_the_one_before(calls: Calls) -> None:
    """`b(a(x))` is what the second step leaves; the run's content is that of its last step."""
    run = Workflow(steps=[calls.step("a"), calls.step("b")]).run("x")
    assert (run.status, run.content) == (RunStatus.COMPLETED, "b(a(x))")
    assert [output.step_name for output in run.step_results] == ["a", "b"]


def test_a_confirmed_step_runs(calls: Calls) -> None:
    """A gated step has not run while its run is paused, and runs once when it is confirmed."""
    workflow = Workflow(steps=[calls.step("a"), calls.step("b", requires_confirmation=True)])
    run = workflow.run("x")
    assert (run.status, run.paused_step_name, calls.names) == (RunStatus.PAUSED, "b", ["a"])
    assert run.content is None
    assert (confirm(workflow, run).content, calls.names) == ("b(a(x))", ["a", "b"])


def test_a_rejected_step_is_skipped_by_default(calls: Calls) -> None:
    """The step after a rejected one sees what came before it, and the rejected one is absent from the results."""
    workflow = Workflow(steps=[calls.step("a"), calls.step("b", requires_confirmation=True), calls.step("c")])
    run = reject(workflow, workflow.run("x"))
    assert (run.content, calls.names) == ("c(a(x))", ["a", "c"])
    assert [output.step_name for output in run.step_results] == ["a", "c"]


def test_a_reject_cancels_where_the_author_says_so(calls: Calls) -> None:
    """CANCELLED, with the step's name in the content; nothing runs any more."""
    workflow = Workflow(steps=[calls.step("a", requires_confirmation=True, on_reject=OnReject.cancel), calls.step("b")])
    run = reject(workflow, workflow.run("x"))
    assert (run.status, run.content, calls.names) == (RunStatus.CANCELLED, "Step 'a' was rejected.", [])


def test_a_run_whose_only_step_was_rejected_says_that_nothing_ran(calls: Calls) -> None:
    """`No steps were executed.` is the content of a run in which nothing ran."""
    workflow = Workflow(steps=[calls.step("a", requires_confirmation=True)])
    run = reject(workflow, workflow.run("x"))
    assert (run.status, run.content) == (RunStatus.COMPLETED, "No steps were executed.")


def test_user_input_reaches_the_step() -> None:
    """What was filled in is in `additional_data["user_input"]` and in `user_input`, beside what the run was given."""
    seen: list[StepInput] = []
    schema = [{"name": "n", "field_type": "int"}, {"name": "unit", "value": "kg"}]
    step = Step(name="ask", executor=seen.append, requires_user_input=True, user_input_schema=schema)
    workflow = Workflow(steps=[step])
    run = workflow.run("x", additional_data={"given": 1})
    run.steps_requiring_user_input[0].set_user_input(n=3)
    workflow.continue_run(run)
    assert seen[0].additional_data == {"given": 1, "user_input": {"n": 3, "unit": "kg"}}
    assert seen[0].user_input == {"n": 3, "unit": "kg"}


def test_a_question_for_values_can_be_rejected(calls: Calls) -> None:
    """A reject of a user input skips the step."""
    step = calls.step("a", requires_user_input=True, user_input_schema=[{"name": "n"}])
    workflow = Workflow(steps=[step, calls.step("b")])
    assert reject(workflow, workflow.run("x")).content == "b(x)"


@pytest.mark.parametrize(
    "step",
    [
        Step("flat", repr, requires_confirmation=True, confirmation_message="Sure?", on_reject="cancel"),
        Step(
            "object",
            repr,
            human_review=HumanReview(requires_confirmation=True, confirmation_message="Sure?", on_reject="cancel"),
        ),
        Step(
            "decorated",
            pause(requires_confirmation=True, confirmation_message="Sure?")(lambda _: 1),
            on_reject="cancel",
        ),
    ],
    ids=lambda step: step.name,
)
def test_a_gate_is_set_in_three_ways(step: Step) -> None:
    """Flat keywords, `HumanReview` and `@pause` give the same question."""
    run = Workflow(steps=[step]).run("x")
    asked = run.steps_requiring_confirmation[0]
    assert (asked.confirmation_message, asked.on_reject, asked.step_name) == ("Sure?", "cancel", step.name)


def test_what_people_may_have_retried_has_a_flat_name_of_its_own(calls: Calls) -> None:
    """`hitl_max_retries` and `hitl_timeout` are those of the review; `max_retries` counts what is retried by itself."""
    step = calls.step("a", max_retries=1, hitl_max_retries=2, hitl_timeout=60, on_timeout="skip")
    review = step.human_review
    assert (step.max_retries, review.max_retries, review.timeout, review.on_timeout) == (1, 2, 60, "skip")


def test_human_review_wins_over_flat_keywords(calls: Calls) -> None:
    """A step with both asks what `human_review` says."""
    step = calls.step("a", requires_confirmation=True, human_review=HumanReview())
    assert Workflow(steps=[step]).run("x").status is RunStatus.COMPLETED


def test_a_bare_function_takes_the_name_that_pause_gives_it() -> None:
    """`@pause(name=...)` names the step of a bare function; without it, the function's own name does."""

    @pause(name="ask first", requires_confirmation=True)
    def named(step_input: StepInput) -> None: ...

    @pause(requires_confirmation=True)
    def unnamed(step_input: StepInput) -> None: ...

    assert [step.name for step in Workflow(steps=[named, unnamed]).steps] == ["ask first", "unnamed"]


@pytest.mark.parametrize(
    "settings",
    [
        {"on_reject": "else"},
        {"on_error": "later"},
        {"on_timeout": "later"},
        {"timeout": -1},
        {"max_retries": -1},
        {"hitl_max_retries": -1},
        {"on_crash": "later"},
        {"requires_user_input": True, "user_input_schema": [{"name": "n", "field_type": "money"}]},
        {"requires_user_input": True, "user_input_schema": [{"field_type": "int"}]},
        {"requires_user_input": True, "user_input_schema": [{"name": "n"}, {"name": "n"}]},
        {"requires_user_input": True, "user_input_schema": [{"name": "n", "field_type": "int", "value": "x"}]},
        {"requires_user_input": True, "user_input_schema": [{"name": "n", "allowed_values": [1]}]},
        {"executor": None},
        {"executor": lambda: None},
        {"executor": lambda first, second: (first, second)},
        {"name": " "},
    ],
    ids="-".join,
)
def test_a_step_that_makes_no_sense_is_refused_when_it_is_built(settings: dict[str, Any]) -> None:
    """DefinitionError, which is a ValueError too."""
    with pytest.raises(DefinitionError):
        Step(**{"name": "a", "executor": lambda _: None, **settings})


@pytest.mark.parametrize("keyword", ["requires_iteration_review", "end_condition", "nobody"])
def test_what_a_step_can_not_do_is_no_keyword(keyword: str) -> None:
    """TypeError, as for any keyword that does not exist."""
    with pytest.raises(TypeError, match=keyword):
        Step(name="a", executor=lambda _: None, **{keyword: True})  # type: ignore[arg-type]


def test_a_function_gets_what_it_has_parameters_for() -> None:
    """`run_context` carries who, where and with what; `session_state` is the one inside it."""

    def work(_: StepInput, run_context: RunContext, session_state: dict[str, Any]) -> list[Any]:
        assert session_state is run_context.session_state
        return [run_context.user_id, run_context.dependencies, run_context.metadata, run_context.idempotency_key]

    workflow = Workflow(steps=[work], metadata={"a": 1, "b": 1}, dependencies={"c": 1})
    run = workflow.run("x", run_id="R", user_id="ann", metadata={"b": 2})
    assert run.content == ["ann", {"c": 1}, {"a": 1, "b": 2}, "R:root/work:1"]


async def test_async_functions_run_in_both_colours() -> None:
    """A coroutine function runs in `run` and in `arun`."""

    async def work(_: StepInput) -> str:
        await asyncio.sleep(0)
        return "done"

    workflow = Workflow(steps=[work])
    assert (await workflow.arun("x")).content == workflow.run("x").content == "done"


async def test_a_plain_function_never_blocks_an_event_loop() -> None:
    """While a plain step waits for the loop to do something, the loop does it."""
    release = threading.Event()

    def wait(_: StepInput) -> bool:
        return release.wait(timeout=5)

    async def let_go() -> None:
        release.set()

    run, _ = await asyncio.gather(Workflow(steps=[wait]).arun("x"), let_go())
    assert run.content is True


def test_any_value_may_be_returned() -> None:
    """A StepOutput is taken as it is; anything else is the content, as a reload gives it."""
    workflow = Workflow(
        steps=[Step("a", lambda _: (1, {2})), Step("b", lambda seen: StepOutput(content=seen.previous_step_content))]
    )
    run = workflow.run("x")
    assert run.content == (1, {2})
    assert must_load(workflow, run.run_id) == run


def test_what_can_not_be_stored_is_handed_on_as_text() -> None:
    """The next step sees `str(value)`, as it would after a restart, and a warning names the step."""
    workflow = Workflow(
        steps=[Step("a", lambda _: object()), Step("b", lambda seen: type(seen.previous_step_content).__name__)]
    )
    with pytest.warns(UserWarning, match="'a' holds a object"):
        assert workflow.run("x").content == "str"


def test_stop_ends_the_run_early(calls: Calls) -> None:
    """COMPLETED, without the steps after the one that returned `stop=True`."""
    run = Workflow(steps=[Step("a", lambda _: StepOutput(content=1, stop=True)), calls.step("b")]).run("x")
    assert (run.status, run.content, calls.names) == (RunStatus.COMPLETED, 1, [])


def test_a_failed_step_does_not_end_the_run(calls: Calls) -> None:
    """COMPLETED with `has_failed_steps`; the next step sees the last success, never the error's text."""
    run = Workflow(steps=[calls.step("a"), calls.failing("b", max_retries=0), calls.step("c")]).run("x")
    assert (run.status, run.content, run.has_failed_steps) == (RunStatus.COMPLETED, "c(a(x))", True)
    assert [(failed.step_name, failed.error) for failed in run.failed_steps] == [("b", "ValueError: b is broken")]


def test_a_failed_step_ends_the_run_where_the_author_says_so(calls: Calls) -> None:
    """With `on_error=fail` the exception leaves `run` as it was raised, and the stored run is ERROR and names it."""
    workflow = Workflow(steps=[calls.failing("a", max_retries=0, on_error=OnError.fail), calls.step("b")])
    with pytest.raises(ValueError, match="a is broken") as raised:
        workflow.run("x", run_id="R")
    assert (raised.value.__context__, raised.value.__suppress_context__) == (None, False)
    run = must_load(workflow, "R")
    assert (run.status, run.error, calls.names) == (RunStatus.ERROR, "ValueError: a is broken", ["a"])


def test_a_step_that_raises_is_retried(calls: Calls) -> None:
    """With `max_retries=1` a step that fails once succeeds, and the run has no failed step."""
    run = Workflow(steps=[calls.failing("a", times=1, max_retries=1)]).run("x")
    assert (run.content, run.has_failed_steps, calls.names) == ("a(x)", False, ["a", "a"])


def test_a_failure_can_be_skipped_by_an_older_name(calls: Calls) -> None:
    """`skip_on_failure` says what `on_error=skip` says; where both are given, `on_error` counts."""
    fails = calls.failing("a", max_retries=0, skip_on_failure=True)
    assert Workflow(steps=[Condition([fails], on_error="fail"), calls.step("b")]).run("x").content == "b(x)"
    fails = calls.failing("a", max_retries=0, skip_on_failure=True, on_error="fail")
    with pytest.raises(ValueError, match="a is broken"):
        Workflow(steps=[fails]).run("x")


def test_one_approval_is_one_execution(calls: Calls) -> None:
    """A step behind a gate is not retried by itself, neither where the gate is its own nor where it is further out."""
    workflow = Workflow(steps=[calls.failing("a", requires_confirmation=True)])
    run = confirm(workflow, workflow.run("x"))
    assert (run.has_failed_steps, calls.names) == (True, ["a"])


def test_retries_that_were_asked_for_hold_behind_a_gate(calls: Calls) -> None:
    """A gated step with `max_retries=1` is tried twice per approval."""
    workflow = Workflow(steps=[calls.failing("a", times=1, max_retries=1, requires_confirmation=True)])
    assert confirm(workflow, workflow.run("x")).content == "a(x)"


def test_a_step_may_say_itself_that_it_failed(calls: Calls) -> None:
    """`success=False` is a failed step whose content is not handed on; with `on_error=fail` it ends the run."""
    own = StepOutput(content="half", success=False, error="no paper")
    run = Workflow(steps=[Step("a", lambda _: own), calls.step("b")]).run("x")
    assert (run.content, [failed.error for failed in run.failed_steps]) == ("b(x)", ["no paper"])
    with pytest.raises(RuntimeError, match="no paper"):
        Workflow(steps=[Step("a", lambda _: own, on_error="fail", max_retries=0)]).run("x")


class _Unstorable:
    def __str__(self) -> str:
        raise KeyError("no text")


@pytest.mark.filterwarnings("ignore:.*kept as text")
def test_what_can_not_even_be_text_is_a_failure_of_the_step() -> None:
    """A step whose result can't be stored has failed; the run goes on."""
    run = Workflow(steps=[Step("a", lambda _: _Unstorable(), max_retries=0)]).run("x")
    assert (run.status, [failed.error for failed in run.failed_steps]) == (RunStatus.COMPLETED, ["KeyError: 'no text'"])


async def _cancelled(_: StepInput) -> None:
    task = asyncio.create_task(asyncio.sleep(1))
    task.cancel()
    await task


def _left(_: StepInput) -> None:
    raise SystemExit(3)


@pytest.mark.parametrize(("work", "message"), [(_cancelled, "was cancelled"), (_left, "sys.exit\\(3\\)")])
async def test_a_step_ends_nothing_but_itself(work: Any, message: str) -> None:
    """In async code `sys.exit()` and a cancelled inner task are failures of the step, not of the bot."""
    with pytest.raises(RuntimeError, match=message):
        await Workflow(steps=[Step("a", work, max_retries=0, on_error="fail")]).arun("x")


def test_every_step_is_durable_before_the_next_begins() -> None:
    """While the second step runs, the first one's output can be read by everybody."""
    db = InMemoryDb()
    other = Workflow(name="w", db=db)

    def look(_: StepInput, run_context: RunContext) -> list[str | None]:
        return [output.step_name for output in must_load(other, run_context.run_id).step_results]

    assert Workflow(name="w", db=db, steps=[Step("a", lambda _: 1), look]).run("x").content == ["a"]


def test_a_step_may_change_what_it_was_given() -> None:
    """What a step does to its input is not seen by the steps after it."""

    def spoil(step_input: StepInput) -> None:
        step_input.input["n"] = 2

    assert Workflow(steps=[spoil, Step("b", lambda seen: seen.input)]).run({"n": 1}).content == {"n": 1}


def test_a_step_may_run_a_workflow(calls: Calls) -> None:
    """A plain step that calls `workflow.run()` gets the inner run's result."""
    inner = Workflow(name="inner", steps=[calls.step("i")])
    assert Workflow(steps=[Step("outer", lambda seen: inner.run(seen.input).content)]).run("x").content == "i(x)"
