"""Random workflows, answered at random and restarted at random, against the model."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from kernbot.db.in_memory import InMemoryDb
from kernbot.db.sqlite import SqliteDb
from tests.engine.trees import CASES, Case
from tests.engine.trial import LEGS, Legs, check

_SEEDED = settings(
    deadline=None, derandomize=True, database=None, print_blob=False, suppress_health_check=[HealthCheck.too_slow]
)


@settings(_SEEDED, max_examples=250)
@given(CASES, LEGS)
def test_a_run_does_what_its_workflow_says(case: Case, legs: Legs) -> None:
    """Whatever is nested in what, answered how and interrupted where: all happens as often as it should, and once."""
    check(case, legs, InMemoryDb())


@pytest.mark.long
@pytest.mark.timeout(600)
@settings(_SEEDED, max_examples=5_000)
@given(CASES, LEGS)
def test_so_do_many_runs(case: Case, legs: Legs) -> None:
    """The same holds for many more workflows."""
    check(case, legs, InMemoryDb())


@pytest.mark.long
@pytest.mark.timeout(600)
def test_so_do_runs_in_sqlite(tmp_path: Path) -> None:
    """The same holds in a database; what is beside something else may be interrupted within there, and is not."""
    db, numbers = SqliteDb(tmp_path / "kernbot.db"), count()

    @settings(_SEEDED, max_examples=1_000)
    @given(CASES, LEGS)
    def carry_out(case: Case, legs: Legs) -> None:
        check(case, () if case.runs_in_parallel else legs, db, run_id=f"R{next(numbers)}")

    carry_out()
    asyncio.run(db.close())
