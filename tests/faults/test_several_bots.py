"""Several bots on one database: a run has one worker at a time, and a worker that was replaced writes nothing."""

from __future__ import annotations

import asyncio
from collections import Counter

from kernbot.run import RunStatus
from tests.faults.process import PATIENCE
from tests.faults.scene import Scene


async def test_a_frozen_worker_whose_run_was_finished_by_another(scene: Scene) -> None:
    """The run stays as the other one left it when the worker wakes up: nothing is written or executed any more."""
    frozen = await scene.serve(KERNBOT_LOG_LEVEL="DEBUG")
    scene.hold_steps()
    await scene.start("import")
    await scene.effect("load:1")
    await frozen.freeze()
    scene.let_steps_go()
    await scene.serve()
    assert await scene.ended() is RunStatus.COMPLETED
    finished = await scene.run()
    frozen.thaw()
    await frozen.logged("run not taken up")
    assert await scene.run() == finished
    assert scene.effects == ["load:1", "load:1", "report:1"]


async def test_a_frozen_worker_with_an_approved_step(scene: Scene) -> None:
    """The step is asked about by the other one, and stays open when the worker wakes up and ends the step."""
    frozen = await scene.serve(KERNBOT_LOG_LEVEL="DEBUG")
    scene.hold_steps()
    await scene.start("release")
    await scene.click(await scene.message("Deploy?"), "pause.approve")
    await scene.effect("deploy:1")
    await frozen.freeze()
    scene.let_steps_go()
    await scene.serve()
    await scene.message("may have run already")
    paused = await scene.run()
    frozen.thaw()
    await frozen.logged("run not taken up")
    assert await scene.run() == paused
    assert scene.effects == ["prepare:1", "deploy:1"]


async def test_two_bots_on_one_database(scene: Scene) -> None:
    """Every step of every run is executed once, whichever bot gets the command, the click, and the run."""
    await asyncio.gather(scene.serve(), scene.serve())
    await asyncio.gather(*(scene.start("release") for _ in range(4)), *(scene.start("import") for _ in range(4)))
    async with asyncio.timeout(PATIENCE):
        while any(run.status is not RunStatus.COMPLETED for run in await scene.runs()):
            await asyncio.gather(*(scene.click(card, "pause.approve") for card in scene.open_cards()))
            await asyncio.sleep(0.05)
    assert Counter(scene.effects) == {"prepare:1": 4, "deploy:1": 4, "load:1": 4, "report:1": 8}
