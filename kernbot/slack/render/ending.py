"""What a requester is told when a run ends: in its thread where it has no result, and in their direct messages."""

from __future__ import annotations

from functools import partial
from typing import Any

from kernbot.run.status import RunStatus
from kernbot.slack.ids import block_id
from kernbot.slack.render.blocks import context, message, section
from kernbot.slack.render.facts import RunFacts
from kernbot.slack.render.parent import asked_for, state
from kernbot.slack.render.text import escape, person, short

_HOW = {RunStatus.COMPLETED: "has finished", RunStatus.ERROR: "has failed", RunStatus.CANCELLED: "was cancelled"}


def ending(run: RunFacts, *, revision: int, calls: bool = False) -> dict[str, Any]:
    """Return how a run has ended; `calls` mentions its requester."""
    at = partial(block_id, run.run_id, revision)
    for_whom = f", for {person(run.requester_id)}" if calls and run.requester_id else ""
    link = f" <{run.run_link}|Open the run>" if run.run_link and not calls else ""
    text = f"Your {escape(short(run.workflow))} run {_HOW.get(run.status, 'goes on')}"
    return message(
        text, [section(at("state"), f"{state(run)}{for_whom}.{link}"), context(at("context"), asked_for(run))]
    )
