"""Output reviews: what came out of a node counts once people have seen it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from kernbot.db.base import Store
from kernbot.errors import AnswerError, DefinitionError
from kernbot.run import RunStatus
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import HumanReview, Loop, Router, Step, StepInput, StepOutput, Workflow
from tests.engine.bench import Look, confirm, must_load, reject, review
from tests.engine.writing import REDO, Making, Writer, a_loop, a_step, a_workflow, around, every_node, have_it_redone


@every_node
def test_what_came_out_waits_for_a_review(db: Store, look: Look, writer: Writer, make: Making) -> None:
    """It is shown, and among the results; no confirmation is asked, and nothing after it has run."""
    workflow = around(make(writer, requires_output_review=True, output_review_message="Fit to print?"), db)
    run = look(workflow, workflow.run("x"))
    asked = review(run)
    assert asked.step_output is not None
    assert (asked.step_output.last_content, asked.output_review_message) == ("draft 1", "Fit to print?")
    assert (asked.is_post_execution, asked.requires_output_review, asked.needs_confirmation) == (True, True, False)
    assert (run.steps_requiring_confirmation, run.paused_step_name, run.content) == ([], "write", None)
    assert [output.last_content for output in run.step_results] == ["old", "draft 1"]


@every_node
def test_a_yes_takes_it(db: Store, look: Look, writer: Writer, make: Making) -> None:
    """The next step sees what was reviewed."""
    workflow = around(make(writer, requires_output_review=True), db)
    run = confirm(workflow, look(workflow, workflow.run("x")))
    assert (run.status, run.content, len(writer.told)) == (RunStatus.COMPLETED, "after draft 1", 1)


@every_node
def test_an_edit_takes_it_in_other_words(db: Store, look: Look, writer: Writer, make: Making) -> None:
    """The next step and the results show the edit, and the requirement what was written."""
    workflow = around(make(writer, requires_output_review=True), db)
    run = look(workflow, workflow.run("x"))
    review(run).edit("in other words")
    run = look(workflow, workflow.continue_run(run))
    assert (run.content, run.step_results[1].last_content) == ("after in other words", "in other words")
    (asked,) = run.step_requirements
    assert asked.step_output is not None
    assert (asked.edited_output, asked.step_output.last_content) == ("in other words", "draft 1")


@every_node
def test_a_reject_leaves_it_out(db: Store, look: Look, writer: Writer, make: Making) -> None:
    """By default the run goes on, as if the node had not been there."""
    workflow = around(make(writer, requires_output_review=True), db)
    run = reject(workflow, look(workflow, workflow.run("x")))
    assert (run.status, run.content) == (RunStatus.COMPLETED, "after old")
    assert [output.step_name for output in run.step_results] == ["before", "after"]


@every_node
def test_a_reject_may_cancel_the_run(db: Store, look: Look, writer: Writer, make: Making) -> None:
    """What was rejected stays among the results, and nothing after it runs."""
    workflow = around(make(writer, requires_output_review=True, on_reject="cancel"), db)
    run = look(workflow, reject(workflow, look(workflow, workflow.run("x"))))
    assert (run.status, run.content) == (RunStatus.CANCELLED, "Step 'write' was rejected.")
    assert [output.last_content for output in run.step_results] == ["old", "draft 1"]


@every_node
def test_a_run_that_is_cancelled_under_review_can_be_read(db: Store, writer: Writer, make: Making) -> None:
    """It shows what was under review, and its session is intact."""
    workflow = around(make(writer, requires_output_review=True), db)
    run = workflow.run("x")
    assert workflow.cancel_run(run.run_id)
    run = must_load(workflow, run.run_id)
    assert (run.status, run.step_results[-1].last_content) == (RunStatus.CANCELLED, "draft 1")
    assert (run.active_step_requirements, run.steps_requiring_output_review) == ([], [])


class Report(BaseModel):
    """A content that is no text."""

    pages: int


@pytest.mark.parametrize("content", [None, "", {"pages": 2}, [1, 2], Report(pages=2)])
def test_an_edit_may_be_any_value(db: Store, look: Look, writer: Writer, content: Any) -> None:
    """Also None: the next step sees that nothing is left."""
    seen: list[Any] = []
    workflow = Workflow(
        db=db,
        steps=[
            Step("write", writer, requires_output_review=True),
            Step("after", lambda step_input: seen.append(step_input.previous_step_content)),
        ],
    )
    run = look(workflow, workflow.run("x"))
    review(run).edit(content)
    run = look(workflow, workflow.continue_run(run))
    assert (seen, run.step_results[0].content, run.step_requirements[0].edited_output) == ([content], content, content)


def test_an_edit_mends_a_failure() -> None:
    """An output that says itself that it failed is a success in a person's words."""
    workflow = around(Step("write", lambda _: StepOutput(success=False, error="no"), requires_output_review=True))
    run = workflow.run("x")
    review(run).edit("mended")
    run = workflow.continue_run(run)
    assert (run.content, run.has_failed_steps, run.step_results[1].error) == ("after mended", False, None)


@every_node
def test_a_retry_has_it_done_again_with_the_feedback(db: Store, look: Look, writer: Writer, make: Making) -> None:
    """The steps inside see what the reviewer said, and about what; the new draft is the next review."""
    workflow = around(make(writer, **REDO), db)
    run = look(workflow, have_it_redone(workflow, look(workflow, workflow.run("x")), "shorter"))
    assert writer.told == [{}, {"rejection_feedback": "shorter", "previous_output": "draft 1"}]
    asked = review(run)
    assert asked.step_output is not None
    assert (asked.step_output.last_content, asked.retry_count, asked.max_retries) == ("draft 2", 1, 3)
    assert (run.step_requirements[0].rejection_feedback, run.step_requirements[0].retry_count) == ("shorter", 0)
    assert [output.last_content for output in run.step_results] == ["old", "draft 2"]
    assert confirm(workflow, run).content == "after draft 2"


@every_node
@pytest.mark.parametrize("most", [0, 1, 2])
def test_retries_are_used_up(look: Look, writer: Writer, make: Making, most: int) -> None:
    """After `max_retries` of them a reject cancels the run, which the question says; 0 means that there is none."""
    workflow = around(make(writer, human_review=HumanReview(max_retries=most, **REDO)))
    run = look(workflow, workflow.run("x"))
    for _ in range(most):
        assert review(run).on_reject == "retry"
        run = look(workflow, have_it_redone(workflow, run))
    assert review(run).on_reject == "cancel"
    run = have_it_redone(workflow, run)
    assert (run.status, run.content) == (RunStatus.CANCELLED, "Step 'write' was rejected, and no retry is left.")
    assert len(writer.told) == 1 + most


def test_feedback_belongs_to_one_draft(writer: Writer) -> None:
    """A reject without a reason does not repeat an earlier reason."""
    workflow = around(Step("write", writer, **REDO))
    run = have_it_redone(workflow, workflow.run("x"), "shorter")
    have_it_redone(workflow, run)
    assert writer.told[2] == {"previous_output": "draft 2"}


@pytest.mark.parametrize("make", [a_step, a_workflow])
def test_a_retry_keeps_what_was_filled_in(look: Look, writer: Writer, make: Making) -> None:
    """The values of the step, and what the run was started with, are there again."""
    workflow = around(make(writer, requires_user_input=True, user_input_schema=[{"name": "tone"}], **REDO))
    run = look(workflow, workflow.run("x", additional_data={"by": "ann"}))
    run.step_requirements[-1].set_user_input(tone="dry")
    run = look(workflow, workflow.continue_run(run))
    have_it_redone(workflow, run, "drier")
    first, second = writer.told
    assert first == {"by": "ann", "user_input": {"tone": "dry"}}
    assert second == {**first, "rejection_feedback": "drier", "previous_output": "draft 1"}


def test_a_withdrawn_draft_is_no_result() -> None:
    """While a retry waits for something else, the rejected draft is not among the results."""
    failures: list[str] = []

    def fails_once_again(step_input: StepInput) -> str:
        if step_input.additional_data and not failures:
            failures.append("no ink")
            raise ValueError("no ink")
        return "draft"

    workflow = around(Step("write", fails_once_again, on_error="pause", **REDO))
    run = have_it_redone(workflow, workflow.run("x"))
    assert [output.step_name for output in run.step_results] == ["before"]
    (failed,) = run.steps_with_errors
    failed.retry()
    run = workflow.continue_run(run)
    assert (review(run).retry_count, len(run.step_results)) == (1, 2)
    assert confirm(workflow, run).content == "after draft"


@pytest.mark.parametrize("make", [a_step, a_loop])
@pytest.mark.parametrize("decision", ["confirm", "edit"])
def test_a_review_keeps_a_stop(look: Look, make: Making, decision: str) -> None:
    """An output with `stop=True` ends the run once it is taken, COMPLETED."""

    def stop(_: StepInput) -> StepOutput:
        return StepOutput(content="enough", stop=True)

    workflow = around(make(stop, requires_output_review=True))
    run = look(workflow, workflow.run("x"))
    review(run).confirm() if decision == "confirm" else review(run).edit("enough!")
    run = workflow.continue_run(run)
    assert (run.status, len(run.step_results)) == (RunStatus.COMPLETED, 2)
    assert run.content == ("enough" if decision == "confirm" else "enough!")


@every_node
def test_a_stop_that_is_left_out_stops_nothing(make: Making) -> None:
    """A `stop` in what a reviewer had done again has no effect, be it that of an earlier iteration."""
    answers = iter([StepOutput(content="enough", stop=True), StepOutput(content="more")])
    workflow = around(make(lambda _: next(answers), **REDO))
    run = have_it_redone(workflow, workflow.run("x"))
    assert confirm(workflow, run).content == "after more"


def two_reviewed(db: Store | None = None) -> Workflow:
    """Return a workflow of two steps whose outputs are reviewed."""
    numbers = iter(range(9))
    steps = [
        Step("a", lambda _: "a", requires_output_review=True),
        Step("b", lambda step_input: f"b{next(numbers)} of {step_input.previous_step_content}", **REDO),
    ]
    return Workflow(db=db, steps=steps)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("decisions", "content"),
    [
        (["confirm"], "b0 of A"),
        ([("edit", "B")], "B"),
        (["reject", "confirm"], "b1 of A"),
        (["reject", ("edit", "B")], "B"),
        ([("edit", "B"), "reject", "confirm"], "B"),
    ],
)
def test_an_edit_belongs_to_one_review(db: Store, look: Look, decisions: list[Any], content: str, stream: bool) -> None:
    """Whatever is said of a later output, or of a later draft, the edit of an earlier one is not put in its place."""
    workflow = two_reviewed(db)

    def go_on(run: WorkflowRunOutput) -> WorkflowRunOutput:
        if not stream:
            return look(workflow, workflow.continue_run(run))
        list(workflow.continue_run(run, stream=True))
        return must_load(workflow, run.run_id)

    run = look(workflow, workflow.run("x"))
    review(run).edit("A")
    run = go_on(run)
    for decision in decisions:
        if not run.is_paused:
            break
        name, *arguments = [decision] if isinstance(decision, str) else decision
        getattr(review(run), name)(*arguments)
        run = go_on(run)
    assert (run.status, run.content) == (RunStatus.COMPLETED, content)


def test_a_reject_takes_an_edit_back(writer: Writer) -> None:
    """What was edited and then rejected is not used when the next draft is taken."""
    workflow = around(Step("write", writer, **REDO))
    run = workflow.run("x")
    review(run).edit("abandoned")
    run.step_requirements[-1].reject("no, again")
    run = workflow.continue_run(run)
    assert confirm(workflow, run).content == "after draft 2"


@pytest.mark.parametrize(
    "settings",
    [{"requires_confirmation": True}, {"requires_user_input": True, "user_input_schema": [{"name": "n"}]}],
)
def test_nothing_can_be_edited_before_it_has_run(writer: Writer, settings: dict[str, Any]) -> None:
    """AnswerError, and neither the question nor what came before has changed."""
    workflow = around(Step("write", writer, **settings))
    run = workflow.run("x")
    with pytest.raises(AnswerError, match=r"asks for no review of an output; it asks for .*reject\(\)"):
        run.step_requirements[-1].edit("other")
    assert not run.step_requirements[-1].is_resolved
    assert reject(workflow, run).content == "after old"


@every_node
def test_a_review_never_runs_it_again(db: Store, writer: Writer, make: Making) -> None:
    """What came out is stored before it is asked about: another process that answers has no body to call."""
    run = around(make(writer, requires_output_review=True), db).run("x")
    elsewhere = Writer()
    workflow = around(make(elsewhere, requires_output_review=True), db)
    run = confirm(workflow, must_load(workflow, run.run_id))
    assert (run.content, elsewhere.told) == ("after draft 1", [])


def test_a_step_is_confirmed_filled_in_and_reviewed_in_this_order(db: Store, look: Look, writer: Writer) -> None:
    """A yes and values in one question, then the body, then the review; a retry asks for neither again."""
    step = Step(
        "write",
        writer,
        requires_confirmation=True,
        requires_user_input=True,
        user_input_schema=[{"name": "tone"}],
        **REDO,
    )
    workflow = around(step, db)
    run = look(workflow, workflow.run("x"))
    assert (run.steps_requiring_confirmation, run.steps_requiring_user_input) == (run.step_requirements,) * 2
    run.step_requirements[-1].confirm()
    run.step_requirements[-1].set_user_input(tone="dry")
    run = look(workflow, workflow.continue_run(run))
    assert (len(run.step_requirements), len(writer.told)) == (2, 1)
    run = look(workflow, have_it_redone(workflow, run))
    assert (len(run.step_requirements), review(run).retry_count) == (3, 1)
    assert confirm(workflow, run).content == "after draft 2"


def test_a_loop_goes_on_while_its_reviewers_want_more(db: Store, look: Look, writer: Writer) -> None:
    """A retry is one more iteration; once none is left a reject cancels the run."""
    workflow = around(a_loop(writer, max_iterations=2, **REDO), db)
    run = look(workflow, have_it_redone(workflow, look(workflow, workflow.run("x")), "shorter"))
    assert [output.content for output in run.step_results[1].steps or ()] == ["draft 1", "draft 2"]
    assert review(run).on_reject == "cancel"
    run = reject(workflow, run)
    assert (run.status, run.content) == (RunStatus.CANCELLED, "Step 'write' was rejected, and no retry is left.")


def test_a_loop_decides_itself_again_after_a_retry(writer: Writer) -> None:
    """The end condition is asked about each further iteration, and about none twice."""
    seen: list[Any] = []

    def first_or_third(outputs: list[StepOutput]) -> bool:
        seen.append(outputs[0].content)
        return len(seen) in (1, 3)

    loop = Loop([Step("inner", writer)], "write", end_condition=first_or_third, max_iterations=5, **REDO)
    workflow = around(loop)
    run = have_it_redone(workflow, workflow.run("x"))
    assert seen == ["draft 1", "draft 2", "draft 3"]
    assert (confirm(workflow, run).content, len(seen)) == ("after draft 3", 3)


def test_a_loop_has_one_kind_of_review() -> None:
    """DefinitionError for both."""
    with pytest.raises(DefinitionError, match="exclude each other"):
        Loop([Step("a", lambda _: "a")], requires_output_review=True, requires_iteration_review=True)


def test_what_ran_nothing_is_not_reviewed() -> None:
    """A composite whose steps were all skipped left nothing to see."""
    gated = Step("g", lambda _: "g", requires_confirmation=True)
    workflow = around(Router([gated], lambda _: "g", requires_output_review=True))
    assert reject(workflow, workflow.run("x")).content == "after old"
