"""A case carried out by the engine: each leg of its run by a workflow object that has seen nothing before."""

from __future__ import annotations

import copy
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import strategies as st

from kernbot.db.base import Store
from kernbot.engine.fronts import call_sync
from kernbot.engine.ledger import give_answer
from kernbot.engine.sessions import load_output
from kernbot.errors import ConflictError
from kernbot.run import RunStatus
from kernbot.run.workflow import WorkflowRunOutput
from kernbot.workflow import Workflow
from kernbot.workflow.types import ErrorRequirement, StepRequirement
from tests.engine.growing import MUCH
from tests.engine.model import expected
from tests.engine.planting import Plants
from tests.engine.trees import Case, Outcome, Question, Said

Requirement = StepRequirement | ErrorRequirement


@dataclass(frozen=True)
class Leg:
    """How far one worker carries a run: `events` of its stream; or for 0 as far as it goes, collected."""

    events: int = 0
    has_rival: bool = False
    """Whether another worker wants to carry the run on at the same time, with answers of its own."""


Legs = tuple[Leg, ...]
LEGS: st.SearchStrategy[Legs] = st.just(()) | st.lists(st.builds(Leg, st.integers(0, 9), st.booleans())).map(tuple)


def check(case: Case, legs: Legs, db: Store, run_id: str = "R") -> None:
    """Raise AssertionError where the engine makes something else of a case than the model."""
    wanted, found = expected(case), Trial(case, cycle((*legs, Leg())), db, run_id).carry_out()
    if case.runs_in_parallel:
        wanted, found = wanted.without_order(), found.without_order()
    assert found == wanted


@dataclass
class Trial:
    """One run, which is restarted after each leg."""

    case: Case
    legs: Iterator[Leg]
    db: Store
    run_id: str
    plants: Plants = field(default_factory=Plants)
    asked: list[Question] = field(default_factory=list)

    def carry_out(self) -> Outcome:
        """Start the run, answer it and continue it until it has ended; return what came of it."""
        begin: Callable[..., Any] = partial(self._workflow().run, "x", run_id=self.run_id, session_id=self.run_id)
        self._leg(next(self.legs), begin)
        patience = self.case.patience
        while not (run := self._load()).status.has_ended or (run.status is RunStatus.ERROR and patience > 0):
            assert len(self.asked) <= MUCH, "The run asks for ever."
            patience -= run.status is RunStatus.ERROR
            self._go_on(run, next(self.legs))
        completed = run.status is RunStatus.COMPLETED
        return Outcome(
            status=str(run.status),
            content=run.content if completed else None,
            asked=self.asked,
            ran=self.plants.ran,
            failed=[str(failed.step_name) for failed in run.failed_steps] if completed else [],
            worked=Counter(Workflow(db=self.db).get_session_state(self.run_id)),
        )

    def _workflow(self) -> Workflow:
        return Workflow(name="w", db=self.db, steps=self.plants.nodes(self.case.tree))

    def _load(self) -> WorkflowRunOutput:
        run = call_sync(partial(load_output, self.db, self.run_id))
        assert run is not None
        return run

    def _go_on(self, run: WorkflowRunOutput, leg: Leg) -> None:
        rival = copy.deepcopy(run) if leg.has_rival else None
        answered = self._answer(run)
        given = {"run_id": self.run_id} if self.case.one_by_one else {"run_response": run}
        refuse = partial(self._refuse, rival, answered) if rival else None
        self._leg(leg, partial(self._workflow().continue_run, **given), refuse)

    def _leg(self, leg: Leg, begin: Callable[..., Any], refuse: Callable[[], None] | None = None) -> None:
        try:
            if not leg.events:
                begin()
                return
            with closing(begin(stream=True, stream_events=True)) as events:
                for _ in islice(events, leg.events):
                    pass
                if refuse and self._load().status is RunStatus.RUNNING:
                    refuse()
        except (ValueError, RuntimeError) as error:
            assert "is broken" in str(error)  # noqa: PT017 - an author's exception, which may or may not come

    def _answer(self, run: WorkflowRunOutput) -> set[str]:
        """Answer what is open in a run that waits: all, or in a bot's way the first; return the ids of these pauses."""
        waiting = _open(run) if run.is_paused else []
        if self.case.one_by_one:
            waiting = sorted(waiting, key=attrgetter("step_name"))[:1]
        for asked in waiting:
            question = _question(asked)
            self.asked.append(question)
            number = sum((other.name, other.kind) == (question.name, question.kind) for other in self.asked)
            _say(self.case.people.say(question.name, question.kind, number), asked)
            if self.case.one_by_one and asked.answer:
                now = time.time()
                call_sync(partial(give_answer, self.db, asked.pause_id, asked.answer, at=now, by="p", door="d"))
        return {asked.pause_id for asked in waiting}

    def _refuse(self, rival: WorkflowRunOutput, answered: set[str]) -> None:
        for asked in _open(rival):
            if asked.pause_id in answered:
                _say(Said(yes=False), asked)
        with pytest.raises(ConflictError):
            self._workflow().continue_run(rival)


def _open(run: WorkflowRunOutput) -> list[Requirement]:
    return [*run.active_step_requirements, *run.steps_with_errors]


def _question(asked: Requirement) -> Question:
    name = str(asked.step_name)
    if isinstance(asked, ErrorRequirement):
        return Question(name, "error")
    if asked.needs_output_review:
        return Question(name, "review", asked.step_output.last_content if asked.step_output else None)
    if asked.needs_route_selection:
        return Question(name, "route", ",".join(asked.proposed_choices or ()))
    about = asked.step_input.previous_step_content if asked.step_input else None
    if not asked.needs_user_input:
        return Question(name, "confirm", about)
    return Question(name, "both" if asked.needs_confirmation else "input", about)


def _say(said: Said, asked: Requirement) -> None:
    if isinstance(asked, ErrorRequirement):
        asked.retry() if said.yes else asked.skip()
    elif not said.yes:
        asked.reject(said.feedback)
    elif said.edit is not None:
        asked.edit(said.edit)
    elif asked.needs_route_selection:
        asked.select(*said.chosen(asked.available_choices or [], several=asked.allow_multiple_selections))
    else:
        _agree(asked, said)


def _agree(asked: StepRequirement, said: Said) -> None:
    if asked.requires_confirmation:
        asked.confirm()
    if asked.requires_user_input:
        asked.set_user_input(value=said.value)
