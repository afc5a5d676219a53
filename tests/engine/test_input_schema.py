"""A workflow's `input_schema`: what a run may be given, and what its steps get."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from kernbot.db.base import RunFilter, Store
from kernbot.db.in_memory import InMemoryDb
from kernbot.engine.runner import Engine, StartRequest
from kernbot.errors import DefinitionError, UsageError
from kernbot.workflow import Step, StepInput, Workflow
from tests.engine.bench import Calls, confirm, must_load


class _Line(BaseModel):
    item: str
    amount: int = Field(default=1, ge=1)


class _Order(BaseModel):
    customer: str
    lines: list[_Line] = []


ORDER = _Order(customer="ann", lines=[_Line(item="tea", amount=2)])


def _workflow(db: Store, **settings: Any) -> Workflow:
    def total(step_input: StepInput) -> int:
        assert isinstance(step_input.input, _Order)
        return sum(line.amount for line in step_input.input.lines)

    return Workflow(name="orders", db=db, steps=[Step("total", total, **settings)], input_schema=_Order)


@pytest.mark.parametrize("given", [ORDER, ORDER.model_dump(), ORDER.model_dump_json()])
def test_an_input_becomes_the_model(db: Store, given: Any) -> None:
    """An instance, a dict and a JSON text are the same input; it is the model in the step and on the run."""
    run = _workflow(db).run(given)
    assert (run.content, run.input) == (2, ORDER)


def test_it_is_the_model_after_a_reload(db: Store) -> None:
    """In another object, behind a pause, and on the requirement."""
    run = _workflow(db, requires_confirmation=True).run({"customer": "ann"})
    other = _workflow(db, requires_confirmation=True)
    loaded = must_load(other, run.run_id)
    [asked] = loaded.step_requirements
    assert asked.step_input is not None
    assert loaded.input == asked.step_input.input == _Order(customer="ann")
    assert confirm(other, loaded).content == 0


@pytest.mark.parametrize(
    ("given", "complaints"),
    [
        ({"lines": [{"item": "tea", "amount": 0}, {}]}, ["customer: ", "lines.0.amount: ", "lines.1.item: "]),
        ("not JSON", ["Invalid JSON"]),
        (None, ["_Order"]),
        (_Line(item="tea"), ["_Order"]),
    ],
)
async def test_an_input_that_does_not_fit_is_refused(db: Store, given: Any, complaints: list[str]) -> None:
    """UsageError, a ValueError, names each wrong field; nothing is stored, whoever starts the run."""
    workflow = _workflow(db)
    with pytest.raises(UsageError) as refused:
        await workflow.arun(given, session_id="s")
    assert all(complaint in str(refused.value) for complaint in complaints)
    with pytest.raises(ValueError, match="does not fit _Order"):
        await Engine(store=db).start(workflow.definition(), StartRequest(input=given, origin="bot"))
    assert (await db.list_runs(RunFilter()), await db.get_session("s")) == ([], None)


def test_without_a_schema_any_input_will_do(calls: Calls) -> None:
    """Text that looks like JSON stays text."""
    assert Workflow(steps=[calls.step("a")]).run('{"a": 1}').input == '{"a": 1}'


@pytest.mark.parametrize("schema", [dict, "Order", {"type": "object"}, ORDER])
def test_a_schema_is_a_model_class(schema: Any) -> None:
    """DefinitionError for anything else, when the workflow is built."""
    with pytest.raises(DefinitionError, match="input_schema must be a pydantic model class"):
        Workflow(name="w", db=InMemoryDb(), input_schema=schema)
