"""A workflow that says what its input looks like, started in Slack."""

from __future__ import annotations

from pydantic import BaseModel

from kernbot.workflow import StepInput, Workflow
from tests.scenarios.team import Team, words


class _Order(BaseModel):
    region: str
    units: int


def _report(step_input: StepInput) -> str:
    return f"{step_input.input.units} units for {step_input.input.region}"


def _orders() -> Workflow:
    return Workflow(name="orders", steps=[_report], input_schema=_Order)


async def test_an_input_that_does_not_fit_starts_nothing(team: Team) -> None:
    """The person is told which field is wrong, and there is no run."""
    async with team.bot(_orders()):
        told = await team.type("dee", 'run orders {"region": "EU", "units": "many"}')
    assert "was not started" in told
    assert "units" in told
    assert team.parents() == []


async def test_json_that_fits_is_the_input(team: Team) -> None:
    """The step gets the model."""
    async with team.bot(_orders()):
        parent = await team.start('orders {"region": "EU", "units": 3}')
        result = await team.under(parent, "Result of")
    assert "3 units for EU" in words(result)
