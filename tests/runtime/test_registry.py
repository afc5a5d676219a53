"""Registering workflows with a bot."""

from __future__ import annotations

import pytest

from kernbot import KernBot
from kernbot.errors import ConfigurationError, NotFoundError
from kernbot.workflow import Step, Workflow


def workflow(name: str) -> Workflow:
    """Return a workflow of this name."""
    return Workflow(name=name, steps=[Step(name="one", executor=lambda _: "done")])


@pytest.mark.parametrize("channel", ["", "#"])
def test_a_workflow_without_a_channel_is_refused(channel: str) -> None:
    """Nobody could answer its questions; the sentence names both ways of naming a channel."""
    with pytest.raises(ConfigurationError, match='channel="#name" or channel="C…"'):
        KernBot().register(workflow("deploy"), channel=channel)


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
