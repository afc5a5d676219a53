"""What a step can see of the runs before its own in the session."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from kernbot.db.base import RunFilter, RunRecord, SessionRecord, Snapshot, Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.run import RunContext, RunStatus
from kernbot.session.workflow import WorkflowSession
from kernbot.workflow import Condition, Parallel, Step, StepInput, StepOutput, Workflow
from tests.engine.bench import Calls, confirm


def _seen(step_input: StepInput) -> list[tuple[Any, Any]]:
    return step_input.get_workflow_history()


async def _seen_async(step_input: StepInput) -> list[tuple[Any, Any]]:
    return step_input.get_workflow_history()


def _echo(step_input: StepInput) -> str:
    return f"{step_input.input}!"


def _talk(db: Store, *inputs: Any, session_id: str = "s") -> None:
    workflow = Workflow(name="talk", db=db, steps=[_echo])
    for given in inputs:
        workflow.run(given, session_id=session_id)


@pytest.mark.parametrize("look", [_seen, _seen_async])
def test_a_step_sees_the_runs_before_its_own(db: Store, look: Callable[..., Any]) -> None:
    """Input and content as they were, the oldest first, of the newest three: also where two steps ask at once."""
    _talk(db, "a", "b", {"c": 1}, "d")
    expected = [("b", "b!"), ({"c": 1}, "{'c': 1}!"), ("d", "d!")]
    assert Workflow(db=db, steps=[look]).run("now", session_id="s").content == expected
    both = Parallel(Step("one", look), Step("two", look))
    results = Workflow(db=db, steps=[both]).run("now", session_id="s").step_results[0].steps or []
    assert [output.content[:2] for output in results] == [expected[1:]] * 2


@pytest.mark.parametrize("look", [_seen, _seen_async])
async def test_a_step_sees_them_in_async_runs(db: Store, look: Callable[..., Any]) -> None:
    """The same, in the loop and in worker threads."""
    workflow = Workflow(db=db, steps=[_echo])
    await workflow.arun("a", session_id="s")
    assert (await Workflow(db=db, steps=[look]).arun("b", session_id="s")).content == [("a", "a!")]


def test_only_completed_runs_of_this_session_count(db: Store, calls: Calls) -> None:
    """A paused, cancelled or failed run is no history, nor is one of another session, nor the run itself."""
    _talk(db, "done")
    _talk(db, "elsewhere", session_id="other")
    gated = Workflow(name="gated", db=db, steps=[calls.step("g", requires_confirmation=True)])
    gated.run("paused", session_id="s")
    gated.cancel_run(gated.run("cancelled", session_id="s").run_id)
    with pytest.raises(ValueError, match="broken"):
        Workflow(db=db, steps=[calls.failing("f", max_retries=0, on_error="fail")]).run("failed", session_id="s")
    assert Workflow(db=db, steps=[_seen]).run("now", session_id="s").content == [("done", "done!")]


def test_how_many_runs_are_seen(db: Store) -> None:
    """What the call says, or else the step, or else the workflow; 0 is none, and a negative number is refused."""

    def numbers(step_input: StepInput) -> list[int]:
        given = [None, 2, 0]
        return [len(step_input.get_workflow_history(number)) for number in given]

    _talk(db, *"abcdef")
    steps = [
        Step("own", numbers, num_history_runs=1),
        Step("shared", numbers),
        Step("bad", _seen, num_history_runs=-1, max_retries=0),
    ]
    run = Workflow(db=db, steps=steps, num_history_runs=4).run("x", session_id="s")
    assert [output.content for output in run.step_results[:2]] == [[1, 2, 0], [4, 2, 0]]
    assert "is -1; it must be 0 or more" in (run.failed_steps[0].error or "")


def test_history_as_text(db: Store) -> None:
    """One text for a prompt, values that are no text as JSON; None where there is no history."""

    def context(step_input: StepInput) -> str | None:
        return step_input.get_workflow_history_context(num_runs=2)

    workflow = Workflow(name="w", db=db, steps=[context])
    assert workflow.run({"q": 1}, session_id="s").content is None
    assert workflow.run("second", session_id="s").content == 'Run 1\nInput: {"q": 1}\nOutput: null'
    assert StepInput().get_workflow_history() == []
    assert StepInput().get_workflow_history_context() is None


def test_an_evaluator_sees_history_too(db: Store) -> None:
    """Whatever is given a StepInput can ask."""

    def is_known(step_input: StepInput) -> bool:
        return any(given == step_input.input for given, _ in step_input.get_workflow_history())

    workflow = Workflow(db=db, steps=[Condition(steps=[_echo], evaluator=is_known, else_steps=[lambda _: "new"])])
    assert [workflow.run(given, session_id="s").content for given in ("a", "b", "a")] == ["new", "new", "a!"]


def test_history_is_what_it_is_when_the_step_runs(db: Store) -> None:
    """A step that waited for people sees runs that were completed meanwhile."""
    workflow = Workflow(name="w", db=db, steps=[Step("look", _seen, requires_confirmation=True)])
    run = workflow.run("x", session_id="s")
    _talk(db, "meanwhile")
    assert confirm(workflow, run).content == [("meanwhile", "meanwhile!")]


class _Order(BaseModel):
    item: str
    amount: int = 1


class _Counting(InMemoryDb):
    """Counts what is read beside what every run reads."""

    reads = 0

    async def load_run(self, run_id: str) -> Snapshot | None:
        self.reads += 1
        return await super().load_run(run_id)

    async def list_runs(self, which: RunFilter) -> list[RunRecord]:
        self.reads += 1
        return list(await super().list_runs(which))

    async def get_session(self, session_id: str) -> SessionRecord | None:
        self.reads += 1
        return await super().get_session(session_id)


def test_a_run_that_does_not_ask_reads_nothing_of_it() -> None:
    """The flags alone cost nothing: as many reads with them as without."""
    reads = []
    for flag in (False, True):
        db = _Counting()
        step = Step("echo", _echo, add_workflow_history=flag)
        workflow = Workflow(db=db, steps=[step, step], add_workflow_history_to_steps=flag)
        workflow.run("a", session_id="s")
        workflow.run("b", session_id="s")
        reads.append(db.reads)
    assert reads[0] == reads[1]


def test_a_step_that_wants_history_is_kept_without_a_db() -> None:
    """T36: it runs, and sees the runs of this process."""
    workflow = Workflow(steps=[Step("look", _seen, add_workflow_history=True)], add_workflow_history_to_steps=True)
    assert [workflow.run("x").content for _ in range(2)] == [[], [("x", [])]]


def test_the_session_of_a_step(db: Store) -> None:
    """It is the run's, with the state that the step may change, and it lists the session's runs."""

    def look(step_input: StepInput, run_context: RunContext) -> list[Any]:
        session = step_input.workflow_session
        assert session is not None
        session.session_data["session_state"]["n"] = 1
        return [session.session_id, session.user_id, len(session.runs), run_context.session_state]

    workflow = Workflow(db=db, steps=[look], session_state={"n": 0})
    assert workflow.run("x", session_id="s", user_id="ann").content == ["s", "ann", 1, {"n": 1}]
    assert workflow.get_session_state("s") == {"n": 1}


def test_the_session_is_no_part_of_an_inputs_value(db: Store) -> None:
    """It is not compared, shown or turned into JSON; an input can be copied."""
    kept: list[StepInput] = []
    Workflow(db=db, steps=[kept.append]).run("x", session_id="s")
    [given] = kept
    assert given == StepInput(input="x")
    assert repr(given) == repr(StepInput(input="x"))
    assert "workflow_session" not in given.to_dict()
    assert copy.deepcopy(given).get_workflow_history() == given.get_workflow_history() == [("x", None)]
    assert asdict(given)["input"] == "x"


def test_a_session_tells_its_whole_history(db: Store) -> None:
    """All completed runs, unless a number is named."""
    _talk(db, *"abcd")
    session = Workflow(name="w", db=db).get_session("s")
    assert isinstance(session, WorkflowSession)
    assert [given for given, _ in session.get_workflow_history()] == list("abcd")
    assert session.get_workflow_history_context(1) == "Run 1\nInput: d\nOutput: d!"


def test_the_runs_of_a_session_are_read_when_asked_for() -> None:
    """The last run costs one list and one run, however many there are; a slice costs its own runs."""
    db = _Counting()
    _talk(db, *"abcdef")
    session = Workflow(name="w", db=db).get_session("s")
    assert session is not None
    db.reads = 0
    assert (bool(session.runs), session.runs[-1].input, db.reads) == (True, "f", 3)
    assert [run.input for run in session.runs[1:3]] == ["b", "c"]
    assert [run.input for run in session.runs] == list("abcdef")
    assert session.runs[-2].status is RunStatus.COMPLETED
    with pytest.raises(IndexError):
        session.runs[-7]


def test_an_input_as_json_and_back() -> None:
    """Everything but the session."""
    inner = StepOutput(step_name="in", content=[1, 2.5])
    outputs = {"t": StepOutput(step_name="t", steps=[inner], success=False, error="no")}
    given = StepInput(
        input={"a": 1}, previous_step_content=[1], previous_step_outputs=outputs, additional_data={"k": None}
    )
    assert StepInput.from_dict(json.loads(json.dumps(given.to_dict()))) == given
    assert StepInput.from_dict({"input": "x", "of a later version": 1}) == StepInput(input="x")


def test_an_input_with_objects_as_json() -> None:
    """Models and dataclasses become dicts, dates and bytes text, at any depth; of what is unknown its text is shown."""
    context = RunContext(run_id="r", session_id="s", dependencies={"day": date(2026, 1, 2), "raw": b"\xff"})
    given = StepInput(input=_Order(item="tea"), previous_step_content=[context], additional_data={"e": ValueError("x")})
    plain = json.loads(json.dumps(given.to_dict()))
    assert (plain["input"], plain["additional_data"]) == ({"item": "tea", "amount": 1}, {"e": "x"})
    assert plain["previous_step_content"][0]["dependencies"] == {"day": "2026-01-02", "raw": "_w=="}


def test_an_input_that_is_built_by_hand() -> None:
    """It knows its last content from the outputs that it is given, failed ones left out; None stands for nothing."""
    good, bad = StepOutput(step_name="good", content=0), StepOutput(step_name="bad", content="x", success=False)
    outputs = {"in": StepOutput(step_name="in", steps=[good, bad]), "bad": bad}
    assert StepInput(previous_step_outputs=outputs).get_last_step_content() == 0
    bare: dict[str, Any] = {"previous_step_outputs": None, "additional_data": None}
    given = StepInput(**bare)
    assert (given.get_last_step_content(), given.user_input, given.get_all_previous_content()) == (None, {}, "")
