"""A bot whose steps leave traces in the folder in which it runs, to be killed at its work."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from kernbot import KernBot
from kernbot.run import RunContext
from kernbot.workflow import Step, StepInput, Workflow

EFFECTS = Path("effects")
"""A line for each execution of a step, written as it begins: its idempotency key."""
HOLD = Path("hold")
"""While this file is there, steps that can be held up wait."""


def act(_: StepInput, run_context: RunContext) -> str:
    """Leave a trace."""
    with EFFECTS.open("a") as file:
        file.write(f"{run_context.idempotency_key}\n")
    return "done"


def act_slowly(step_input: StepInput, run_context: RunContext) -> str:
    """Leave a trace, and take as long as the test wants."""
    act(step_input, run_context)
    while HOLD.exists():
        time.sleep(0.01)
    return "done"


async def act_slowly_async(step_input: StepInput, run_context: RunContext) -> str:
    """Leave a trace, and take as long as the test wants, without a thread."""
    act(step_input, run_context)
    while await asyncio.to_thread(HOLD.exists):  # noqa: ASYNC110 - the test is another process
        await asyncio.sleep(0.01)
    return "done"


report = Step(name="report", executor=act)

bot = KernBot()
bot.register(
    Workflow(
        name="release",
        steps=[
            Step(name="prepare", executor=act),
            Step(name="deploy", executor=act_slowly, requires_confirmation=True, confirmation_message="Deploy?"),
            report,
        ],
    ),
    channel="#ops",
)
bot.register(Workflow(name="import", steps=[Step(name="load", executor=act_slowly), report]), channel="#ops")
bot.register(
    Workflow(name="import_async", steps=[Step(name="load", executor=act_slowly_async), report]), channel="#ops"
)
