"""Output reviews that a function asks for: which outputs people get to see."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.workflow import Router, Step, StepOutput, Workflow
from tests.engine.bench import reject, review
from tests.engine.writing import Making, Writer, around, every_node, have_it_redone


@pytest.mark.parametrize("wanted", [True, False])
@every_node
def test_a_function_may_say_whether_a_review_is_wanted(writer: Writer, make: Making, wanted: bool) -> None:
    """It gets the output."""
    seen: list[Any] = []

    def is_wanted(output: StepOutput) -> bool:
        seen.append(output.last_content)
        return wanted

    run = around(make(writer, requires_output_review=is_wanted)).run("x")
    assert (run.is_paused, run.content, seen) == (wanted, None if wanted else "after draft 1", ["draft 1"])


def test_a_function_that_raises_means_a_review(writer: Writer, caplog: pytest.LogCaptureFixture) -> None:
    """People are asked where it can't be told, and the log says so."""
    run = around(Step("write", writer, requires_output_review=lambda output: output.content / 0)).run("x")
    assert run.is_paused
    assert "requires_output_review of write raised, so people are asked" in caplog.text


async def test_the_function_may_be_async_and_changes_nothing(writer: Writer) -> None:
    """It is awaited, and what it does to the output or the session state is forgotten."""

    async def meddle(output: StepOutput, session_state: dict[str, Any]) -> bool:
        output.content = session_state["n"] = "meddled"
        return True

    workflow = around(Step("write", writer, requires_output_review=meddle))  # type: ignore[arg-type]
    run = await workflow.arun("x", session_id="S")
    assert review(run).step_output == run.step_results[-1]
    assert run.step_results[-1].content == "draft 1"
    assert await workflow.aget_session_state("S") == {}


def test_the_function_is_asked_about_each_draft_and_about_no_edit(writer: Writer) -> None:
    """A draft that needs no review counts at once; an edit is a person's word already."""
    seen: list[Any] = []

    def first_two(output: StepOutput) -> bool:
        seen.append(output.content)
        return len(seen) < 3

    workflow = around(Step("write", writer, requires_output_review=first_two, on_reject="retry"))
    run = have_it_redone(workflow, have_it_redone(workflow, workflow.run("x")))
    assert (run.content, seen) == ("after draft 3", ["draft 1", "draft 2", "draft 3"])
    workflow = around(Step("write", writer, requires_output_review=lambda output: output.content != "edited"))
    run = workflow.run("x")
    review(run).edit("edited")
    assert workflow.continue_run(run).content == "after edited"


def test_the_function_sees_large_contents_whole(db: Store) -> None:
    """Also those that were stored before the run was taken up again, and that nothing has read since."""
    big = "x" * 300_000
    sizes: list[int] = []

    def is_large(output: StepOutput) -> bool:
        sizes.append(len(output.last_content))
        return False

    inside = [Step("big", lambda _: big), Step("asked", lambda _: "", requires_confirmation=True)]
    router = Router([inside], lambda _: "steps_group_0", requires_output_review=is_large)
    workflow = Workflow(db=db, steps=[router])
    reject(workflow, workflow.run("x"))
    assert sizes == [300_000]
