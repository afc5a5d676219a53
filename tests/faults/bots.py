"""A bot whose steps leave traces in the folder in which it runs, to be killed at its work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from kernbot import KernBot
from kernbot.agent import Agent
from kernbot.models import ModelReply, ModelRequest, ScriptedModel, call
from kernbot.run import RunContext
from kernbot.workflow import Step, StepInput, Workflow

EFFECTS = Path("effects")
"""A line for what is done, written as it begins: of a step its idempotency key."""
HOLD = Path("hold")
"""While this file is there, steps that can be held up wait."""


def act(_: StepInput, run_context: RunContext) -> str:
    """Leave a trace."""
    _leave(run_context.idempotency_key)
    return "done"


def _leave(trace: str) -> None:
    with EFFECTS.open("a") as file:
        file.write(f"{trace}\n")


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


class Speaker(ScriptedModel):
    """A model that leaves a trace of each turn, and stops after its first word for as long as the test wants."""

    async def reply(self, request: ModelRequest, *, stream: bool) -> AsyncGenerator[str | ModelReply, None]:
        """Say what the script has."""
        _leave(f"turn:{1 + sum(message.role == 'assistant' for message in request.messages)}")
        async for piece in super().reply(request, stream=stream):
            yield piece
            while isinstance(piece, str) and await asyncio.to_thread(HOLD.exists):  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.01)


def look() -> str:
    """Look where the gate is."""
    _leave("look:1")
    return "open"


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
ann = Agent(name="Ann", model=Speaker([[call("look")], "The gate is open."]), tools=[look])
bot.register(Workflow(name="watch", steps=[Step(name="write", agent=ann)]), channel="#ops")
