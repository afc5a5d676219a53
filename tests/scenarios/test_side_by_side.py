"""Runs beside each other, and steps that take long: nobody waits for anybody."""

from __future__ import annotations

import threading
import time
from typing import Any

from kernbot.db.in_memory import InMemoryDb
from kernbot.workflow import Step, StepInput, Workflow
from tests.scenarios.team import Team, words


def remember(step_input: StepInput, session_state: dict[str, Any]) -> str:
    """Keep the input in the session."""
    session_state.setdefault("seen", []).append(step_input.input)
    return "remembered"


def recall(_: StepInput, session_state: dict[str, Any]) -> str:
    """Say what the session holds."""
    return f"seen: {session_state['seen']}"


async def test_two_people_share_no_state(team: Team) -> None:
    """Each run has a session of its own, and knows its starter."""
    gate: dict[str, Any] = {"requires_confirmation": True, "confirmation_message": "Go on?"}
    steps = [Step(name="remember", executor=remember), Step(name="recall", executor=recall, **gate)]
    async with team.bot(Workflow(name="memo", steps=steps, session_state={"seen": []})):
        cards = {}
        users = set()
        for who in ("dee", "ana"):
            cards[who] = await team.ask(f"memo of-{who}", "Go on?", who=who)
            users.add((await team.run()).run.user_id)
            team.clock.move(1)
        for who, card in cards.items():
            await team.click("bob", card, "pause.approve")
            await team.says(card, "Approved, the step ran")
            result = await team.under({"ts": card["thread_ts"]}, "Result of memo")
            assert f"seen: ['of-{who}']" in words(result)
        assert users == {"slack:T01LOCAL:UDEE", "slack:T01LOCAL:UANA"}


async def test_a_step_runs_another_workflow(team: Team) -> None:
    """A plain step may call `workflow.run()`."""
    inner = Workflow(name="inner", steps=[Step(name="add", executor=lambda given: f"inner {given.input}")])
    inner.db = InMemoryDb()

    def call(step_input: StepInput) -> str:
        return f"outer of {inner.run(input=step_input.input).content}"

    async with team.bot(Workflow(name="outer", steps=[Step(name="call", executor=call)])):
        result = await team.under(await team.start("outer x"), "Result of outer")
        assert "outer of inner x" in words(result)


async def test_two_threads_run_two_workflows(team: Team) -> None:
    """Two plain steps that wait for each other both get on: each has a thread of its own."""
    both = threading.Barrier(2, timeout=5)

    def meet(_: StepInput) -> str:
        both.wait()
        return "met"

    workflows = [Workflow(name=name, steps=[Step(name="meet", executor=meet)]) for name in ("one", "two")]
    async with team.bot(*workflows):
        parents = [await team.start("one"), await team.start("two")]
        for parent in parents:
            await team.under(parent, "Result of")


async def test_a_step_longer_than_its_lease_is_in_nobodys_way(team: Team) -> None:
    """A plain step three leases long runs once, and meanwhile the bot answers a command."""
    go_on = threading.Event()
    tries: list[float] = []

    def work(_: StepInput) -> str:
        tries.append(time.monotonic())
        go_on.wait(5)
        return "worked"

    async with team.bot(
        Workflow(name="slow", steps=[Step(name="work", executor=work)]), lease_seconds=0.3, sweep_seconds=0.1
    ):
        parent = await team.start("slow")
        await team.eventually(lambda: tries and time.monotonic() - tries[0] > 0.9)
        before = time.monotonic()
        assert "*Running:* `slow`" in await team.type("dee", "status")
        assert time.monotonic() - before < 0.5
        go_on.set()
        await team.under(parent, "Result of slow")
        assert len(tries) == 1
