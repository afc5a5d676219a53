"""What the property test is worth: bugs are put into the engine, and it finds each of them."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st

from kernbot.db.base import PauseRecord, Snapshot
from kernbot.db.in_memory import InMemoryDb
from kernbot.engine import walk
from kernbot.engine.execution import Execution, Visit
from kernbot.engine.gates import PROCEED, Verdict, decide
from kernbot.engine.journal import Journal
from kernbot.workflow.node import Node
from tests.engine.growing import CASES
from tests.engine.trees import Case
from tests.engine.trial import LEGS, Legs, check

_EXAMPLES = 150


def assert_is_caught(new_db: Callable[[], InMemoryDb] = InMemoryDb) -> None:
    """Raise NoSuchExample where the property holds for all examples."""

    def disagrees(drawn: tuple[Case, Legs]) -> bool:
        try:
            check(*drawn, new_db())
        except AssertionError:
            return True
        return False

    seeded = settings(
        max_examples=_EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    find(st.tuples(CASES, LEGS), disagrees, settings=seeded)


def test_a_dropped_gate_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes that are nested in others run unasked."""
    answers = walk._permission

    def permission(run: Execution, node: Node, visit: Visit) -> Any:
        is_nested = visit.path.count("/") > 1
        return iter([SimpleNamespace(decision=PROCEED, at=0.0)]) if is_nested else answers(run, node, visit)

    monkeypatch.setattr(walk, "_permission", permission)
    assert_is_caught()


def test_an_answer_to_another_question_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last yes or no that was given is taken for the answer to a question that was never put."""
    own = Journal.pause

    def pause(journal: Journal, path: str, kind: str, number: int = 1) -> PauseRecord | None:
        given = [pause for (_, of), found in journal._pauses.items() if of == kind for pause in found if pause.answered]
        others = [pause for pause in given if kind == "confirmation" and decide(pause).verdict is not Verdict.RETRY]
        return own(journal, path, kind, number) or next(reversed(others), None)

    monkeypatch.setattr(Journal, "pause", pause)
    assert_is_caught()


class _ForgetfulDb(InMemoryDb):
    """Loses the last output of a run, once, when the run is taken up again."""

    has_lost = False

    async def claim_run(self, run_id: str, owner: str, lease_seconds: float) -> Snapshot | None:
        outputs = [place for place in self._journals[run_id] if place[1] == "output"]
        if outputs and not self.has_lost:
            self.has_lost = True
            del self._journals[run_id][outputs[-1]]
        return await super().claim_run(run_id, owner, lease_seconds)


def test_a_completed_step_that_is_repeated_is_caught() -> None:
    """A step whose output was lost runs again."""
    assert_is_caught(_ForgetfulDb)
