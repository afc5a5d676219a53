"""A bot that is asked to stop (SIGTERM): it ends soon, and another goes on at once."""

from __future__ import annotations

import time

import pytest

from kernbot.run import RunStatus
from tests.faults.scene import Scene


async def test_an_idle_bot(scene: Scene) -> None:
    """The bot ends within two seconds with exit code 0, and says nothing went wrong."""
    bot = await scene.serve()
    await scene.start("release")
    await scene.message("Deploy?")
    asked_at = time.monotonic()
    assert await bot.stop() == 0
    assert time.monotonic() - asked_at < 2
    assert "Traceback" not in bot.log


@pytest.mark.parametrize("workflow", ["import", "import_async"])
async def test_a_bot_inside_a_step(scene: Scene, workflow: str) -> None:
    """The run is given up, and taken up by another bot without waiting for the lease."""
    bot = await scene.serve(KERNBOT_LEASE_SECONDS="600")
    scene.hold_steps()
    await scene.start(workflow)
    await scene.effect("load:1")
    assert await bot.stop() == 0
    assert (await scene.run()).run.status is RunStatus.PENDING
    assert "Traceback" not in bot.log
    scene.let_steps_go()
    await scene.serve()
    assert await scene.ended() is RunStatus.COMPLETED
    assert scene.effects == ["load:1", "load:1", "report:1"]
