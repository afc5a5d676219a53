"""What an author says of reasons, names of deeds and what can't be undone: checked at once, kept at every door."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.errors import AnswerError, DefinitionError
from kernbot.run import RunStatus
from kernbot.workflow import HumanReview, Step, Workflow
from tests.engine.bench import must_load


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"reason": "sometimes"}, "must be one of 'never', 'reject', 'always'"),
        ({"reasons": ["late"]}, "reasons are for reason='reject' or reason='always'"),
        ({"reason": "never", "reasons": ["late"]}, "reasons are for"),
        ({"reason": "reject", "reasons": ["late", "late"]}, "each another one"),
        ({"reason": "reject", "reasons": [f"{n}" for n in range(10)]}, "up to 9"),
        ({"reason": "reject", "reasons": ["x" * 76]}, "up to 75 characters"),
        ({"reason": "reject", "reasons": [" "]}, "up to 75 characters"),
        ({"approve_label": "x" * 31}, "approve_label is .* up to 30 characters"),
        ({"reject_label": ""}, "reject_label is '' ?"),
        ({"irreversible": "yes"}, "must be True or False"),
    ],
)
def test_what_no_card_could_show_is_refused_at_once(settings: dict[str, Any], problem: str) -> None:
    """DefinitionError says what would do."""
    with pytest.raises(DefinitionError, match=problem):
        HumanReview(requires_confirmation=True, **settings)


def _workflow(db: Store, **settings: Any) -> Workflow:
    review = HumanReview(requires_confirmation=True, on_reject="skip", **settings)
    return Workflow(name="w", db=db, steps=[Step(name="s", executor=lambda _: "ran", human_review=review)])


async def test_a_reject_without_its_reason_is_not_stored(db: Store) -> None:
    """AnswerError, and the question stays open; with the reason it counts."""
    workflow = _workflow(db, reason="reject")
    run = await workflow.arun("x")
    run.step_requirements[0].reject()
    with pytest.raises(AnswerError, match="wants a reason for 'reject'"):
        await workflow.acontinue_run(run)
    again = must_load(workflow, run.run_id)
    again.step_requirements[0].reject("too early")
    done = await workflow.acontinue_run(again)
    assert done.status is RunStatus.COMPLETED
    assert done.step_requirements[0].rejection_feedback == "too early"


async def test_a_yes_may_need_a_reason_too(db: Store) -> None:
    """Only where the author wants one always."""
    workflow = _workflow(db, reason="always")
    run = await workflow.arun("x")
    run.step_requirements[0].confirm()
    with pytest.raises(AnswerError, match="wants a reason for 'confirm'"):
        await workflow.acontinue_run(run)
    again = must_load(workflow, run.run_id)
    again.step_requirements[0].confirm("all green")
    assert (await workflow.acontinue_run(again)).content == "ran"
