"""What the bot of a benchmark serves: a workflow with one question in each of ten channels."""

from __future__ import annotations

from kernbot import KernBot
from kernbot.workflow import Step, Workflow

QUESTION = "Deploy?"
CHANNELS = [f"ops-{number}" for number in range(10)]


def _workflow(name: str) -> Workflow:
    steps = [
        Step(name="build", executor=lambda _: "built"),
        Step(name="deploy", executor=lambda _: "done", requires_confirmation=True, confirmation_message=QUESTION),
        Step(name="announce", executor=lambda _: "announced"),
    ]
    return Workflow(name=name, steps=steps)


bot = KernBot()
for channel in CHANNELS:
    bot.register(_workflow(f"release-{channel}"), channel=f"#{channel}")
