"""Random workflows, answered at random and restarted at random, against the model."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings

from kernbot.db.in_memory import InMemoryDb
from kernbot.db.sqlite import SqliteDb
from tests.engine.growing import CASES
from tests.engine.trees import Case
from tests.engine.trial import LEGS, Legs, check

_SETTINGS = settings(database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@settings(_SETTINGS, max_examples=150, derandomize=True)
@given(CASES, LEGS)
def test_a_run_does_what_its_workflow_says(case: Case, legs: Legs) -> None:
    """Whatever is nested in what, answered how and interrupted where: all happens as often as it should, and once."""
    check(case, legs, InMemoryDb())


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(4))
def test_so_do_many_runs(part: int) -> None:
    """The same holds for many more workflows."""

    @seed(part)
    @settings(_SETTINGS, max_examples=700)
    @given(CASES, LEGS)
    def carry_out(case: Case, legs: Legs) -> None:
        check(case, legs, InMemoryDb())

    carry_out()


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(2))
def test_so_do_runs_in_sqlite(tmp_path: Path, part: int) -> None:
    """The same holds in a database; where branches run at once, none is interrupted here."""
    db, numbers = SqliteDb(tmp_path / "kernbot.db"), count()

    @seed(part)
    @settings(_SETTINGS, max_examples=250)
    @given(CASES, LEGS)
    def carry_out(case: Case, legs: Legs) -> None:
        check(case, () if case.runs_in_parallel else legs, db, run_id=f"R{next(numbers)}")

    carry_out()
    asyncio.run(db.close())
