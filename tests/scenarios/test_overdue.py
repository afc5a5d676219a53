"""Race 7: every kind of question, with every `on_timeout`, overdue when the bot starts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from kernbot.agent import Agent
from kernbot.db.base import RunFilter
from kernbot.models.scripted import ScriptedModel, call
from kernbot.run import RunStatus
from kernbot.tools import Function, tool
from kernbot.tools.user_control_flow import UserControlFlowTools
from kernbot.tools.user_feedback import UserFeedbackTools
from kernbot.workflow import HumanReview, Loop, Router, Step, StepInput, Workflow
from kernbot.workflow.node import Node
from tests.scenarios.team import Team

TIMEOUT = 60
ASKED = "Go on?"
ACTIONS = ("approve", "reject", "skip", "cancel")
COMPLETED, CANCELLED = RunStatus.COMPLETED, RunStatus.CANCELLED
CANCELS = ("the run was cancelled", CANCELLED)

Work = Callable[[str], str]
"""Notes that something was done, and returns it."""


@dataclass(frozen=True)
class Kind:
    """A node that asks one kind of question."""

    node: Callable[[Work, Mapping[str, Any]], Node]
    """From the work behind it, and its deadline as keywords of a review."""
    yes: tuple[str, RunStatus]
    """What the card says after silence that approves, and how the run ends."""
    no: tuple[str, RunStatus]
    """The same where it rejects or skips."""
    done: Mapping[str, list[str]]
    """What is done in all, by `on_timeout`; nothing where it is not named."""
    question: str = ASKED


def gated(**settings: Any) -> Callable[[Work, Mapping[str, Any]], Node]:
    """Return what makes a step that does the work."""

    def make(work: Work, deadline: Mapping[str, Any]) -> Node:
        return Step("gate", lambda _: work("gate"), human_review=HumanReview(**settings, **deadline))

    return make


def looping(work: Work, deadline: Mapping[str, Any]) -> Node:
    """Return a loop whose every round is reviewed."""
    review = HumanReview(requires_iteration_review=True, iteration_review_message=ASKED, **deadline)
    return Loop(steps=[Step("try", lambda _: work("try"))], name="gate", max_iterations=3, human_review=review)


def routing(work: Work, deadline: Mapping[str, Any]) -> Node:
    """Return a router that proposes the second of two ways."""
    review = HumanReview(requires_user_input=True, user_input_message=ASKED, **deadline)
    ways = [Step(name, lambda _, name=name: work(name)) for name in ("left", "right")]
    return Router(ways, selector=lambda _: "right", name="gate", human_review=review)


def failing(work: Work, deadline: Mapping[str, Any]) -> Node:
    """Return a step that fails, and asks about that."""

    def fail(_: StepInput) -> str:
        work("try")
        raise RuntimeError("no connection")

    return Step("gate", fail, human_review=HumanReview(on_error="pause", max_retries=0, **deadline), max_retries=0)


def calling(name: str, tools: Callable[[Work], list[Any]], **arguments: Any) -> Callable[..., Node]:
    """Return what makes a step whose agent makes one call, and then ends."""

    def make(work: Work, deadline: Mapping[str, Any]) -> Node:
        model = ScriptedModel([[call(name, **arguments)], "The agent is done."])
        return Step(
            "gate",
            agent=Agent(name="clerk", model=model, tools=tools(work)),
            human_review=HumanReview(**deadline),
        )

    return make


def refund(**settings: Any) -> Callable[[Work], list[Function]]:
    """Return what makes a tool that does the work."""

    def make(work: Work) -> list[Function]:
        def issue_refund(order: str) -> str:
            return work(order)

        return [tool(**settings)(issue_refund)]

    return make


BOTH = {"approve": ["gate"]}
CALL = {"approve": ["A-1"]}
VALUES: dict[str, Any] = {"requires_user_input": True, "user_input_message": ASKED}
DEFAULTS = [{"name": "city", "value": "Paris"}]
QUESTIONS = [{"question": "Where?", "options": [{"label": "Here"}, {"label": "There"}]}]
AGENT_IS_TOLD = ("the agent was told", COMPLETED)
NOT_MADE = ("the call was not made, the agent was told", COMPLETED)
RAN, SKIPPED = ("the step ran", COMPLETED), ("the step was skipped", COMPLETED)

KINDS = {
    "confirmation": Kind(gated(requires_confirmation=True, confirmation_message=ASKED), RAN, SKIPPED, BOTH),
    "values with defaults": Kind(gated(**VALUES, user_input_schema=DEFAULTS), RAN, SKIPPED, BOTH),
    "values without": Kind(gated(**VALUES, user_input_schema=[{"name": "city"}]), CANCELS, SKIPPED, {}),
    "values and confirmation": Kind(
        gated(requires_confirmation=True, user_input_schema=DEFAULTS, **VALUES), RAN, SKIPPED, BOTH
    ),
    "output": Kind(
        gated(requires_output_review=True, output_review_message=ASKED),
        ("the run went on", COMPLETED),
        ("the output was left out", COMPLETED),
        {action: ["gate"] for action in ACTIONS},
    ),
    "iteration": Kind(
        looping,
        ("the loop ended", COMPLETED),
        ("the output was left out", COMPLETED),
        {action: ["try"] for action in ACTIONS},
    ),
    "route": Kind(routing, RAN, SKIPPED, {"approve": ["right"]}),
    "failure": Kind(
        failing,
        SKIPPED,
        SKIPPED,
        {action: ["try"] for action in ACTIONS},
        "Retry the failed step `gate`?",
    ),
    "call": Kind(
        calling("issue_refund", refund(requires_confirmation=True), order="A-1"),
        ("the call was made", COMPLETED),
        NOT_MADE,
        CALL,
        "Run the tool `issue_refund`?",
    ),
    "values of a call": Kind(
        calling("issue_refund", refund(requires_user_input=True, user_input_fields=["order"])),
        CANCELS,
        NOT_MADE,
        {},
        "Fill in what the tool `issue_refund` needs",
    ),
    "result of a call": Kind(
        calling("issue_refund", refund(external_execution=True), order="A-1"),
        CANCELS,
        AGENT_IS_TOLD,
        {},
        "Run `issue_refund` elsewhere",
    ),
    "values for an agent": Kind(
        calling(
            "get_user_input",
            lambda _: [UserControlFlowTools()],
            user_input_fields=[{"field_name": "city", "field_type": "str", "field_description": "Where to"}],
        ),
        CANCELS,
        AGENT_IS_TOLD,
        {},
        "Fill in what the agent asks for",
    ),
    "questions of an agent": Kind(
        calling("ask_user", lambda _: [UserFeedbackTools()], questions=QUESTIONS),
        CANCELS,
        AGENT_IS_TOLD,
        {},
        "Answer what the agent asks",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_race_7_overdue_at_start_up(team: Team, kind: str) -> None:
    """The card closes as nobody's answer, what was promised is done, and the run ends, whatever was asked."""
    asks, done = KINDS[kind], {action: list[str]() for action in ACTIONS}
    workflows = [_workflow(asks, action, done[action]) for action in done]
    async with team.bot(*workflows):
        cards = {action: await team.ask(action, asks.question) for action in done}
        parents = dict(zip(done, team.parents(), strict=True))
    team.clock.move(TIMEOUT + 1)
    async with team.bot(*workflows):
        for action, (text, status) in _promised(asks).items():
            await team.says(cards[action], f"No answer in time, {text}")
            await team.says(parents[action], "Finished" if status is COMPLETED else "Cancelled")
        assert await _ended(team) == {action: status for action, (_, status) in _promised(asks).items()}
        assert done == {action: asks.done.get(action, []) for action in done}


async def test_race_7_what_may_have_run_already(team: Team) -> None:
    """A step that was begun and never ended is not repeated in silence, whatever it was to do in it."""
    done = {action: list[str]() for action in ACTIONS}
    workflows = [_hanging(action, done[action]) for action in done]
    async with team.bot(*workflows):
        for action in done:
            await team.click("ana", await team.ask(action, ASKED), "pause.approve")
        await team.eventually(lambda: all(done.values()))
    async with team.bot(*workflows):
        cards = [await team.under(parent, "It may have run already") for parent in team.parents()]
    team.clock.move(TIMEOUT + 1)
    async with team.bot(*workflows):
        for action, card in zip(done, cards, strict=True):
            text, _ = CANCELS if action == "cancel" else SKIPPED
            await team.says(card, f"No answer in time, {text}")
        await team.until(lambda: not any("waits" in parent["text"] for parent in team.parents()))
        assert list(done.values()) == [["gate"]] * 4


def _workflow(asks: Kind, action: str, done: list[str]) -> Workflow:
    def work(what: str) -> str:
        done.append(what)
        return what

    node = asks.node(work, {"timeout": TIMEOUT, "on_timeout": action})
    return Workflow(name=action, steps=[node, Step("announce", lambda _: "announced")])


def _hanging(action: str, done: list[str]) -> Workflow:
    async def hang(_: StepInput) -> None:
        done.append("gate")
        await asyncio.Event().wait()

    review = HumanReview(requires_confirmation=True, confirmation_message=ASKED, timeout=TIMEOUT, on_timeout=action)
    return Workflow(name=action, steps=[Step("gate", hang, human_review=review)])


def _promised(asks: Kind) -> dict[str, tuple[str, RunStatus]]:
    return {"approve": asks.yes, "reject": asks.no, "skip": asks.no, "cancel": CANCELS}


async def _ended(team: Team) -> dict[str, RunStatus]:
    return {run.workflow_id: run.status for run in await team.store.list_runs(RunFilter())}
