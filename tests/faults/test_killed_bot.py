"""A bot that is killed, and started again: what was accepted counts, and nothing is repeated unasked."""

from __future__ import annotations

import pytest

from kernbot.run import RunStatus
from tests.faults.process import PATIENCE, until
from tests.faults.scene import ANOTHER, PERSON, Scene

BOTH_TRANSPORTS = pytest.mark.parametrize("scene", ["socket", "http"], indirect=True)


@BOTH_TRANSPORTS
async def test_killed_while_paused(scene: Scene) -> None:
    """The old card works after a restart, and the run finishes."""
    bot = await scene.serve()
    await scene.start("release")
    card = await scene.message("Deploy?")
    await scene.kill(bot)
    await scene.serve()
    await scene.click(card, "pause.approve")
    assert await scene.ended() is RunStatus.COMPLETED
    assert scene.effects == ["prepare:1", "deploy:1", "report:1"]


@BOTH_TRANSPORTS
async def test_killed_just_after_a_click(scene: Scene) -> None:
    """Race 4, ack and resume: an acknowledged click counts; the step runs, or is asked about if it had begun."""
    bot = await scene.serve()
    await scene.start("release")
    delivery = await scene.click(await scene.message("Deploy?"), "pause.approve")
    await scene.kill(bot)
    assert delivery.ok
    await scene.serve()
    await until(lambda: scene.messages("Result of") or scene.messages("may have run"), "the run to go on")
    for question in scene.messages("may have run"):
        await scene.click(question, "pause.skip" if "deploy:1" in scene.effects else "pause.retry")
    assert await scene.ended() is RunStatus.COMPLETED
    ran = [trace.partition(":")[0] for trace in scene.effects]
    assert (ran.count("deploy"), list(dict.fromkeys(ran))) == (1, ["prepare", "deploy", "report"])
    (answered, *_) = [pause.answered for pause in (await scene.run()).pauses]
    assert answered is not None
    assert (answered.answer["action"], answered.by.endswith(PERSON)) == ("confirm", True)


@BOTH_TRANSPORTS
async def test_killed_just_after_a_click_that_was_not_decided(scene: Scene) -> None:
    """A click by somebody whom Slack had not told of in time was acknowledged, and is decided after a restart."""
    bot = await scene.serve()
    await scene.start("release")
    card = await scene.message("Deploy?")
    scene.line.hold("users.info")
    delivery = await scene.click(card, "pause.approve", ANOTHER)
    await scene.kill(bot)
    assert delivery.ok
    assert (await scene.run()).run.status is RunStatus.PAUSED
    scene.line.clear()
    await scene.serve()
    assert await scene.ended() is RunStatus.COMPLETED
    assert scene.effects == ["prepare:1", "deploy:1", "report:1"]


@pytest.mark.parametrize(
    ("button", "status", "further"),
    [
        ("pause.retry", RunStatus.COMPLETED, ["deploy:2", "report:1"]),
        ("pause.skip", RunStatus.COMPLETED, ["report:1"]),
        ("run.cancel", RunStatus.CANCELLED, []),
    ],
)
async def test_killed_inside_an_approved_step(scene: Scene, button: str, status: RunStatus, further: list[str]) -> None:
    """The step is asked about, not repeated; Retry runs it again, Skip goes on without it, Cancel run ends the run."""
    bot = await scene.serve()
    scene.hold_steps()
    await scene.start("release")
    await scene.click(await scene.message("Deploy?"), "pause.approve")
    await scene.effect("deploy:1")
    await scene.kill(bot)
    scene.let_steps_go()
    await scene.serve()
    question = await scene.message("may have run already")
    assert scene.effects == ["prepare:1", "deploy:1"]
    await scene.click(question, button)
    assert await scene.ended() is status
    assert scene.effects == ["prepare:1", "deploy:1", *further]


async def test_killed_inside_a_step_without_a_gate(scene: Scene) -> None:
    """The step is repeated with the same idempotency key."""
    bot = await scene.serve()
    scene.hold_steps()
    await scene.start("import")
    await scene.effect("load:1")
    await scene.kill(bot)
    scene.let_steps_go()
    await scene.serve()
    assert await scene.ended() is RunStatus.COMPLETED
    assert scene.effects == ["load:1", "load:1", "report:1"]


async def test_killed_while_an_agent_speaks(scene: Scene) -> None:
    """No message says any more that it speaks: the turn that broke off is asked for again, no other one, and is told.

    A turn is the model's whole reply: half of one can't be kept.
    """
    bot = await scene.serve()
    scene.hold_steps()
    await scene.start("watch")
    await scene.slack.until(lambda: [shown for shown in scene.streams() if "The" in str(shown)], PATIENCE)
    await scene.kill(bot)
    scene.let_steps_go()
    await scene.serve()
    assert await scene.ended() is RunStatus.COMPLETED
    assert scene.effects == ["turn:1", "look:1", "turn:2", "turn:2"]

    def told() -> list[str]:
        """Return what stands in the thread of what the agent said."""
        return [text for message in scene.messages("") if "speak" in (text := str(message)) or "is done" in text]

    await scene.slack.until(
        lambda: all("is done" in text and "The gate is open." in text for text in told()) and told(), PATIENCE
    )
    assert len(told()) == 1
    assert not scene.streams()


async def test_killed_before_the_card_was_posted(scene: Scene) -> None:
    """There is one card after a restart, and it works."""
    bot = await scene.serve()
    scene.line.hold("chat.postMessage", containing=b"Deploy?")
    await scene.start("release")
    await scene.line.caught()
    await scene.kill(bot)
    scene.line.clear()
    await scene.serve()
    await scene.click(await scene.message("Deploy?"), "pause.approve")
    assert await scene.ended() is RunStatus.COMPLETED
    assert len(scene.messages("Deploy?")) == 1


async def test_killed_before_the_messages_were_updated(scene: Scene) -> None:
    """Race 4, resume and update: card and parent message show after a restart what had been decided and done before."""
    bot = await scene.serve()
    await scene.start("release")
    card = await scene.message("Deploy?")
    scene.line.hold("chat.update")
    await scene.click(card, "pause.approve")
    await scene.line.caught()
    await scene.stored(RunStatus.COMPLETED)
    await scene.kill(bot)
    assert not scene.messages("finished")
    scene.line.clear()
    await scene.serve()
    await scene.message("finished")
    await scene.message("Approved, the step ran: Deploy?")
    assert len(scene.messages("Deploy?")) == 1
