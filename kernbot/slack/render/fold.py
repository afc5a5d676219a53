"""One message for many open questions of a workflow."""

from __future__ import annotations

from functools import partial
from typing import Any

from kernbot.slack import ids
from kernbot.slack.ids import block_id
from kernbot.slack.render.blocks import actions, button, message, section
from kernbot.slack.render.text import code, counted, escape, short


def fold(workflow: str, waiting: int, token: str, subject: str, revision: int) -> dict[str, Any]:
    """Return the message that says how many questions of a workflow wait; its button shows them to who presses it."""
    at = partial(block_id, subject, revision)
    if not waiting:
        text = f"All questions of {escape(short(workflow))} are answered"
        return message(text, [section(at("waiting"), f"All questions of {code(workflow)} are answered.")])
    verb = "waits" if waiting == 1 else "wait"
    text = f"{counted(waiting, 'question')} of {escape(short(workflow))} {verb}"
    show = button(ids.SHOW_WAITING, "Show them", token, f"Show the open questions of {short(workflow, 25)}")
    asked = f"*{counted(waiting, 'question')}* of {code(workflow)} {verb}."
    return message(text, [section(at("waiting"), asked), actions(at("actions"), [show])])
