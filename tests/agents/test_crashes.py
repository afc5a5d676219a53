"""An agent by itself whose process died: what is asked about, and what is done again."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from kernbot.agent import Agent
from kernbot.db.base import Store
from kernbot.engine.execution import Part
from kernbot.errors import UsageError
from kernbot.models import ScriptedModel, call
from kernbot.models.scripted import Item
from kernbot.run import RunContext, RunStatus
from kernbot.run.agent import RunOutput
from kernbot.run.answer import Action
from kernbot.run.executor import DELEGATE
from kernbot.team import Team
from kernbot.workflow.node import Node
from tests.engine.agent_bench import Desk, agent, looks, requests, sends, told
from tests.engine.worker import answer, die_in


def _ann(desk: Desk, db: Store) -> Agent:
    return agent([[looks("a"), sends("b")], "Done."], desk.look, desk.send, db=db)


def _killed(desk: Desk, db: Store, path: str = "root/ann/call:send~1") -> RunOutput:
    """Return the run of an agent that died in a call that was approved, as new objects see it once they go on."""
    ann = _ann(desk, db)
    ann.run("x", run_id="r")
    asyncio.run(answer(db, "r", Action.confirm))
    asyncio.run(die_in(db, "r", path, cast("Node", Part("Tool:send"))))
    return _ann(desk, db).continue_run(run_id="r")


def test_an_approved_call_in_flight_is_asked_about(db: Store, desk: Desk) -> None:
    """It is not repeated unasked, and the model is not asked again."""
    run = _killed(desk, db)
    (doubt,) = run.active_error_requirements
    assert (run.status, doubt.error_type, desk.done) == (RunStatus.PAUSED, "MayHaveRunAlready", ["look(a)"])
    assert str(run.content).startswith("Waiting for people: a decision: The process stopped while")
    with pytest.raises(UsageError, match="still waits for an answer"):
        _ann(desk, db).continue_run(run)


@pytest.mark.parametrize(("is_retried", "done"), [(True, ["look(a)", "send(b)"]), (False, ["look(a)"])])
def test_the_answer_counts(db: Store, desk: Desk, is_retried: bool, done: list[str]) -> None:
    """Retry makes the call once more; skip tells the model that nobody knows."""
    run = _killed(desk, db)
    (doubt,) = run.error_requirements
    doubt.retry() if is_retried else doubt.skip()
    ann = _ann(desk, db)
    assert (ann.continue_run(run).content, desk.done, len(requests(ann))) == ("Done.", done, 1)
    assert told(ann)[1] == "send: b" if is_retried else "not known" in str(told(ann)[1])


class KilledError(BaseException):
    """The process is gone."""


def test_a_call_that_asks_nobody_is_repeated(db: Store) -> None:
    """It has the same idempotency key, and the model is not asked again."""
    keys: list[str] = []

    def note(run_context: RunContext) -> str:
        keys.append(run_context.idempotency_key)
        if len(keys) == 1:
            raise KilledError
        return "noted"

    script: list[Item] = [[call("note")], "Done."]
    with pytest.raises(KilledError):
        agent(script, note, db=db).run("x", run_id="r")
    ann = agent(script, note, db=db)
    assert (ann.continue_run(run_id="r").content, len(requests(ann))) == ("Done.", 1)
    assert keys == ["r:root/ann/call:note~1:1"] * 2


def _crew(desk: Desk, db: Store) -> tuple[Team, Agent]:
    ann = agent([[sends("b")], "Ann done."], desk.send)
    script: list[Item] = [[call(DELEGATE, member_id="ann", task="Do it")], "All done."]
    return Team(name="Crew", model=ScriptedModel(script), members=[ann], db=db), ann


def test_a_member_in_flight_is_asked_about_too(db: Store, desk: Desk) -> None:
    """The team waits, and goes on in the member."""
    _crew(desk, db)[0].run("x", run_id="r")
    asyncio.run(answer(db, "r", Action.confirm))
    path = f"root/crew/call:{DELEGATE}~1/call:send~1"
    asyncio.run(die_in(db, "r", path, cast("Node", Part("Tool:send"))))
    run = _crew(desk, db)[0].continue_run(run_id="r")
    run.error_requirements[0].retry()
    crew, ann = _crew(desk, db)
    run = crew.continue_run(run)
    assert (run.content, desk.done, len(requests(ann))) == ("All done.", ["send(b)"], 1)
