"""Large outputs: stored once, read when something needs them, and whole wherever they are seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from kernbot.db.base import NO_BLOBS, JournalEntry, Json, Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.db.sqlite import SqliteDb
from kernbot.engine.large import LARGE
from kernbot.errors import StorageError
from kernbot.run.answer import Action
from kernbot.workflow import Condition, Loop, Parallel, Router, Step, StepInput, StepOutput, Steps, Workflow
from kernbot.workflow.node import Node
from tests.engine.bench import Calls, confirm, must_load, reject
from tests.engine.worker import answer, definition_of, go_on, start

BIG = "big " * 100_000


def big(**settings: Any) -> Step:
    """Return a step that leaves a large content."""
    return Step("big", lambda _: BIG, **settings)


class Watched(InMemoryDb):
    """A store that notes what is asked of it about large values."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []
        """The digests that came with entries."""
        self.read: list[str] = []
        """The digests that were read."""
        self.lengths: list[int] = []
        """Characters of the entries."""

    async def append(self, run_id: str, epoch: int, entry: JournalEntry, blobs: Mapping[str, Json] = NO_BLOBS) -> bool:
        """Note the length of the entry, and what comes with it."""
        self.written += blobs
        self.lengths.append(len(str(entry)))
        return await super().append(run_id, epoch, entry, blobs)

    async def get_blobs(self, digests: Sequence[str]) -> dict[str, Json]:
        """Note what is read."""
        self.read += digests
        return await super().get_blobs(digests)

    def lose_blobs(self) -> dict[str, Json]:
        """Lose all large values, and return them."""
        lost, self._blobs = self._blobs, {}
        return lost

    def restore(self, blobs: dict[str, Json]) -> None:
        """Take back what was lost."""
        self._blobs = blobs


def test_a_large_content_is_stored_apart() -> None:
    """From 256 KB of JSON on the journal holds a reference; below that, the content itself."""
    db = Watched()
    steps = [Step("below", lambda _: "x" * (LARGE - 3)), Step("from there on", lambda _: "x" * (LARGE - 2))]
    run = Workflow(db=db, steps=steps).run("x")
    assert [length < 1000 for length in db.lengths] == [False, True]
    assert [len(output.content) for output in run.step_results] == [LARGE - 3, LARGE - 2]


def test_the_same_content_has_the_same_name() -> None:
    """Two steps, and two runs, that leave it name one and the same large value."""
    db = Watched()
    workflow = Workflow(db=db, steps=[big(), Steps("again", steps=[big()])])
    for _ in range(2):
        assert workflow.run("x").content == BIG
    assert (len(db.written), len(set(db.written))) == (4, 1)


async def test_the_same_content_is_stored_once(tmp_path: Path) -> None:
    """A file in which two steps of two runs left a content is little larger than the content."""
    db = SqliteDb(tmp_path / "kernbot.db")
    workflow = Workflow(db=db, steps=[big(), Parallel(big(), big())])
    for _ in range(2):
        await workflow.arun("x")
    await db.close()
    assert len(BIG) < db.file.stat().st_size < 1.5 * len(BIG)


async def test_nothing_is_read_before_it_is_needed() -> None:
    """A run goes from question to question without its large contents; a step, and the end, read each of them once."""
    db = Watched()
    gates = [Step(name, lambda _: "small", requires_confirmation=True) for name in ("g", "h", "i")]
    definition = definition_of(big(), Loop([big()], max_iterations=2), *gates, Step("z", lambda _: "small"))
    run_id = await start(db, definition)
    for action, reads in ((Action.reject, 0), (Action.confirm, 1), (Action.reject, 2)):
        await answer(db, run_id, action)
        db.read.clear()
        await go_on(db, definition, run_id)
        assert len(db.read) == reads


Sees = Callable[[StepInput], Any]
SEEN_BY: dict[str, Callable[[Sees], Node]] = {
    "step": lambda see: Step("see", lambda seen: see(seen.previous_step_content)),
    "step that looks it up": lambda see: Step("see", lambda seen: see(seen.get_step_content("big"))),
    "workflow": lambda see: Step(workflow=Workflow(steps=[Step("see", lambda seen: see(seen.input))])),
    "evaluator": lambda see: Condition([], lambda seen: see(seen.previous_step_content)),
    "selector": lambda see: Router([big()], lambda seen: see(seen.previous_step_content)),
    "branch": lambda see: Parallel(Step("see", lambda seen: see(seen.previous_step_content))),
}


@pytest.mark.filterwarnings("ignore:The evaluator")
@pytest.mark.parametrize("who", SEEN_BY)
def test_what_comes_after_a_resume_sees_all_of_it(db: Store, calls: Calls, who: str) -> None:
    """Whatever function an author wrote gets the content itself."""
    seen: list[Any] = []
    workflow = Workflow(db=db, steps=[big(), calls.step("g", requires_confirmation=True), SEEN_BY[who](seen.append)])
    reject(workflow, workflow.run("x"))
    assert seen == [BIG]


def _contents(outputs: Sequence[StepOutput]) -> list[Any]:
    return [content for output in outputs for content in (output.content, *_contents(output.steps or ()))]


def test_functions_of_outputs_see_all_of_them(db: Store, calls: Calls) -> None:
    """The end condition of a Loop and the review's predicate of a Router get whole outputs after a resume."""
    seen: list[Any] = []

    def end(outputs: list[StepOutput]) -> bool:
        seen.extend(_contents(outputs))
        return True

    def asks(output: StepOutput) -> bool:
        return not end([output])

    steps = [big(), calls.step("g", requires_confirmation=True)]
    router = Router(steps, lambda _: ["big", "g"], requires_output_review=asks)
    workflow = Workflow(db=db, steps=[Loop(steps, end_condition=end), router])
    run = reject(workflow, reject(workflow, workflow.run("x")))
    assert seen == [BIG, BIG, BIG]
    assert run.content == BIG


@pytest.mark.parametrize(
    "node",
    [
        lambda work: Step("work", work, requires_output_review=True, on_reject="retry"),
        lambda work: Loop([Step("work", work)], requires_iteration_review=True, on_reject="retry"),
        lambda work: Step(
            workflow=Workflow(steps=[Step("work", work)]), requires_output_review=True, on_reject="retry"
        ),
    ],
    ids=["step", "loop", "workflow"],
)
def test_what_is_done_again_sees_all_that_was_rejected(db: Store, node: Callable[[Sees], Node]) -> None:
    """`previous_output` is the whole content, and so is what the reviewer is shown."""
    told: list[Any] = []

    def work(seen: StepInput) -> str:
        told.append(seen.additional_data.get("previous_output"))
        return BIG

    workflow = Workflow(db=db, steps=[node(work)])
    run = workflow.run("x")
    shown = run.steps_requiring_output_review[0].step_output
    assert shown is not None
    assert shown.last_content == BIG
    reject(workflow, run)
    assert told == [None, BIG]


def test_a_run_shows_all_of_it(db: Store, calls: Calls) -> None:
    """Its content, its results and what a question refers to, as returned and as loaded again."""
    workflow = Workflow(db=db, steps=[big(), calls.step("g", requires_confirmation=True)])
    paused = workflow.run("x")
    asked = paused.step_requirements[-1].step_input
    assert asked is not None
    assert (asked.previous_step_content, paused.step_results[0].content) == (BIG, BIG)
    done = reject(workflow, paused)
    assert (done.content, must_load(workflow, done.run_id)) == (BIG, done)


def test_events_show_all_of_it(db: Store, calls: Calls) -> None:
    """Those of composites that end after a resume too."""
    gated = calls.step("g", requires_confirmation=True)
    inner = Step(workflow=Workflow(steps=[Parallel(Loop([big(), gated], max_iterations=1))]))
    workflow = Workflow(db=db, steps=[inner])
    run = workflow.run("x")
    run.step_requirements[-1].reject()
    shown = "".join(str(event) for event in workflow.continue_run(run, stream=True, stream_events=True))
    assert BIG in shown
    assert "LargeValue" not in shown


def test_a_large_edit_takes_the_place_of_what_came_out(db: Store, calls: Calls) -> None:
    """The next step and the run have the reviewer's content, whole."""
    pass_on = Step("z", lambda seen: seen.previous_step_content)
    workflow = Workflow(db=db, steps=[calls.step("a", requires_output_review=True), pass_on])
    run = workflow.run("x")
    run.step_requirements[-1].edit(BIG)
    done = workflow.continue_run(run)
    assert (done.step_results[0].content, done.content) == (BIG, BIG)
    assert done.step_requirements[-1].edited_output == BIG


class Report(BaseModel):
    """A value of a class."""

    rows: list[str]


@pytest.mark.parametrize(
    "value", [b"x" * LARGE, {"rows": [BIG, 1]}, (BIG, 1), Report(rows=[BIG])], ids=lambda value: type(value).__name__
)
def test_a_large_value_of_any_type_comes_back_as_it_was(db: Store, calls: Calls, value: Any) -> None:
    """The step after a resume gets what was returned, of the same type."""
    seen: list[Any] = []
    gated = calls.step("g", requires_confirmation=True)
    steps = [Step("big", lambda _: value), gated, Step("z", lambda step: seen.append(step.previous_step_content))]
    workflow = Workflow(db=db, steps=steps)
    reject(workflow, workflow.run("x"))
    assert seen == [value]


def test_a_large_content_that_is_lost_is_named(calls: Calls) -> None:
    """StorageError with its digest, to whoever reads the run or continues it; once it is back, the run goes on."""
    db = Watched()
    workflow = Workflow(db=db, steps=[big(), calls.step("g", requires_confirmation=True)])
    run = workflow.run("x")
    lost = db.lose_blobs()
    with pytest.raises(StorageError, match=db.written[0]):
        workflow.get_run_output(run.run_id)
    with pytest.raises(StorageError, match=db.written[0]):
        confirm(workflow, run)
    assert calls.names == []
    db.restore(lost)
    assert workflow.continue_run(run).content == f"g({BIG})"
