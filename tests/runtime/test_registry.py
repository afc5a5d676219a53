"""Registering workflows with a bot."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot import KernBot
from kernbot.db.base import PauseRecord
from kernbot.engine.authority import Rule
from kernbot.errors import ConfigurationError, DefinitionError, NotFoundError
from kernbot.runtime.answerers import doubts
from kernbot.workflow import HumanReview, Step, Steps, Workflow


def workflow(name: str) -> Workflow:
    """Return a workflow of this name."""
    return Workflow(name=name, steps=[Step(name="one", executor=lambda _: "done")])


@pytest.mark.parametrize("channel", ["", "#"])
def test_a_workflow_without_a_channel_is_refused(channel: str) -> None:
    """Nobody could answer its questions; the sentence names both ways of naming a channel."""
    with pytest.raises(ConfigurationError, match='channel="#name" or channel="C…"'):
        KernBot().register(workflow("deploy"), channel=channel)


def asking(*, name: str = "deploy", **review: Any) -> Workflow:
    """Return a workflow with a gate."""
    step = Step(name="one", executor=lambda _: "done", human_review=HumanReview(requires_confirmation=True, **review))
    return Workflow(name=name, steps=[Steps(name="all", steps=[step])])


def test_a_workflow_without_channel_and_approvers_is_told_both_ways_out() -> None:
    """Its questions need a place, and its answers somebody: the channel's members, or those who are named."""
    with pytest.raises(ConfigurationError, match=r"its full members may answer then, or, with approvers=\["):
        KernBot().register(asking())


@pytest.mark.parametrize("who", ["approvers", "starters", "owners"])
@pytest.mark.parametrize("given", [[], "U01ANA", [""], [None], ["@"], 3])
def test_a_list_that_names_nobody_is_an_error(who: str, given: Any) -> None:
    """An empty list is never everybody, and a text is no list of its letters; nothing is registered."""
    bot = KernBot()
    with pytest.raises(ConfigurationError, match=f"'deploy': {who} "):
        bot.register(asking(), channel="#ops", **{who: given})
    assert bot.names == []


def test_operators_that_name_nobody_are_an_error() -> None:
    """The same holds for the bot's own."""
    with pytest.raises(ConfigurationError, match="operators is an empty list"):
        KernBot(operators=[])
    with pytest.raises(DefinitionError, match="approvers is an empty list"):
        HumanReview(approvers=[])


@pytest.mark.parametrize(
    ("on_workflow", "on_gate"), [(["U01ANA"], None), (None, ["U01ANA"])], ids=["of the workflow", "of the gate"]
)
def test_approval_by_silence_has_to_be_allowed(on_workflow: list[str] | None, on_gate: list[str] | None) -> None:
    """Where approvers are named, nothing runs at its deadline without them unless that is said twice."""
    workflow = asking(timeout=60, on_timeout="approve", approvers=on_gate)
    with pytest.raises(ConfigurationError, match=r"Step 'one' runs without any of them .* allow_silent_approval=True"):
        KernBot().register(workflow, channel="#ops", approvers=on_workflow)
    KernBot().register(workflow, channel="#ops", approvers=on_workflow, allow_silent_approval=True)


def test_silence_of_a_channel_may_approve() -> None:
    """Without approvers it is as it was."""
    KernBot().register(asking(timeout=60, on_timeout="approve"), channel="#ops")
    KernBot().register(asking(timeout=60, on_timeout="skip"), channel="#ops", approvers=["U01ANA"])


def question(path: str, **stored: Any) -> PauseRecord:
    """Return an open question at a path."""
    return PauseRecord(
        pause_id="p",
        run_id="r",
        path=path,
        kind="confirmation",
        number=1,
        step_name="one",
        question=stored,
        digest="d",
        silence=None,
        opened_at=0.0,
        deadline=None,
    )


def test_the_rule_in_force_is_that_of_today() -> None:
    """Of the gate as it is written now, whatever the question was asked with; handles stand for their groups."""
    bot = KernBot(operators=["@admins"])
    workflow = asking(approvers=["U01ANA", "@release"])
    bot.register(workflow, channel="#ops", approvers=["@release"], owners=["@admins"], starters=["U02BOB"])
    bot.identify({"@release": "S01REL", "@admins": "S02ADM"})
    bot.identify({})
    stored = {"rule": Rule(approvers=frozenset({"U09OLD"})).to_dict()}
    at_gate = Rule(approvers=frozenset({"U01ANA", "S01REL"}), is_of_gate=True)
    (known,) = bot
    assert bot.rule_of(known, question("root/all/one", **stored)) == at_gate
    assert bot.rule_of(known, question("root/all", **stored)) == Rule(approvers=frozenset({"S01REL"}))
    assert bot.rule_of(known, question("root")) == Rule(approvers=frozenset({"S01REL"}))
    assert bot.named == {"U01ANA", "S01REL", "S02ADM", "U02BOB"}


def test_the_rule_of_a_gate_that_is_gone_is_the_one_it_was_asked_with() -> None:
    """Taking a gate out of a workflow lets nobody new answer it."""
    bot = KernBot()
    bot.register(asking(), channel="#ops")
    rule = Rule(approvers=frozenset({"U01ANA"}), is_of_gate=True)
    (known,) = bot
    assert bot.rule_of(known, question("root/all/two", rule=rule.to_dict())) == rule
    assert bot.rule_of(known, question("root/all/two")) == Rule()
    of_workflow = Rule(approvers=frozenset({"U09OLD"}))
    assert bot.rule_of(known, question("root/all/two", rule=of_workflow.to_dict())) == Rule()


@pytest.mark.parametrize("span", [0, -1.0, "7 days"])
def test_a_span_of_time_is_a_number_above_zero(span: Any) -> None:
    """Nothing is registered otherwise."""
    with pytest.raises(ConfigurationError, match="stale_after is"):
        KernBot().register(asking(), channel="#ops", stale_after=span)


def test_what_may_not_be_meant_is_told() -> None:
    """A step that silence approves, and a single approver who could not approve their own runs."""
    bot = KernBot()
    workflow = asking(timeout=60, on_timeout="approve")
    bot.register(workflow, channel="#ops", approvers=["S01REL"], allow_silent_approval=True)
    (known,) = bot
    by_itself, alone = doubts("deploy", known.definition.steps, bot.rules_of(known), {"S01REL": 1})
    assert "step 'one' runs by itself at its deadline if nobody answers; give it on_timeout=" in by_itself
    assert "only one person may answer (S01REL)" in alone
    assert len(list(doubts("deploy", known.definition.steps, bot.rules_of(known), {"S01REL": 2}))) == 1


def test_a_name_is_taken_once() -> None:
    """Two workflows of one name are refused; another name for the second one is a way out."""
    bot = KernBot()
    bot.register(workflow("deploy"), channel="#ops")
    with pytest.raises(ConfigurationError, match="Two workflows are registered as 'deploy'"):
        bot.register(workflow("deploy"), channel="#ops")


def test_one_workflow_is_served_once() -> None:
    """The same workflow under a second name is refused: its runs could not be told apart."""
    bot = KernBot()
    deploy = workflow("deploy")
    bot.register(deploy, channel="#ops")
    with pytest.raises(ConfigurationError, match="Two workflows have the id"):
        bot.register(deploy, channel="#ops", name="again")


def test_a_name_that_cannot_be_typed_is_refused() -> None:
    """A name with a space needs another one for the command."""
    bot = KernBot()
    with pytest.raises(ConfigurationError, match="has a space in it"):
        bot.register(workflow("deploy all"), channel="#ops")
    bot.register(workflow("deploy all"), channel="#ops", name="deploy_all")
    assert bot.names == ["deploy_all"]


def test_an_unknown_name_gets_the_nearest_one() -> None:
    """The error asks whether the nearest name was meant, or lists what there is."""
    bot = KernBot()
    bot.register(workflow("deploy"), channel="#ops")
    with pytest.raises(NotFoundError, match="Did you mean 'deploy'"):
        bot.get("deplyo")
    with pytest.raises(NotFoundError, match="There are: deploy"):
        bot.get("xyz")
